import type { Db } from '../../db/database';
import type { SystemKindName } from '../../systems/system-kind';

/** An address at which a system reports changes. Only that system knows its token. */
export interface Hook {
  readonly id: number;
  /** Null: all entities. */
  readonly entity: string | null;
  readonly createdAt: Date;
  readonly createdBy: string | null;
  /** The time of the last accepted call. */
  readonly lastAt: Date | null;
  /** The number of calls with a wrong signature. */
  readonly refused: number;
  /** Ids of the system's webhooks whose signatures can be checked. */
  readonly webhooks: readonly string[];
}

/** The hook that a call belongs to. */
export interface CalledHook {
  readonly id: number;
  readonly systemId: number;
  readonly kind: SystemKindName;
  readonly entity: string | null;
  /** The stored keys that sign its calls, by the id of the webhook in the system. */
  readonly secrets: ReadonlyMap<string, string>;
}

export type HookStore = ReturnType<typeof createHookStore>;

export function createHookStore(db: Db) {
  return {
    async listOf(systemId: number): Promise<Hook[]> {
      const result = await db.raw<{ rows: HookRow[] }>(
        `select ${columns} from hook h where h.system_id = :systemId order by h.id`,
        { systemId },
      );
      return result.rows.map(hookFrom);
    },

    async find(systemId: number, id: number): Promise<Hook | null> {
      const result = await db.raw<{ rows: HookRow[] }>(
        `select ${columns} from hook h where h.system_id = :systemId and h.id = :id`,
        { systemId, id },
      );
      const row = result.rows[0];
      return row === undefined ? null : hookFrom(row);
    },

    async insert(
      systemId: number,
      { tokenSha256, entity, by }: { tokenSha256: Buffer; entity: string | null; by: string },
    ): Promise<number> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `insert into hook (system_id, token_sha256, entity, created_by) values (:systemId, :tokenSha256, :entity, :by)
         returning id`,
        { systemId, tokenSha256, entity, by },
      );
      const row = result.rows[0];
      if (row === undefined) throw new Error('insert into hook returned no row');
      return row.id;
    },

    async remove(systemId: number, id: number): Promise<boolean> {
      return (await db('hook').where({ system_id: systemId, id }).delete()) === 1;
    },

    /** `value`: as it is to be kept. */
    async setSecret(
      { systemId, hookId }: { systemId: number; hookId: number },
      webhookId: string,
      value: string,
    ): Promise<void> {
      await db.raw(
        `insert into remote_system_secret (system_id, hook_id, name, value) values (:systemId, :hookId, :webhookId, :value)
         on conflict (system_id, hook_id, name) do update set value = excluded.value, changed_at = now()`,
        { systemId, hookId, webhookId, value },
      );
    },

    async removeSecret({ hookId }: { hookId: number }, webhookId: string): Promise<void> {
      await db('remote_system_secret').where({ hook_id: hookId, name: webhookId }).delete();
    },

    /** Null: no hook of that system has that token. */
    async findCalled(system: string, tokenSha256: Buffer): Promise<CalledHook | null> {
      const result = await db.raw<{ rows: CalledRow[] }>(
        `select h.id, h.system_id, s.kind, h.entity,
           (select coalesce(jsonb_object_agg(x.name, x.value), '{}') from remote_system_secret x where x.hook_id = h.id) as secrets
         from hook h join remote_system s on s.id = h.system_id
         where s.name = :system and h.token_sha256 = :tokenSha256`,
        { system, tokenSha256 },
      );
      const row = result.rows[0];
      if (row === undefined) return null;
      const { id, system_id: systemId, kind, entity, secrets } = row;
      return { id, systemId, kind, entity, secrets: new Map(Object.entries(secrets)) };
    },

    async noteCall(id: number): Promise<void> {
      await db('hook').where({ id }).update({ last_at: db.fn.now() });
    },

    async noteRefusal(id: number): Promise<void> {
      await db('hook').where({ id }).increment('refused', 1);
    },

    /** The sides of pairs that a call of a system concerns: those with that entity. Null: all sides of that system. */
    async sidesOf(systemId: number, entity: string | null): Promise<CalledSide[]> {
      const result = await db.raw<{ rows: CalledSide[] }>(
        `select p.id as "pairId", s.side
         from pair p cross join lateral (values ('here', p.here_id), ('there', p.there_id)) as s (side, system_id)
         where s.system_id = :systemId and p.mode <> 'off'
           and (cast(:entity as text) is null or p.config -> s.side ->> 'entity' = :entity)
         order by p.id`,
        { systemId, entity },
      );
      return result.rows;
    },
  };
}

export interface CalledSide {
  readonly pairId: number;
  readonly side: 'here' | 'there';
}

const columns = `h.id, h.entity, h.created_at, h.created_by, h.last_at, h.refused,
  array(select x.name from remote_system_secret x where x.hook_id = h.id order by x.name) as webhooks`;

interface HookRow {
  id: number;
  entity: string | null;
  created_at: Date;
  created_by: string | null;
  last_at: Date | null;
  refused: number;
  webhooks: string[];
}

interface CalledRow {
  id: number;
  system_id: number;
  kind: SystemKindName;
  entity: string | null;
  secrets: Record<string, string>;
}

const hookFrom = (row: HookRow): Hook => ({
  id: row.id,
  entity: row.entity,
  createdAt: row.created_at,
  createdBy: row.created_by,
  lastAt: row.last_at,
  refused: row.refused,
  webhooks: row.webhooks,
});
