import type { ClassLimit, ConflictPolicy, ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Db } from '../../../shared/db/database';
import { flipLimits } from '../../../shared/domain/flips';
import { type Fields, sameCopy } from '../../../shared/domain/merge-copy';
import type { Compared, Entry, Found, Resolved } from '../../pipeline/entry';
import { type HoldReason, newerSide, type SolutionClock } from '../../../shared/domain/successor';
import { readInstant } from '../../../shared/formats/read-instant';
import type { Limit, Standing } from '../../pipeline/limit';
import type { Side } from '../../pipeline/sides';
import type { DeletionLimit } from '../../pipeline/middlewares/deletion-gate';
import {
  type DeletionPolicies,
  plainHandlers,
  type Policy,
  propagateDeletions,
  usualNames,
} from '../../pipeline/policies';
import { synchroniseStream } from '../../pipeline/stream';
import { coalesce } from '../../systems/solution/coalesce';
import type { ManagerSystem } from '../../systems/solution/manager';
import { type ClassKey, countActive, recentFields } from '../../../shared/stores/parameters/param-rows';
import type { SolutionSystem } from '../../systems/solution/solution';

/** One class of one solution on its way through the pipeline, in the caller's transaction. */
export interface ClassRun {
  readonly db: Db;
  readonly key: ClassKey;
  /** `plan`: nothing is written. */
  readonly mode: 'apply' | 'plan';
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  readonly clock: SolutionClock;
  readonly parameterClass: ParameterClass;
  /** The side whose copies count, whatever the other one has. */
  readonly lead: Side | null;
  readonly solution: SolutionSystem;
  readonly manager: ManagerSystem;
  /** Null: nothing is limited, because someone has decided. */
  readonly limits: RunLimits | null;
  /** Gets all examined entities, group by group. */
  readonly settled: (entries: readonly Entry[]) => Promise<void>;
}

export interface RunLimits {
  readonly maxChanges: ClassLimit | null;
  readonly maxDeletes: ClassLimit;
  /** Why all changes and deletions wait, however few there are. Null: they do not wait. */
  readonly holdsAll: HoldReason | null;
  /** Changes that wait for an approval already, by id: whether the entity would live. */
  readonly waiting: ReadonlyMap<string, boolean>;
  /** Entities that this run has added so far: they do not count as what was there before. */
  readonly inserted: () => number;
}

/** Sends the solution's copies through the pipeline. The cost grows with the differences. */
export async function runClass(run: ClassRun): Promise<void> {
  const { parameterClass, lead, solution, manager, limits } = run;
  await synchroniseStream({
    mode: run.mode,
    // A solution's Ids are the manager's, and it sends each once. Changes of the manager are due, so they are sent when
    // the package is written.
    side: 'there',
    signal: new AbortController().signal,
    systems: { here: manager.system, there: solution },
    links: manager.links,
    lead,
    matchFields: [],
    linkFields: [],
    prototype: null,
    initial: null,
    flows: {},
    parks: 'entity',
    namePolicies: usualNames,
    decided: () => null,
    deletionPolicies: deletionsOf(policyOf[parameterClass.conflictPolicy]),
    writeBack: { here: null, there: null },
    entries: limits === null ? null : changeLimit(run, limits),
    size: { limit: null, each: null, sizeOf: () => 0 },
    deletions: limits === null ? null : deletionLimit(run, limits),
    flips: { recentVersions: limits === null ? null : recentVersions(run), flips: flipLimits.flips },
    policy: policyOf[parameterClass.conflictPolicy],
    fieldGroups: Object.entries(parameterClass.fieldPolicies).map(([field, policy]) => ({
      fields: [field],
      policy: policyOf[policy],
    })),
    handlers: plainHandlers((entry) => newer(run, entry)),
    onUnhandled: (_, policy) => {
      throw new Error(`nothing decides the policy ${policy} of ${parameterClass.name}`);
    },
    isApproved: () => false,
    isKept: () => false,
    settled: async (entries) => {
      await run.settled(entries);
      manager.forget();
    },
  });
}

const policyOf: Readonly<Record<ConflictPolicy, Policy>> = {
  newest: 'newest',
  manager: 'here',
  solution: 'there',
  manual: 'manual',
};

/** A deletion never wins against a change, unless the policy names a side. */
const deletionsOf = (policy: Policy): DeletionPolicies => ({
  ...propagateDeletions,
  againstChange: policy === 'here' || policy === 'there' || policy === 'manual' ? policy : 'restore',
});

function newer(
  { solution, manager, timezone, clock }: ClassRun,
  { mention, link }: Compared,
): Side | 'nobody' {
  if (link === null) return 'there';
  const ts = solution.sentOf(mention.key)?.ts ?? null;
  const changedAt = ts === null ? null : readInstant(ts, timezone);
  switch (newerSide(changedAt, manager.knownOf(link).editedAt, clock)) {
    case 'manager':
      return 'here';
    case 'solution':
      return 'there';
    case null:
      return 'nobody';
  }
}

function changeLimit(
  { db, key, solution }: ClassRun,
  { maxChanges, holdsAll, waiting, inserted }: RunLimits,
): Limit {
  const isHeld = () => holdsAll !== null || solution.isMassChange();
  const declared = async ({ count, share }: ClassLimit) =>
    Math.max(count, Math.floor(((await countActive(db, key)) - inserted()) * share));
  let allowed: Promise<number> | undefined;
  return {
    get kind() {
      return isHeld() || maxChanges === null ? 'soft' : maxChanges.kind;
    },
    allowed: () => (isHeld() || maxChanges === null ? 0 : (allowed ??= declared(maxChanges))),
    standing: (entry) => {
      const { mention } = entry;
      if (waiting.get(mention.key) === mention.isActive) return 'waiting';
      if (holdsAll !== null || (mention.isActive && isHeld())) return standingOfHeld(entry);
      // Deletions have a limit of their own.
      return maxChanges !== null && mention.isActive ? 'counted' : 'exempt';
    },
  };
}

/** New entities are accepted, and entities that the solution did not change need no approval. */
function standingOfHeld({ states: { here, there }, bases }: Resolved): Standing {
  const isNew = !here.isActive && bases.there?.isActive !== true;
  const isChanged = !sameCopy(bases.there, there) && !sameCopy(here, there);
  return isNew || !isChanged ? 'exempt' : 'counted';
}

function deletionLimit({ db, key }: ClassRun, { maxDeletes, inserted }: RunLimits): DeletionLimit {
  return {
    ...maxDeletes,
    emptiedFrom: null,
    total: async () => (await countActive(db, key)) - inserted(),
    recent: () => Promise.resolve(0),
  };
}

function recentVersions({ db }: ClassRun): (entry: Found) => Promise<readonly Fields[]> {
  const load = coalesce(async (idServers: readonly string[]) => {
    const versions = await recentFields(db, idServers, flipLimits.minutes);
    return idServers.map((idServer) => versions.get(idServer) ?? []);
  });
  return ({ link }) => (link === null ? Promise.resolve([]) : load(link.id));
}
