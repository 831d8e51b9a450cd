import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { alreadyExists, linkUnsettled, notFound, notReplayable } from '../../../shared/errors/catalog';
import type {
  LinkDeskStore,
  LinkFilter,
  LinkJobViewState,
  LinkView,
  LinkEventView,
  LinkJobView,
} from '../../../shared/stores/pairs/link-desk-store';
import type { LinkHintStore } from '../../../shared/stores/pairs/link-hint-store';
import type { PairSliceJobStore } from '../../../shared/stores/jobs/pair-slice-job-store';
import type { PairConfigStore, PairEntry } from '../../../shared/stores/pairs/pair-config-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { foundPair, lockedPair } from './pairs';
import { needEditor } from './rights';
import { auditEntry } from './trail';

export interface LinkOfPair {
  readonly pair: PairEntry;
  readonly link: LinkView;
  /** The newest first. */
  readonly events: readonly LinkEventView[];
}

export interface JobOfPair {
  readonly pair: PairEntry;
  readonly job: LinkJobView;
}

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly linkDesk: LinkDeskStore;
  readonly linkHints: Pick<LinkHintStore, 'add'>;
  readonly pairConfigs: Pick<PairConfigStore, 'find' | 'findById' | 'lock'>;
  readonly pairSliceJobs: Pick<PairSliceJobStore, 'askFor'>;
}

const shownEvents = 100;

export type LinkService = ReturnType<typeof createLinkService>;

/** Links and the work on them. Managers act on them; everyone who sees the pair sees them. */
export function createLinkService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      pairName: string,
      filter: LinkFilter,
      page: PageRequest<string>,
    ): Promise<Page<LinkView>> {
      const { id } = await foundPair(stores, caller, pairName);
      return stores.linkDesk.list(id, filter, page);
    },

    /** Throws `not-found`. */
    async get(caller: Caller, id: string): Promise<LinkOfPair> {
      const { pair, link } = await foundLink(stores, caller, id);
      return { pair, link, events: await stores.linkDesk.events(id, shownEvents) };
    },

    /** Looks at both sides now, whatever their revisions. Throws `not-found`, `forbidden`. */
    look: (caller: Caller, id: string): Promise<JobOfPair> =>
      transaction(async (on) => {
        const { pair, link } = await foundLink(on, caller, id);
        needEditor(caller);
        await on.linkDesk.needLook(id);
        const [side, end] =
          link.here === null ? (['there', link.there] as const) : (['here', link.here] as const);
        if (end === null) throw notFound('link');
        const job = await askFor(on, pair, { side, key: end.key, source: 'api' });
        await on.audit.add([auditEntry(caller, 'link.look', { after: { pair: pair.name, link: id } })]);
        return job;
      }),

    /**
     * Unlinks the two records. The records in the systems stay as they are. Throws `not-found`, `forbidden`,
     * `unsettled`.
     */
    unlink: (caller: Caller, id: string): Promise<LinkOfPair> =>
      transaction(async (on) => {
        const { pair, link } = await foundLink(on, caller, id);
        needEditor(caller);
        if (link.state !== 'gone') {
          if (!(await on.linkDesk.part(id, caller.email))) throw linkUnsettled();
          const before = {
            pair: pair.name,
            link: id,
            here: link.here?.key ?? null,
            there: link.there?.key ?? null,
          };
          await on.audit.add([auditEntry(caller, 'link.unlink', { before })]);
        }
        const after = await foundLink(on, caller, id);
        return { ...after, events: await on.linkDesk.events(id, shownEvents) };
      }),

    /** Links two records. Throws `not-found`, `forbidden`, `already-exists` where one of them is another's. */
    join: (
      caller: Caller,
      pairName: string,
      keys: { readonly here: string; readonly there: string },
    ): Promise<LinkOfPair> =>
      transaction(async (on) => {
        const pair = await lockedPair(on, caller, pairName);
        const id = await on.linkDesk.join(pair.id, keys, caller.email);
        if (id === null) throw alreadyExists('link');
        await askFor(on, pair, { side: 'here', key: keys.here, source: 'api' });
        const after = { pair: pairName, link: id, ...keys };
        await on.audit.add([auditEntry(caller, 'link.join', { after })]);
        return { ...(await foundLink(on, caller, id)), events: await on.linkDesk.events(id, shownEvents) };
      }),

    /** Throws `not-found`. */
    async jobs(
      caller: Caller,
      pairName: string,
      filter: { readonly state: LinkJobViewState | null; readonly link: string | null },
      page: PageRequest<string>,
    ): Promise<Page<LinkJobView>> {
      const { id } = await foundPair(stores, caller, pairName);
      return stores.linkDesk.listJobs(id, filter, page);
    },

    /** Throws `not-found`. */
    getJob: (caller: Caller, id: string): Promise<JobOfPair> => foundJob(stores, caller, id),

    /** Adds a job that looks at a record now. Throws `not-found`, `forbidden`. */
    addJob: (
      caller: Caller,
      pairName: string,
      { side, key }: { readonly side: 'here' | 'there'; readonly key: string },
    ): Promise<JobOfPair> =>
      transaction(async (on) => {
        const pair = await lockedPair(on, caller, pairName);
        await on.linkDesk.needLookAt(pair.id, side, key);
        const added = await askFor(on, pair, { side, key, source: 'api' });
        const after = { pair: pairName, side, key };
        await on.audit.add([auditEntry(caller, 'pair-job.add', { after })]);
        return added;
      }),

    /** Tries a job now that failed, waits or was given up. Throws `not-found`, `forbidden`, `not-replayable`. */
    retry: (caller: Caller, id: string): Promise<JobOfPair> =>
      transaction(async (on) => {
        const { pair, job } = await foundJob(on, caller, id);
        needEditor(caller);
        if (job.state === 'done' || job.state === 'skipped') throw notReplayable('work-is-done');
        if (job.state === 'running') throw notReplayable('work-is-under-way');
        const { side, key } = job;
        await on.linkDesk.needLookAt(pair.id, side, key);
        const again = await askFor(on, pair, { side, key, source: 'retry' });
        await on.audit.add([auditEntry(caller, 'pair-job.retry', { after: { pair: pair.name, side, key } })]);
        return again;
      }),
  };
}

async function askFor(
  on: Stores,
  pair: PairEntry,
  {
    side,
    key,
    source,
  }: { readonly side: 'here' | 'there'; readonly key: string; readonly source: 'api' | 'retry' },
): Promise<JobOfPair> {
  const [id] = await on.linkHints.add({ pairId: pair.id, side, keys: [key], source });
  const job = id === undefined ? null : await on.linkDesk.findJob(id);
  if (job === null) throw new Error('a job that was added is not there');
  await on.pairSliceJobs.askFor(pair.id);
  return { pair, job };
}

async function foundLink(
  on: Pick<Stores, 'linkDesk' | 'pairConfigs'>,
  caller: Caller,
  id: string,
): Promise<{ readonly pair: PairEntry; readonly link: LinkView }> {
  const link = await on.linkDesk.find(id);
  const pair = link === null ? null : await on.pairConfigs.findById(caller.accounts, link.pairId);
  if (link === null || pair === null) throw notFound('link');
  return { pair, link };
}

async function foundJob(
  on: Pick<Stores, 'linkDesk' | 'pairConfigs'>,
  caller: Caller,
  id: string,
): Promise<JobOfPair> {
  const job = await on.linkDesk.findJob(id);
  const pair = job === null ? null : await on.pairConfigs.findById(caller.accounts, job.pairId);
  if (job === null || pair === null) throw notFound('job');
  return { pair, job };
}
