import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import type { Json } from '../../systems/references';
import type { SystemKindName } from '../../systems/system-kind';

/** `throttled`: no call before `notBefore`; `paused`: no call until someone resumes it. */
export type SystemState = 'unknown' | 'up' | 'throttled' | 'paused';

/** An installed system, without its secrets. */
export interface RemoteSystemEntry {
  readonly id: number;
  readonly name: string;
  readonly kind: SystemKindName;
  /** Null: the operator's own. */
  readonly accountId: number | null;
  /** The settings as they were written, with `${NAME}` in the place of a secret. */
  readonly config: Json;
  /** Counts its changes. */
  readonly version: number;
  readonly state: SystemState;
  readonly notBefore: Date | null;
  readonly pausedAt: Date | null;
  /** The person who paused it. Null: the server paused it, or it is not paused. */
  readonly pausedBy: string | null;
  readonly pausedReason: string | null;
  /** The findings of the last probe. Null: there was none. */
  readonly probe: Json | null;
  /** The system's clock minus ours. It decides nothing. */
  readonly clockOffsetMs: number | null;
  readonly checkedAt: Date | null;
  /** The names of the secrets that the database keeps of it. */
  readonly secretNames: readonly string[];
  readonly createdAt: Date;
  readonly changedAt: Date;
}

export interface NewRemoteSystem {
  readonly name: string;
  readonly kind: SystemKindName;
  readonly accountId: number | null;
  readonly config: Json;
}

export type SystemStore = ReturnType<typeof createSystemStore>;

/** Systems, and the secrets of their settings. */
export function createSystemStore(db: Db) {
  const select = async (
    condition: string,
    bindings: Record<string, unknown>,
  ): Promise<RemoteSystemEntry[]> => {
    const result = await db.raw<{ rows: Row[] }>(
      `select ${columns} from remote_system s ${condition}`,
      bindings,
    );
    return result.rows.map(entryFrom);
  };
  return {
    /** By name. */
    async list(
      accounts: AccountScope,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<RemoteSystemEntry>> {
      const rows = await select(`where ${visible} and s.name > :after order by s.name limit :rows`, {
        accounts: idsOf(accounts),
        after: after ?? '',
        rows: limit + 1,
      });
      return pageOf(rows, limit, (last) => last.name);
    },

    /** Null: there is none, or it may not be seen. */
    async find(accounts: AccountScope, name: string): Promise<RemoteSystemEntry | null> {
      const [found] = await select(`where ${visible} and s.name = :name`, {
        accounts: idsOf(accounts),
        name,
      });
      return found ?? null;
    },

    async findById(id: number): Promise<RemoteSystemEntry | null> {
      const [found] = await select('where s.id = :id', { id });
      return found ?? null;
    },

    /** As `find` for everybody; nobody else changes it before the transaction ends. */
    async lock(name: string): Promise<RemoteSystemEntry | null> {
      await db.raw('select from remote_system where name = ? for update', [name]);
      const [found] = await select('where s.name = :name', { name });
      return found ?? null;
    },

    /** Null: there is one of that name. */
    async insert(system: NewRemoteSystem): Promise<number | null> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `insert into remote_system (name, kind, account_id, config)
         values (:name, :kind, :accountId, cast(:config as jsonb)) on conflict (name) do nothing returning id`,
        { ...system, config: JSON.stringify(system.config) },
      );
      return result.rows[0]?.id ?? null;
    },

    async update(
      id: number,
      { accountId, config }: Pick<NewRemoteSystem, 'accountId' | 'config'>,
    ): Promise<void> {
      await db.raw(
        `update remote_system set account_id = :accountId, config = cast(:config as jsonb), version = version + 1,
           changed_at = now() where id = :id`,
        { id, accountId, config: JSON.stringify(config) },
      );
    },

    /** It accepts no call: nobody makes one until a person resumes it. */
    async pauseByItself(id: number, reason: string): Promise<void> {
      await db.raw(
        `update remote_system set state = 'paused', paused_at = now(), paused_reason = left(:reason, 500), not_before = null
         where id = :id and state <> 'paused'`,
        { id, reason },
      );
    },

    /** No call before so many seconds are over. */
    async throttle(id: number, seconds: number): Promise<void> {
      await db.raw(
        `update remote_system set state = 'throttled', not_before = greatest(not_before, now() + make_interval(secs => :seconds))
         where id = :id and state <> 'paused'`,
        { id, seconds },
      );
    },

    async pause(id: number, reason: string, by: string): Promise<void> {
      await db.raw(
        `update remote_system set state = 'paused', paused_at = now(), paused_by = :by, paused_reason = :reason
         where id = :id and state <> 'paused'`,
        { id, by, reason },
      );
    },

    /** Ends a pause, and a throttle as well. */
    async resume(id: number): Promise<void> {
      await db.raw(
        `update remote_system set state = 'unknown', not_before = null, paused_at = null, paused_by = null,
           paused_reason = null where id = ?`,
        [id],
      );
    },

    /** False: a pair names it. */
    async remove(id: number): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `delete from remote_system s where s.id = :id
           and not exists (select from pair p where s.id in (p.here_id, p.there_id))`,
        { id },
      );
      return result.rowCount === 1;
    },

    /** The pairs that name it. */
    async pairsOf(id: number): Promise<{ readonly id: number; readonly name: string }[]> {
      const result = await db.raw<{ rows: { id: number; name: string }[] }>(
        'select id, name from pair where :id in (here_id, there_id) order by name',
        { id },
      );
      return result.rows;
    },

    /** The secrets of its settings as they are kept, by their names. */
    async secretsOf(id: number): Promise<ReadonlyMap<string, string>> {
      const rows = await db<{ system_id: number; hook_id: number | null; name: string; value: string }>(
        'remote_system_secret',
      )
        .where({ system_id: id })
        .whereNull('hook_id')
        .select('name', 'value');
      return new Map(rows.map(({ name, value }) => [name, value]));
    },

    /** `value`: as it is to be kept. */
    async setSecret(id: number, name: string, value: string): Promise<void> {
      await db.raw(
        `with counted as (${countSecrets})
         insert into remote_system_secret (system_id, name, value) values (:id, :name, :value)
         on conflict (system_id, hook_id, name) do update set value = excluded.value, changed_at = now()`,
        { id, name, value },
      );
    },

    async removeSecret(id: number, name: string): Promise<void> {
      await db.raw(
        `with counted as (${countSecrets})
         delete from remote_system_secret where system_id = :id and hook_id is null and name = :name`,
        { id, name },
      );
    },
  };
}

/** Slices that began before see that their secrets are not the current ones. */
const countSecrets = 'update remote_system set secrets_version = secrets_version + 1 where id = :id';

/** The operator's own are seen by those who see all accounts. */
const visible = `(cast(:accounts as int[]) is null or s.account_id = any (:accounts))`;

const columns = `s.id, s.name, s.kind, s.account_id, s.config, s.version,
  case when s.state = 'throttled' and s.not_before <= now() then 'up' else s.state end as state,
  case when s.not_before > now() then s.not_before end as not_before,
  s.paused_at, s.paused_by, s.paused_reason, s.probe, s.clock_offset_ms, s.checked_at, s.created_at, s.changed_at,
  array(select x.name from remote_system_secret x where x.system_id = s.id and x.hook_id is null order by x.name) as secret_names`;

interface Row {
  id: number;
  name: string;
  kind: SystemKindName;
  account_id: number | null;
  config: Json;
  version: number;
  state: SystemState;
  not_before: Date | null;
  paused_at: Date | null;
  paused_by: string | null;
  paused_reason: string | null;
  probe: Json | null;
  clock_offset_ms: number | null;
  checked_at: Date | null;
  created_at: Date;
  changed_at: Date;
  secret_names: string[];
}

const entryFrom = (row: Row): RemoteSystemEntry => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  accountId: row.account_id,
  config: row.config,
  version: row.version,
  state: row.state,
  notBefore: row.not_before,
  pausedAt: row.paused_at,
  pausedBy: row.paused_by,
  pausedReason: row.paused_reason,
  probe: row.probe,
  clockOffsetMs: row.clock_offset_ms,
  checkedAt: row.checked_at,
  secretNames: row.secret_names,
  createdAt: row.created_at,
  changedAt: row.changed_at,
});
