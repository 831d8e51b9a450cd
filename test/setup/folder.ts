import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestFolder {
  readonly path: string;
  remove(): void;
}

/** An empty folder of its own, which every user of the machine may enter. Call `remove` in `afterAll`. */
export function createTestFolder(): TestFolder {
  const folder = mkdtempSync(path.join(tmpdir(), 'epack-test-'));
  chmodSync(folder, 0o755);
  return {
    path: folder,
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
}
