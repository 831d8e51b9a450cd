import { settings } from '../../../shared/config/settings';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import {
  alreadyExists,
  invalidFields,
  notFound,
  staleVersion,
  stillInUse,
} from '../../../shared/errors/catalog';
import type { Seal } from '../../../shared/seal/seal';
import type { AccountStore } from '../../../shared/stores/solutions/account-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { RemoteSystemEntry, SystemStore } from '../../../shared/stores/pairs/system-store';
import { checkSystem } from '../../../shared/systems/check-system';
import { entryName } from '../../../shared/systems/entry-name';
import { checkBy, type Problem } from '../../../shared/systems/problem';
import { type Json, namesAskedFor } from '../../../shared/systems/references';
import type { SystemKindName } from '../../../shared/systems/system-kind';
import { systemKinds } from '../../../shared/systems/system-kinds';
import type { PairSliceJobStore } from '../../../shared/stores/jobs/pair-slice-job-store';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

/** The stores for creating or changing a system. */
export interface SystemPutStores {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly pairSliceJobs: Pick<PairSliceJobStore, 'askFor'>;
  readonly systems: SystemStore;
}

/** A system as someone wants it to be. */
export interface SystemInput {
  readonly name: string;
  readonly kind: SystemKindName;
  /** The members besides `kind` in a file, not checked yet. */
  readonly config: unknown;
  /** By the names in `${NAME}`. Null removes a secret. Names that are not listed stay. */
  readonly secrets?: Readonly<Record<string, string | null>> | undefined;
  /** Null: the operator's own. Undefined: it stays as it is. */
  readonly accountId?: number | null | undefined;
}

export type Outcome = 'created' | 'updated' | 'unchanged';

export interface SystemPut {
  readonly system: RemoteSystemEntry;
  readonly outcome: Outcome;
}

interface Deps extends StoreAccess<SystemPutStores> {
  readonly seal: Seal;
}

interface PutDeps {
  readonly stores: SystemPutStores;
  readonly seal: Seal;
}

export type SystemService = ReturnType<typeof createSystemService>;

/** The systems that pairs are made of: admins write them, whoever sees their account reads them. */
export function createSystemService({ stores, transaction, seal }: Deps) {
  return {
    list: (caller: Caller, page: PageRequest<string>): Promise<Page<RemoteSystemEntry>> =>
      stores.systems.list(caller.accounts, page),

    /** Throws `not-found`. */
    get: (caller: Caller, name: string): Promise<RemoteSystemEntry> => foundSystem(stores, caller, name),

    /** Throws `forbidden`, `invalid-fields`, `not-found` of its account, `already-exists`. */
    create: (caller: Caller, input: SystemInput): Promise<RemoteSystemEntry> =>
      transaction(async (stores) => {
        needAdmin(caller);
        if ((await stores.systems.lock(input.name)) !== null) throw alreadyExists('system');
        return (await putSystem({ stores, seal }, caller, input)).system;
      }),

    /**
     * Makes it, or changes it. `ifVersion`: the one that the edit is based on; null: whichever it is.
     * Throws `forbidden`, `invalid-fields`, `not-found` of its account, `stale`.
     */
    put: (caller: Caller, input: SystemInput, ifVersion: number | null): Promise<SystemPut> =>
      transaction(async (stores) => {
        needAdmin(caller);
        const before = await stores.systems.lock(input.name);
        if (ifVersion !== null && before?.version !== ifVersion) throw staleVersion(before?.version ?? 0);
        return putSystem({ stores, seal }, caller, input);
      }),

    /** Throws `forbidden`, `not-found`, `stale`, `in-use`. */
    remove: (caller: Caller, name: string, ifVersion: number | null): Promise<void> =>
      transaction(async (stores) => {
        needAdmin(caller);
        const systems = stores.systems;
        const before = await systems.lock(name);
        if (before === null) throw notFound('system');
        if (ifVersion !== null && before.version !== ifVersion) throw staleVersion(before.version);
        if (!(await systems.remove(before.id))) {
          const pairs = await systems.pairsOf(before.id);
          throw stillInUse(
            'system',
            pairs.map((pair) => pair.name),
          );
        }
        await tell(stores, caller, 'delete', { before: auditedSystem(before) });
      }),

    /** No call is made until someone resumes it. Throws `forbidden`, `not-found`. */
    pause: (caller: Caller, name: string, reason: string): Promise<RemoteSystemEntry> =>
      transaction(async (stores) => {
        const { id, state } = await lockedForAdmin(stores, caller, name);
        await stores.systems.pause(id, reason, caller.email);
        if (state !== 'paused') await tell(stores, caller, 'pause', { after: { name, reason } });
        return foundSystem(stores, caller, name);
      }),

    /** Ends a pause, and a throttle as well; its pairs continue at once. Throws `forbidden`, `not-found`. */
    resume: (caller: Caller, name: string): Promise<RemoteSystemEntry> =>
      transaction(async (stores) => {
        const before = await lockedForAdmin(stores, caller, name);
        await resumeSystem(stores, before.id);
        if (before.state === 'paused' || before.state === 'throttled')
          await tell(stores, caller, 'resume', { before: { reason: before.pausedReason }, after: { name } });
        return foundSystem(stores, caller, name);
      }),
  };
}

/** Throws `not-found`, also for what is another account's. */
export async function foundSystem(
  { systems }: { readonly systems: Pick<SystemStore, 'find'> },
  caller: Caller,
  name: string,
): Promise<RemoteSystemEntry> {
  const system = await systems.find(caller.accounts, name);
  if (system === null) throw notFound('system');
  return system;
}

/**
 * Adds a system, or changes it, in the transaction of the caller, who has seen that it may. Throws `invalid-fields`,
 * `not-found` of its account.
 */
export async function putSystem(
  { stores, seal }: PutDeps,
  caller: Caller,
  input: SystemInput,
): Promise<SystemPut> {
  const { config, secrets: writtenOut } = checkedConfig(input);
  const systems = stores.systems;
  const before = await systems.lock(input.name);
  if (before !== null && before.kind !== input.kind)
    throw refusedFields([{ path: ['kind'], reason: `cannot be changed: it is ${before.kind}` }]);
  const accountId = await accountOf(stores, input.accountId, before);
  const isSame = before?.accountId === accountId && sameJson(before.config, config);
  const id = before === null ? await inserted(stores, { ...input, accountId, config }) : before.id;
  if (before !== null && !isSame) await systems.update(id, { accountId, config });
  const changed = await writeSecrets({ stores, seal }, id, { ...writtenOut, ...input.secrets });
  const outcome: Outcome =
    before === null ? 'created' : isSame && changed.length === 0 ? 'unchanged' : 'updated';
  // A change of the credentials ends a pause that the old ones caused.
  if (outcome === 'updated' && before?.state === 'paused' && before.pausedBy === null)
    await resumeSystem(stores, id);
  const system = await foundSystem(stores, caller, input.name);
  if (outcome !== 'unchanged')
    await tell(stores, caller, before === null ? 'create' : 'update', {
      before: before && auditedSystem(before),
      after: { ...auditedSystem(system), secretsSet: changed },
    });
  return { system, outcome };
}

/** The error of the interface for these problems. `below`: the keys before the path. */
export const refusedFields = (problems: readonly Problem[], below: Problem['path'] = []) =>
  invalidFields(
    problems.map(({ path, reason }) => ({
      field: [...below, ...path].join('.'),
      fault: { code: 'other', text: reason },
    })),
  );

function checkedConfig({ name, kind, config, secrets = {} }: SystemInput) {
  const named = checkBy(entryName, name);
  if (!named.isValid) throw refusedFields(named.problems, ['name']);
  const checked = checkSystem(systemKinds[kind], config);
  if (!checked.isValid) throw refusedFields(checked.problems, ['config']);
  const own = [...namesAskedFor(checked.value.config), ...Object.keys(secrets)].filter(isOwnSetting);
  if (own.length > 0)
    throw refusedFields([
      { path: ['config'], reason: `asks for ${own.join(', ')}: settings of this server are not given away` },
    ]);
  return checked.value;
}

/** A system must not be sent the secrets of this server. */
const isOwnSetting = (name: string): boolean => Object.hasOwn(settings.shape, name);

async function accountOf(
  stores: SystemPutStores,
  asked: number | null | undefined,
  before: RemoteSystemEntry | null,
): Promise<number | null> {
  if (asked === undefined) return before?.accountId ?? null;
  if (asked !== null && (await stores.accounts.find(asked)) === null) throw notFound('account');
  return asked;
}

async function inserted(
  stores: SystemPutStores,
  {
    name,
    kind,
    accountId,
    config,
  }: { name: string; kind: SystemKindName; accountId: number | null; config: Json },
): Promise<number> {
  const id = await stores.systems.insert({ name, kind, accountId, config });
  if (id === null) throw alreadyExists('system');
  return id;
}

/** Returns the names of the changed ones. */
async function writeSecrets(
  { stores, seal }: PutDeps,
  id: number,
  secrets: Readonly<Record<string, string | null>>,
): Promise<string[]> {
  const systems = stores.systems;
  const kept = await systems.secretsOf(id);
  const changed: string[] = [];
  for (const [name, value] of Object.entries(secrets)) {
    const before = kept.get(name);
    if (value === null ? before === undefined : before !== undefined && opens(seal, before, value)) continue;
    changed.push(name);
    if (value === null) await systems.removeSecret(id, name);
    else await systems.setSecret(id, name, seal.seal(value, 'system-secret'));
  }
  return changed;
}

/** A secret that no key can open any more counts as changed. */
function opens(seal: Seal, kept: string, value: string): boolean {
  try {
    return seal.open(kept, 'system-secret') === value;
  } catch {
    return false;
  }
}

async function lockedForAdmin(
  stores: SystemPutStores,
  caller: Caller,
  name: string,
): Promise<RemoteSystemEntry> {
  const system = await stores.systems.lock(name);
  await foundSystem(stores, caller, name);
  needAdmin(caller);
  if (system === null) throw notFound('system');
  return system;
}

async function resumeSystem(stores: SystemPutStores, id: number): Promise<void> {
  await stores.systems.resume(id);
  for (const pair of await stores.systems.pairsOf(id)) await stores.pairSliceJobs.askFor(pair.id);
}

const auditedSystem = ({ name, kind, config, accountId }: RemoteSystemEntry) => ({
  name,
  kind,
  config,
  accountId,
});

async function tell(
  stores: SystemPutStores,
  caller: Caller,
  verb: 'create' | 'update' | 'delete' | 'pause' | 'resume',
  deed: { readonly before?: unknown; readonly after?: unknown },
): Promise<void> {
  await stores.audit.add([auditEntry(caller, `system.${verb}`, deed)]);
}

/** jsonb does not keep the order of keys. */
export function sameJson(one: Json, other: Json): boolean {
  return canonical(one) === canonical(other);
}

function canonical(json: Json): string {
  if (json === null || typeof json !== 'object') return JSON.stringify(json);
  if (Array.isArray(json)) return `[${json.map(canonical).join()}]`;
  const members = Object.entries(json).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join()}}`;
}
