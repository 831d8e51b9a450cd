import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ChannelKey } from '../../../shared/domain/channel';
import { noOrigin } from '../../../shared/domain/origin';
import type { Caller } from '../../../shared/domain/staff';
import { isUnderWay } from '../../../shared/domain/sync-state';
import type { Page, PageRequest } from '../../../shared/domain/page';
import { AppError } from '../../../shared/errors/app-error';
import {
  notFound,
  offlineFileRefused,
  offlineNotReady,
  solutionBlocked,
  solutionLocked,
} from '../../../shared/errors/catalog';
import type { FileStore } from '../../../shared/files/file-store';
import { offlineFolder } from '../../../shared/files/layout';
import {
  type AnsweredChannel,
  type Exported,
  type ExportedChannel,
  exportedShape,
} from '../../../shared/formats/offline-contents';
import {
  BadOfflineFile,
  type ContentsReader,
  type OfflinePart,
  readContents,
  readToEnd,
  withOfflineFile,
  writeOfflineFile,
} from '../../../shared/formats/offline-file';
import { offlineKeyFromHash } from '../../../shared/secrets';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type { SolutionCredentials, SolutionStore } from '../../../shared/stores/solutions/solution-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type {
  OfflineFile,
  OfflineFileChannel,
  OfflineFileStore,
} from '../../../shared/stores/syncs/offline-file-store';
import type { StatusStore } from '../../../shared/stores/syncs/status-store';
import type { Sync, SyncStore } from '../../../shared/stores/syncs/sync-store';
import type { DeliveryService } from '../../services/delivery';
import type { HandshakeService } from '../../services/handshake';
import type { IntakeService } from '../../services/intake';
import { normalisedMac } from '../../services/login';
import { needEditor } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly offlineFiles: OfflineFileStore;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
  readonly solutions: Pick<SolutionStore, 'findCredentials' | 'bindMac' | 'forgetPreviousSecret'>;
  readonly statuses: Pick<StatusStore, 'read'>;
  readonly syncs: Pick<SyncStore, 'find' | 'findByIdempotencyKey' | 'lastConfirmedId'>;
}

interface Deps extends StoreAccess<Stores> {
  readonly files: Pick<FileStore, 'write' | 'read' | 'remove' | 'stat' | 'list'>;
  readonly intake: Pick<IntakeService, 'begin'>;
  readonly delivery: Pick<DeliveryService, 'confirm'>;
  readonly handshake: Pick<HandshakeService, 'forNextUpload'>;
}

/** The response to an offline file, ready to be sent. */
export interface OfflineResponse {
  readonly fileName: string;
  readonly content: AsyncIterable<Buffer>;
}

export type { OfflineFile };

export type OfflineFileService = ReturnType<typeof createOfflineFileService>;

/**
 * Uploads that come on a stick from a solution without a network. Each goes through the same intake, job, package and
 * confirmation as one that comes over the network (docs/decisions/098, 099).
 */
export function createOfflineFileService(deps: Deps) {
  const { stores, files } = deps;
  return {
    /** Those of the solutions that the caller may see, the newest first. */
    list: (caller: Caller, page: PageRequest<string>): Promise<Page<OfflineFile>> =>
      stores.offlineFiles.list(caller.accounts, page),

    /** Throws `not-found`. */
    get: (caller: Caller, id: string): Promise<OfflineFile> => found(deps, caller, id),

    /**
     * Takes a file in. The same file may be taken in again: what was accepted stays as it was, and what was not is
     * tried once more. Throws `bad-offline-file`, `forbidden`, `blocked`, `locked`, `unavailable`.
     */
    async takeIn(caller: Caller, fileName: string, body: Readable): Promise<OfflineFile> {
      needEditor(caller);
      const key = `${offlineFolder}/${Date.now()}-${randomUUID()}`;
      try {
        await files.write(key, body);
        return await takeStored(deps, caller, { key, fileName: fileName.slice(-255) });
      } catch (error) {
        throw error instanceof BadOfflineFile ? offlineFileRefused(`offline-${error.fault}`) : error;
      } finally {
        await files.remove(key);
      }
    },

    /** Throws `not-found`, `forbidden`, `offline-not-ready`. */
    async respond(caller: Caller, id: string): Promise<OfflineResponse> {
      const file = await found(deps, caller, id);
      needEditor(caller);
      return responseTo(deps, caller, file);
    },

    removeAbandoned: (olderThanMs: number): Promise<void> => removeAbandonedOfflineFiles(files, olderThanMs),
  };
}

/** Removes what processes have left that died while they took a file in. */
export async function removeAbandonedOfflineFiles(
  files: Pick<FileStore, 'list' | 'remove'>,
  olderThanMs: number,
): Promise<void> {
  for await (const { key } of files.list(offlineFolder)) {
    const [, at] = /\/(\d+)-/.exec(key) ?? [];
    if (Number(at ?? 0) < Date.now() - olderThanMs) await files.remove(key);
  }
}

async function found({ stores }: Deps, caller: Caller, id: string): Promise<OfflineFile> {
  const file = await stores.offlineFiles.findVisible(caller.accounts, id);
  if (file === null) throw notFound('offline file');
  return file;
}

interface StoredFile {
  readonly key: string;
  readonly fileName: string;
}

async function takeStored(deps: Deps, caller: Caller, { key, fileName }: StoredFile): Promise<OfflineFile> {
  const { files } = deps;
  const header = await withOfflineFile(await files.read(key), (opened) => Promise.resolve(opened.header));
  if (header.direction !== 'to-server') throw offlineFileRefused('offline-wrong-direction');
  const solution = await needSolution(deps, caller, header.mail);
  const secretHash = await provenHash(deps, solution, key);
  return withOfflineFile(await files.read(key), async ({ contents }) => {
    const exported = await readContents(contents(offlineKeyFromHash(secretHash)), exportedShape);
    return takeProven(deps, caller, exported, { solution, secretHash, fileName, id: header.export });
  });
}

interface ProvenFile {
  readonly id: string;
  readonly fileName: string;
  readonly solution: SolutionCredentials;
  readonly secretHash: string;
}

async function takeProven(
  deps: Deps,
  caller: Caller,
  exported: ContentsReader<Exported>,
  { id, fileName, solution, secretHash }: ProvenFile,
): Promise<OfflineFile> {
  const { stores } = deps;
  await needDevice(deps, solution, exported.description);
  const writtenAt = new Date(exported.description.writtenAt);
  const solutionId = solution.id;
  await stores.offlineFiles.add({ id, solutionId, fileName, writtenAt, secretHash, takenInBy: caller.email });
  const before = await stores.offlineFiles.find(solutionId, id);
  // Another solution has used this number: it is no UUID then.
  if (before === null) throw offlineFileRefused('offline-bad-contents');
  await takeChannels(deps, before, exported);
  const after = (await stores.offlineFiles.find(solutionId, id)) ?? before;
  const outcomes = Object.fromEntries(after.channels.map(({ channel, outcome }) => [channel, outcome]));
  const deed = { file: id, fileName, writtenAt: exported.description.writtenAt, outcomes };
  await stores.audit.add([auditEntry(caller, 'offline-file.take-in', { solutionId, after: deed })]);
  return after;
}

/** A solution that the caller may not see does not exist for them. */
async function needSolution({ stores }: Deps, caller: Caller, mail: string): Promise<SolutionCredentials> {
  const solution = await stores.solutions.findCredentials(mail);
  const isVisible = solution !== null && (await stores.solutionAdmin.isVisible(caller.accounts, solution.id));
  if (!isVisible) throw offlineFileRefused('offline-unknown-solution');
  if (solution.isBlocked) throw solutionBlocked();
  if (solution.isLocked) throw solutionLocked();
  return solution;
}

/** Reads the file to its end: only then is it known who wrote it. Nothing in it is believed before. */
async function provenHash(
  { stores, files }: Deps,
  solution: SolutionCredentials,
  key: string,
): Promise<string> {
  for (const hash of [solution.secretHash, solution.previousSecretHash]) {
    if (hash === null) continue;
    if (!(await isWrittenWith(files, key, offlineKeyFromHash(hash)))) continue;
    // As at a login: the new secret has been used, so the old one ends.
    if (hash === solution.secretHash && solution.previousSecretHash !== null)
      await stores.solutions.forgetPreviousSecret(solution.id);
    return hash;
  }
  throw offlineFileRefused('offline-not-authentic');
}

async function isWrittenWith(files: Deps['files'], key: string, digest: Buffer): Promise<boolean> {
  try {
    await withOfflineFile(await files.read(key), ({ contents }) => readToEnd(contents(digest)));
    return true;
  } catch (error) {
    if (error instanceof BadOfflineFile && error.fault === 'not-authentic') return false;
    throw error;
  }
}

/** As at a login, the first device is bound. Another one is refused; it locks nothing, because it may be an old stick. */
async function needDevice({ stores }: Deps, solution: SolutionCredentials, { mac }: Exported): Promise<void> {
  if (solution.mac === 'ignore') return;
  const written = normalisedMac(mac);
  const isIts =
    written !== 'ignore' &&
    (solution.mac === written ||
      (solution.mac === null && (await stores.solutions.bindMac(solution.id, written))));
  if (!isIts) throw offlineFileRefused('offline-other-device');
}

async function takeChannels(
  deps: Deps,
  file: OfflineFile,
  contents: ContentsReader<Exported>,
): Promise<void> {
  for (const exported of contents.description.channels) {
    const part = contents.part(exported.bytes);
    const isKnown = file.channels.some(
      ({ channel, outcome }) => channel === exported.channel && outcome === 'accepted',
    );
    if (!isKnown) {
      const key = { solutionId: file.solutionId, channel: exported.channel };
      const result = await takeChannel(deps, key, exported, part);
      const fileId = { solutionId: file.solutionId, fileId: file.id };
      await deps.stores.offlineFiles.saveChannel(fileId, { channel: exported.channel, ...result });
    }
    await readToEnd(part);
  }
}

type ChannelResult = Omit<OfflineFileChannel, 'channel' | 'state'>;

async function takeChannel(
  deps: Deps,
  key: ChannelKey,
  exported: ExportedChannel,
  part: AsyncGenerator<Buffer>,
): Promise<ChannelResult> {
  if (exported.confirms !== null) await confirm(deps, key, exported.confirms);
  try {
    return await upload(deps, key, exported, part);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'wrong-status') return inTheWay(deps, key);
    if (!refusals.has(error.kind)) throw error;
    const { code, detail } = error;
    return { outcome: 'refused', syncId: null, code, detail };
  }
}

/** The archive itself is bad: it would be refused again. */
const refusals: ReadonlySet<AppError['kind']> = new Set([
  'invalid',
  'too-large',
  'unsupported',
  'unprocessable',
]);

/** The package was confirmed before, or is another one: the upload after it is then judged by itself. */
async function confirm(
  { delivery }: Deps,
  key: ChannelKey,
  { sync, failed }: NonNullable<ExportedChannel['confirms']>,
): Promise<void> {
  try {
    await delivery.confirm(key, sync, failed);
  } catch (error) {
    if (!(error instanceof AppError && ['wrong-status', 'other-sync'].includes(error.code))) throw error;
  }
}

/**
 * The channel is claimed first. Nothing can be confirmed from then on, so it is certain that no other sync comes
 * between the comparison and the upload.
 */
async function upload(
  { stores, intake }: Deps,
  key: ChannelKey,
  exported: ExportedChannel,
  part: AsyncGenerator<Buffer>,
): Promise<ChannelResult> {
  const first = await stores.syncs.findByIdempotencyKey(key, exported.key);
  const isRepeated = first !== null && first.state !== 'receiving';
  const reception = await intake.begin(key, exported.key, noOrigin, { announcedBytes: exported.bytes });
  try {
    if (!isRepeated && (await stores.syncs.lastConfirmedId(key)) !== exported.after) {
      await reception.refuse();
      return { outcome: 'superseded', syncId: null, code: null, detail: null };
    }
    await reception.store(streamOf(part));
    const { syncId } = await reception.complete(exported.sha256);
    return { outcome: 'accepted', syncId, code: null, detail: null };
  } catch (error) {
    await reception.refuse();
    throw error;
  }
}

/** Without a way to close it: what a refusal leaves unread must be read before the next part. */
const streamOf = (part: AsyncGenerator<Buffer>): Readable =>
  Readable.from({ [Symbol.asyncIterator]: () => ({ next: () => part.next() }) });

/** Another sync has the channel. If its package is ready, the solution has to apply that one first. */
async function inTheWay({ stores }: Deps, key: ChannelKey): Promise<ChannelResult> {
  const now = await stores.statuses.read(key);
  const isReady = now?.statut === 2;
  const none = { code: null, detail: null };
  return isReady
    ? { outcome: 'earlier-package', syncId: now.syncId, ...none }
    : { outcome: 'busy', syncId: null, ...none };
}

async function responseTo(deps: Deps, caller: Caller, file: OfflineFile): Promise<OfflineResponse> {
  const answered: AnsweredChannel[] = [];
  const parts: OfflinePart[] = [];
  for (const one of file.channels) {
    const { channel, part } = await answeredChannel(deps, file.solutionId, one);
    answered.push(channel);
    if (part !== null) parts.push(part);
  }
  await deps.stores.audit.add([
    auditEntry(caller, 'offline-file.response', { solutionId: file.solutionId, after: { file: file.id } }),
  ]);
  const header = { direction: 'to-solution', mail: file.solutionMail, export: file.id } as const;
  const description = { channels: answered };
  return {
    fileName: `epack-response-${file.id.slice(0, 8)}.epack`,
    content: writeOfflineFile(header, offlineKeyFromHash(file.secretHash), description, parts),
  };
}

async function answeredChannel(
  { stores, files, handshake }: Deps,
  solutionId: number,
  { channel, outcome, syncId, code, detail }: OfflineFileChannel,
): Promise<{ channel: AnsweredChannel; part: OfflinePart | null }> {
  const key = { solutionId, channel };
  const sync = syncId === null ? null : await stores.syncs.find(syncId);
  if (sync !== null && isUnderWay(sync.state)) throw offlineNotReady();
  const part = sync === null ? null : await packageOf(files, sync);
  return {
    channel: {
      ...{ channel, outcome, sync: syncId, code, detail },
      confirmed: await stores.syncs.lastConfirmedId(key),
      ...(await handshake.forNextUpload(key)),
      bytes: part?.bytes ?? 0,
    },
    part,
  };
}

/** Null: there is none, or it is kept no longer. */
async function packageOf(files: Deps['files'], { packageKey }: Sync): Promise<OfflinePart | null> {
  const stored = packageKey === null ? null : await files.stat(packageKey);
  if (packageKey === null || stored === null) return null;
  return { bytes: stored.bytes, open: () => readFrom(files, packageKey) };
}

async function* readFrom(files: Deps['files'], key: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of (await files.read(key)) as AsyncIterable<Uint8Array>) yield chunk;
}
