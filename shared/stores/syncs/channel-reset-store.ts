import type { Reason } from '../../domain/reason';
import { reasonColumns } from '../../formats/stored-reason';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import type { Statut } from '../../domain/statut';

/** A channel that went back to 0, and what was given up for it. */
export interface ResetChannel {
  readonly solutionId: number;
  readonly syncId: string;
  /** The status before. */
  readonly statut: Statut;
}

interface Row {
  solution_id: number;
  statut: Statut;
  sync_id: string;
}

export type ChannelResetStore = ReturnType<typeof createChannelResetStore>;

/** The reset of channels: all of it is one transaction, which the caller gives. */
export function createChannelResetStore(db: Db) {
  return {
    /**
     * Sends channels back to 0, whatever runs there: the sync is abandoned (its upload stays), its job can no
     * longer be finished by whoever holds it, and its flags and instructions wait for the next sync. A channel that
     * is at 0 is left alone.
     */
    async reset(solutionIds: readonly number[], channel: Channel): Promise<ResetChannel[]> {
      const locked = await lockSyncs(solutionIds, channel);
      const busy = await lockBusy(solutionIds, channel, locked);
      const syncIds = busy.map((row) => row.sync_id);
      await abandonSyncs(syncIds);
      await freeChannels(
        busy.map((row) => row.solution_id),
        channel,
      );
      await giveUpWork(syncIds);
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
    const result = await db.raw<{ rows: Row[] }>(
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
      `insert into sync_event (sync_id, step, detail, reason_code, reason_values)
       select id, 'abandoned', 'The channel was reset.', :reason_code, cast(:reason_values as jsonb)
       from unnest(cast(:syncIds as uuid[])) as id`,
      { ...bindings, ...reasonColumns(reset) },
    );
  }
}

const reset: Reason = { code: 'channel-reset', values: {} };

const resetFrom = (row: Row): ResetChannel => ({
  solutionId: row.solution_id,
  syncId: row.sync_id,
  statut: row.statut,
});
