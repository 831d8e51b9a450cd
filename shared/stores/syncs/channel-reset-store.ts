import type { Reason } from '../../domain/reason';
import { reasonColumns } from '../../formats/stored-reason';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import type { Statut } from '../../domain/statut';

/** A channel that was reset to 0, and the sync that was given up for it. */
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

/**
 * Resets channels. The caller provides the one transaction for all of it, and releases in it what the syncs held: jobs,
 * instructions, flags.
 */
export function createChannelResetStore(db: Db) {
  return {
    /**
     * Resets channels to 0, whatever is in progress: the syncs are abandoned, and their uploads stay. A channel at 0 is not
     * changed.
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
      await tellAbandoned(syncIds);
      return busy.map(resetFrom);
    },
  };

  /** Locks the rows of sync, status and job in the same order as a worker, so that there is no deadlock. */
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

  /**
   * This does not wait for a worker that is processing the sync. The worker notices the reset when it tries to finish.
   */
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

  async function tellAbandoned(syncIds: readonly string[]): Promise<void> {
    await db.raw(
      `insert into sync_event (sync_id, step, detail, reason_code, reason_values)
       select id, 'abandoned', 'The channel was reset.', :reason_code, cast(:reason_values as jsonb)
       from unnest(cast(:syncIds as uuid[])) as id`,
      { syncIds: [...syncIds], ...reasonColumns(reset) },
    );
  }
}

const reset: Reason = { code: 'channel-reset', values: {} };

const resetFrom = (row: Row): ResetChannel => ({
  solutionId: row.solution_id,
  syncId: row.sync_id,
  statut: row.statut,
});
