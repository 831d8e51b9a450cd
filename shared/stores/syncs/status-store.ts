import type { Channel, ChannelKey } from '../../domain/channel';
import { type Statut, statutFrom, type StatutMove, statutMoves } from '../../domain/statut';
import type { Db } from '../../db/database';

export interface ChannelStatus {
  readonly channel: Channel;
  readonly statut: Statut;
  /** The sync under way; at 0 the last one. Null before the first. */
  readonly syncId: string | null;
  readonly since: Date;
  /** Grows with every change. */
  readonly revision: number;
}

interface Row {
  channel: Channel;
  statut: number;
  sync_id: string | null;
  since: Date;
  revision: string;
}

const columns = ['channel', 'statut', 'sync_id', 'since', 'revision'] as const;

export type StatusStore = ReturnType<typeof createStatusStore>;

/** The status of each channel. What may race is one statement that answers whether it won. */
export function createStatusStore(db: Db) {
  return {
    async read(key: ChannelKey): Promise<ChannelStatus | null> {
      const row = await db<Row>('channel_status')
        .where(where(key))
        .first(...columns);
      return row === undefined ? null : statusFrom(row);
    },

    /** The solution asks for the highest ids, to choose by them what it sends. Answers the status; null: no such channel. */
    async noteIdsAsked(key: ChannelKey): Promise<Statut | null> {
      const [row] = await db<Row & { ids_asked_at: Date }>('channel_status')
        .where(where(key))
        .update({ ids_asked_at: db.fn.now() })
        .returning('statut');
      return row === undefined ? null : statutFrom(row.statut);
    },

    /** The same, and nobody else may change it before the transaction ends. */
    async readLocked(key: ChannelKey): Promise<ChannelStatus | null> {
      const row = await db<Row>('channel_status')
        .where(where(key))
        .forUpdate()
        .first(...columns);
      return row === undefined ? null : statusFrom(row);
    },

    /** Takes the free channel for a sync. False: it was not free. */
    async claim(key: ChannelKey, syncId: string): Promise<boolean> {
      const { from, to } = statutMoves.uploadClaimed;
      const moved = await db('channel_status')
        .where({ ...where(key), statut: from })
        .update({ statut: to, sync_id: syncId });
      return moved === 1;
    },

    /** Moves the status of a sync. False: the channel is no longer this sync's, or not where the move begins. */
    async move(
      key: ChannelKey,
      syncId: string,
      move: Exclude<StatutMove, 'uploadClaimed'>,
    ): Promise<boolean> {
      const { from, to } = statutMoves[move];
      const moved = await db('channel_status')
        .where({ ...where(key), statut: from, sync_id: syncId })
        .update({ statut: to });
      return moved === 1;
    },

    /** Frees the channel of a refused upload, as if it had never come. False: the channel is no longer this sync's. */
    async release(key: ChannelKey, syncId: string): Promise<boolean> {
      const { from, to } = statutMoves.uploadRefused;
      const moved = await db('channel_status')
        .where({ ...where(key), statut: from, sync_id: syncId })
        .update({
          statut: to,
          sync_id: db('sync')
            .where(where(key))
            .whereNot('id', syncId)
            .orderBy('received_at', 'desc')
            .limit(1)
            .select('id'),
        });
      return moved === 1;
    },
  };
}

const where = (key: ChannelKey) => ({ solution_id: key.solutionId, channel: key.channel });

const statusFrom = (row: Row): ChannelStatus => ({
  channel: row.channel,
  statut: statutFrom(row.statut),
  syncId: row.sync_id,
  since: row.since,
  revision: Number(row.revision),
});
