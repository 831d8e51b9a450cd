import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Channel } from '../../shared/domain/channel';
import { uploadFile } from './build-upload';
import type { LocalCopy } from './local-copy';
import { isSystemError } from './system-error';
import type { BuiltUpload, ExportedUpload } from './sync-state';

// The archives that went to a stick. They are kept until their sync is over, because only they show what was edited
// since.

/** The archive of one channel of an export. */
export const exportFile = ({ dir }: LocalCopy, channel: Channel, id: string): string =>
  path.join(exportFolder(dir), `${channel}-${id}.zip`);

/** Keeps these exports alone, and removes the archives of the others. */
export async function keepExports(
  copy: LocalCopy,
  channel: Channel,
  wanted: readonly ExportedUpload[],
): Promise<void> {
  await copy.changeChannel(channel, { exports: wanted });
  const kept = new Set(wanted.map(({ id }) => path.basename(exportFile(copy, channel, id))));
  for (const name of await namesIn(exportFolder(copy.dir)))
    if (name.startsWith(`${channel}-`) && !kept.has(name))
      await rm(path.join(exportFolder(copy.dir), name), { force: true });
}

export const forgetExports = (copy: LocalCopy, channel: Channel): Promise<void> =>
  copy.state().channels[channel].exports.length === 0 ? Promise.resolve() : keepExports(copy, channel, []);

/** What a package has to be compared with, to see what was edited since. */
export interface SentBefore {
  readonly upload: BuiltUpload | null;
  readonly uploadFile: string;
}

/**
 * The upload that is under way, or else the oldest export. It is not always known which export a package answers: against
 * the oldest one, nothing that was edited since is overlooked.
 */
export function sentBefore(copy: LocalCopy, channel: Channel): SentBefore {
  // Not by the name `exports`: in a compiled module, that is the module itself.
  const {
    upload,
    exports: [oldest],
  } = copy.state().channels[channel];
  return upload === null && oldest !== undefined
    ? { upload: oldest.upload, uploadFile: exportFile(copy, channel, oldest.id) }
    : { upload, uploadFile: uploadFile(copy, channel) };
}

const exportFolder = (dir: string): string => path.join(dir, '.epack', 'offline');

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}
