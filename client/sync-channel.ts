import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from '../shared/domain/channel';
import { buildUpload, uploadFile } from './local-copy/build-upload';
import { sha256Of } from './local-copy/durable-files';
import { forgetExports } from './local-copy/exports';
import { oweWhatIsLeft } from './local-copy/owe-what-is-left';
import { rememberRefusedPhotos } from './local-copy/photos';
import { type BuiltUpload, type CarriedOut, noContents } from './local-copy/sync-state';
import {
  askHighestIds,
  askParameterFiles,
  askStatut,
  askSync,
  confirm,
  type StatutAnswer,
} from './protocol-calls';
import { badAnswer, gaveUpWaiting, ServerProblem } from './solution-error';
import { changeUpload, forgetWork, stateOf, type SyncDeps, type SyncOutcome } from './sync-work';
import { carryOutWhatWasFetched, takeInstructions } from './take-instructions';
import { sendArchive } from './transfer/send-archive';

/**
 * Synchronises one channel: finishes the sync of an earlier run, then sends what is new, waits, applies the package and
 * confirms. After it the status is 0. It may be killed at any point and run again.
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
      // A sync is in progress after all: our own upload whose response was lost, or an upload that was cut off and that
      // the server has not given up yet.
      if (!isWrongStatus(error) || round >= maxRounds) throw error;
    }
  }
}

const maxRounds = 5;

/**
 * @returns null if nothing was in progress.
 */
async function finishEarlierSync(deps: SyncDeps, channel: Channel): Promise<SyncOutcome | null> {
  const { statut, sync } = await statutAtRest(deps, channel);
  if (statut === 2) {
    const startedAt = performance.now();
    return confirmPackage(deps, channel, named(sync), { startedAt, acceptedAt: null, readyAt: startedAt });
  }
  await carryOutWhatWasFetched(deps, channel);
  const { upload } = stateOf(deps, channel);
  if (upload === null) return null;
  if (upload.sync === null && (await isStillGood(deps, channel, upload)))
    return sendAndFinish(deps, channel, upload);
  // The sync was confirmed and only that response was lost, or staff have reset the channel, or the sync is too old.
  await forgetWork(deps, channel);
  return null;
}

/** The status once it is not 1: an upload of an earlier run has been processed, or was cut off and has been given up. */
async function statutAtRest(deps: SyncDeps, channel: Channel): Promise<StatutAnswer> {
  const now = await askStatut(deps.connection, channel);
  deps.onEvent({ kind: 'statut', channel, statut: now.statut });
  return now.statut === 1 ? waitWhileProcessing(deps, channel) : now;
}

async function newSync(deps: SyncDeps, channel: Channel): Promise<SyncOutcome> {
  const highestIds = await askHighestIds(deps.connection, channel);
  const parameterFiles = await askParameterFiles(deps.connection, channel);
  deps.onEvent({ kind: 'asked', channel, highestIds, parameterFiles });
  const upload = await deps.copy.exclusively(() =>
    buildUpload(
      deps.copy,
      channel,
      { highestIds, parameterFiles, owed: stateOf(deps, channel).owed },
      deps.now(),
    ),
  );
  const asked = { highestIds: textsOf(highestIds), parameterFiles };
  await deps.copy.changeChannel(channel, { upload, asked });
  deps.onEvent({ kind: 'built', channel, contents: upload.contents, bytes: upload.bytes });
  return sendAndFinish(deps, channel, upload);
}

async function sendAndFinish(deps: SyncDeps, channel: Channel, upload: BuiltUpload): Promise<SyncOutcome> {
  const startedAt = performance.now();
  const sync = await send(deps, channel, upload);
  const acceptedAt = performance.now();
  await changeUpload(deps, channel, { sync });
  deps.onEvent({ kind: 'accepted', channel, sync });
  const { statut } = await waitWhileProcessing(deps, channel);
  const readyAt = performance.now();
  // 0: this very upload was confirmed before, or staff have reset the channel.
  if (statut === 0)
    return settle(deps, { channel, sync: sync }, { startedAt, acceptedAt, readyAt: null }, null);
  return confirmPackage(deps, channel, sync, { startedAt, acceptedAt, readyAt });
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
    // The archive itself was refused: the next run must not send the same archive again.
    if (error instanceof ServerProblem && refusals.has(error.status)) await forgetWork(deps, channel);
    throw error;
  }
}

const refusals = new Set([400, 413, 415, 422]);

/** Milliseconds of the process's own clock; null if it happened in an earlier run, or not at all. */
interface Times {
  readonly startedAt: number;
  readonly acceptedAt: number | null;
  readonly readyAt: number | null;
}

/** @returns the status that is not 1. */
async function waitWhileProcessing(deps: SyncDeps, channel: Channel): Promise<StatutAnswer> {
  const startedAt = performance.now();
  for (;;) {
    const wait = { seconds: deps.pollSeconds, not: 1 } as const;
    const answer = await askStatut(deps.connection, channel, wait);
    if (answer.statut !== 1) return answer;
    const waited = (performance.now() - startedAt) / 1000;
    if (waited > deps.maxWaitSeconds) throw gaveUpWaiting(deps.maxWaitSeconds);
    deps.onEvent({ kind: 'waiting', channel, seconds: Math.round(waited) });
    await sleep(Math.min(answer.pollAfterSeconds, 60) * 1000);
  }
}

async function confirmPackage(
  deps: SyncDeps,
  channel: Channel,
  sync: string,
  times: Times,
): Promise<SyncOutcome> {
  deps.onEvent({ kind: 'ready', channel, sync });
  const carriedOut = await takeInstructions(deps, channel, sync);
  try {
    await confirm(deps.connection, channel, carriedOut.sync, carriedOut.failed);
    deps.onEvent({ kind: 'confirmed', channel, sync, failed: carriedOut.failed.length });
  } catch (error) {
    // There is nothing to confirm any more: the code below reads how the sync ended.
    if (!isWrongStatus(error)) throw error;
  }
  return settle(deps, { channel, sync }, times, carriedOut);
}

/** The channel is idle again: reads how the sync ended, and removes its working state. */
async function settle(
  deps: SyncDeps,
  { channel, sync }: { readonly channel: Channel; readonly sync: string },
  { startedAt, acceptedAt, readyAt }: Times,
  carriedOut: CarriedOut | null,
): Promise<SyncOutcome> {
  const last = await askSync(deps.connection, channel);
  const isOurs = last?.sync === sync && last.state === 'confirmed';
  const report = isOurs ? last.report : null;
  const outcome = isOurs ? (report?.outcome ?? 'processed') : 'abandoned';
  const { upload } = stateOf(deps, channel);
  if (channel === 'photos' && report !== null) await rememberRefusedPhotos(deps.copy, report);
  if (report?.outcome === 'processed')
    await oweWhatIsLeft(deps.copy, channel, report, {
      drift: carriedOut?.drift ?? null,
      receipts: upload?.receipts ?? [],
    });
  await forgetWork(deps, channel);
  await forgetExports(deps.copy, channel);
  const { confirmed } = stateOf(deps, channel);
  await deps.copy.changeChannel(channel, {
    lastSync: { sync, at: deps.now().toISOString(), outcome },
    confirmed: isOurs ? sync : confirmed,
  });
  return {
    ...{ channel, sync, outcome, report },
    sent: { bytes: upload?.bytes ?? 0, contents: upload?.contents ?? noContents },
    carried: carriedOut?.carried ?? 0,
    failed: carriedOut?.failed ?? [],
    processingMs: acceptedAt === null || readyAt === null ? null : readyAt - acceptedAt,
    totalMs: performance.now() - startedAt,
    earlier: [],
  };
}

/** Ids as the state keeps them. */
const textsOf = (ids: ReadonlyMap<string, bigint>): Record<string, string> =>
  Object.fromEntries([...ids].map(([table, id]) => [table, String(id)]));

/** The server knows an Idempotency-Key for 24 hours: later, repeating would send everything again. */
async function isStillGood(deps: SyncDeps, channel: Channel, upload: BuiltUpload): Promise<boolean> {
  const ageHours = (deps.now().getTime() - Date.parse(upload.builtAt)) / 3_600_000;
  const isYoung = ageHours >= 0 && ageHours < 20;
  return isYoung && (await sha256Of(uploadFile(deps.copy, channel))) === upload.sha256;
}

function named(sync: string | null): string {
  if (sync === null) throw badAnswer('a status without Epack-Sync');
  return sync;
}

function isWrongStatus(error: unknown): boolean {
  return error instanceof ServerProblem && error.code === 'wrong-status';
}
