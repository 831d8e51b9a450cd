import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ArchiveArrival, watchArrival } from '../../shared/archive/archive-arrival';
import { unpackArchive, unpackedFiles, type UnpackLimits } from '../../shared/archive/unpack';
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
   * The result of unpacking an archive. Throws if a client must not see the failure, if a refusal left anything, if
   * anything was written outside the target, or if the result depends on who saw the archive arrive.
   */
  unpack(archive: Buffer, limits?: Partial<UnpackLimits>): Promise<Outcome>;
  remove(): void;
}

export const ARCHIVE = 'archive.zip';
export const TARGET = 'syncs/one/unpacked';

export const wideLimits: UnpackLimits = {
  maxEntries: 10_000,
  maxUnpackedBytes: 2 ** 31,
  maxRatio: 200,
  maxArchiveRatio: 2_000,
};

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
      const unseen = await outcomeOf(store, { ...wideLimits, ...limits });
      await rm(path.join(root, 'syncs'), { recursive: true, force: true });
      const outcome = await outcomeOf(store, { ...wideLimits, ...limits }, arrivalOf(archive));
      // If two entries are bad, either may be reported.
      if ('refused' in outcome) expect(unseen).toHaveProperty('refused');
      else expect(outcome).toEqual(unseen);
      const allowed =
        'unpacked' in outcome ? Object.keys(outcome.unpacked).map((name) => `${TARGET}/${name}`) : [];
      const places = [ARCHIVE, ...allowed].map((key) => path.join('above', 'store', key));
      // Entries that are stored without compression stay in the archive.
      expect(places).toEqual(expect.arrayContaining(filesBelow(folder.path)));
      await rm(path.join(root, 'syncs'), { recursive: true, force: true });
      return outcome;
    },
    remove: () => folder.remove(),
  };

  async function outcomeOf(
    files: FileStore,
    limits: UnpackLimits,
    arrival?: ArchiveArrival,
  ): Promise<Outcome> {
    try {
      const { unpackedBytes } = await unpackArchive(
        files,
        { archiveKey: ARCHIVE, targetPrefix: TARGET },
        limits,
        arrival === undefined ? {} : { arrival },
      );
      const unpacked: Record<string, Buffer> = {};
      for (const file of await unpackedFiles(files, ARCHIVE, TARGET)) {
        unpacked[file.name] = await buffer(await file.open());
        expect(unpacked[file.name]).toHaveLength(file.bytes);
      }
      expect(unpackedBytes).toBe(Object.values(unpacked).reduce((sum, { length }) => sum + length, 0));
      return { unpacked };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { refused: `${error.kind} ${error.message}` };
    }
  }
}

/** Has seen the archive come in pieces that no header and no entry agrees with. */
export function arrivalOf(archive: Buffer): ArchiveArrival {
  const arrival = watchArrival();
  const pieceBytes = Math.ceil(archive.length / 997) + 6;
  for (let at = 0; at < archive.length; at += pieceBytes) arrival.see(archive.subarray(at, at + pieceBytes));
  return arrival;
}

/** Relative paths of all files. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(folder, name)).isFile(),
  );
}
