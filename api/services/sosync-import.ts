import type { SosyncLinkJobStore } from '../../shared/stores/pairs/sosync-link-job-store';
import type { SosyncInstanceStore, SosyncRoute } from '../../shared/stores/sosync/sosync-instance-store';
import type { ImportedJob, SosyncImportStore } from '../../shared/stores/sosync/sosync-import-store';
import type { NewSosyncJob, SosyncJobStore } from '../../shared/stores/sosync/sosync-job-store';
import type { StoreAccess } from '../../shared/stores/store-access';
import { createSosyncJobs, newJobOf, routeOf } from './sosync-jobs';

interface Stores {
  readonly sosyncInstances: Pick<SosyncInstanceStore, 'routes'>;
  readonly sosyncImport: SosyncImportStore;
  readonly sosyncJobs: SosyncJobStore;
  readonly sosyncLinkJobs: Pick<SosyncLinkJobStore, 'open'>;
}

export interface ImportLine {
  /** The line of the file; the first is 1. */
  readonly line: number;
  readonly job: ImportedJob;
}

export interface ImportFault {
  readonly line: number;
  readonly reason: string;
}

export interface ImportCounts {
  readonly added: number;
  /** How many of the added jobs were open, and are now processed by their pair. */
  readonly open: number;
  /** They were taken over before. */
  readonly known: number;
}

/** Takes over the jobs of an earlier service. Those that were open there are open here, and are done by their pairs. */
export function createSosyncImport({
  stores,
  transaction,
  instance,
}: StoreAccess<Stores> & { readonly instance: string }) {
  return {
    /** Finds the mistakes in readable lines, and writes nothing. */
    async check(lines: readonly ImportLine[]): Promise<ImportFault[]> {
      const routes = await stores.sosyncInstances.routes(instance);
      const digests = await stores.sosyncImport.digests(lines.map(({ job }) => job.job_id));
      return lines.flatMap(({ line, job }) => {
        const there = digests.get(job.job_id);
        if (there !== undefined && there !== job.digest)
          return [{ line, reason: `job_id ${job.job_id} is there already, and is another job` }];
        if (there === undefined && isOpen(job) && routeOfOld(routes, job) === null)
          return [{ line, reason: `source_model ${job.source_model} of ${job.source_system} has no pair` }];
        return [];
      });
    },

    /** All of these lines or none; what is there already stays as it is. */
    add: (lines: readonly ImportLine[]): Promise<ImportCounts> =>
      transaction(async (within) => {
        const routes = await within.sosyncInstances.routes(instance);
        const digests = await within.sosyncImport.digests(lines.map(({ job }) => job.job_id));
        const jobs = lines.map(({ job }) => job).filter((job) => !digests.has(job.job_id));
        const open = jobs.filter(isOpen);
        const over = jobs.filter((job) => !isOpen(job));
        const added = await within.sosyncImport.add(instance, over);
        await openAgain(within, routes, open);
        await within.sosyncImport.moveIdsAhead();
        return { added: added + open.length, open: open.length, known: lines.length - jobs.length };
      }),
  };

  async function openAgain(
    { sosyncImport, sosyncJobs, sosyncLinkJobs }: Stores,
    routes: readonly SosyncRoute[],
    open: readonly ImportedJob[],
  ): Promise<void> {
    const made = open.flatMap((job): { readonly job: ImportedJob; readonly asNew: NewSosyncJob }[] => {
      const route = routeOfOld(routes, job);
      return route === null ? [] : [{ job, asNew: newJobOf(wishOf(job), route, routes) }];
    });
    const ids = made.map(({ job }) => job.job_id);
    const withIds = { ...sosyncJobs, nextIds: () => Promise.resolve(ids) };
    await createSosyncJobs(
      { sosyncJobs: withIds, sosyncLinkJobs },
      instance,
      made.map(({ asNew }) => asNew),
    );
    await sosyncImport.markTakenOver(open);
  }
}

const isOpen = ({ job_state: state }: ImportedJob): boolean =>
  state === 'new' || state === 'inprogress' || state === 'error_retry';

const wishOf = (job: ImportedJob) => ({
  jobDate: job.job_date,
  sourceSystem: job.source_system,
  sourceModel: job.source_model,
  sourceRecordId: job.source_record_id,
  parentJobId: job.parent_job_id,
});

const routeOfOld = (routes: readonly SosyncRoute[], job: ImportedJob): SosyncRoute | null =>
  routeOf(routes, wishOf(job));
