import { join } from 'node:path';
import { fileTreeSettings } from '../../../shared/systems/file-tree';
import { folderEnd } from '../../../shared/systems/settings-parts';
import type { Outside, TreeConnector } from '../remote-system';
import type { PathTree } from '../tree/path-tree';
import { createCalls } from './calls';
import { listTree } from './list-tree';
import { probeFolder } from './probe';
import { readFile } from './read-file';
import { createRootFolder, locationOf } from './root-folder';
import { foundTraits } from './traits';
import { createWrites } from './writes';
import { createLooks } from './looks';

/** A folder on the machine of the worker, or a folder that is mounted there. */
export function createFileTreeConnector(): TreeConnector {
  return {
    async openTree(opening, outside) {
      const { folder } = fileTreeSettings.parse(opening.config);
      const end = opening.end === null ? null : folderEnd.parse(opening.end);
      return openFolder(join(folder, end?.root ?? ''), outside);
    },
    registerWebhooks: null,
  };
}

export async function openFolder(folder: string, outside: Outside): Promise<PathTree> {
  const root = createRootFolder(folder);
  const traits = await foundTraits(root);
  const calls = createCalls(outside);
  const looks = createLooks(root, traits);
  const writes = createWrites(root, calls);
  return {
    traits,
    list: (signal, isLeftOut = () => false) => listTree(root, isLeftOut, signal),
    children: (path, signal) => calls.quiet(signal, () => looks.children(path)),
    look: (path, signal) => calls.quiet(signal, () => looks.at(path)),
    read: (entry, signal) => readFile(root, entry, signal),
    ...writes,
    rootIdentity: () => root.identity(),
    rootLocation: () => locationOf(folder),
    probe: () => probeFolder(folder, root),
    close: () => Promise.resolve(),
  };
}
