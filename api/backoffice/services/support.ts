import { type Channel, channels } from '../../../shared/domain/channel';
import type { Caller } from '../../../shared/domain/staff';
import type { Statut } from '../../../shared/domain/statut';
import { isUnderWay } from '../../../shared/domain/sync-state';
import type { Approval, ApprovalStore } from '../../../shared/stores/parameters/approval-store';
import type { AlertStore, ProbeAlert } from '../../../shared/stores/alerts/alert-store';
import type { Conflict, ConflictStore } from '../../../shared/stores/parameters/conflict-store';
import type { LogFinding } from '../../../shared/stores/logs/log-finding-store';
import type {
  FailedEntity,
  InventoryStore,
  ReturnedEntity,
} from '../../../shared/stores/solutions/inventory-store';
import type { OverviewStore } from '../../../shared/stores/solutions/overview-store';
import type { QuarantinedItem, QuarantineStore } from '../../../shared/stores/syncs/quarantine-store';
import type { SyncSummary, SyncTimelineStore } from '../../../shared/stores/syncs/sync-timeline-store';
import type { SolutionDetail, SolutionService } from './solutions';

interface Stores {
  readonly alerts: Pick<AlertStore, 'list'>;
  readonly approvals: Pick<ApprovalStore, 'list'>;
  readonly conflicts: Pick<ConflictStore, 'list'>;
  readonly inventory: Pick<InventoryStore, 'failedEntities' | 'returnedEntities'>;
  readonly overview: Pick<OverviewStore, 'openOf'>;
  readonly quarantine: Pick<QuarantineStore, 'list'>;
  readonly timelines: Pick<SyncTimelineStore, 'list'>;
}

/** A problem of a solution, for staff who answer the telephone. */
export type Finding =
  | { readonly kind: 'blocked' | 'locked' | 'silent'; readonly at: Date }
  | { readonly kind: 'never-synchronised' }
  /** `nothing`: the e-mail address alone is enough to sign in; `mac`: its MAC address, which is not a secret. */
  | { readonly kind: 'no-secret'; readonly proof: 'nothing' | 'mac' }
  | { readonly kind: 'refused-mac'; readonly mac: string; readonly at: Date }
  | { readonly kind: 'sync-failed'; readonly sync: SyncSummary }
  /** Its last upload contained files, and none of them was read. */
  | { readonly kind: 'all-ignored'; readonly sync: SyncSummary }
  | {
      readonly kind: 'stuck';
      readonly channel: Channel;
      readonly statut: Statut;
      readonly since: Date;
      readonly syncId: string | null;
    }
  | { readonly kind: 'alert'; readonly alert: ProbeAlert }
  | { readonly kind: 'quarantined'; readonly item: QuarantinedItem }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }
  | { readonly kind: 'approval'; readonly approval: Approval }
  | { readonly kind: 'instruction-failed'; readonly entity: FailedEntity }
  /** The latest first. */
  | { readonly kind: 'came-back'; readonly entities: readonly ReturnedEntity[] }
  | { readonly kind: 'wrong-clock'; readonly seconds: number }
  | LogFinding
  /** The number of further findings of a kind that are not listed one by one. */
  | { readonly kind: 'more'; readonly of: CountedFinding; readonly count: number };

export type CountedFinding = 'alert' | 'quarantined' | 'conflict' | 'approval' | 'instruction-failed';

export interface SupportView {
  readonly solution: SolutionDetail;
  /** The gravest first. */
  readonly findings: readonly Finding[];
  /** The last syncs of all channels, the newest first. */
  readonly syncs: readonly SyncSummary[];
}

interface Deps {
  readonly stores: Stores;
  readonly solutions: Pick<SolutionService, 'get'>;
}

/** The most findings of one kind. The page of that kind lists all of them. */
const shownOfKind = 3;
const shownSyncs = 8;
const processingIsStuckSeconds = 600;
const fetchingIsStuckSeconds = 24 * 3600;
const silentSeconds = 24 * 3600;
const wrongClockSeconds = 600;

export type SupportService = ReturnType<typeof createSupportService>;

/** The information for a support call: what happened, when, in which file and row, and why. */
export function createSupportService({ stores, solutions }: Deps) {
  return {
    /** Throws `not-found`. */
    async look(caller: Caller, solutionId: number): Promise<SupportView> {
      const solution = await solutions.get(caller, solutionId);
      const { timelines } = stores;
      const [syncs, lastOfChannels, waiting] = await Promise.all([
        timelines.list(solutionId, { channel: null, state: null }, { limit: shownSyncs, after: null }),
        Promise.all(
          channels.map((channel) =>
            timelines.list(solutionId, { channel, state: null }, { limit: 2, after: null }),
          ),
        ),
        waitingOf(stores, caller, solutionId),
      ]);
      const lastSyncs = lastOfChannels.flatMap(
        ({ items }) => items.find(({ state }) => !isUnderWay(state)) ?? [],
      );
      return {
        solution,
        findings: [
          ...standingOf(solution),
          ...failuresOf(lastSyncs),
          ...unreadOf(lastSyncs),
          ...stuckOf(solution),
          ...solution.findings,
          ...waiting,
        ],
        syncs: syncs.items,
      };
    },
  };
}

function standingOf(solution: SolutionDetail): Finding[] {
  const lastRest = Math.max(...solution.channels.map(({ since }) => since.getTime()));
  const isNew = solution.channels.every(
    ({ syncId, lastConfirmedAt }) => syncId === null && lastConfirmedAt === null,
  );
  const skew = solution.clockSkewSeconds;
  return [
    ...(solution.lockedAt === null ? [] : [{ kind: 'locked', at: solution.lockedAt } as const]),
    ...(solution.blockedAt === null ? [] : [{ kind: 'blocked', at: solution.blockedAt } as const]),
    ...proofsOf(solution),
    ...(isNew ? [{ kind: 'never-synchronised' } as const] : []),
    ...(!isNew && secondsSince(lastRest) > silentSeconds
      ? [{ kind: 'silent', at: new Date(lastRest) } as const]
      : []),
    ...(skew !== null && Math.abs(skew) > wrongClockSeconds
      ? [{ kind: 'wrong-clock', seconds: skew } as const]
      : []),
  ];
}

/** How the solution signs in, if not by a secret. */
const proofsOf = ({ proof, refusedMac }: SolutionDetail): Finding[] =>
  proof === 'secret'
    ? []
    : [
        ...(refusedMac === null ? [] : [{ kind: 'refused-mac', ...refusedMac } as const]),
        { kind: 'no-secret', proof },
      ];

const failuresOf = (lastSyncs: readonly SyncSummary[]): Finding[] =>
  lastSyncs
    .filter(({ state, report }) => state === 'failed' || report?.outcome === 'failed')
    .map((sync) => ({ kind: 'sync-failed', sync }));

const unreadOf = (lastSyncs: readonly SyncSummary[]): Finding[] =>
  lastSyncs
    .filter(({ report }) => report?.allIgnored === true)
    .map((sync) => ({ kind: 'all-ignored', sync }));

const stuckOf = ({ channels: all }: SolutionDetail): Finding[] =>
  all
    .filter(({ statut, since }) => {
      const seconds = secondsSince(since.getTime());
      return statut === 1
        ? seconds > processingIsStuckSeconds
        : statut === 2 && seconds > fetchingIsStuckSeconds;
    })
    .map(({ channel, statut, since, syncId }) => ({ kind: 'stuck', channel, statut, since, syncId }));

async function waitingOf(stores: Stores, { accounts }: Caller, solutionId: number): Promise<Finding[]> {
  const page = { limit: shownOfKind, after: null };
  const scope = { accounts, solutionId };
  const [counts, alerts, items, conflicts, approvals, entities, returned] = await Promise.all([
    stores.overview.openOf(solutionId),
    stores.alerts.list({ ...scope, state: 'open', kind: null, isAcknowledged: null }, page),
    stores.quarantine.list({ ...scope, syncId: null, state: 'open' }, page),
    stores.conflicts.list({ ...scope, state: 'open' }, page),
    stores.approvals.list({ ...scope, state: 'open' }, page),
    stores.inventory.failedEntities(solutionId, shownOfKind),
    stores.inventory.returnedEntities(solutionId),
  ]);
  return [
    ...alerts.items.map((alert): Finding => ({ kind: 'alert', alert })),
    ...more('alert', counts.alerts),
    ...items.items.map((item): Finding => ({ kind: 'quarantined', item })),
    ...more('quarantined', counts.quarantine),
    ...conflicts.items.map((conflict): Finding => ({ kind: 'conflict', conflict })),
    ...more('conflict', counts.conflicts),
    ...approvals.items.map((approval): Finding => ({ kind: 'approval', approval })),
    ...more('approval', counts.approvals),
    ...(returned.length === 0 ? [] : [{ kind: 'came-back', entities: returned } as const]),
    ...entities.map((entity): Finding => ({ kind: 'instruction-failed', entity })),
    ...more('instruction-failed', counts.failedInstructions),
  ];
}

const more = (of: CountedFinding, all: number): Finding[] =>
  all > shownOfKind ? [{ kind: 'more', of, count: all - shownOfKind }] : [];

const secondsSince = (milliseconds: number) => (Date.now() - milliseconds) / 1000;
