import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import type { PairMode } from '../../systems/pair-settings';
import type { Json } from '../../systems/references';
import type { SystemKindName } from '../../systems/system-kind';

/** A pair as its operator wrote it. */
export interface PairEntry {
  readonly id: number;
  readonly name: string;
  readonly here: PairedSystem;
  readonly there: PairedSystem;
  /** As it was written, without its name and its mode. `readPair` of shared/systems/check-pair.ts fills in the rest. */
  readonly config: Json;
  /** Counts its changes. */
  readonly version: number;
  readonly mode: PairMode;
  readonly pausedAt: Date | null;
  /** Null: the server did by itself, or it is not paused. */
  readonly pausedBy: string | null;
  readonly pausedReason: string | null;
  readonly createdAt: Date;
}

export interface PairedSystem {
  readonly id: number;
  readonly name: string;
  readonly kind: SystemKindName;
  readonly accountId: number | null;
}

export interface NewPair {
  readonly name: string;
  readonly hereId: number;
  readonly thereId: number;
  readonly config: Json;
  readonly mode: PairMode;
}

/** The configuration of a pair as it was from some time on. */
export interface PairConfigVersion {
  readonly version: number;
  readonly config: Json;
  readonly at: Date;
  /** E-mail. */
  readonly by: string;
}

export type PairConfigStore = ReturnType<typeof createPairConfigStore>;

/** The configuration of pairs, and all that it was before. */
export function createPairConfigStore(db: Db) {
  const select = async (condition: string, bindings: Record<string, unknown>): Promise<PairEntry[]> => {
    const result = await db.raw<{ rows: Row[] }>(
      `select ${columns} from pair p join remote_system h on h.id = p.here_id join remote_system t on t.id = p.there_id
       ${condition}`,
      bindings,
    );
    return result.rows.map(entryFrom);
  };
  return {
    /** By name. */
    async list(accounts: AccountScope, { limit, after }: PageRequest<string>): Promise<Page<PairEntry>> {
      const rows = await select(`where ${visible} and p.name > :after order by p.name limit :rows`, {
        accounts: idsOf(accounts),
        after: after ?? '',
        rows: limit + 1,
      });
      return pageOf(rows, limit, (last) => last.name);
    },

    /** Null: there is none, or it may not be seen. */
    async find(accounts: AccountScope, name: string): Promise<PairEntry | null> {
      const [found] = await select(`where ${visible} and p.name = :name`, {
        accounts: idsOf(accounts),
        name,
      });
      return found ?? null;
    },

    async findById(accounts: AccountScope, id: number): Promise<PairEntry | null> {
      const [found] = await select(`where ${visible} and p.id = :id`, { accounts: idsOf(accounts), id });
      return found ?? null;
    },

    /** Nobody else changes its configuration before the transaction ends. Null: there is none. */
    async lock(name: string): Promise<PairEntry | null> {
      await db.raw('select from pair where name = ? for update', [name]);
      const [found] = await select('where p.name = :name', { name });
      return found ?? null;
    },

    /** Null: there is already a pair with that name. */
    async insert({ name, hereId, thereId, config, mode }: NewPair, by: string): Promise<number | null> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `with made as (
           insert into pair (name, here_id, there_id, config, mode)
           values (:name, :hereId, :thereId, cast(:config as jsonb), :mode) on conflict (name) do nothing
           returning id, config_version, config
         ), kept as (
           insert into pair_config_version (pair_id, version, config, by)
           select id, config_version, config, :by from made
         )
         select id from made`,
        { name, hereId, thereId, config: JSON.stringify(config), mode, by },
      );
      return result.rows[0]?.id ?? null;
    },

    /** The times of its next check and its next complete listing are calculated again. */
    async update(
      id: number,
      { hereId, thereId, config }: Pick<NewPair, 'hereId' | 'thereId' | 'config'>,
      by: string,
    ): Promise<void> {
      await db.raw(
        `with changed as (
           update pair set here_id = :hereId, there_id = :thereId, config = cast(:config as jsonb),
             config_version = config_version + 1, check_at = null, whole_at = null
           where id = :id returning id, config_version, config
         )
         insert into pair_config_version (pair_id, version, config, by)
         select id, config_version, config, :by from changed`,
        { id, hereId, thereId, config: JSON.stringify(config), by },
      );
    },

    async setMode(id: number, mode: PairMode): Promise<void> {
      await db('pair').where({ id }).update({ mode });
    },

    async pause(id: number, reason: string, by: string): Promise<void> {
      await db.raw(
        `update pair set paused_at = now(), paused_by = :by, paused_reason = :reason where id = :id and paused_at is null`,
        { id, by, reason },
      );
    },

    /** A person who resumes a pair that was paused because of its fields accepts the current fields. */
    async resume(id: number): Promise<void> {
      await db.raw(
        `with accepted as (
           delete from pair_field_type where pair_id = :id
             and exists (select from pair where id = :id and starts_with(paused_reason, 'fields: '))
         )
         update pair set paused_at = null, paused_by = null, paused_reason = null where id = :id`,
        { id },
      );
    },

    /** With all that is known of it. */
    async remove(id: number): Promise<void> {
      await db('pair').where({ id }).delete();
    },

    /** True if the pair has links. Then its two ends cannot be changed. */
    async hasLinks(id: number): Promise<boolean> {
      const result = await db.raw<{ rows: { has_links: boolean }[] }>(
        `select exists (select from link where pair_id = ? and state <> 'gone') as has_links`,
        [id],
      );
      return result.rows[0]?.has_links === true;
    },

    /** The newest first. */
    async versions(id: number, { limit, after }: PageRequest<number>): Promise<Page<PairConfigVersion>> {
      const result = await db.raw<{ rows: PairConfigVersion[] }>(
        `select version, config, at, by from pair_config_version
         where pair_id = :id and (cast(:after as int) is null or version < :after) order by version desc limit :rows`,
        { id, after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => String(last.version));
    },
  };
}

/**
 * A pair is visible to users who may see both of its systems. The operator's own systems are visible to users who see
 * all accounts.
 */
const visible = `(cast(:accounts as int[]) is null or h.account_id = any (:accounts) and t.account_id = any (:accounts))`;

const columns = `p.id, p.name, p.config, p.config_version, p.mode, p.paused_at, p.paused_by, p.paused_reason, p.created_at,
  h.id as here_id, h.name as here_name, h.kind as here_kind, h.account_id as here_account,
  t.id as there_id, t.name as there_name, t.kind as there_kind, t.account_id as there_account`;

interface Row {
  id: number;
  name: string;
  config: Json;
  config_version: number;
  mode: PairMode;
  paused_at: Date | null;
  paused_by: string | null;
  paused_reason: string | null;
  created_at: Date;
  here_id: number;
  here_name: string;
  here_kind: SystemKindName;
  here_account: number | null;
  there_id: number;
  there_name: string;
  there_kind: SystemKindName;
  there_account: number | null;
}

const entryFrom = (row: Row): PairEntry => ({
  id: row.id,
  name: row.name,
  here: { id: row.here_id, name: row.here_name, kind: row.here_kind, accountId: row.here_account },
  there: { id: row.there_id, name: row.there_name, kind: row.there_kind, accountId: row.there_account },
  config: row.config,
  version: row.config_version,
  mode: row.mode,
  pausedAt: row.paused_at,
  pausedBy: row.paused_by,
  pausedReason: row.paused_reason,
  createdAt: row.created_at,
});
