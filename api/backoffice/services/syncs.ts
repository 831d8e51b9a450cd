import type { Readable } from 'node:stream';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import type { Caller } from '../../../shared/domain/staff';
import { notFound, notReplayable } from '../../../shared/errors/catalog';
import type { ByteRange, FileStore } from '../../../shared/files/file-store';
import type {
  SyncDetail,
  SyncEvent,
  SyncFilter,
  SyncPageKey,
  SyncSummary,
  SyncTimelineStore,
} from '../../../shared/stores/syncs/sync-timeline-store';
import type { IntakeService } from '../../services/intake';
import { type Replayed, replayArchive } from './replay';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
  readonly timelines: SyncTimelineStore;
}

interface Deps {
  readonly stores: Stores;
  readonly files: Pick<FileStore, 'read' | 'stat'>;
  readonly intake: Pick<IntakeService, 'begin'>;
}

/** A sync with every step that is known of it, in the order in which they happened. */
export interface SyncTimeline {
  readonly sync: SyncDetail;
  readonly steps: readonly SyncEvent[];
}

/** A file of a sync. */
export interface SyncFile {
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  open(range?: ByteRange): Promise<Readable>;
}

export type SyncService = ReturnType<typeof createSyncService>;

export function createSyncService({ stores, files, intake }: Deps) {
  const { timelines } = stores;

  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      solutionId: number,
      filter: SyncFilter,
      page: PageRequest<SyncPageKey>,
    ): Promise<Page<SyncSummary>> {
      await needVisible(stores, caller, solutionId);
      return timelines.list(solutionId, filter, page);
    },

    /** Throws `not-found`. */
    async get(caller: Caller, syncId: string): Promise<SyncTimeline> {
      const sync = await found(caller, syncId);
      return { sync, steps: stepsOf(sync, await timelines.events(syncId)) };
    },

    /** The upload of the solution. Throws `not-found`, also where retention has removed it. */
    async upload(caller: Caller, syncId: string): Promise<SyncFile> {
      const sync = await found(caller, syncId);
      return fileOf(`${syncId}.zip`, sync.archiveKey, sync.archiveSha256);
    },

    /** The package for the solution. Throws `not-found`, also where retention has removed it. */
    async instructions(caller: Caller, syncId: string): Promise<SyncFile> {
      const sync = await found(caller, syncId);
      return fileOf(`${syncId}-instructions.zip`, sync.packageKey, sync.packageSha256);
    },

    /** Processes a kept upload again. Throws `not-found`, `forbidden`, `not-replayable`, `wrong-status`. */
    async replay(caller: Caller, syncId: string): Promise<Replayed> {
      const sync = await found(caller, syncId);
      needEditor(caller);
      const { archiveKey } = sync;
      if (archiveKey === null || (await files.stat(archiveKey)) === null) {
        throw notReplayable('upload-not-kept');
      }
      return replayArchive(
        intake,
        sync,
        () => files.read(archiveKey),
        (newId) => async (stores) => {
          await stores.syncs.addEvent(newId, 'replay', because(replayOf(syncId, caller)));
          const deed = { solutionId: sync.solutionId, before: { sync: syncId }, after: { sync: newId } };
          await stores.audit.add([auditEntry(caller, 'sync.replay', deed)]);
        },
      );
    },
  };

  async function found(caller: Caller, syncId: string): Promise<SyncDetail> {
    const sync = await timelines.find(caller.accounts, syncId);
    if (sync === null) throw notFound('sync');
    return sync;
  }

  async function fileOf(name: string, key: string | null, sha256: string | null): Promise<SyncFile> {
    const stored = key === null ? null : await files.stat(key);
    if (stored === null || sha256 === null) throw notFound('file');
    return { name, bytes: stored.bytes, sha256, open: (range) => files.read(stored.key, range) };
  }
}

const replayOf = (sync: string, { email: by }: Caller): Reason => ({
  code: 'replay-of-sync',
  values: { sync, by },
});

/** The steps that the columns and the events of a sync show. */
function stepsOf(sync: SyncDetail, events: readonly SyncEvent[]): SyncEvent[] {
  const columns: [string, Date | null][] = [
    ['received', sync.receivedAt],
    ['queued', sync.queuedAt],
    ['processing', sync.processingAt],
    ['processed', sync.processedAt],
    ['downloaded', sync.downloadedAt],
    ['confirmed', sync.confirmedAt],
    ['files-removed', sync.filesRemovedAt],
  ];
  const steps = columns.flatMap(([step, at]) => (at === null ? [] : [{ at, step, detail: null, why: null }]));
  return [...steps, ...events].sort((a, b) => a.at.getTime() - b.at.getTime());
}
