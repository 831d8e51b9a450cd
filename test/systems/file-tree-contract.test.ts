import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { System } from '../../worker/pipeline/system';
import { Trouble } from '../../worker/pipeline/trouble';
import { openFolder } from '../../worker/systems/file-tree/file-tree';
import type { PathTree } from '../../worker/systems/tree/path-tree';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { describeDocumentSystem, type DocumentStage } from './document-contract';
import { testOutside } from './outside';
import { openTestIndex } from './tree-index';

let database: TestDatabase;
const folders: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  for (const folder of folders) await rm(folder, { recursive: true });
});

describe.each(['hash', 'revision'] as const)('compared by %s', (compare) => {
  describeDocumentSystem('a folder of this machine', () => open(compare));
});

async function open(compare: 'hash' | 'revision'): Promise<DocumentStage> {
  const folder = await mkdtemp(join(tmpdir(), 'epack-folder-'));
  folders.push(folder);
  const faults = { losesAnswer: false, breaksListing: false };
  let beforeWrite: (() => Promise<void>) | null = null;
  const tree = faulty(await openFolder(folder, testOutside()), faults);
  const { systemOf } = await openTestIndex(database);
  return {
    system: racing(systemOf(tree, compare), async () => {
      const run = beforeWrite;
      beforeWrite = null;
      await run?.();
    }),
    outsider: {
      makeFolder: (path) => mkdir(join(folder, path)),
      write: (path, bytes) => writeFile(join(folder, path), bytes),
      read: (path) => readFile(join(folder, path)),
      move: (from, to) => rename(join(folder, from), join(folder, to)),
      remove: (path) => rm(join(folder, path), { recursive: true }),
      paths: () => pathsIn(folder),
    },
    faults: {
      loseAnswer() {
        faults.losesAnswer = true;
      },
      breakListing() {
        faults.breaksListing = true;
      },
      beforeWrite(run) {
        beforeWrite = run;
      },
    },
  };
}

async function pathsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    return entry.isDirectory() ? `${path}/` : path;
  });
}

/** Nothing stands between us and a folder, so a part of the tree goes wrong instead. */
function faulty(tree: PathTree, faults: { losesAnswer: boolean; breaksListing: boolean }): PathTree {
  const answered = async <T>(run: Promise<T>): Promise<T> => {
    const answer = await run;
    if (!faults.losesAnswer) return answer;
    faults.losesAnswer = false;
    throw new Trouble('unavailable', 'the answer was lost');
  };
  return {
    ...tree,
    makeFolder: (...given) => answered(tree.makeFolder(...given)),
    makeFile: (...given) => answered(tree.makeFile(...given)),
    async *list(...given) {
      for await (const page of tree.list(...given)) {
        yield page;
        if (faults.breaksListing) throw new Trouble('unavailable', 'the listing broke off');
      }
    },
  };
}

/** Somebody comes once the content has been read to its end. */
const racing = (system: System, run: () => Promise<void>): System => ({
  ...system,
  update: (key, patch, expected, signal) => {
    const { content } = patch;
    if (content === null) return system.update(key, patch, expected, signal);
    const open = async (until: AbortSignal) =>
      (async function* () {
        yield* await content.open(until);
        await run();
      })();
    return system.update(key, { ...patch, content: { ...content, open } }, expected, signal);
  },
});
