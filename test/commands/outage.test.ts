import { keepOpen, type HeldConnection } from '../../shared/connections/keep-open';
import type { Logger } from '../../shared/log';
import { eventually } from '../queue/eventually';

/** Keeps what was said. */
function createListener(): { readonly lines: [string, object][]; readonly log: Logger } {
  const lines: [string, object][] = [];
  const say = (fields: object, message: string) => void lines.push([message, fields]);
  const log: Logger = { error: say, warn: say, info: say, debug: say, child: () => log };
  return { lines, log };
}

test('an outage is logged once, without a stack, however many attempts follow, and so is its end', async () => {
  const { lines, log } = createListener();
  const open: { tries: number; isThere: boolean; lose: () => void } = {
    tries: 0,
    isThere: false,
    lose: () => undefined,
  };
  const kept = keepOpen<HeldConnection>({
    what: 'The line',
    log,
    open: () => {
      open.tries += 1;
      if (!open.isThere) return Promise.reject(new Error('connect ECONNREFUSED'));
      const lost = new Promise<Error>((resolve) => (open.lose = () => resolve(new Error('read ECONNRESET'))));
      return Promise.resolve({ lost, close: () => Promise.resolve() });
    },
    onOpened: () => undefined,
    onLost: () => undefined,
  });
  await eventually('it was tried several times', () => Promise.resolve(open.tries >= 3));
  expect(lines).toEqual([['The line cannot be opened', { reason: 'connect ECONNREFUSED' }]]);
  open.isThere = true;
  await eventually('it is open', () => Promise.resolve(kept.current() !== null));
  open.isThere = false;
  open.tries = 0;
  open.lose();
  await eventually('it was tried again', () => Promise.resolve(open.tries >= 2));
  await kept.close();
  expect(lines.slice(1)).toEqual([
    ['The line is open', {}],
    ['The line is lost', { reason: 'read ECONNRESET' }],
  ]);
});
