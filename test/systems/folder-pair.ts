import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openWorkedPair, type WorkedPair } from './worked-pair';

/** A folder that people work in. Paths go from it, with `/` between names. */
export interface Folder {
  readonly path: string;
  /** Makes the folders above it as well. */
  write(path: string, bytes: string | Buffer): Promise<void>;
  makeFolder(path: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Path → bytes, of all that is there, hidden names included; a folder ends with a slash and has none. */
  tree(): Promise<Record<string, string>>;
}

export async function createFolder(path?: string): Promise<Folder> {
  const root = path ?? (await mkdtemp(join(tmpdir(), 'epack-folder-')));
  const at = (below: string) => join(root, below);
  return {
    path: root,
    async write(below, bytes) {
      await mkdir(dirname(at(below)), { recursive: true });
      await writeFile(at(below), bytes);
    },
    async makeFolder(below) {
      await mkdir(at(below), { recursive: true });
    },
    async move(from, to) {
      await mkdir(dirname(at(to)), { recursive: true });
      await rename(at(from), at(to));
    },
    remove: (below) => rm(at(below), { recursive: true }),
    tree: () => treeIn(root),
  };
}

export async function treeIn(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry): Promise<[string, string]> => {
      const path = join(entry.parentPath, entry.name);
      const below = path.slice(root.length + 1);
      if (entry.isDirectory()) return [`${below}/`, ''];
      return [below, entry.isFile() ? (await readFile(path)).toString() : 'no file'];
    }),
  );
  return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Two folders that a pair keeps equal, worked on in this process. */
export interface FolderPair {
  readonly here: Folder;
  readonly there: Folder;
  readonly pair: WorkedPair;
  /** A run with all its work. Returns the counts of its changes. */
  readonly run: () => Promise<Readonly<Record<string, number>>>;
  /** Runs until two of them did nothing. What waits for its next attempt is due in each. */
  readonly rest: () => Promise<void>;
  /** Path → bytes of both. */
  readonly trees: () => Promise<{ here: Record<string, string>; there: Record<string, string> }>;
  end(): Promise<void>;
}

export async function openFolderPair(settings: object = {}): Promise<FolderPair> {
  const [here, there] = [await createFolder(), await createFolder()];
  const file = {
    systems: {
      a: { kind: 'file-tree', folder: here.path },
      b: { kind: 'file-tree', folder: there.path },
    },
    pairs: { akten: { ...documents, ...settings } },
  };
  // YAML takes JSON.
  const pair = await openWorkedPair(JSON.stringify(file), {});
  const run = async () => (await pair.run('check')).counts;
  return {
    here,
    there,
    pair,
    run,
    rest: () => rest(pair),
    trees: async () => ({ here: await here.tree(), there: await there.tree() }),
    async end() {
      await pair.end();
      for (const { path } of [here, there]) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Runs until two runs did nothing. What waits for its next attempt is due in each. */
export async function rest(pair: WorkedPair): Promise<void> {
  for (let quiet = 0, runs = 0; quiet < 2; runs++) {
    if (runs > 10) throw new Error('the two never come to rest');
    await pair.hurry();
    const { created = 0, updated = 0, moved = 0, deleted = 0 } = (await pair.run('check')).counts;
    quiet = created + updated + moved + deleted === 0 ? quiet + 1 : 0;
  }
}

export const documents = {
  mode: 'run',
  here: { system: 'a' },
  there: { system: 'b' },
  content: { compare: 'hash' },
  deletions: { here: 'propagate', there: 'propagate', againstChange: 'restore' },
};
