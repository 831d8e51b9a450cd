import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { logTablesOf } from '../../shared/catalog/log-tables';
import { parameterClassesOf } from '../../shared/catalog/parameter-classes';
import type { Channel } from '../../shared/domain/channel';
import type { Exported, ExportedChannel } from '../../shared/formats/offline-contents';
import { offlineKeyOf, writeOfflineFile } from '../../shared/formats/offline-file';
import { buildUpload, type Wanted } from '../local-copy/build-upload';
import { exportFile, keepExports } from '../local-copy/exports';
import type { LocalCopy } from '../local-copy/local-copy';
import type { BuiltUpload, ChannelState, UploadContents } from '../local-copy/sync-state';
import type { Credentials } from '../session';

export interface ExportOptions {
  readonly copy: LocalCopy;
  readonly credentials: Credentials;
  readonly channels: readonly Channel[];
  /** A folder, in which the file gets a name, or the file. */
  readonly to: string;
  readonly now: Date;
}

export interface ExportedToStick {
  readonly file: string;
  readonly contents: ReadonlyMap<Channel, UploadContents>;
}

/**
 * Writes what a server does not know yet to a file for a stick, and confirms in it what was applied since. The file is
 * whole or not there. It may be written again at any time: the server takes one of them, and says which.
 */
export async function exportToStick(options: ExportOptions): Promise<ExportedToStick> {
  const { copy, credentials, channels, now } = options;
  const id = randomUUID();
  const described: ExportedChannel[] = [];
  const contents = new Map<Channel, UploadContents>();
  for (const channel of channels) {
    const upload = await buildFor(options, channel, id);
    const state = copy.state().channels[channel];
    described.push(describe(channel, state, upload));
    contents.set(channel, upload.contents);
    await keepExports(copy, channel, [...state.exports.slice(1 - mostExports), { id, upload }]);
  }
  const file = await fileFor(options);
  const description: Exported = { mac: credentials.mac, writtenAt: now.toISOString(), channels: described };
  const parts = described.map(({ channel, bytes }) => ({
    bytes,
    open: () => createReadStream(exportFile(copy, channel, id)),
  }));
  const header = { direction: 'to-server', mail: credentials.mail, export: id } as const;
  await copy.files.write(
    file,
    writeOfflineFile(header, offlineKeyOf(credentials.secret), description, parts),
  );
  return { file, contents };
}

/** More sticks than that are not on their way at once. */
const mostExports = 20;

function buildFor({ copy, now }: ExportOptions, channel: Channel, id: string): Promise<BuiltUpload> {
  const { owed } = copy.state().channels[channel];
  const wanted = { ...wantedOf(copy, channel), owed, file: exportFile(copy, channel, id) };
  return copy.exclusively(() => buildUpload(copy, channel, wanted, now));
}

/** Without a word of the server, everything is sent: it drops what it has already. */
function wantedOf(copy: LocalCopy, channel: Channel): Pick<Wanted, 'highestIds' | 'parameterFiles'> {
  const { asked } = copy.state().channels[channel];
  if (asked === null)
    return {
      highestIds: new Map(logTablesOf(channel).map(({ name }) => [name, -1n])),
      parameterFiles: parameterClassesOf(channel)
        .filter(({ direction }) => direction !== 'manager')
        .map(({ name }) => `${name}.xml`),
    };
  const ids = Object.entries(asked.highestIds).map(([table, highest]) => [table, BigInt(highest)] as const);
  return { highestIds: new Map(ids), parameterFiles: asked.parameterFiles };
}

function describe(
  channel: Channel,
  { carriedOut, confirmed }: ChannelState,
  { key, bytes, sha256 }: BuiltUpload,
): ExportedChannel {
  const failed = (carriedOut?.failed ?? []).map(({ file, id, reason }) => ({
    ...{ file, id },
    reason: reason.slice(0, 2000),
  }));
  return {
    channel,
    confirms: carriedOut === null ? null : { sync: carriedOut.sync, failed },
    after: carriedOut?.sync ?? confirmed,
    ...{ key, bytes, sha256 },
  };
}

/** e.g. `cuisine-2026-11-30-061500.epack`. */
async function fileFor({ to, credentials, now }: ExportOptions): Promise<string> {
  const found = await stat(to).catch(() => null);
  if (found?.isDirectory() !== true) return to;
  const [name = ''] = credentials.mail.split('@');
  const time = now.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  return path.join(to, `${name.replaceAll(/[^\w.-]/g, '_')}-${time}.epack`);
}
