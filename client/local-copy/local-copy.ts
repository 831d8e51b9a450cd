import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Channel } from '../../shared/domain/channel';
import { badCopy } from '../solution-error';
import { createDurableFiles, type DurableFiles, removeUnfinished } from './durable-files';
import { isSystemError } from './system-error';
import { lockFolder } from './folder-lock';
import {
  type ChannelState,
  decodeSyncState,
  encodeSyncState,
  newSyncState,
  type SyncState,
} from './sync-state';

/**
 * The data of a solution, as a folder that a person can read:
 *
 * xml/Fridges.xml settings, one file per class csv/Tbfridge.csv readings, one file per table, each with its `Id`
 * csv/Photos.csv what each photo belongs to photos/<name>.jpg the photos photos/index.csv the photos that the server is
 * known to hold .epack/ what the program must remember: state.json and work in progress
 */
export interface LocalCopy {
  readonly dir: string;
  readonly files: DurableFiles;
  state(): SyncState;
  /** Changes the state on disk; changes are made one after another. */
  changeState(change: (state: SyncState) => SyncState): Promise<void>;
  changeChannel(channel: Channel, change: Partial<ChannelState>): Promise<void>;
  /** While `work` runs, no other caller of this function changes the settings, the readings or the photos. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Releases the folder for other programs. */
  close(): Promise<void>;
}

export interface LocalCopyOptions {
  /** False: files are not flushed to the disk one by one. For simulations. Default: true. */
  readonly flush?: boolean;
}

/** Opens a local copy, and creates it if there is none. @throws SolutionError `in-use`, `bad-copy`. */
export async function openLocalCopy(dir: string, options: LocalCopyOptions = {}): Promise<LocalCopy> {
  await mkdir(path.join(dir, '.epack'), { recursive: true });
  const unlock = await lockFolder(dir);
  try {
    for (const folder of ['xml', 'csv', 'photos', '.epack']) await removeUnfinished(path.join(dir, folder));
    return await createLocalCopy(dir, createDurableFiles(options.flush ?? true), unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** True: `openLocalCopy` has created a copy there. */
export const hasLocalCopy = (dir: string): Promise<boolean> =>
  stat(path.join(dir, '.epack')).then(
    (found) => found.isDirectory(),
    () => false,
  );

export const xmlFile = (dir: string, className: string) => path.join(dir, 'xml', `${className}.xml`);
export const csvFile = (dir: string, table: string) => path.join(dir, 'csv', `${table}.csv`);
export const photoFile = (dir: string, name: string) => path.join(dir, 'photos', name);
export const photoIndexFile = (dir: string) => path.join(dir, 'photos', 'index.csv');
/** The folder for the archive that a channel sends and the package that it fetches. */
export const workFile = (dir: string, channel: Channel, name: string) =>
  path.join(dir, '.epack', channel, name);

async function createLocalCopy(
  dir: string,
  files: DurableFiles,
  unlock: () => Promise<void>,
): Promise<LocalCopy> {
  const stateFile = path.join(dir, '.epack', 'state.json');
  let state = await readState(stateFile);
  const oneStateAtATime = createQueue();
  const oneWriterAtATime = createQueue();
  const changeState = (change: (state: SyncState) => SyncState): Promise<void> =>
    oneStateAtATime(async () => {
      const next = change(state);
      await files.write(stateFile, encodeSyncState(next));
      state = next;
    });
  return {
    dir,
    files,
    state: () => state,
    changeState,
    changeChannel: (channel, change) =>
      changeState((now) => ({
        ...now,
        channels: { ...now.channels, [channel]: { ...now.channels[channel], ...change } },
      })),
    exclusively: oneWriterAtATime,
    close: unlock,
  };
}

async function readState(file: string): Promise<SyncState> {
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return newSyncState();
    throw error;
  }
  try {
    return decodeSyncState(text);
  } catch {
    throw badCopy(
      '.epack/state.json',
      'this version did not write it. Removing it makes the solution log in and start anew',
    );
  }
}

/** Runs pieces of work one after another, in the order of the calls. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine;
    return mine;
  };
}

/** Empties the work folder of a channel. */
export async function clearWork(copy: LocalCopy, channel: Channel): Promise<void> {
  await rm(path.join(copy.dir, '.epack', channel), { recursive: true, force: true });
}
