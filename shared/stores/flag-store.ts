import { handshakeFlags } from '../catalog/special-syncs';
import type { Db } from '../db/database';
import type { Channel, ChannelKey } from '../domain/channel';
import type { Flag } from '../domain/flag';
import type { Statut } from '../domain/statut';

/** A special synchronisation that staff asked for and that has not been confirmed yet. */
export interface SetFlag {
  readonly channel: Channel;
  readonly flag: Flag;
  /** E-mail. */
  readonly setBy: string;
  readonly setAt: Date;
  /** The sync that honours it; null: none has begun yet. */
  readonly syncId: string | null;
}

/** A channel that went back to 0, and what was given up for it. */
export interface ResetChannel {
  readonly solutionId: number;
  readonly syncId: string;
  /** The status before. */
  readonly statut: Statut;
}

interface Row {
  solution_id: number;
  channel: Channel;
  flag: Flag;
  set_by: string;
  set_at: Date;
  sync_id: string | null;
  answered_at: Date | null;
}

const columns = ['channel', 'flag', 'set_by', 'set_at', 'sync_id'] as const;

export type FlagStore = ReturnType<typeof createFlagStore>;

/** Flags, and the reset of a channel: the one flag that acts at once and is never stored. */
export function createFlagStore(db: Db) {
  return {
    /** Those that the channel's next or present sync has to honour. */
    async listOf(key: ChannelKey): Promise<Flag[]> {
      const rows = await db<Row>('solution_flag').where(where(key)).orderBy('flag').select('flag');
      return rows.map((row) => row.flag);
    },

    async listOfSolution(solutionId: number): Promise<SetFlag[]> {
      const rows = await db<Row>('solution_flag')
        .where({ solution_id: solutionId })
        .orderBy(['channel', 'flag'])
        .select(...columns);
      return rows.map(flagFrom);
    },

    /** Asking again while a sync honours it asks for one more sync. */
    async set(solutionIds: readonly number[], channel: Channel, flag: Flag, setBy: string): Promise<void> {
      await db.raw(
        `insert into solution_flag (solution_id, channel, flag, set_by)
         select id, :channel, :flag, :setBy from unnest(cast(:ids as int[])) as id order by id
         on conflict (solution_id, channel, flag) do update
           set set_by = excluded.set_by, set_at = now(), sync_id = null, answered_at = null`,
        { ids: [...solutionIds], channel, flag, setBy },
      );
    },

    /** False: it was not set. */
    async clear(key: ChannelKey, flag: Flag): Promise<boolean> {
      return (
        (await db('solution_flag')
          .where({ ...where(key), flag })
          .delete()) === 1
      );
    },

    /** The solution has been told of them in the handshake; its next upload is the answer. */
    async markAnswered(key: ChannelKey, flags: readonly Flag[]): Promise<void> {
      await db<Row>('solution_flag')
        .where(where(key))
        .whereIn('flag', flags)
        .update({ answered_at: db.fn.now() });
    },

    /** Marks the flags that wait on the channel, and that an upload now in can honour, as honoured by its sync. */
    async honour(key: ChannelKey, syncId: string): Promise<Flag[]> {
      const rows = await db<Row>('solution_flag')
        .where(where(key))
        .whereNull('sync_id')
        .andWhereRaw('(flag <> all(?) or answered_at is not null)', [[...handshakeFlags]])
        .update({ sync_id: syncId })
        .returning('flag');
      return rows.map((row) => row.flag);
    },

    async honouredBy(syncId: string): Promise<Flag[]> {
      const rows = await db<Row>('solution_flag').where({ sync_id: syncId }).select('flag');
      return rows.map((row) => row.flag);
    },

    /** The sync could not honour its flags: they wait for the next. */
    async releaseFrom(syncId: string): Promise<void> {
      await db<Row>('solution_flag').where({ sync_id: syncId }).update({ sync_id: null });
    },

    /** The sync is confirmed: the flags that it honoured are done, and the audit trail tells so. Answers them. */
    async consume(key: ChannelKey, syncId: string): Promise<Flag[]> {
      const result = await db.raw<{ rows: { flag: Flag }[] }>(
        `with consumed as (
           delete from solution_flag where solution_id = :solutionId and channel = :channel and sync_id = :syncId
           returning solution_id, channel, flag, set_by, sync_id
         ), told as (
           insert into audit (actor, action, solution_id, before)
           select 'solution', 'flag.consume', solution_id,
             jsonb_build_object('channel', channel, 'flag', flag, 'setBy', set_by, 'sync', sync_id)
           from consumed
         )
         select flag from consumed order by flag`,
        { ...key, syncId },
      );
      return result.rows.map((row) => row.flag);
    },

    /**
     * Sends channels back to 0, whatever runs there: the sync is abandoned (its upload stays), its job can no
     * longer be finished by whoever holds it, and its flags and instructions wait for the next sync. A channel that
     * is at 0 is left alone.
     */
    async resetChannels(solutionIds: readonly number[], channel: Channel): Promise<ResetChannel[]> {
      const syncIds = await lockSyncs(solutionIds, channel);
      const busy = await lockBusy(solutionIds, channel, syncIds);
      await abandonSyncs(busy.map((row) => row.sync_id));
      await freeChannels(
        busy.map((row) => row.solution_id),
        channel,
      );
      await giveUpWork(busy.map((row) => row.sync_id));
      return busy.map(resetFrom);
    },
  };

  /** Sync, status, job: rows are taken in the order in which a worker takes them, so that neither waits for the other. */
  async function lockSyncs(solutionIds: readonly number[], channel: Channel): Promise<string[]> {
    const result = await db.raw<{ rows: { id: string }[] }>(
      `select y.id from channel_status c join sync y on y.id = c.sync_id
       where c.solution_id = any(:ids) and c.channel = :channel and c.statut <> 0
       order by y.id for no key update of y`,
      { ids: [...solutionIds], channel },
    );
    return result.rows.map((row) => row.id);
  }

  /** Those of the syncs that still hold their channel. */
  async function lockBusy(solutionIds: readonly number[], channel: Channel, syncIds: readonly string[]) {
    const result = await db.raw<{ rows: BusyRow[] }>(
      `select solution_id, statut, sync_id from channel_status
       where solution_id = any(:ids) and channel = :channel and statut <> 0 and sync_id = any(cast(:syncIds as uuid[]))
       order by solution_id for no key update`,
      { ids: [...solutionIds], channel, syncIds: [...syncIds] },
    );
    return result.rows;
  }

  /** A worker in the middle of the sync holds no lock that this waits for: it finds out when it is done. */
  async function abandonSyncs(syncIds: readonly string[]): Promise<void> {
    await db.raw(
      `update sync set state = 'abandoned', receiving_until = null,
         -- What never became whole may be sent again under its key.
         idempotency_key = case when state = 'receiving' then null else idempotency_key end
       where id = any(cast(? as uuid[]))`,
      [[...syncIds]],
    );
  }

  async function freeChannels(solutionIds: readonly number[], channel: Channel): Promise<void> {
    await db.raw(
      `update channel_status set statut = 0 where solution_id = any(:ids) and channel = :channel`,
      {
        ids: [...solutionIds],
        channel,
      },
    );
  }

  async function giveUpWork(syncIds: readonly string[]): Promise<void> {
    const bindings = { syncIds: [...syncIds] };
    await db.raw(
      `update job set state = 'dead', lease_until = null, finished_at = now()
       where sync_id = any(cast(:syncIds as uuid[])) and state in ('queued', 'running')`,
      bindings,
    );
    // What was told of parameters stays: the solution may have carried it out without confirming it.
    await db.raw(
      `delete from instruction where sync_id = any(cast(:syncIds as uuid[])) and id_server is null`,
      bindings,
    );
    await db.raw(
      `update solution_flag set sync_id = null where sync_id = any(cast(:syncIds as uuid[]))`,
      bindings,
    );
    await db.raw(
      `insert into sync_event (sync_id, step, detail)
       select id, 'abandoned', 'The channel was reset.' from unnest(cast(:syncIds as uuid[])) as id`,
      bindings,
    );
  }
}

interface BusyRow {
  solution_id: number;
  statut: Statut;
  sync_id: string;
}

const where = (key: ChannelKey) => ({ solution_id: key.solutionId, channel: key.channel });

const flagFrom = (row: Pick<Row, (typeof columns)[number]>): SetFlag => ({
  channel: row.channel,
  flag: row.flag,
  setBy: row.set_by,
  setAt: row.set_at,
  syncId: row.sync_id,
});

const resetFrom = (row: BusyRow): ResetChannel => ({
  solutionId: row.solution_id,
  syncId: row.sync_id,
  statut: row.statut,
});
