import { describeSystem } from './contract';
import { createRecords, createRemote, scanning } from './remote';

describeSystem('a tree in memory', () => Promise.resolve(createRemote('a')));

describeSystem('a list without revisions and without keys for its creations', () =>
  Promise.resolve(createRecords('a', { capabilities: { writes: 'checked', creates: 'plain' } })),
);

describeSystem('a scan without tombstones', () =>
  Promise.resolve(createRemote('a', { capabilities: scanning })),
);
