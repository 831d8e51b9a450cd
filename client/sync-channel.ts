import { rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from '../shared/domain/channel';
import type { SyncReport } from '../shared/domain/report';
import type { Connection } from './connection';
import { buildUpload, uploadFile } from './local-copy/build-upload';
import { carryOut } from './local-copy/carry-out';
import { bytesOf } from './local-copy/durable-files';
import { clearWork, type LocalCopy, workFile } from './local-copy/local-copy';
import {
  type BuiltUpload,
  type CarriedOut,
  type ChannelState,
  type FailedInstruction,
  noContents,
  type UploadContents,
} from './local-copy/sync-state';
import { unpackPackage } from './local-copy/unpack-package';
import { askHighestIds, askParameterFiles, askStatut, askSync, confirm } from './protocol-calls';
import { badAnswer, gaveUpWaiting, ServerProblem } from './solution-error';
import type { OnSyncEvent } from './sync-events';
import { fetchPackage } from './transfer/fetch-package';
import { sendArchive } from './transfer/send-archive';

export interface SyncDeps {
  readonly connection: Connection;
  readonly copy: LocalCopy;
  /** The device's clock. */
  readonly now: () => Date;
  readonly onEvent: OnSyncEvent;
  /** Larger archives go the resumable way. */
  readonly resumableAboveBytes: number;
  /** How long the server may hold one question for the status (1 to 60). */
  readonly pollSeconds: number;
  /** How long to wait for the server to process one upload. */
  readonly maxWaitSeconds: number;
}

/** How one pass through the handshake ended. */
export interface SyncOutcome {
  readonly channel: Channel;
  readonly sync: string;
  /** `abandoned`: staff reset the channel while it was under way; what it held is sent again. */
  readonly outcome: 'processed' | 'failed' | 'abandoned';
  readonly sent: { readonly bytes: number; readonly contents: UploadContents };
  /** Instructions that were carried out, and those that could not be. */
  readonly carried: number;
  readonly failed: readonly FailedInstruction[];
  readonly report: SyncReport | null;
  /** From the server's acceptance of the upload to the package being ready; null where that began in an earlier run. */
  readonly processingMs: number | null;
  readonly totalMs: number;
  /** Syncs of earlier runs that were under way and have been brought to their end first. */
  readonly earlier: readonly SyncOutcome[];
}

/**
 * Synchronises one channel: brings to its end what an earlier run left under way, then sends what is new, waits,
 * carries the answer out and confirms. After it the status is 0. It may be killed anywhere and run again.
 */
export async function syncChannel(deps: SyncDeps, channel: Channel): Promise<SyncOutcome> {
  const earlier: SyncOutcome[] = [];
  for (let round = 1; ; round++) {
    try {
      const finished = await finishEarlierSync(deps, channel);
      if (finished !== null) earlier.push(finished);
      const outcome = await newSync(deps, channel);
      return { ...outcome, earlier };
    } catch (error) {
      // Something is under way after all: our own upload whose answer was lost, or one that was cut off and that the
      // server has not given up yet.
      if (!isWrongStatus(error) || round >= maxRounds) throw error;
    }
  }
}

const maxRounds = 5;

/** @returns null where nothing was under way. */
async function finishEarlierSync(deps: SyncDeps, channel: Channel): Promise<SyncOutcome | null> {
  const { statut, sync } = await askStatut(deps.connection, channel);
  deps.onEvent({ kind: 'statut', channel, statut });
  const { upload } = stateOf(deps, channel);
  if (statut !== 0)
    return finishSync(deps, channel, named(sync), { startedAt: performance.now(), acceptedAt: null });
  await carryOutWhatWasFetched(deps, channel);
  if (upload === null) return null;
  if (upload.sync === null && (await isStillGood(deps, channel, upload)))
    return sendAndFinish(deps, channel, upload);
  // It was confirmed and only the answer to that was lost, or staff have reset the channel, or it is too old.
  await forgetWork(deps, channel);
  return null;
}

async function newSync(deps: SyncDeps, channel: Channel): Promise<SyncOutcome> {
  const highestIds = await askHighestIds(deps.connection, channel);
  const parameterFiles = await askParameterFiles(deps.connection, channel);
  deps.onEvent({ kind: 'asked', channel, highestIds, parameterFiles });
  const upload = await deps.copy.exclusively(() =>
    buildUpload(deps.copy, channel, { highestIds, parameterFiles }, deps.now()),
  );
  await deps.copy.changeChannel(channel, { upload });
  deps.onEvent({ kind: 'built', channel, contents: upload.contents, bytes: upload.bytes });
  return sendAndFinish(deps, channel, upload);
}

async function sendAndFinish(deps: SyncDeps, channel: Channel, upload: BuiltUpload): Promise<SyncOutcome> {
  const startedAt = performance.now();
  const sync = await send(deps, channel, upload);
  const acceptedAt = performance.now();
  await changeUpload(deps, channel, { sync });
  deps.onEvent({ kind: 'accepted', channel, sync });
  return finishSync(deps, channel, sync, { startedAt, acceptedAt });
}

async function send(deps: SyncDeps, channel: Channel, upload: BuiltUpload): Promise<string> {
  const { bytes, sha256, key, resumeAt } = upload;
  try {
    return await sendArchive(deps.connection, {
      ...{ channel, bytes, sha256, key, resumeAt },
      file: uploadFile(deps.copy, channel),
      resumableAboveBytes: deps.resumableAboveBytes,
      onResumable: (at) => changeUpload(deps, channel, { resumeAt: at }),
      onBytes: (sent, of) => deps.onEvent({ kind: 'sending', channel, bytes: sent, of }),
    });
  } catch (error) {
    // The archive itself was refused: the next run must not send the same again.
    if (error instanceof ServerProblem && refusals.has(error.status)) await forgetWork(deps, channel);
    throw error;
  }
}

const refusals = new Set([400, 413, 415, 422]);

interface Times {
  readonly startedAt: number;
  readonly acceptedAt: number | null;
}

/** From the accepted upload to the confirmation. */
async function finishSync(
  deps: SyncDeps,
  channel: Channel,
  sync: string,
  times: Times,
): Promise<SyncOutcome> {
  const isReady = await waitUntilReady(deps, channel);
  const processingMs = times.acceptedAt === null ? null : performance.now() - times.acceptedAt;
  if (!isReady) return settle(deps, channel, sync, times, processingMs, null);
  deps.onEvent({ kind: 'ready', channel, sync });
  const carriedOut = await carryOutOnce(deps, channel, sync);
  try {
    await confirm(deps.connection, channel, carriedOut.sync, carriedOut.failed);
  } catch (error) {
    if (!isWrongStatus(error)) throw error;
    return settle(deps, channel, sync, times, processingMs, carriedOut);
  }
  deps.onEvent({ kind: 'confirmed', channel, sync, failed: carriedOut.failed.length });
  return settle(deps, channel, sync, times, processingMs, carriedOut);
}

/** @returns false where the channel is idle: there is nothing to fetch. */
async function waitUntilReady(deps: SyncDeps, channel: Channel): Promise<boolean> {
  const startedAt = performance.now();
  for (;;) {
    const wait = { seconds: deps.pollSeconds, not: 1 } as const;
    const { statut, pollAfterSeconds } = await askStatut(deps.connection, channel, wait);
    if (statut !== 1) return statut === 2;
    const waited = (performance.now() - startedAt) / 1000;
    if (waited > deps.maxWaitSeconds) throw gaveUpWaiting(deps.maxWaitSeconds);
    deps.onEvent({ kind: 'waiting', channel, seconds: Math.round(waited) });
    await sleep(Math.min(pollAfterSeconds, 60) * 1000);
  }
}

/** Fetches the package and carries it out, unless an earlier run did and was stopped before it could confirm. */
async function carryOutOnce(deps: SyncDeps, channel: Channel, sync: string): Promise<CarriedOut> {
  const before = stateOf(deps, channel).carriedOut;
  if (before?.sync === sync) return before;
  await fetchInstructions(deps, channel, sync);
  return carryOutFetched(deps, channel);
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
  // From here on the package is whole, whatever happens: a solution whose server needs no confirmation has only this.
  await deps.copy.files.move(partFile(deps.copy, channel), packageFile(deps.copy, channel));
}

async function carryOutFetched(deps: SyncDeps, channel: Channel): Promise<CarriedOut> {
  const { copy, onEvent } = deps;
  const unpacked = await unpackPackage(
    packageFile(copy, channel),
    workFile(copy.dir, channel, 'package'),
  ).catch(async (error: unknown) => {
    // Or every later run would stumble over it.
    await rm(packageFile(copy, channel), { force: true });
    throw error;
  });
  onEvent({ kind: 'fetched', channel, files: unpacked.files });
  const carriedOut = await copy.exclusively(() =>
    carryOut(copy, unpacked, {
      upload: stateOf(deps, channel).upload,
      uploadFile: uploadFile(copy, channel),
      onCarried: (file, failed) => onEvent({ kind: 'carried-out', channel, file, failed }),
    }),
  );
  await copy.changeChannel(channel, { carriedOut });
  return carriedOut;
}

async function carryOutWhatWasFetched(deps: SyncDeps, channel: Channel): Promise<void> {
  const isFetched = (await bytesOf(packageFile(deps.copy, channel))) !== null;
  if (isFetched && stateOf(deps, channel).carriedOut === null) await carryOutFetched(deps, channel);
}

/** The channel is idle again: asks how it ended, and forgets what was needed on the way. */
async function settle(
  deps: SyncDeps,
  channel: Channel,
  sync: string,
  { startedAt }: Times,
  processingMs: number | null,
  carriedOut: CarriedOut | null,
): Promise<SyncOutcome> {
  const last = await askSync(deps.connection, channel);
  const { upload } = stateOf(deps, channel);
  const isOurs = last.sync === sync && last.state === 'confirmed';
  const outcome = isOurs ? (last.report?.outcome ?? 'processed') : 'abandoned';
  await forgetWork(deps, channel);
  await deps.copy.changeChannel(channel, { lastSync: { sync, at: deps.now().toISOString(), outcome } });
  return {
    channel,
    sync,
    outcome,
    sent: { bytes: upload?.bytes ?? 0, contents: upload?.contents ?? noContents },
    carried: carriedOut?.carried ?? 0,
    failed: carriedOut?.failed ?? [],
    report: isOurs ? last.report : null,
    processingMs,
    totalMs: performance.now() - startedAt,
    earlier: [],
  };
}

async function forgetWork(deps: SyncDeps, channel: Channel): Promise<void> {
  // Files first: a package that were left behind would be carried out a second time.
  await clearWork(deps.copy, channel);
  await deps.copy.changeChannel(channel, { upload: null, download: null, carriedOut: null });
}

/** The server knows an Idempotency-Key for 24 hours: later, repeating would send everything anew. */
async function isStillGood(deps: SyncDeps, channel: Channel, upload: BuiltUpload): Promise<boolean> {
  const ageHours = (deps.now().getTime() - Date.parse(upload.builtAt)) / 3_600_000;
  return ageHours >= 0 && ageHours < 20 && (await bytesOf(uploadFile(deps.copy, channel))) === upload.bytes;
}

async function changeUpload(deps: SyncDeps, channel: Channel, change: Partial<BuiltUpload>): Promise<void> {
  const { upload } = stateOf(deps, channel);
  if (upload !== null) await deps.copy.changeChannel(channel, { upload: { ...upload, ...change } });
}

function stateOf({ copy }: SyncDeps, channel: Channel): ChannelState {
  return copy.state().channels[channel];
}

function named(sync: string | null): string {
  if (sync === null) throw badAnswer('a status without Epack-Sync');
  return sync;
}

function isWrongStatus(error: unknown): boolean {
  return error instanceof ServerProblem && error.code === 'wrong-status';
}
