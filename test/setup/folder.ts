import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setting } from './database';

export interface TestFolder {
  readonly path: string;
  remove(): void;
}

/** An empty folder of its own, which every user of the machine may enter. It goes at the end of the run, or by `remove`. */
export function createTestFolder(): TestFolder {
  const folder = mkdtempSync(path.join(setting('EPACK_TEST_FOLDER'), 'folder-'));
  chmodSync(folder, 0o755);
  return {
    path: folder,
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
}
