import { setImmediate as others } from 'node:timers/promises';
import { createRoom } from '../../worker/solution-sync/photos/room';

/** Work that is under way until it is told to end. */
function workIn(room: ReturnType<typeof createRoom>) {
  const begun: string[] = [];
  const endings = new Map<string, (error?: Error) => void>();
  return {
    begun,
    ask: (name: string, bytes: number): Promise<string> =>
      room.hold(bytes, () => {
        begun.push(name);
        return new Promise((resolve, reject) =>
          endings.set(name, (error) => (error === undefined ? resolve(name) : reject(error))),
        );
      }),
    async end(name: string, error?: Error): Promise<void> {
      endings.get(name)?.(error);
      await others();
    },
  };
}

test('as much work is in progress as the limit allows', async () => {
  const work = workIn(createRoom(100));
  const all = ['a', 'b', 'c'].map((name) => work.ask(name, 40));
  await others();
  expect(work.begun).toEqual(['a', 'b']);
  await work.end('a');
  expect(work.begun).toEqual(['a', 'b', 'c']);
  for (const name of ['b', 'c']) await work.end(name);
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
});

test('the first in the queue is first: small work does not overtake large work for ever', async () => {
  const work = workIn(createRoom(100));
  void work.ask('first', 60);
  void work.ask('large', 90);
  void work.ask('small', 10);
  await others();
  expect(work.begun).toEqual(['first']);
  await work.end('first');
  expect(work.begun).toEqual(['first', 'large', 'small']);
});

test('work that needs more than the limit runs alone', async () => {
  const work = workIn(createRoom(100));
  void work.ask('small', 1);
  void work.ask('huge', 1_000_000);
  void work.ask('next', 1);
  await others();
  expect(work.begun).toEqual(['small']);
  await work.end('small');
  expect(work.begun).toEqual(['small', 'huge']);
  await work.end('huge');
  expect(work.begun).toEqual(['small', 'huge', 'next']);
});

test('work that fails, or cannot begin, makes room for the next', async () => {
  const room = createRoom(100);
  const work = workIn(room);
  const failing = expect(work.ask('fails', 100)).rejects.toThrow('no');
  const thrown = expect(
    room.hold(100, () => {
      throw new Error('at once');
    }),
  ).rejects.toThrow('at once');
  void work.ask('next', 100);
  await others();
  await work.end('fails', new Error('no'));
  await failing;
  await thrown;
  await others();
  expect(work.begun).toEqual(['fails', 'next']);
});

test('work that needs no room only waits for earlier work', async () => {
  const work = workIn(createRoom(10));
  void work.ask('all', 10);
  void work.ask('none', 0);
  await others();
  expect(work.begun).toEqual(['all', 'none']);
});
