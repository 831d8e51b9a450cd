import { kitchenFilesEnd } from '../../../shared/systems/kitchen-files';
import { createLogMonthStore } from '../../../shared/stores/logs/log-month-store';
import { createKitchenPhotoStore } from '../../../shared/stores/photos/kitchen-photo-store';
import type { Capabilities } from '../../pipeline/system';
import type { Outside, RemoteSystem, SystemConnector, SystemOpening } from '../remote-system';
import { createContents } from './contents';
import { fileNames } from './file-names';
import { createFiles } from './files';
import { createKitchens } from './kitchens';
import { listFiles } from './listing';
import { createLooks } from './looks';
import type { KitchenFilesDeps } from './own-data';
import { refusal } from '../../pipeline/refusal';

/**
 * The photos and exports of the kitchens of this installation, in a folder for each kitchen and month. It is only read:
 * every write is refused.
 */
export function createKitchenFilesConnector(deps: KitchenFilesDeps): SystemConnector {
  return {
    open: (opening, outside) => Promise.resolve(openFiles(deps, opening, outside)),
    registerWebhooks: null,
  };
}

const capabilities: Capabilities = {
  changes: 'timestamp',
  deletions: 'none',
  writes: 'checked',
  creates: 'plain',
  answers: 'stored',
  tree: fileNames,
  content: { maxBytes: null },
  deferred: false,
  batch: 20,
};

const refused = refusal('forbidden', { code: 'only-read', values: {} });
const refuse = () => Promise.resolve(refused);

function openFiles(deps: KitchenFilesDeps, opening: SystemOpening, { limiter }: Outside): RemoteSystem {
  const end = kitchenFilesEnd.parse(opening.end ?? {});
  const photos = createKitchenPhotoStore(deps.db);
  const months = createLogMonthStore(deps.db);
  const kitchens = createKitchens(photos, end, opening.accountId ?? null);
  const files = createFiles({ contents: createContents(deps, end), end, language: deps.language });
  const archive = { photos, months, kitchens, files, end };
  const looks = createLooks(archive);
  return {
    capabilities,
    list: (since, signal) => listFiles(archive, since, { signal, overlapMinutes: opening.overlapMinutes }),
    fetch: (keys, signal) => limiter.run(() => looks.fetch(keys, signal), signal),
    find: (match, signal) => limiter.run(() => looks.find(match, signal), signal),
    create: refuse,
    update: refuse,
    move: refuse,
    delete: refuse,
    async probe() {
      const { length } = await kitchens.all();
      const message = `There are ${String(length)} kitchens.`;
      return {
        ok: true,
        version: null,
        clockOffsetMs: null,
        findings: [{ level: length === 0 ? 'warning' : 'info', code: 'kitchens', message }],
      };
    },
    close: () => Promise.resolve(),
  };
}
