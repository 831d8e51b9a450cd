import { createStatutWaits, mostWaitsPerChannel } from '../../api/services/statut-waits';

const waitOn = (waits: ReturnType<typeof createStatutWaits>, name: string) =>
  waits.wait(name, {
    not: 1,
    milliseconds: 60_000,
    tokenGeneration: 1,
    gone: new AbortController().signal,
    look: () => Promise.resolve({ statut: 1 }),
  });

test('if too many calls wait for a channel, the one that has waited longest returns; others go on waiting', async () => {
  const waits = createStatutWaits();
  const answered: string[] = [];
  const all = ['other', ...Array.from({ length: mostWaitsPerChannel + 2 }, () => 'busy')].map((name, index) =>
    waitOn(waits, name).then(() => answered.push(`${name} ${index}`)),
  );
  await Promise.all(all.slice(1, 3));
  expect(answered).toEqual(['busy 1', 'busy 2']);
  waits.end();
  await Promise.all(all);
  expect(answered).toHaveLength(all.length);
});
