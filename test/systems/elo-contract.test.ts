import { describeDocumentSystem } from './document-contract';
import { eloFakes } from './elo';

const fakes = eloFakes();
afterEach(() => fakes.close());

describeDocumentSystem('an ELO that keeps the GUIDs of its callers', () => fakes.stage());

describeDocumentSystem('an ELO that ignores them, and whose folders and locks change times', () =>
  fakes.stage(
    { guids: 'ignored', leavesOutPaths: true, errors: 'object' },
    { addingTouchesFolder: true, lockTouches: true },
  ),
);

describeDocumentSystem('an ELO that refuses them, behind a proxy', () =>
  fakes.stage({ guids: 'refused', leavesOutSord: true, errors: 'status-500', knowsServerTime: false }),
);
