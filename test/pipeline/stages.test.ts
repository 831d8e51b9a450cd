import { createEntry } from '../../worker/pipeline/entry';
import { createPipeline, type Middleware } from '../../worker/pipeline/pipeline';
import type { Mentioned } from '../../worker/pipeline/entry';
import { callSystems, createHalt } from '../../worker/pipeline/calls';
import { standardStages } from '../../worker/pipeline/stages';
import { tombstone } from '../../worker/pipeline/system';
import { createPair, standardRules } from './pair';

test('the steps have a fixed order', () => {
  const { here, there, links } = createPair();
  const halt = createHalt(new AbortController().signal);
  const stages = standardStages(standardRules, {
    systems: callSystems({ here, there }, halt),
    links,
    signal: halt.signal,
    mentioned: () => undefined,
    lastTurn: () => -1,
    noticed: () => undefined,
    wanting: () => undefined,
  });
  expect(stages.change.steps).toEqual([
    'settleIntent',
    'automap',
    'resolveLinked',
    'deduplicate',
    'entryLimit',
    'sizeLimit',
    'compareContent',
    'classify',
    'findDifferences',
    'resolveConflicts',
    'quarantineFlips',
    'giveWay',
    'execute',
  ]);
  expect(stages.deletion([], []).steps).toEqual(['deletionGate', 'keepFullFolders', 'execute']);
});

test('a pipeline runs its steps in order, until one of them does not call the next', async () => {
  const ran: string[] = [];
  const step =
    (name: string, goesOn = true): Middleware<Mentioned> =>
    async (entry, next) => {
      ran.push(name);
      if (goesOn) await next(entry);
      ran.push(`after ${name}`);
    };
  let isReached = false;
  const entry = createEntry({ side: 'here', item: tombstone('a'), turn: 0, isDoubted: false });
  await createPipeline<Mentioned>()
    .then('one', step('one'))
    .then('two', step('two', false))
    .then('three', step('three'))
    .run(entry, () => {
      isReached = true;
    });
  expect(ran).toEqual(['one', 'two', 'after two', 'after one']);
  expect(isReached).toBe(false);
});
