import { rm } from 'node:fs/promises';
import type { Channel } from '../shared/domain/channel';
import { carryOut } from './local-copy/carry-out';
import { fileBytes } from './local-copy/durable-files';
import { sentBefore } from './local-copy/exports';
import { type LocalCopy, workFile } from './local-copy/local-copy';
import type { CarriedOut } from './local-copy/sync-state';
import { unpackPackage } from './local-copy/unpack-package';
import { stateOf, type SyncDeps } from './sync-work';
import { fetchPackage } from './transfer/fetch-package';

/** Fetches the package and applies it, unless an earlier run has applied it and was stopped before it could confirm. */
export async function takeInstructions(deps: SyncDeps, channel: Channel, sync: string): Promise<CarriedOut> {
  const before = stateOf(deps, channel).carriedOut;
  if (before?.sync === sync) return before;
  await fetchInstructions(deps, channel, sync);
  return carryOutFetched(deps, channel);
}

/** For a server that needed no confirmation: the package was fetched, and the program ended before it was applied. */
export async function carryOutWhatWasFetched(deps: SyncDeps, channel: Channel): Promise<void> {
  const isFetched = (await fileBytes(packageFile(deps.copy, channel))) !== null;
  if (isFetched && stateOf(deps, channel).carriedOut === null) await carryOutFetched(deps, channel);
}

const partFile = (copy: LocalCopy, channel: Channel) => workFile(copy.dir, channel, 'package.part');
const packageFile = (copy: LocalCopy, channel: Channel) => workFile(copy.dir, channel, 'package.zip');

async function fetchInstructions(deps: SyncDeps, channel: Channel, sync: string): Promise<void> {
  const begun = stateOf(deps, channel).download;
  await fetchPackage(deps.connection, {
    channel,
    file: partFile(deps.copy, channel),
    etag: begun?.sync === sync ? begun.etag : null,
    onEtag: (etag) => deps.copy.changeChannel(channel, { download: etag === null ? null : { sync, etag } }),
    onBytes: (bytes, of) => deps.onEvent({ kind: 'fetching', channel, bytes, of }),
  });
  // From here on the whole package is on the disk: if the server needs no confirmation, it cannot be fetched again.
  await deps.copy.files.move(partFile(deps.copy, channel), packageFile(deps.copy, channel));
}

async function carryOutFetched(deps: SyncDeps, channel: Channel): Promise<CarriedOut> {
  const { copy, onEvent } = deps;
  const unpacked = await unpackPackage(
    packageFile(copy, channel),
    workFile(copy.dir, channel, 'package'),
  ).catch(async (error: unknown) => {
    // Otherwise every later run would fail because of it.
    await rm(packageFile(copy, channel), { force: true });
    throw error;
  });
  onEvent({ kind: 'fetched', channel, files: unpacked.files });
  const carriedOut = await copy.exclusively(() =>
    carryOut(copy, unpacked, {
      ...sentBefore(copy, channel),
      onCarried: (file, failed) => onEvent({ kind: 'carried-out', channel, file, failed }),
    }),
  );
  await copy.changeChannel(channel, { carriedOut });
  return carriedOut;
}
