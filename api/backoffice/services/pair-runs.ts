import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { alreadyDecided, notFound, planNotReady, staleVersion } from '../../../shared/errors/catalog';
import type { LinkDeskStore, RunEventView } from '../../../shared/stores/pairs/link-desk-store';
import type { PairSliceJobStore } from '../../../shared/stores/jobs/pair-slice-job-store';
import type { PairConfigStore, PairEntry } from '../../../shared/stores/pairs/pair-config-store';
import type {
  PairFigures,
  PairRunRequestStore,
  KeptValueView,
  PlanView,
  PlanFolderView,
  PlanItemView,
  RunView,
} from '../../../shared/stores/pairs/pair-run-request-store';
import type { SystemStore } from '../../../shared/stores/pairs/system-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { foundPair, lockedPair } from './pairs';
import { estimateOf, type PlanEstimate, type PlanSummary, readSummary } from './plan-estimate';
import { auditEntry } from './trail';

export interface PairStatus extends PairFigures {
  readonly pair: PairEntry;
  /** Null: it has had none. */
  readonly lastRun: RunView | null;
}

export interface RunWithKept {
  readonly run: RunView;
  readonly kept: Page<KeptValueView>;
}

/** A plan with the pair that it is about. */
export interface PlanOfPair {
  readonly pair: PairEntry;
  readonly plan: PlanView;
  /** The counts of the plan. Null: it is not made yet, or an earlier version made it. */
  readonly summary: PlanSummary | null;
  /** How long it takes to carry it out. */
  readonly estimate: PlanEstimate | null;
}

export interface PlanFolderRequest {
  /** From the root of the pair; empty: the root itself. */
  readonly folder: string;
  readonly folders: PageRequest<string>;
  readonly items: PageRequest<string>;
}

/** The changes of a plan in one folder. */
export interface PlanFolder {
  readonly folder: string;
  readonly folders: Page<PlanFolderView>;
  readonly items: Page<PlanItemView>;
}

/** The known behaviour of a server with a field. */
export type KeptField = Awaited<ReturnType<PairRunRequestStore['fieldsKept']>>[number];

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly linkDesk: Pick<LinkDeskStore, 'eventsOfRun'>;
  readonly pairConfigs: PairConfigStore;
  readonly pairSliceJobs: Pick<PairSliceJobStore, 'askFor'>;
  readonly pairRunRequests: PairRunRequestStore;
  readonly systems: Pick<SystemStore, 'findById'>;
}

export type PairRunService = ReturnType<typeof createPairRunService>;

/** Runs and plans: managers ask for them and decide, whoever sees the pair sees them. */
export function createPairRunService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async status(caller: Caller, name: string): Promise<PairStatus> {
      const pair = await foundPair(stores, caller, name);
      const figures = await stores.pairRunRequests.figures(pair.id);
      return { pair, ...figures, lastRun: await stores.pairRunRequests.lastRun(pair.id) };
    },

    /** The newest first. Throws `not-found`. */
    async list(caller: Caller, name: string, page: PageRequest<string>): Promise<Page<RunView>> {
      const { id } = await foundPair(stores, caller, name);
      return stores.pairRunRequests.listRuns(id, page);
    },

    /** With a page of what it left as it is, where it takes another back. Throws `not-found`. */
    async get(caller: Caller, name: string, runId: string, page: PageRequest<string>): Promise<RunWithKept> {
      const { id } = await foundPair(stores, caller, name);
      const run = await stores.pairRunRequests.findRun(id, runId);
      if (run === null) throw notFound('run');
      return { run, kept: await stores.pairRunRequests.keptOf(id, runId, page) };
    },

    /** The changes of a run, the earliest first. Throws `not-found`. */
    async deeds(
      caller: Caller,
      name: string,
      runId: string,
      page: PageRequest<string>,
    ): Promise<Page<RunEventView>> {
      const { id } = await foundPair(stores, caller, name);
      return stores.linkDesk.eventsOfRun(id, runId, page);
    },

    /** `check`: what its schedule does; `whole`: both sides are listed. Returns the run. Throws `not-found`, `forbidden`. */
    run: (caller: Caller, name: string, kind: 'check' | 'whole'): Promise<string> =>
      transaction(async (on) => {
        const { id } = await lockedPair(on, caller, name);
        const run = await on.pairRunRequests.addRun(id, kind, caller.email);
        await on.pairSliceJobs.askFor(id);
        await on.audit.add([auditEntry(caller, 'pair.run', { after: { name, kind, run } })]);
        return run;
      }),

    /**
     * Records that were changed later stay as they are. Returns the run that restores the others. Throws `not-found`,
     * `forbidden`.
     */
    takeBack: (caller: Caller, name: string, runId: string): Promise<string> =>
      transaction(async (on) => {
        const { id } = await lockedPair(on, caller, name);
        if ((await on.pairRunRequests.findRun(id, runId)) === null) throw notFound('run');
        const run = await on.pairRunRequests.addTakeBack(id, runId, caller.email);
        await on.pairSliceJobs.askFor(id);
        const after = { name, kind: 'take-back', run, takesBack: runId };
        await on.audit.add([auditEntry(caller, 'pair.run', { after })]);
        return run;
      }),

    /** Has a worker work out what a run would do. Returns the plan. Throws `not-found`, `forbidden`. */
    plan: (caller: Caller, name: string): Promise<string> =>
      transaction(async (on) => {
        const { id, version } = await lockedPair(on, caller, name);
        const plan = await on.pairRunRequests.addPlan(id, version, caller.email);
        await on.pairSliceJobs.askFor(id);
        await on.audit.add([auditEntry(caller, 'plan.make', { after: { name, plan } })]);
        return plan;
      }),

    /** The newest first. Throws `not-found`. */
    async plans(caller: Caller, name: string, page: PageRequest<string>): Promise<Page<PlanView>> {
      const { id } = await foundPair(stores, caller, name);
      return stores.pairRunRequests.listPlans(id, page);
    },

    /** Throws `not-found`. */
    getPlan: (caller: Caller, id: string): Promise<PlanOfPair> => foundPlan(stores, caller, id),

    /** Throws `not-found`. */
    async planItems(caller: Caller, id: string, page: PageRequest<number>): Promise<Page<PlanItemView>> {
      await foundPlan(stores, caller, id);
      return stores.pairRunRequests.planItems(id, page);
    },

    /** A folder of a plan of documents, with a page of its folders and one of its lines. Throws `not-found`. */
    async planFolder(
      caller: Caller,
      id: string,
      { folder, folders, items }: PlanFolderRequest,
    ): Promise<PlanFolder> {
      await foundPlan(stores, caller, id);
      const prefix = folder === '' ? '' : `${folder}/`;
      return {
        folder,
        folders: await stores.pairRunRequests.planFolders(id, prefix, folders),
        items: await stores.pairRunRequests.planItemsIn(id, prefix, items),
      };
    },

    /** The known behaviour of the servers with fields. Throws `not-found`. */
    async fieldsKept(caller: Caller, name: string): Promise<KeptField[]> {
      const { id } = await foundPair(stores, caller, name);
      return stores.pairRunRequests.fieldsKept(id);
    },

    /**
     * Approved, exactly that is done, and the pair runs from then on. `ifDigest`: of the plan that was looked at; null:
     * whichever it is. Throws `not-found`, `forbidden`, `stale`, `not-ready`, `already-decided`.
     */
    async decide(
      caller: Caller,
      id: string,
      { decision, ifDigest }: { readonly decision: 'approve' | 'reject'; readonly ifDigest: string | null },
    ): Promise<{ readonly run: string | null } & PlanOfPair> {
      const { pair } = await foundPlan(stores, caller, id);
      return transaction(async (on) => {
        const { version } = await lockedPair(on, caller, pair.name);
        const { plan } = await foundPlan(on, caller, id);
        checkPlan(plan, version, ifDigest);
        if (!(await on.pairRunRequests.decidePlan(id, decision, caller.email))) throw alreadyDecided();
        const run =
          decision === 'approve' ? await on.pairRunRequests.addPlanRun(pair.id, id, caller.email) : null;
        if (run !== null) {
          await on.pairConfigs.setMode(pair.id, 'run');
          await on.pairSliceJobs.askFor(pair.id);
        }
        const after = { pair: pair.name, plan: id, decision, digest: plan.digest };
        await on.audit.add([auditEntry(caller, 'plan.decide', { after })]);
        return { run, ...(await foundPlan(on, caller, id)) };
      });
    },
  };
}

function checkPlan(plan: PlanView, version: number, ifDigest: string | null): void {
  if (plan.decidedAt !== null) throw alreadyDecided();
  if (plan.state !== 'ready') throw planNotReady(plan.state);
  if (plan.configVersion !== version) throw planNotReady('outdated');
  if (ifDigest !== null && ifDigest !== plan.digest) throw staleVersion(plan.digest ?? '');
}

async function foundPlan(
  stores: Pick<Stores, 'pairConfigs' | 'pairRunRequests' | 'systems'>,
  caller: Caller,
  id: string,
): Promise<PlanOfPair> {
  const plan = await stores.pairRunRequests.findPlan(id);
  const pair = plan === null ? null : await stores.pairConfigs.findById(caller.accounts, plan.pairId);
  if (plan === null || pair === null) throw notFound('plan');
  const summary = readSummary(plan.summary);
  return { pair, plan, summary, estimate: summary && (await estimated(stores, pair, summary)) };
}

async function estimated(
  { systems }: Pick<Stores, 'systems'>,
  pair: PairEntry,
  summary: PlanSummary,
): Promise<PlanEstimate> {
  const here = await systems.findById(pair.here.id);
  const there = await systems.findById(pair.there.id);
  return estimateOf(summary, { here: here?.config ?? null, there: there?.config ?? null });
}
