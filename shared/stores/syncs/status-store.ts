import { type Channel, type ChannelKey, channels } from '../../domain/channel';
import type { Quotas } from '../../domain/quota';
import { type Statut, statutFrom, statutMoves } from '../../domain/statut';
import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';

export interface ChannelStatus {
  readonly channel: Channel;
  readonly statut: Statut;
  /** The sync in progress. At status 0, the last one. Null before the first. */
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

export type StatusStore = ReturnType<typeof createStatusStore>;

/** The status of each channel. Each operation that may race is one statement that returns whether it succeeded. */
export function createStatusStore(db: Db) {
  return {
    /** The channels of a new solution begin at 0. */
    async begin(solutionId: number): Promise<void> {
      await db('channel_status').insert(channels.map((channel) => ({ solution_id: solutionId, channel })));
    },

    async read(key: ChannelKey): Promise<ChannelStatus | null> {
      const [row] = await readStatus(db, { ...key });
      return row === undefined ? null : statusFrom(row);
    },

    /**
     * Takes the free channel for a new sync, which counts against no quota. Returns the revision of the status; null: the
     * channel was not free.
     */
    async claim(key: ChannelKey, upload: ReceivedUpload): Promise<number | null> {
      const { rows } = await db.raw<{ rows: { revision: string }[] }>(
        `with claimed as (${claimedSql}), received as (${receivedSql}) select revision from claimed`,
        { ...key, ...upload, ...uploadClaimed },
      );
      const [claimed] = rows;
      return claimed === undefined ? null : Number(claimed.revision);
    },

    /**
     * Takes the free channel for a new sync, and counts the sync and its bytes. `beyond-quota`: a daily limit of the
     * solution or of its account does not allow it. Then nothing was changed, and a surrounding transaction is aborted.
     * However many uploads arrive at once, the limit holds. Returns the revision of the status.
     */
    async claimWithinQuota(
      key: ChannelKey,
      upload: ReceivedUpload,
      { bytes, standard }: CountedUpload,
    ): Promise<number | 'busy' | 'beyond-quota'> {
      const { syncsPerDay, bytesPerDay } = standard;
      const counting = { bytes, syncsPerDay, bytesPerDay };
      try {
        const [claimed] = await claimChannel(db, { ...key, ...upload, ...uploadClaimed, ...counting });
        return claimed === undefined ? 'busy' : Number(claimed.revision);
      } catch (error) {
        if (isBeyondQuota(error)) return 'beyond-quota';
        throw error;
      }
    },

    /**
     * Frees the channel of a refused upload, as if it had never been sent. False: the channel no longer belongs to this
     * sync.
     */
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

/** An upload that is being received. */
export interface ReceivedUpload {
  /** The id of the sync that it begins. */
  readonly syncId: string;
  readonly idempotencyKey: string | null;
  /** After this time without a sign of life, it counts as dead. */
  readonly receivingSeconds: number;
}

/** An upload as the day's quotas count it. */
export interface CountedUpload {
  /** As it was announced. */
  readonly bytes: number;
  /** The limits of solutions without their own. */
  readonly standard: Pick<Quotas, 'syncsPerDay' | 'bytesPerDay'>;
}

/** Whether the 24 hours of the row `q` are over, and others begin. */
const isNewDay = `q.day_began_at <= now() - interval '24 hours'`;

/** The values of the row `q` of a quota once the upload `u` is counted in it. */
const counted = `
  day_began_at = case when ${isNewDay} then now() else q.day_began_at end,
  syncs_used = case when ${isNewDay} then 1 else q.syncs_used + 1 end,
  bytes_used = case when ${isNewDay} then 0 else q.bytes_used end + cast(:bytes as bigint)`;

const uploadClaimed = statutMoves.uploadClaimed;

const claimedSql = `
  update channel_status set statut = :to, sync_id = :syncId
  where solution_id = :solutionId and channel = :channel and statut = :from
  returning solution_id, revision`;

const receivedSql = `
  insert into sync (id, solution_id, channel, state, idempotency_key, receiving_until)
  select cast(:syncId as uuid), solution_id, cast(:channel as text), 'receiving', cast(:idempotencyKey as text),
    now() + make_interval(secs => :receivingSeconds)
  from claimed`;

/**
 * Source: ePack V4, POST /v4/{channel}/datas: "bytes and syncs a day are bounded". The account's row is locked after the
 * solution's, always: two channels of one solution wait for each other, and never in a circle.
 */
const claimChannel = prepared<ClaimRow, ClaimBindings>(
  'claim_channel',
  `with claimed as (${claimedSql}), received as (${receivedSql}), own as (
    insert into solution_quota as q (solution_id, syncs_used, bytes_used)
    select solution_id, 1, cast(:bytes as bigint) from claimed
    where cast(:bytes as bigint) <= coalesce(
      (select bytes_per_day from solution_quota own where own.solution_id = claimed.solution_id), cast(:bytesPerDay as bigint))
    on conflict (solution_id) do update set ${counted}
    where ${isNewDay} or q.syncs_used < coalesce(q.syncs_per_day, cast(:syncsPerDay as int))
      and q.bytes_used + cast(:bytes as bigint) <= coalesce(q.bytes_per_day, cast(:bytesPerDay as bigint))
    returning solution_id
  ), whole as (
    update account_quota q set ${counted}
    from own join solution s on s.id = own.solution_id
    where q.account_id = s.account_id and (q.bytes_per_day is null or cast(:bytes as bigint) <= q.bytes_per_day)
      and (${isNewDay} or (q.syncs_per_day is null or q.syncs_used < q.syncs_per_day)
        and (q.bytes_per_day is null or q.bytes_used + cast(:bytes as bigint) <= q.bytes_per_day))
    returning q.account_id
  )
  select revision, case when not (exists (select from own) and (exists (select from whole) or not exists (
    select from account_quota q join solution s on s.account_id = q.account_id where s.id = :solutionId
  ))) then refuse_beyond_quota() end
  from claimed`,
);

/** The error of the function `refuse_beyond_quota`. */
const isBeyondQuota = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPQTA';

type ClaimBindings = Readonly<Record<keyof ChannelKey, string | number>> &
  ReceivedUpload &
  Omit<CountedUpload, 'standard'> &
  CountedUpload['standard'] &
  typeof uploadClaimed;

const readStatus = prepared<Row, Readonly<Record<keyof ChannelKey, string | number>>>(
  'read_status',
  `select channel, statut, sync_id, since, revision from channel_status
   where solution_id = :solutionId and channel = :channel`,
);

interface ClaimRow {
  revision: string;
}

const where = (key: ChannelKey) => ({ solution_id: key.solutionId, channel: key.channel });

const statusFrom = (row: Row): ChannelStatus => ({
  channel: row.channel,
  statut: statutFrom(row.statut),
  syncId: row.sync_id,
  since: row.since,
  revision: Number(row.revision),
});
