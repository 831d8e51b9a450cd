import { createPipeline, type Middleware } from '../../worker/pipeline/pipeline';
import { createEntry } from '../../worker/pipeline/entry';
import { tombstone } from '../../worker/pipeline/source';
import { standardStages } from '../../worker/pipeline/stages';
import { createPair, standardSettings } from './pair';

test('the order of the steps', () => {
  const { here, there, mappings } = createPair();
  const stages = standardStages({
    ...standardSettings({ here, there }, mappings),
    mentioned: () => undefined,
    lastTurn: () => -1,
  });
  expect(Object.keys(stages.change)).toEqual([
    'automap',
    'resolveLinked',
    'deduplicate',
    'entryLimit',
    'sizeLimit',
    'classify',
    'findDifferences',
    'resolveConflicts',
    'quarantineFlips',
    'execute',
  ]);
  expect(Object.keys(stages.deletion([], []))).toEqual(['deletionGate', 'keepFullFolders', 'execute']);
});

test('a pipeline runs its steps in order, until one does not go on', async () => {
  const ran: string[] = [];
  const step =
    (name: string, goesOn = true): Middleware =>
    async (_, next) => {
      ran.push(name);
      if (goesOn) await next();
      ran.push(`after ${name}`);
    };
  await createPipeline([step('one'), step('two', false), step('three')])(
    createEntry('here', tombstone('a'), 0),
  );
  expect(ran).toEqual(['one', 'two', 'after two', 'after one']);
});
