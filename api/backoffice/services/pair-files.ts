import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Caller } from '../../../shared/domain/staff';
import type { Seal } from '../../../shared/seal/seal';
import type { PairConfigStore } from '../../../shared/stores/pairs/pair-config-store';
import type { SystemStore } from '../../../shared/stores/pairs/system-store';
import type { AccountStore } from '../../../shared/stores/solutions/account-store';
import type { SosyncInstanceStore } from '../../../shared/stores/sosync/sosync-instance-store';
import { namesToCome } from '../../../shared/systems/check-pair';
import {
  type FileMistake,
  type FileSosyncEntry,
  type FileSystemEntry,
  type PairFile,
  readPairFile,
} from '../../../shared/systems/pair-file';
import type { Json } from '../../../shared/systems/references';
import { folderIn } from '../../../shared/systems/overlapping-folders';
import { type PairPutStores, putPair } from './pairs';
import { needAdmin } from './rights';
import { auditEntry } from './trail';
import { type Outcome, putSystem, type SystemPutStores } from './systems';

interface Stores extends PairPutStores, SystemPutStores {
  readonly accounts: Pick<AccountStore, 'find' | 'findByName'>;
  readonly pairConfigs: PairConfigStore;
  readonly sosyncInstances: Pick<SosyncInstanceStore, 'find' | 'names' | 'put'>;
  readonly systems: SystemStore;
}

/** The change, or the planned change, of one entry of a file. */
export interface FileChange {
  readonly what: 'system' | 'pair' | 'sosync';
  /** For `sosync`: the instance. */
  readonly name: string;
  readonly outcome: Outcome;
  /** The keys that change, e.g. `fields.0.group`. For a secret, only its name. */
  readonly changed: readonly string[];
}

export type AppliedFile =
  | {
      readonly isValid: true;
      readonly changes: readonly FileChange[];
      /** Sentences about settings that are accepted but have no effect yet. */
      readonly remarks: readonly string[];
    }
  | { readonly isValid: false; readonly mistakes: readonly FileMistake[] };

interface PutDeps {
  readonly stores: Stores;
  readonly seal: Seal;
}

interface Deps extends StoreAccess<Stores> {
  readonly seal: Seal;
}

/**
 * Makes the systems and pairs of a file as it says, all or none; what it does not name stays. `isTrial`: nothing is
 * written. Throws `forbidden`, `not-found` of an account.
 */
export async function applyPairFile(
  deps: Deps,
  caller: Caller,
  { text, isTrial }: { readonly text: string; readonly isTrial: boolean },
): Promise<AppliedFile> {
  needAdmin(caller);
  const trial = new Error('nothing is written');
  let applied: AppliedFile | undefined;
  try {
    await deps.transaction(async (stores) => {
      applied = await applyOn(stores);
      if (isTrial) throw trial;
    });
  } catch (error) {
    if (error !== trial) throw error;
  }
  if (applied === undefined) throw trial;
  return applied;

  async function applyOn(stores: Stores): Promise<AppliedFile> {
    const read = await readAgainst(stores, text);
    if (!read.isValid) return read;
    return {
      isValid: true,
      changes: [
        ...(await putAll({ stores, seal: deps.seal }, caller, read.file)),
        ...(await putInstances(stores, caller, read.file.sosync)),
      ],
      remarks: await remarksOn(stores, read.file),
    };
  }
}

const everything = { limit: 10_000, after: null };

/** Reads a file, and checks it against itself and the systems and pairs that there are. */
async function readAgainst(stores: Stores, text: string) {
  const systems = await stores.systems.list('all', everything);
  const pairs = await stores.pairConfigs.list('all', everything);
  const kinds = new Map(systems.items.map(({ name, kind }) => [name, kind]));
  const ends = new Map(
    pairs.items.map(({ name, here, there }) => [name, { here: here.name, there: there.name }]),
  );
  const folders = new Map(systems.items.map(({ name, kind, config }) => [name, folderIn(kind, config)]));
  return readPairFile(text, {
    kindOf: (system) => kinds.get(system),
    folderOf: (system) => folders.get(system),
    endsOf: (pair) => ends.get(pair),
  });
}

async function putAll(deps: PutDeps, caller: Caller, { systems, pairs }: PairFile): Promise<FileChange[]> {
  const { stores } = deps;
  const changes: FileChange[] = [];
  for (const system of systems) {
    const before = await stores.systems.find('all', system.name);
    const accountId = await accountOf(stores, system);
    const { outcome, system: after } = await putSystem(deps, caller, { ...system, accountId });
    const changed = before === null ? [] : differences(before.config, after.config);
    changes.push({ what: 'system', name: system.name, outcome, changed });
  }
  for (const pair of pairs) {
    const before = await stores.pairConfigs.find('all', pair.name);
    const { outcome, pair: after } = await putPair(stores, caller, pair);
    const changed = before === null ? [] : differences(before.config, after.config);
    const mode = before !== null && before.mode !== after.mode ? ['mode'] : [];
    changes.push({ what: 'pair', name: pair.name, outcome, changed: [...mode, ...changed] });
  }
  return changes;
}

/** Their systems and pairs are there by now. */
async function putInstances(
  stores: Pick<Stores, 'audit' | 'sosyncInstances'>,
  caller: Caller,
  instances: readonly FileSosyncEntry[],
): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  for (const wanted of instances) {
    const before = await stores.sosyncInstances.find(wanted.instance);
    const changed = before === null ? [] : differences({ ...before }, { ...wanted });
    const outcome = before === null ? 'created' : changed.length === 0 ? 'unchanged' : 'updated';
    if (outcome !== 'unchanged') {
      await stores.sosyncInstances.put(wanted);
      await stores.audit.add([auditEntry(caller, 'sosync.update', { before, after: wanted })]);
    }
    changes.push({ what: 'sosync', name: wanted.instance, outcome, changed });
  }
  return changes;
}

async function accountOf(stores: Stores, { account }: FileSystemEntry): Promise<number | null | undefined> {
  if (account === null) return undefined;
  const found = await stores.accounts.findByName(account);
  if (found === null) throw new Error(`There is no account "${account}".`);
  return found.id;
}

async function remarksOn(stores: Stores, { systems, pairs }: PairFile): Promise<string[]> {
  const written = systems
    .filter(({ secrets }) => Object.keys(secrets).length > 0)
    .map(
      ({ name, secrets }) =>
        `system ${name}: ${Object.keys(secrets).join(', ')} stood in the file, and is kept as a secret of the system`,
    );
  const there = await stores.pairConfigs.list('all', everything);
  const systemsOf = new Map(
    there.items.map(({ name, here, there: other }) => [name, [here.name, other.name] as const]),
  );
  const toCome = pairs.flatMap(({ name, settings }) =>
    namesToCome(settings, (pair) => systemsOf.get(pair)).map((what) => `pair ${name}: ${what}`),
  );
  return [...written, ...toCome, ...(await withoutInstance(stores, pairs))];
}

/** Pairs that say that their jobs come by sosync, and that nobody can create jobs for. */
async function withoutInstance(
  { sosyncInstances }: Pick<Stores, 'sosyncInstances'>,
  pairs: PairFile['pairs'],
): Promise<string[]> {
  const named = new Set<string>();
  for (const name of await sosyncInstances.names())
    for (const pair of Object.values((await sosyncInstances.find(name))?.models ?? {})) named.add(pair);
  return pairs
    .filter(({ name, settings }) => settings.find.jobs === 'sosync' && !named.has(name))
    .map(
      ({ name }) => `pair ${name}: "find.jobs" names sosync, and no instance of sosync names this pair yet`,
    );
}

/** The paths at which two texts of settings differ. */
function differences(before: Json, after: Json, path: readonly string[] = []): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isObject(before) || !isObject(after)) return [path.join('.')];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => differences(before[key] ?? null, after[key] ?? null, [...path, key]));
}

const isObject = (json: Json): json is Readonly<Record<string, Json>> =>
  typeof json === 'object' && json !== null;
