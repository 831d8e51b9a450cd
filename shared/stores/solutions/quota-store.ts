import type { Db } from '../../db/database';
import {
  type AccountQuotaName,
  accountQuotaNames,
  type AccountQuotas,
  type OwnQuotas,
  type QuotaName,
  quotaNames,
  type QuotaRefusal,
  type Quotas,
  type QuotaUse,
} from '../../domain/quota';

/** The limits of one solution or account, how much of each is used, and when its day ends. */
export interface Holding<Own, Use> {
  /** Its own limits. */
  readonly own: Own;
  readonly used: Use;
  /** When the daily counts start again. Null: nothing has been counted yet. */
  readonly dayEndsAt: Date | null;
}

export interface SolutionHolding extends Holding<OwnQuotas, QuotaUse> {
  /** The last time that one of the limits refused something. */
  readonly refusedAt: Date | null;
  /** Which limit refused. `account` or `server`: the limit belongs to its account or to the server. */
  readonly refusedFor: string | null;
}

export type AccountHolding = Holding<AccountQuotas, Omit<QuotaUse, 'extraColumns'>>;

/** A resumable upload that is to be begun. */
export interface AnnouncedUpload {
  readonly id: string;
  readonly solutionId: number;
  readonly bytes: number;
}

const columnOf: Record<QuotaName, string> = {
  syncsPerDay: 'syncs_per_day',
  bytesPerDay: 'bytes_per_day',
  openUploads: 'open_uploads',
  openUploadBytes: 'open_upload_bytes',
  openQuarantine: 'open_quarantine',
  extraColumns: 'extra_columns',
};

export type QuotaStore = ReturnType<typeof createQuotaStore>;

/**
 * The limits of solutions and accounts, and their use. Syncs and bytes are counted where the channel is claimed
 * (`claimWithinQuota`), everything else here. Each operation that may race is one statement that returns whether the
 * limit allowed it.
 */
export function createQuotaStore(db: Db) {
  return {
    /** Null: there is no such solution. */
    async ofSolution(id: number): Promise<SolutionHolding | null> {
      const { rows } = await db.raw<{ rows: SolutionRow[] }>(
        `select ${ownColumns(quotaNames)}, ${dayColumns}, coalesce(q.uploads_open, 0) as uploads_open,
           coalesce(q.upload_bytes_open, 0)::text as upload_bytes_open, q.refused_at, q.refused_for,
           (select count(*)::int from quarantine where solution_id = s.id and state = 'open') as quarantine_open,
           (select coalesce(max(cardinality(names)), 0) from log_extra_columns where solution_id = s.id) as most_extra
         from solution s left join solution_quota q on q.solution_id = s.id where s.id = :id`,
        { id },
      );
      const row = rows[0];
      return row === undefined ? null : solutionHoldingFrom(row);
    },

    /** Null: there is no such account. */
    async ofAccount(id: number): Promise<AccountHolding | null> {
      const { rows } = await db.raw<{ rows: HolderRow[] }>(
        `select ${ownColumns(accountQuotaNames)}, ${dayColumns}, open.uploads_open, open.upload_bytes_open,
           (select count(*)::int from quarantine i join solution s on s.id = i.solution_id
            where s.account_id = a.id and i.state = 'open') as quarantine_open
         from account a left join account_quota q on q.account_id = a.id cross join lateral (${openOfAccount}) open
         where a.id = :id`,
        { id },
      );
      const row = rows[0];
      return row === undefined ? null : accountHoldingFrom(row);
    },

    /** The account that a solution belongs to. */
    async accountOf(solutionId: number): Promise<number | null> {
      const row = await db<{ id: number; account_id: number }>('solution')
        .where({ id: solutionId })
        .first('account_id');
      return row?.account_id ?? null;
    },

    async setOfSolution(id: number, own: OwnQuotas): Promise<void> {
      await db('solution_quota')
        .insert({ solution_id: id, ...columnsFrom(own, quotaNames) })
        .onConflict('solution_id')
        .merge(quotaNames.map((name) => columnOf[name]));
    },

    /** An account without a limit has no row, so that its solutions do not wait for each other. */
    async setOfAccount(id: number, own: AccountQuotas): Promise<void> {
      if (accountQuotaNames.every((name) => own[name] === null)) {
        await db('account_quota').where({ account_id: id }).delete();
        return;
      }
      await db('account_quota')
        .insert({ account_id: id, ...columnsFrom(own, accountQuotaNames) })
        .onConflict('account_id')
        .merge(accountQuotaNames.map((name) => columnOf[name]));
    },

    /** Counts bytes that were not announced. False: the daily limit of the solution does not allow them. */
    async countBytes(
      solutionId: number,
      bytes: number,
      { bytesPerDay }: Pick<Quotas, 'bytesPerDay'>,
    ): Promise<boolean> {
      const { rows } = await db.raw<{ rows: { is_within_quota: boolean }[] }>(
        `with own as (
           update solution_quota q set bytes_used = q.bytes_used + :bytes
           where q.solution_id = :solutionId and q.bytes_used + :bytes <= coalesce(q.bytes_per_day, :bytesPerDay)
           returning q.solution_id
         ), whole as (
           update account_quota q set bytes_used = q.bytes_used + :bytes
           from own join solution s on s.id = own.solution_id
           where q.account_id = s.account_id
             and (q.bytes_per_day is null or q.bytes_used + :bytes <= q.bytes_per_day)
           returning q.account_id
         )
         select exists (select from own) and (exists (select from whole) or not exists (
           select from account_quota q join solution s on s.account_id = q.account_id where s.id = :solutionId
         )) as is_within_quota`,
        { solutionId, bytes, bytesPerDay },
      );
      return rows[0]?.is_within_quota === true;
    },

    /**
     * Records a resumable upload. False: a limit does not allow it. Call it in a transaction: if the account has a
     * limit, its solutions wait for each other, so that the sum is right.
     */
    async openUpload(
      { id, solutionId, bytes }: AnnouncedUpload,
      { openUploads, openUploadBytes }: Pick<Quotas, 'openUploads' | 'openUploadBytes'>,
    ): Promise<boolean> {
      await db.raw(
        `select from account_quota q join solution s on s.account_id = q.account_id where s.id = ? for no key update of q`,
        [solutionId],
      );
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `with own as (
           insert into solution_quota as q (solution_id, uploads_open, upload_bytes_open)
           select s.id, 1, :bytes from solution s left join account_quota q on q.account_id = s.account_id
             left join solution_quota own on own.solution_id = s.id
             cross join lateral (${openOfAccount.replace('a.id', 's.account_id')}) open
           where s.id = :solutionId and cast(:bytes as bigint) <= coalesce(own.open_upload_bytes, :openUploadBytes)
             and (q.open_uploads is null or open.uploads_open < q.open_uploads)
             and (q.open_upload_bytes is null or open.upload_bytes_open + :bytes <= q.open_upload_bytes)
           on conflict (solution_id) do update
             set uploads_open = q.uploads_open + 1, upload_bytes_open = q.upload_bytes_open + :bytes
             where q.uploads_open < coalesce(q.open_uploads, :openUploads)
               and q.upload_bytes_open + :bytes <= coalesce(q.open_upload_bytes, :openUploadBytes)
           returning solution_id
         )
         insert into resumable_upload (id, solution_id, announced_bytes)
         select :id, solution_id, :bytes from own returning id`,
        { id, solutionId, bytes, openUploads, openUploadBytes },
      );
      return rows.length === 1;
    },

    /** Records that uploads are finished, given up or expired. Unknown ones are ignored. */
    async closeUploads(ids: readonly string[]): Promise<void> {
      if (ids.length > 0) await db.raw(closeSql('id = any(:ids)'), { ids: [...ids] });
    },

    /** Closes uploads that are so old that no file of them can be left. */
    async closeUploadsOlderThan(seconds: number): Promise<void> {
      await db.raw(closeSql('created_at < now() - make_interval(secs => :seconds)'), { seconds });
    },

    /** Records a refusal for staff to see. */
    async noteRefusal(solutionId: number, { quota, of }: QuotaRefusal): Promise<void> {
      const refusedFor = of === 'solution' ? quota : `${of}: ${quota}`;
      await db('solution_quota')
        .insert({ solution_id: solutionId, refused_at: db.fn.now(), refused_for: refusedFor })
        .onConflict('solution_id')
        .merge(['refused_at', 'refused_for']);
    },

    /** The fewest solutions that together sent at least this share of all bytes in their current day. */
    async heaviest(share: number): Promise<number[]> {
      const { rows } = await db.raw<{ rows: { solution_id: number }[] }>(
        `select solution_id from (
           select solution_id, sum(sent) over (order by sent desc, solution_id) - sent as heavier, sum(sent) over () as total
           from (select solution_id, bytes_used + upload_bytes_open as sent from solution_quota
             where day_began_at > now() - interval '24 hours' or upload_bytes_open > 0) as of_day
           where sent > 0
         ) as ranked where heavier < total * :share`,
        { share },
      );
      return rows.map((row) => row.solution_id);
    },
  };
}

/** The open uploads of the account `a.id`, and their bytes. */
const openOfAccount = `
  select coalesce(sum(o.uploads_open), 0)::int as uploads_open, coalesce(sum(o.upload_bytes_open), 0) as upload_bytes_open
  from solution_quota o join solution member on member.id = o.solution_id where member.account_id = a.id`;

const closeSql = (which: string): string => `
  with gone as (
    delete from resumable_upload where ${which} returning solution_id, announced_bytes
  ), sums as (
    select solution_id, count(*)::int as uploads, sum(announced_bytes) as bytes from gone group by solution_id
  )
  update solution_quota q set uploads_open = greatest(0, q.uploads_open - sums.uploads),
    upload_bytes_open = greatest(0, q.upload_bytes_open - sums.bytes)
  from sums where q.solution_id = sums.solution_id`;

const ownColumns = (names: readonly QuotaName[]): string =>
  names.map((name) => `q.${columnOf[name]}::float8 as "${name}"`).join(', ');

const dayColumns = `
  case when q.day_began_at > now() - interval '24 hours' then q.syncs_used else 0 end as syncs_used,
  case when q.day_began_at > now() - interval '24 hours' then q.bytes_used else 0 end::float8 as bytes_used,
  case when q.day_began_at > now() - interval '24 hours' and q.syncs_used > 0
    then q.day_began_at + interval '24 hours' end as day_ends_at`;

type HolderRow = Record<AccountQuotaName, number | null> & {
  syncs_used: number;
  bytes_used: number;
  day_ends_at: Date | null;
  uploads_open: number;
  upload_bytes_open: string;
  quarantine_open: number;
};

type SolutionRow = HolderRow & {
  extraColumns: number | null;
  refused_at: Date | null;
  refused_for: string | null;
  most_extra: number;
};

const solutionHoldingFrom = (row: SolutionRow): SolutionHolding => ({
  own: { ...accountQuotasOf(row), extraColumns: row.extraColumns },
  used: { ...useOf(row), extraColumns: row.most_extra },
  dayEndsAt: row.day_ends_at,
  refusedAt: row.refused_at,
  refusedFor: row.refused_for,
});

const accountHoldingFrom = (row: HolderRow): AccountHolding => ({
  own: accountQuotasOf(row),
  used: useOf(row),
  dayEndsAt: row.day_ends_at,
});

const accountQuotasOf = (row: HolderRow): AccountQuotas => ({
  syncsPerDay: row.syncsPerDay,
  bytesPerDay: row.bytesPerDay,
  openUploads: row.openUploads,
  openUploadBytes: row.openUploadBytes,
  openQuarantine: row.openQuarantine,
});

const useOf = (row: HolderRow): Omit<QuotaUse, 'extraColumns'> => ({
  syncsPerDay: row.syncs_used,
  bytesPerDay: row.bytes_used,
  openUploads: row.uploads_open,
  openUploadBytes: Number(row.upload_bytes_open),
  openQuarantine: row.quarantine_open,
});

const columnsFrom = <Name extends QuotaName>(
  own: Readonly<Record<Name, number | null>>,
  names: readonly Name[],
): Record<string, number | null> => Object.fromEntries(names.map((name) => [columnOf[name], own[name]]));
