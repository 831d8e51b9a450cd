import type { Language } from '../../shared/domain/language';
import type { Quotas } from '../../shared/domain/quota';
import type { Db } from '../../shared/db/database';
import type { FileStore } from '../../shared/files/file-store';
import type { Logger } from '../../shared/log';
import type { ClaimedJob, SyncJob } from '../../shared/stores/jobs/job-store';
import { createSyncStore } from '../../shared/stores/syncs/sync-store';
import type { JobHandler } from '../jobs/kinds';
import type { SyncWatch } from '../ops/worker-metrics';
import type { NoteReadings } from './logs/channel-log';
import { failSync, processSync } from './process-sync';

interface Deps {
  readonly db: Db;
  readonly files: FileStore;
  /** The limits of solutions without their own. */
  readonly quotas: Pick<Quotas, 'openQuarantine' | 'extraColumns'>;
  /** The language of the texts for kitchens. */
  readonly language: Language;
  readonly noteReadings: NoteReadings;
  readonly watch: SyncWatch;
  readonly log: Logger;
}

/** The kind of job that processes uploads. A sync that is given up has status 2, with a package that says `failed`. */
export function createSyncHandler({
  db,
  files,
  quotas,
  language,
  noteReadings,
  watch,
  log,
}: Deps): JobHandler {
  const syncs = createSyncStore(db);
  return {
    story: storyOf,

    async run(job, { step }) {
      const sync = syncOf(job);
      const startedAt = performance.now();
      const report = await processSync({ db, files, quotas, language, noteReadings }, sync, step);
      const milliseconds = performance.now() - startedAt;
      watch.processed(sync, report);
      log.info(
        { ...origin(job), ...storyOf(job), attempts: job.attempts, milliseconds: Math.round(milliseconds) },
        'sync processed',
      );
      return 'ended';
    },

    async attemptFailed(job, failure) {
      await syncs.addEvent(job.subject, 'attempt-failed', failure);
    },

    async giveUp(job, failure) {
      const { reason } = failure;
      await syncs.addEvent(job.subject, 'failed', failure);
      await failSync({ db, files }, syncOf(job));
      log.error({ ...origin(job), ...storyOf(job), attempts: job.attempts, reason }, 'sync failed for good');
    },
  };
}

function syncOf({ id, fence, attempts, subject, sync }: ClaimedJob): SyncJob {
  if (sync === null) throw new Error(`There is no sync ${subject}.`);
  return { ...sync, id, fence, attempts };
}

const storyOf = ({ subject, sync }: ClaimedJob) => ({
  syncId: subject,
  ...(sync === null ? {} : { solutionId: sync.solutionId, channel: sync.channel }),
});

const origin = ({ id, origin: { requestId } }: ClaimedJob) => ({
  ...(requestId === null ? {} : { requestId }),
  jobId: id,
});
