import type { Db } from '../../db/database';
import type { Json } from '../../systems/references';
import type { EndSide } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

export type RemoteState = 'unknown' | 'up' | 'throttled' | 'paused';

/** A system of a pair, as a slice needs it. */
export interface SliceSystem {
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  /** The settings as the operator wrote them, without secrets. */
  readonly config: Json;
  readonly version: number;
  /** Counts the changes of its secrets. */
  readonly secretsVersion: number;
  readonly state: RemoteState;
  /** For a throttled system: how long no call is made. 0: it may be called. */
  readonly waitsSeconds: number;
  /** Null for the operator's own systems. */
  readonly accountId: number | null;
  /** The findings of the last probe. Null: there was none. */
  readonly probe: Json | null;
}

/** A pair, as a slice needs it. */
export interface SlicePair {
  readonly id: number;
  readonly name: string;
  readonly mode: 'plan' | 'run' | 'off';
  readonly config: unknown;
  readonly configVersion: number;
  /** The configuration version with which its links were last seen. Null: none. */
  readonly seenVersion: number | null;
  readonly isPaused: boolean;
  readonly systems: Readonly<Record<EndSide, SliceSystem>>;
  /** Seconds until a check and a whole listing are due; null: that has not been worked out. */
  readonly checkInSeconds: number | null;
  readonly wholeInSeconds: number | null;
  readonly cursors: Readonly<Record<EndSide, SliceCursor>>;
}

export interface NamedPair {
  readonly id: number;
  readonly name: string;
  readonly isSwapped: boolean;
}

export interface SliceCursor {
  /** Null: everything is to be listed. */
  readonly value: string | null;
  /** The position at which a complete listing in progress continues. Null: there is none, or it starts again. */
  readonly listingValue: string | null;
}

interface PairRow {
  id: number;
  name: string;
  mode: SlicePair['mode'];
  config: unknown;
  config_version: number;
  seen_version: number | null;
  is_paused: boolean;
  check_in: number | null;
  whole_in: number | null;
  here: SystemRow;
  there: SystemRow;
  cursors: Partial<Record<EndSide, CursorRow>> | null;
}

interface CursorRow {
  value: string | null;
  listing_value: string | null;
}

interface SystemRow {
  id: number;
  name: string;
  kind: string;
  config: Json;
  version: number;
  secrets_version: number;
  state: RemoteState;
  waits: number;
  account_id: number | null;
  probe: Json | null;
}

export type PairSliceStore = ReturnType<typeof createPairSliceStore>;

/** The data that a slice reads and writes about its pair. */
export function createPairSliceStore(db: Db, pairId: number, hold: SliceHold) {
  return {
    /** Null: there is no such pair any more. */
    async load(): Promise<SlicePair | null> {
      const result = await db.raw<{ rows: PairRow[] }>(
        `select p.id, p.name, p.mode, p.config, p.config_version, p.seen_version, p.paused_at is not null as is_paused,
           extract(epoch from p.check_at - now())::float8 as check_in, extract(epoch from p.whole_at - now())::float8 as whole_in,
           ${systemJson('h')} as here, ${systemJson('t')} as there,
           (select jsonb_object_agg(c.side, jsonb_build_object('value', c.value, 'listing_value', c.listing_value))
            from pair_cursor c where c.pair_id = p.id) as cursors
         from pair p join remote_system h on h.id = p.here_id join remote_system t on t.id = p.there_id
         where p.id = :pairId`,
        { pairId },
      );
      const row = result.rows[0];
      return row === undefined ? null : pairFrom(row);
    },

    /** Other pairs of the same two systems, of these names. `isSwapped`: what is here for this pair is there for that one. */
    async pairsNamed(names: readonly string[]): Promise<NamedPair[]> {
      const result = await db.raw<{ rows: NamedPair[] }>(
        `select o.id, o.name, o.here_id = p.there_id and o.here_id <> p.here_id as "isSwapped"
         from pair o, pair p where p.id = :pairId and o.id <> p.id and o.name = any(:names)
           and (o.here_id = p.here_id and o.there_id = p.there_id or o.here_id = p.there_id and o.there_id = p.here_id)`,
        { pairId, names: [...names] },
      );
      return result.rows;
    },

    /** When a check and a whole listing are due. */
    async schedule(due: { readonly checkAt: Date | null; readonly wholeAt: Date | null }): Promise<void> {
      await db.raw(
        `${withGuard} update pair set check_at = :checkAt, whole_at = :wholeAt where id = :pairId and exists (select from guard)`,
        { ...guardBindings(hold), pairId, ...due },
      );
    },

    /** A check, or a whole listing, comes due in so many seconds, if it does not sooner. */
    async hasten(kind: 'check' | 'whole', seconds: number): Promise<void> {
      const column = kind === 'whole' ? 'whole_at' : 'check_at';
      await db.raw(
        `${withGuard}
         update pair set ${column} = least(${column}, now() + make_interval(secs => :seconds)) where id = :pairId and exists (select from guard)`,
        { ...guardBindings(hold), pairId, seconds },
      );
    },

    /** Until a check or a whole listing is due; null: neither is. */
    async dueInSeconds(): Promise<number | null> {
      const result = await db.raw<{ rows: { seconds: number | null }[] }>(
        `select extract(epoch from least(check_at, whole_at) - now())::float8 as seconds from pair where id = :pairId`,
        { pairId },
      );
      return result.rows[0]?.seconds ?? null;
    },

    /** Pauses the pair until someone corrects the problem. False: it was already paused. */
    async pausePair(reason: string, by: string | null): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `${withGuard}
         update pair set paused_at = now(), paused_reason = :reason, paused_by = :by
         where id = :pairId and paused_at is null and exists (select from guard)`,
        { ...guardBindings(hold), pairId, reason, by },
      );
      return result.rowCount === 1;
    },

    /**
     * Pauses the system until a person resumes it. False: it was already paused, or someone has changed its settings or
     * secrets since the slice read them.
     */
    async pauseSystem(
      { id, version, secretsVersion }: Pick<SliceSystem, 'id' | 'version' | 'secretsVersion'>,
      reason: string,
    ): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `${withGuard}
         update remote_system set state = 'paused', paused_at = now(), paused_reason = left(:reason, 500), not_before = null
         where id = :id and state <> 'paused' and version = :version and secrets_version = :secretsVersion
           and exists (select from guard)`,
        { ...guardBindings(hold), id, version, secretsVersion, reason },
      );
      return result.rowCount === 1;
    },

    /** Stops all calls to the system for this many seconds, for all its pairs. */
    async throttleSystem(id: number, seconds: number): Promise<void> {
      await db.raw(
        `${withGuard}
         update remote_system set state = 'throttled', not_before = greatest(not_before, now() + make_interval(secs => :seconds))
         where id = :id and state <> 'paused' and exists (select from guard)`,
        { ...guardBindings(hold), id, seconds },
      );
    },

    /** Records that the systems have answered. */
    async systemsAreUp(ids: readonly number[]): Promise<void> {
      await db.raw(
        `${withGuard}
         update remote_system set state = 'up', not_before = null, checked_at = now()
         where id = any(cast(:ids as int[])) and (state = 'unknown' or state = 'throttled' and not_before <= now()) and exists (select from guard)`,
        { ...guardBindings(hold), ids: [...ids] },
      );
    },

    /** Seconds that no call is made to any of them; 0: they may be called; null: one is paused. */
    async waitSeconds(ids: readonly number[]): Promise<number | null> {
      const result = await db.raw<{ rows: { is_paused: boolean; waits: number }[] }>(
        `select bool_or(state = 'paused') as is_paused,
           coalesce(max(case when state = 'throttled' then greatest(0, extract(epoch from not_before - now())) end), 0)::float8 as waits
         from remote_system where id = any(cast(:ids as int[]))`,
        { ids: [...ids] },
      );
      const row = result.rows[0];
      return row === undefined || row.is_paused ? null : row.waits;
    },

    /** Adds notifications, once for each key. */
    async notify(event: string, key: string, facts: object): Promise<void> {
      await db.raw(
        `${withGuard} select notify_targets_of_pair(:event, :pairId, :key, clock_timestamp(), cast(:facts as jsonb)) from guard`,
        { ...guardBindings(hold), pairId, event, key, facts: JSON.stringify(facts) },
      );
    },
  };
}

const systemJson = (
  alias: string,
) => `jsonb_build_object('id', ${alias}.id, 'name', ${alias}.name, 'kind', ${alias}.kind,
  'config', ${alias}.config, 'version', ${alias}.version, 'secrets_version', ${alias}.secrets_version, 'state', ${alias}.state, 'account_id', ${alias}.account_id, 'probe', ${alias}.probe,
  'waits', case when ${alias}.state = 'throttled' then greatest(0, extract(epoch from ${alias}.not_before - now())) else 0 end)`;

const pairFrom = (row: PairRow): SlicePair => ({
  id: row.id,
  name: row.name,
  mode: row.mode,
  config: row.config,
  configVersion: row.config_version,
  seenVersion: row.seen_version,
  isPaused: row.is_paused,
  systems: { here: systemFrom(row.here), there: systemFrom(row.there) },
  checkInSeconds: row.check_in,
  wholeInSeconds: row.whole_in,
  cursors: { here: cursorFrom(row.cursors?.here), there: cursorFrom(row.cursors?.there) },
});

const systemFrom = (row: SystemRow): SliceSystem => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  config: row.config,
  version: row.version,
  secretsVersion: row.secrets_version,
  state: row.state,
  waitsSeconds: row.waits,
  accountId: row.account_id,
  probe: row.probe,
});

const cursorFrom = (row: CursorRow | undefined): SliceCursor => ({
  value: row?.value ?? null,
  listingValue: row?.listing_value ?? null,
});
