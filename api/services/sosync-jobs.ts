import { cannotTakeNow, sosyncParameter, unknownModel, notFound } from '../../shared/errors/catalog';
import {
  otherSosyncSystem,
  type SosyncJob,
  type SosyncJobState,
  type SosyncSystem,
} from '../../shared/domain/sosync';
import type { SosyncLinkJobStore } from '../../shared/stores/pairs/sosync-link-job-store';
import type { SosyncInstanceStore, SosyncRoute } from '../../shared/stores/sosync/sosync-instance-store';
import type {
  InsertedSosyncJob,
  NewSosyncJob,
  SosyncJobStore,
} from '../../shared/stores/sosync/sosync-job-store';
import type { StoreAccess } from '../../shared/stores/store-access';
import { createGroup } from './sosync-group';

/** A job as a caller asks for it. */
export interface SosyncJobWish {
  readonly jobDate: Date;
  readonly sourceSystem: SosyncSystem;
  readonly sourceModel: string;
  readonly sourceRecordId: string;
  readonly parentJobId: string | null;
}

interface Stores {
  readonly sosyncInstances: Pick<SosyncInstanceStore, 'routes'>;
  readonly sosyncJobs: SosyncJobStore;
  readonly sosyncLinkJobs: Pick<SosyncLinkJobStore, 'open'>;
}

interface Deps extends StoreAccess<Stores> {
  readonly instance: string;
}

export interface ListWish {
  readonly state: SosyncJobState | null;
  /** Null: all. */
  readonly limit: number | null;
  readonly after: string;
}

export type SosyncJobService = ReturnType<typeof createSosyncJobService>;

/** Jobs that are written in one transaction at most; more of them wait for the next one. */
const mostInOneTransaction = 500;
const jobsOfAPage = 1_000;

/** The jobs of other programs that ask for a synchronisation. */
export function createSosyncJobService({ stores, transaction, instance }: Deps) {
  const group = createGroup(mostInOneTransaction, (wishes: readonly SosyncJobWish[]) =>
    again(() => transaction((within) => createAll(within, instance, wishes))),
  );
  return {
    /** Its id, once it is safe. Throws `bad-parameter`, `unknown-model`. */
    async create(wish: SosyncJobWish): Promise<string> {
      const made = await group.add(wish);
      if (made instanceof Error) throw made;
      return made;
    },

    /** Throws `not-found`. */
    async info(id: string): Promise<SosyncJob> {
      const job = await stores.sosyncJobs.find(instance, id);
      if (job === null) throw notFound('job');
      return job;
    },

    /** Page by page, ascending: memory does not grow with the table. */
    async *list({ state, limit, after }: ListWish): AsyncGenerator<readonly SosyncJob[]> {
      let last = after;
      let left = limit ?? Infinity;
      while (left > 0) {
        const size = Math.min(left, jobsOfAPage);
        const page = await stores.sosyncJobs.list(instance, { state, after: last, limit: size });
        if (page.length > 0) yield page;
        if (page.length < size) return;
        left -= page.length;
        last = page.at(-1)?.job_id ?? last;
      }
    },
  };
}

/** Each wish becomes the id of its job, or what is wrong with it. */
async function createAll(
  { sosyncInstances, sosyncJobs, sosyncLinkJobs }: Stores,
  instance: string,
  wishes: readonly SosyncJobWish[],
): Promise<(string | Error)[]> {
  const routes = await sosyncInstances.routes(instance);
  const parents = await knownParents(sosyncJobs, instance, wishes);
  const judged = wishes.map((wish) => judge(wish, routes, parents));
  const jobs = judged.flatMap((one) => (one instanceof Error ? [] : [one]));
  const ids = await createSosyncJobs({ sosyncJobs, sosyncLinkJobs }, instance, jobs);
  let next = 0;
  return judged.map((one) =>
    one instanceof Error ? one : (ids[next++] ?? new Error('no id was given out')),
  );
}

async function knownParents(
  jobs: SosyncJobStore,
  instance: string,
  wishes: readonly SosyncJobWish[],
): Promise<ReadonlySet<string>> {
  const ids = wishes.flatMap(({ parentJobId }) => parentJobId ?? []);
  return ids.length === 0 ? new Set() : jobs.known(instance, ids);
}

function judge(
  wish: SosyncJobWish,
  routes: readonly SosyncRoute[],
  parents: ReadonlySet<string>,
): NewSosyncJob | Error {
  const route = routeOf(routes, wish);
  if (route === null) return unknownModel(wish.sourceModel, wish.sourceSystem);
  if (hasNumbers(route) && !/^[1-9]\d{0,17}$/.test(wish.sourceRecordId))
    return sosyncParameter('source_record_id', 'must be a whole number above 0');
  if (wish.parentJobId !== null && !parents.has(wish.parentJobId))
    return sosyncParameter('parent_job_id', 'names no job');
  return newJobOf(wish, route, routes);
}

/** A name that one side of the pair goes by is not that of its other side. */
export function routeOf(
  routes: readonly SosyncRoute[],
  wish: Pick<SosyncJobWish, 'sourceModel' | 'sourceSystem'>,
): SosyncRoute | null {
  const route = routes.find(
    ({ model, sourceSystem }) => model === wish.sourceModel && sourceSystem === wish.sourceSystem,
  );
  if (route === undefined) return null;
  const isOfOther = route.otherName === route.model && route.ownName !== route.model;
  return isOfOther ? null : route;
}

/** The records of these have numbers for keys, as those of the systems that sosync was made for. */
const hasNumbers = ({ kind }: SosyncRoute): boolean =>
  kind === 'odoo' || kind === 'sql-server' || kind === 'postgresql';

export function newJobOf(
  wish: SosyncJobWish,
  route: SosyncRoute,
  routes: readonly SosyncRoute[],
): NewSosyncJob {
  const targetSystem = otherSosyncSystem(wish.sourceSystem);
  const target = routes.find(
    ({ pairId, sourceSystem, model, ownName }) =>
      pairId === route.pairId && sourceSystem === targetSystem && model === ownName,
  );
  return {
    jobDate: wish.jobDate,
    pairId: route.pairId,
    side: route.side,
    parentJobId: wish.parentJobId,
    sourceSystem: wish.sourceSystem,
    sourceModel: wish.sourceModel,
    sourceRecordId: wish.sourceRecordId,
    targetSystem,
    targetModel: target?.model ?? route.otherName,
  };
}

interface CreatingStores extends Pick<Stores, 'sosyncLinkJobs'> {
  readonly sosyncJobs: Pick<SosyncJobStore, 'nextIds' | 'closeOpen' | 'insert'>;
}

/** In the transaction of the caller. The ids, in the order of the jobs; of one record the newest job stays open. */
export async function createSosyncJobs(
  { sosyncJobs, sosyncLinkJobs }: CreatingStores,
  instance: string,
  jobs: readonly NewSosyncJob[],
): Promise<string[]> {
  if (jobs.length === 0) return [];
  const places = new Map<string, number>();
  jobs.forEach((job, place) => places.set(recordOf(job), place));
  const newest = [...places.values()].flatMap((place) => jobs[place] ?? []);
  const linkJobs = await sosyncLinkJobs.open(newest.map(keyOf));
  const linkJobOf = new Map(newest.map((job, at) => [recordOf(job), linkJobs[at] ?? '']));
  const ids = await sosyncJobs.nextIds(jobs.length);
  const inserted = jobs.map((job, place): InsertedSosyncJob => {
    const last = places.get(recordOf(job)) ?? place;
    return {
      jobId: ids[place] ?? '',
      linkJobId: linkJobOf.get(recordOf(job)) ?? '',
      closedBy: last === place ? null : (ids[last] ?? null),
      job,
    };
  });
  const open = inserted.filter(({ closedBy }) => closedBy === null);
  await sosyncJobs.closeOpen(open);
  await sosyncJobs.insert(instance, inserted);
  return ids;
}

const recordOf = ({ pairId, side, sourceRecordId }: NewSosyncJob) => `${pairId} ${side} ${sourceRecordId}`;

/** A child comes before its parent, which may need it. */
const keyOf = ({ pairId, side, sourceRecordId, parentJobId }: NewSosyncJob) => ({
  pairId,
  side,
  key: sourceRecordId,
  priority: parentJobId === null ? 50 : 60,
});

/** Two that wait for each other's rows: PostgreSQL gives one of them up, and it can simply come again. */
async function again<T>(work: () => Promise<T>, triesLeft = 4): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isClash(error)) throw error;
    if (triesLeft === 0) throw cannotTakeNow();
    return again(work, triesLeft - 1);
  }
}

/** SQLSTATE: deadlock, serialisation, a unique key that came meanwhile. */
const isClash = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  ['40P01', '40001', '23505'].includes(error.code);
