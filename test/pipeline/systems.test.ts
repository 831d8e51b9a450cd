import { describeSystem } from './contract';
import { createMemorySystem } from './memory-system';

describeSystem('a tree in memory', () => Promise.resolve(createMemorySystem('a')));

describeSystem('a list without revisions and without keys for its creations', () =>
  Promise.resolve(createMemorySystem('a', { tree: false, conditionalWrite: false, idempotentCreate: false })),
);

describeSystem('a scan without tombstones', () =>
  Promise.resolve(createMemorySystem('a', { changes: 'scan', tombstones: false })),
);
