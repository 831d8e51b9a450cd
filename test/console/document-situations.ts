import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { createPairRunService } from '../../api/backoffice/services/pair-runs';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import type { TestServer } from '../setup/server';
import { createFolder, type Folder } from '../systems/folder-pair';

/** Two folders, `disk` and `dav`, that the worker of a server keeps equal as the pair `akten`. */
export interface WorkedFolders {
  readonly here: Folder;
  readonly there: Folder;
  /** Lists both sides, and waits until all their work is done or waits for a decision. */
  run(): Promise<void>;
  end(): Promise<void>;
}

export async function openWorkedFolders(server: TestServer, settings: object): Promise<WorkedFolders> {
  const [here, there] = [await createFolder(), await createFolder()];
  const file = {
    systems: {
      disk: { kind: 'file-tree', folder: here.path },
      dav: { kind: 'file-tree', folder: there.path },
    },
    pairs: {
      akten: {
        mode: 'run',
        here: { system: 'disk' },
        there: { system: 'dav' },
        find: { check: '0 0 1 1 *' },
        content: { compare: 'hash' },
        deletions: { here: 'propagate', there: 'propagate', againstChange: 'restore' },
        ...settings,
      },
    },
  };
  const access = { ...openStoreAccess(server.db), seal: createSeal([]) };
  // YAML takes JSON.
  const applied = await applyPairFile(access, commandLineCaller, {
    text: JSON.stringify(file),
    isTrial: false,
  });
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  const runs = createPairRunService(openStoreAccess(server.db));
  return {
    here,
    there,
    async run() {
      const id = await runs.run(commandLineCaller, 'akten', 'whole');
      await eventually(`the run ${id} is over`, async () => {
        const page = { limit: 1, after: null };
        const { run } = await runs.get(commandLineCaller, 'akten', id, page);
        if (run.failure !== null) throw new Error(run.failure);
        return run.endedAt !== null;
      });
    },
    async end() {
      await here.remove('');
      await there.remove('');
    },
  };
}
