import type { Db } from '../../db/database';
import type { Channel, ChannelKey } from '../../domain/channel';
import type { Flag } from '../../domain/flag';

/** A special synchronisation that staff asked for and that has not been confirmed yet. */
export interface SetFlag {
  readonly channel: Channel;
  readonly flag: Flag;
  /** E-mail. */
  readonly setBy: string;
  readonly setAt: Date;
  /** The sync that carries it out. Null: no such sync has begun yet. */
  readonly syncId: string | null;
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

/** A flag that is done, and who had set it. */
export interface ConsumedFlag {
  readonly flag: Flag;
  /** E-mail, or `solution`. */
  readonly setBy: string;
}

export type FlagStore = ReturnType<typeof createFlagStore>;

/** All flags except `reset-status`, which takes effect at once and is never stored (see `ChannelResetStore`). */
export function createFlagStore(db: Db) {
  return {
    async listOfSolution(solutionId: number): Promise<SetFlag[]> {
      const rows = await db<Row>('solution_flag')
        .where({ solution_id: solutionId })
        .orderBy(['channel', 'flag'])
        .select(...columns);
      return rows.map(flagFrom);
    },

    /** Setting a flag again while a sync carries it out requests one more such sync. */
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

    /**
     * Clears many flags that are still as they were set, and that no sync has begun to carry out. `setAt`: the exact
     * time, as PostgreSQL writes it. Returns those that were cleared.
     */
    async takeBack<Flagged extends ChannelKey & { readonly flag: Flag; readonly setAt: string }>(
      set: readonly Flagged[],
    ): Promise<Flagged[]> {
      const { rows } = await db.raw<{ rows: { place: number }[] }>(
        `delete from solution_flag f
         using jsonb_to_recordset(cast(:rows as jsonb))
           as given (place int, "solutionId" int, channel text, flag text, "setAt" timestamptz)
         where f.solution_id = given."solutionId" and f.channel = given.channel and f.flag = given.flag
           and f.set_at = given."setAt" and f.sync_id is null
         returning given.place`,
        { rows: JSON.stringify(set.map((one, place) => ({ ...one, place }))) },
      );
      const taken = new Set(rows.map(({ place }) => place));
      return set.filter((_one, place) => taken.has(place));
    },

    /** The handshake has told the solution about these flags, so its next upload answers them. */
    async markAnswered(key: ChannelKey, flags: readonly Flag[]): Promise<void> {
      await db<Row>('solution_flag')
        .where(where(key))
        .whereIn('flag', flags)
        .update({ answered_at: db.fn.now() });
    },

    async honouredBy(syncId: string): Promise<Flag[]> {
      const rows = await db<Row>('solution_flag').where({ sync_id: syncId }).select('flag');
      return rows.map((row) => row.flag);
    },

    /** These syncs could not carry out their flags, so the flags wait for the next sync. */
    async releaseFrom(syncIds: readonly string[]): Promise<void> {
      await db<Row>('solution_flag').whereIn('sync_id', syncIds).update({ sync_id: null });
    },

    /** Removes the flags that a confirmed sync carried out. Returns them, by name. */
    async consume(key: ChannelKey, syncId: string): Promise<ConsumedFlag[]> {
      const result = await db.raw<{ rows: ConsumedFlag[] }>(
        `with consumed as (
           delete from solution_flag where solution_id = :solutionId and channel = :channel and sync_id = :syncId
           returning flag, set_by
         )
         select flag, set_by as "setBy" from consumed order by flag`,
        { ...key, syncId },
      );
      return result.rows;
    },
  };
}

const where = (key: ChannelKey) => ({ solution_id: key.solutionId, channel: key.channel });

const flagFrom = (row: Pick<Row, (typeof columns)[number]>): SetFlag => ({
  channel: row.channel,
  flag: row.flag,
  setBy: row.set_by,
  setAt: row.set_at,
  syncId: row.sync_id,
});
