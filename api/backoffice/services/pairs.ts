import { readPauseReason } from '../../../shared/domain/pause-reason';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { alreadyExists, notFound, staleVersion } from '../../../shared/errors/catalog';
import type { PairSliceJobStore } from '../../../shared/stores/jobs/pair-slice-job-store';
import type {
  PairConfigStore,
  PairConfigVersion,
  PairEntry,
} from '../../../shared/stores/pairs/pair-config-store';
import type { RemoteSystemEntry, SystemStore } from '../../../shared/stores/pairs/system-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import { checkPair, readPair } from '../../../shared/systems/check-pair';
import { folderIn } from '../../../shared/systems/overlapping-folders';
import { entryName } from '../../../shared/systems/entry-name';
import type { PairMode, PairSettings } from '../../../shared/systems/pair-settings';
import { checkBy } from '../../../shared/systems/problem';
import type { Json } from '../../../shared/systems/references';
import { systemKinds } from '../../../shared/systems/system-kinds';
import { needAdmin, needEditor } from './rights';
import { type Outcome, refusedFields, sameJson } from './systems';
import { auditEntry } from './trail';

/** The stores for creating or changing a pair. */
export interface PairPutStores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly pairConfigs: PairConfigStore;
  readonly pairSliceJobs: Pick<PairSliceJobStore, 'askFor'>;
  readonly systems: Pick<SystemStore, 'list'>;
}

export interface FoundPairStores {
  readonly pairConfigs: Pick<PairConfigStore, 'find'>;
}

export interface LockedPairStores {
  readonly pairConfigs: Pick<PairConfigStore, 'find' | 'lock'>;
}

/** A pair as someone wants it to be. */
export interface PairInput {
  readonly name: string;
  /** As in a file: `here`, `there` and the rest, without name and mode, not checked yet. */
  readonly config: Json;
  /** Null: it stays as it is; a new pair begins with `plan`. */
  readonly mode: PairMode | null;
}

export interface PairPut {
  readonly pair: PairEntry;
  readonly outcome: Outcome;
}

export type PairService = ReturnType<typeof createPairService>;

/** The configuration of pairs: admins write it, whoever sees both systems reads it. */
export function createPairService({ stores, transaction }: StoreAccess<PairPutStores>) {
  return {
    list: (caller: Caller, page: PageRequest<string>): Promise<Page<PairEntry>> =>
      stores.pairConfigs.list(caller.accounts, page),

    /** Throws `not-found`. */
    get: (caller: Caller, name: string): Promise<PairEntry> => foundPair(stores, caller, name),

    /** Its configuration, including the defaults. */
    settings: pairSettings,

    /** The newest first. Throws `not-found`. */
    async versions(
      caller: Caller,
      name: string,
      page: PageRequest<number>,
    ): Promise<Page<PairConfigVersion>> {
      const { id } = await foundPair(stores, caller, name);
      return stores.pairConfigs.versions(id, page);
    },

    /** Throws `forbidden`, `invalid-fields`, `already-exists`. */
    create: (caller: Caller, input: PairInput): Promise<PairEntry> =>
      transaction(async (stores) => {
        needAdmin(caller);
        if ((await stores.pairConfigs.lock(input.name)) !== null) throw alreadyExists('pair');
        return (await putPair(stores, caller, input)).pair;
      }),

    /**
     * Makes it, or changes it. `ifVersion`: the one that the edit is based on; null: whichever it is.
     * Throws `forbidden`, `invalid-fields`, `stale`.
     */
    put: (caller: Caller, input: PairInput, ifVersion: number | null): Promise<PairPut> =>
      transaction(async (stores) => {
        needAdmin(caller);
        const before = await stores.pairConfigs.lock(input.name);
        if (ifVersion !== null && before?.version !== ifVersion) throw staleVersion(before?.version ?? 0);
        return putPair(stores, caller, input);
      }),

    /**
     * Removes the pair and its links. The data in the systems is not changed. Throws `forbidden`, `not-found`, `stale`.
     */
    remove: (caller: Caller, name: string, ifVersion: number | null): Promise<void> =>
      transaction(async (stores) => {
        needAdmin(caller);
        const before = await stores.pairConfigs.lock(name);
        if (before === null) throw notFound('pair');
        if (ifVersion !== null && before.version !== ifVersion) throw staleVersion(before.version);
        await stores.pairConfigs.remove(before.id);
        await tell(stores, caller, 'delete', { before: auditedPair(before) });
      }),

    /** Nothing is done about it until someone resumes it. Throws `not-found`, `forbidden`. */
    pause: (caller: Caller, name: string, reason: string): Promise<PairEntry> =>
      transaction(async (stores) => {
        const { id, pausedAt } = await lockedPair(stores, caller, name);
        await stores.pairConfigs.pause(id, reason, caller.email);
        if (pausedAt === null) await tell(stores, caller, 'pause', { after: { name, reason } });
        return foundPair(stores, caller, name);
      }),

    /** Throws `not-found`, `forbidden`. */
    resume: (caller: Caller, name: string): Promise<PairEntry> =>
      transaction(async (stores) => {
        const { id, pausedAt, pausedReason } = await lockedPair(stores, caller, name);
        await stores.pairConfigs.resume(id);
        await stores.pairSliceJobs.askFor(id);
        if (pausedAt !== null)
          await tell(stores, caller, 'resume', { before: { reason: pausedReason }, after: { name } });
        return foundPair(stores, caller, name);
      }),
  };
}

/** Throws `not-found`, also for what is another account's. */
export async function foundPair(stores: FoundPairStores, caller: Caller, name: string): Promise<PairEntry> {
  const pair = await stores.pairConfigs.find(caller.accounts, name);
  if (pair === null) throw notFound('pair');
  return pair;
}

/** The settings of a pair, with all that was left out filled in. */
export const pairSettings = ({ config, here }: PairEntry): PairSettings =>
  readPair(config, systemKinds[here.kind].holds);

/** As `foundPair`, by someone who may edit; nobody else changes it before the transaction ends. Throws `forbidden`. */
export async function lockedPair(stores: LockedPairStores, caller: Caller, name: string): Promise<PairEntry> {
  await stores.pairConfigs.lock(name);
  const pair = await foundPair(stores, caller, name);
  needEditor(caller);
  return pair;
}

/**
 * Makes a pair, or changes it, in the transaction of the caller, who has seen that it may. Throws
 * `invalid-fields`.
 */
export async function putPair(stores: PairPutStores, caller: Caller, input: PairInput): Promise<PairPut> {
  const { name, mode } = input;
  const { config, hereId, thereId } = await checkedPair(stores, input);
  const { pairConfigs } = stores;
  const before = await pairConfigs.lock(name);
  await checkEnds(stores, before, { hereId, thereId });
  const isSame = before !== null && sameJson(before.config, config);
  const newMode = mode ?? before?.mode ?? 'plan';
  const id =
    before?.id ?? (await pairConfigs.insert({ name, hereId, thereId, config, mode: newMode }, caller.email));
  if (id === null) throw alreadyExists('pair');
  if (before !== null && !isSame) await pairConfigs.update(id, { hereId, thereId, config }, caller.email);
  if (before !== null && before.mode !== newMode) await pairConfigs.setMode(id, newMode);
  const outcome: Outcome =
    before === null ? 'created' : isSame && before.mode === newMode ? 'unchanged' : 'updated';
  // A pair that was paused because of its fields is looked at again as it is now.
  if (
    outcome === 'updated' &&
    before?.pausedBy === null &&
    readPauseReason(before.pausedReason ?? '').reason === 'fields'
  )
    await pairConfigs.resume(id);
  const pair = await foundPair(stores, caller, name);
  if (outcome !== 'unchanged') {
    await stores.pairSliceJobs.askFor(id);
    await tell(stores, caller, before === null ? 'create' : 'update', {
      before: before && auditedPair(before),
      after: auditedPair(pair),
    });
  }
  return { pair, outcome };
}

async function checkedPair(
  stores: PairPutStores,
  { name, config }: PairInput,
): Promise<{ config: Json; hereId: number; thereId: number }> {
  const named = checkBy(entryName, name);
  if (!named.isValid) throw refusedFields(named.problems, ['name']);
  const systems = await stores.systems.list('all', everything);
  const byName = new Map(systems.items.map((system) => [system.name, system]));
  const checked = checkPair(config, {
    kindOf: (system) => {
      const known = byName.get(system);
      return known && systemKinds[known.kind];
    },
    folderOf: (system) => {
      const known = byName.get(system);
      return known && folderIn(known.kind, known.config);
    },
  });
  if (!checked.isValid) throw refusedFields(checked.problems);
  const here = byName.get(checked.value.here.system);
  const there = byName.get(checked.value.there.system);
  if (here === undefined || there === undefined) throw notFound('system');
  checkAccounts(here, there);
  return { config, hereId: here.id, thereId: there.id };
}

/** What this server holds of a customer is never filed with another customer. */
function checkAccounts(here: RemoteSystemEntry, there: RemoteSystemEntry): void {
  if (systemKinds[here.kind].can.writes !== 'none') return;
  if (here.accountId === null || there.accountId === null || here.accountId === there.accountId) return;
  const reason = 'belongs to another account than the system of "here"';
  throw refusedFields([{ path: ['there', 'system'], reason }]);
}

/** More systems than an installation has. */
const everything = { limit: 10_000, after: null };

/** The links of a pair are about the two systems that it names. */
async function checkEnds(
  stores: PairPutStores,
  before: PairEntry | null,
  { hereId, thereId }: { readonly hereId: number; readonly thereId: number },
): Promise<void> {
  if (before === null || (before.here.id === hereId && before.there.id === thereId)) return;
  if (!(await stores.pairConfigs.hasLinks(before.id))) return;
  const reason = 'cannot be another system: the pair has links. Delete it, or make another pair';
  throw refusedFields([
    ...(before.here.id === hereId ? [] : [{ path: ['here', 'system'], reason }]),
    ...(before.there.id === thereId ? [] : [{ path: ['there', 'system'], reason }]),
  ]);
}

const auditedPair = ({ name, mode, config }: PairEntry) => ({ name, mode, config });

async function tell(
  stores: PairPutStores,
  caller: Caller,
  verb: 'create' | 'update' | 'delete' | 'pause' | 'resume',
  deed: { readonly before?: unknown; readonly after?: unknown },
): Promise<void> {
  await stores.audit.add([auditEntry(caller, `pair.${verb}`, deed)]);
}
