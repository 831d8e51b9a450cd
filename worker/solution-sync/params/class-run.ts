import type { ClassLimit, ConflictPolicy, ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Db } from '../../../shared/db/database';
import { flipLimits } from '../../../shared/domain/flips';
import type { Fields } from '../../../shared/domain/merge-copy';
import type { Entry } from '../../pipeline/entry';
import type { Limit, Standing } from '../../pipeline/limit';
import type { Side } from '../../pipeline/mappings';
import type { DeletionLimit } from '../../pipeline/middlewares/deletion-gate';
import { plainHandlers, type Policy } from '../../pipeline/middlewares/resolve-conflicts';
import { fromTheBeginning, synchronise } from '../../pipeline/synchronise';
import { coalesce } from '../../systems/solution/coalesce';
import type { Manager } from '../../systems/solution/manager';
import { type ClassKey, countActive, recentFields } from '../../../shared/stores/parameters/param-rows';
import type { SolutionSystem } from '../../systems/solution/solution';
import { newerSide } from './newer-side';

/** One class of one solution on its way through the pipeline, in the caller's transaction. */
export interface ClassRun {
  readonly db: Db;
  readonly key: ClassKey;
  /** `plan`: nothing is written. */
  readonly mode: 'apply' | 'plan';
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  readonly parameterClass: ParameterClass;
  /** The side whose copies count, whatever the other one has. */
  readonly lead: Side | null;
  readonly solution: SolutionSystem;
  readonly manager: Manager;
  /** Null: nothing is limited, because someone has decided. */
  readonly limits: RunLimits | null;
  /** Told of all entities that needed a look, group by group. */
  readonly settled: (entries: readonly Entry[]) => Promise<void>;
}

export interface RunLimits {
  readonly maxChanges: ClassLimit | null;
  readonly maxDeletes: ClassLimit;
  /** Ids of changes that wait for an approval already. */
  readonly waiting: ReadonlySet<string>;
  /** Entities that this run has added so far: they do not count as what was there before. */
  readonly inserted: () => number;
}

/** Sends what the solution shows through the pipeline. What it costs grows with what differs. */
export async function runClass(run: ClassRun): Promise<void> {
  const { parameterClass, lead, solution, manager, limits } = run;
  await synchronise({
    mode: run.mode,
    // A solution's Ids are the manager's, and it sends each once. What the manager changed is told where the package
    // is written: it is due.
    reading: { by: 'stream', side: 'there' },
    since: fromTheBeginning,
    systems: { here: manager.system, there: solution },
    mappings: manager.mappings,
    lead,
    matchFields: [],
    links: [],
    prototype: null,
    entries: limits === null ? null : changeLimit(run, limits),
    size: { limit: null, sizeOf: () => 0 },
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
    approved: new Set(),
    settled: async (entries) => {
      await run.settled(entries);
      manager.forget();
    },
    // All of it is one transaction: an error is the sync's.
    isolates: false,
    onProblem: () => undefined,
  });
}

const policyOf: Readonly<Record<ConflictPolicy, Policy>> = {
  newest: 'newest',
  manager: 'here',
  solution: 'there',
  manual: 'manual',
};

function newer({ solution, manager, timezone }: ClassRun, { mention, mapping }: Entry): Side {
  if (mapping === null) return 'there';
  const ts = solution.sentOf(mention.key)?.ts ?? null;
  return newerSide(ts, timezone, manager.knownOf(mapping).editedAt) === 'manager' ? 'here' : 'there';
}

function changeLimit({ db, key }: ClassRun, { maxChanges, waiting, inserted }: RunLimits): Limit | null {
  if (maxChanges === null) return null;
  const { kind, count, share } = maxChanges;
  let allowed: Promise<number> | undefined;
  const allow = async () => Math.max(count, Math.floor(((await countActive(db, key)) - inserted()) * share));
  return { kind, allowed: () => (allowed ??= allow()), standing: (entry) => standingOf(waiting, entry) };
}

/** Deletions have a limit of their own. */
function standingOf(waiting: ReadonlySet<string>, { mention }: Entry): Standing {
  if (!mention.isActive) return 'exempt';
  return waiting.has(mention.key) ? 'waiting' : 'counted';
}

function deletionLimit({ db, key }: ClassRun, { maxDeletes, inserted }: RunLimits): DeletionLimit {
  return {
    ...maxDeletes,
    emptiedFrom: null,
    total: async () => (await countActive(db, key)) - inserted(),
  };
}

function recentVersions({ db }: ClassRun): (entry: Entry) => Promise<readonly Fields[]> {
  const load = coalesce(async (idServers: readonly string[]) => {
    const versions = await recentFields(db, idServers, flipLimits.minutes);
    return idServers.map((idServer) => versions.get(idServer) ?? []);
  });
  return ({ mapping }) => (mapping === null ? Promise.resolve([]) : load(mapping.id));
}
