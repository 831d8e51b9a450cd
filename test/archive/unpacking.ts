import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unpackArchive, type UnpackLimits } from '../../shared/archive/unpack';
import { AppError } from '../../shared/errors/app-error';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import type { FileStore } from '../../shared/files/file-store';
import { createTestFolder } from '../setup/folder';

export type Outcome =
  | { readonly unpacked: Readonly<Record<string, Buffer>> }
  /** As `<kind> <code>: <detail>`. */
  | { readonly refused: string };

/** A place to unpack one archive after another into, and to see what that left. */
export interface UnpackingPlace {
  readonly store: FileStore;
  /**
   * What becomes of an archive. Throws where the failure is none that a client may see, where a refusal left
   * anything, or where anything was written beside the target.
   */
  unpack(archive: Buffer, limits?: Partial<UnpackLimits>): Promise<Outcome>;
  remove(): void;
}

export const ARCHIVE = 'archive.zip';
export const TARGET = 'syncs/one/unpacked';

export const wideLimits: UnpackLimits = { maxEntries: 10_000, maxUnpackedBytes: 2 ** 31, maxRatio: 200 };

export function createUnpackingPlace(): UnpackingPlace {
  const folder = createTestFolder();
  // The store lies below other folders, so that a path that climbs out of it lands where it is seen.
  const root = path.join(folder.path, 'above', 'store');
  mkdirSync(root, { recursive: true });
  const store = createDiskFileStore(root);

  return {
    store,
    async unpack(archive, limits) {
      await writeFile(path.join(root, ARCHIVE), archive);
      const outcome = await outcomeOf(store, { ...wideLimits, ...limits });
      const allowed =
        'unpacked' in outcome ? Object.keys(outcome.unpacked).map((name) => `${TARGET}/${name}`) : [];
      expect(filesBelow(folder.path).sort()).toEqual(
        [ARCHIVE, ...allowed].map((key) => path.join('above', 'store', key)).sort(),
      );
      await rm(path.join(root, 'syncs'), { recursive: true, force: true });
      return outcome;
    },
    remove: () => folder.remove(),
  };

  async function outcomeOf(files: FileStore, limits: UnpackLimits): Promise<Outcome> {
    try {
      const { entries } = await unpackArchive(files, ARCHIVE, TARGET, limits);
      return { unpacked: Object.fromEntries(entries.map(({ name, key }) => [name, contentOf(key)])) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { refused: `${error.kind} ${error.message}` };
    }
  }

  function contentOf(key: string): Buffer {
    return readFileSync(path.join(root, key));
  }
}

/** Relative paths of all files. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(folder, name)).isFile(),
  );
}
