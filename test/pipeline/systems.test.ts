import { type Stage, describeSystem, plainStage } from '../systems/contract';
import { createRecords, createRemote, type Remote, scanning } from './remote';

describeSystem('a tree in memory', () => Promise.resolve(stage(createRemote('a'))));

describeSystem('a list without revisions and without keys for its creations', () =>
  Promise.resolve(stage(createRecords('a', { capabilities: { writes: 'checked', creates: 'plain' } }))),
);

describeSystem('a scan without tombstones', () =>
  Promise.resolve(stage(createRemote('a', { capabilities: scanning }))),
);

describeSystem('a list by time, of which some comes twice', () =>
  Promise.resolve(
    stage(createRecords('a', { capabilities: { changes: 'timestamp', deletions: 'none' }, overlap: 10 })),
  ),
);

function stage(remote: Remote): Stage {
  return {
    ...plainStage(remote),
    outsider: {
      add: async (fields) => remote.add('I', { fields }),
      edit: async (key, fields) => remote.edit(key, fields),
      remove: async (key) => remote.remove(key),
      editLate:
        remote.capabilities.changes === 'timestamp'
          ? async (key, fields) => remote.edit(key, fields, remote.clock - 5)
          : null,
    },
  };
}
