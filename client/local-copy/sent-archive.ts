import { readArchive } from '../../shared/archive/read-archive';
import { fileBytes } from './durable-files';
import { readSettingsFrom, type SettingElement } from './settings-file';

/** A parameter file as it was sent to the server, or null if the archive no longer exists. */
export async function readSentFile(archive: string, name: string): Promise<SettingElement[] | null> {
  if ((await fileBytes(archive)) === null) return null;
  for await (const entry of readArchive(archive)) {
    if (entry.name.toLowerCase() === name.toLowerCase()) return readSettingsFrom(await entry.open());
  }
  return null;
}
