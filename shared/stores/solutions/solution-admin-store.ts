import { idsOf, isVisibleSolution } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import { channels } from '../../domain/channel';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import { type Statut, statutFrom } from '../../domain/statut';
import type { Confirmation, LoginPolicy, SolutionState } from '../../domain/solution-settings';

/** A solution as staff see it. Its secret is not in it. */
export interface AdminSolution {
  readonly id: number;
  readonly account: { readonly id: number; readonly name: string };
  readonly mail: string;
  readonly name: string;
  readonly loginPolicy: LoginPolicy;
  readonly confirmation: Confirmation;
  /** IANA name. */
  readonly timezone: string;
  /** Null: not bound yet. `ignore`: any will do. */
  readonly mac: string | null;
  readonly lockedAt: Date | null;
  readonly blockedAt: Date | null;
  /** Policy `mac`: the last device that came with another MAC, and was refused. Null: none yet. */
  readonly refusedMac: { readonly mac: string; readonly at: Date } | null;
  /** As reported by the solution. */
  readonly version: string | null;
  /** How far its clock is ahead of ours. */
  readonly clockSkewSeconds: number | null;
  readonly createdAt: Date;
  readonly channels: readonly AdminChannel[];
}

export interface AdminChannel {
  readonly channel: Channel;
  readonly statut: Statut;
  /** The sync in progress. At status 0, the last one. */
  readonly syncId: string | null;
  readonly since: Date;
  /** When the last finished sync was confirmed. */
  readonly lastConfirmedAt: Date | null;
}

export interface SolutionFilter {
  /** Text to find in the name or the e-mail address. Case, accents and kinds of apostrophes are ignored. */
  readonly search: string | null;
  readonly accountId: number | null;
  readonly state: SolutionState | null;
}

export interface NewSolution {
  readonly accountId: number;
  readonly mail: string;
  readonly name: string;
  readonly loginPolicy: LoginPolicy;
  readonly confirmation: Confirmation;
  readonly timezone: string;
  readonly secretHash: string;
  /** Null: the first login binds the MAC that it comes with. `ignore`: any will do. */
  readonly mac: 'ignore' | null;
}

/** Absent values stay as they are. */
export interface SolutionChanges {
  readonly name?: string | undefined;
  readonly isBlocked?: boolean | undefined;
  readonly isLocked?: false | undefined;
  /** Null: the next login binds the MAC it comes with. */
  readonly mac?: 'ignore' | null | undefined;
  readonly loginPolicy?: LoginPolicy | undefined;
  readonly confirmation?: Confirmation | undefined;
  readonly timezone?: string | undefined;
  readonly mail?: string | undefined;
  readonly accountId?: number | undefined;
}

/** Hidden from everybody, and kept until it is purged. */
export interface RetiredSolution {
  readonly id: number;
  readonly mail: string;
  readonly name: string;
  /** The name of the account. */
  readonly account: string;
}

interface Row {
  id: number;
  account_id: number;
  account_name: string;
  mail: string;
  name: string;
  login_policy: LoginPolicy;
  confirmation: Confirmation;
  timezone: string;
  mac: string | null;
  locked_at: Date | null;
  blocked_at: Date | null;
  refused_mac: string | null;
  refused_mac_at: Date | null;
  version: string | null;
  clock_skew_seconds: number | null;
  created_at: Date;
}

interface ChannelRow {
  solution_id: number;
  channel: Channel;
  statut: number;
  sync_id: string | null;
  since: Date;
  last_confirmed_at: Date | null;
}

const selectSolution = `
  select s.id, s.account_id, a.name as account_name, s.mail, s.name, s.login_policy, s.confirmation, s.timezone, s.mac,
    s.locked_at, s.blocked_at, s.refused_mac, s.refused_mac_at, s.version, s.clock_skew_seconds, s.created_at
  from solution s join account a on a.id = s.account_id`;

const matches = `
  ${isVisibleSolution}
  and (cast(:accountId as int) is null or s.account_id = :accountId)
  and (cast(:search as text) is null or position(search_form(:search) in s.searched_name) > 0
    or position(search_form(:search) in s.searched_mail) > 0)
  and case cast(:state as text)
    when 'active' then s.blocked_at is null and s.locked_at is null
    when 'blocked' then s.blocked_at is not null
    when 'locked' then s.locked_at is not null
    when 'busy' then exists (select from channel_status c where c.solution_id = s.id and c.statut <> 0)
    else true end`;

export type SolutionAdminStore = ReturnType<typeof createSolutionAdminStore>;

/** Solutions as the backoffice reads and edits them. Every read takes the accounts that the caller may see. */
export function createSolutionAdminStore(db: Db) {
  return {
    async list(
      accounts: AccountScope,
      filter: SolutionFilter,
      { limit, after }: PageRequest<number>,
    ): Promise<Page<AdminSolution>> {
      const result = await db.raw<{ rows: Row[] }>(
        `${selectSolution} where ${matches} and s.id > :after order by s.id limit :rows`,
        { ...bindingsOf(accounts, filter), after: after ?? 0, rows: limit + 1 },
      );
      const solutions = await withChannels(result.rows);
      return pageOf(solutions, limit, (last) => String(last.id));
    },

    /** Null: there is none, or it belongs to another account. */
    async find(accounts: AccountScope, id: number): Promise<AdminSolution | null> {
      const result = await db.raw<{ rows: Row[] }>(
        `${selectSolution} where s.id = :id and s.retired_at is null
           and (cast(:accounts as int[]) is null or s.account_id = any(:accounts))`,
        { id, accounts: idsOf(accounts) },
      );
      return (await withChannels(result.rows))[0] ?? null;
    },

    /** As `find`, and nobody else may change it before the transaction ends. */
    async lock(accounts: AccountScope, id: number): Promise<boolean> {
      const result = await db.raw<{ rows: unknown[] }>(
        `select from solution s where id = :id and retired_at is null
           and (cast(:accounts as int[]) is null or account_id = any(:accounts))
         for no key update`,
        { id, accounts: idsOf(accounts) },
      );
      return result.rows.length === 1;
    },

    /** True if one of the accounts has a solution with that e-mail address. */
    async isMailVisible(accounts: AccountScope, mail: string): Promise<boolean> {
      const result = await db.raw<{ rows: unknown[] }>(
        `select from solution
         where lower(mail) = lower(:mail) and (cast(:accounts as int[]) is null or account_id = any(:accounts))`,
        { mail, accounts: idsOf(accounts) },
      );
      return result.rows.length > 0;
    },

    /** True when there is such a solution and it belongs to one of the accounts. */
    async isVisible(accounts: AccountScope, id: number): Promise<boolean> {
      return (await this.visibleOf(accounts, [id])).length === 1;
    },

    /** The ids that are solutions of the accounts. */
    async visibleOf(accounts: AccountScope, ids: readonly number[]): Promise<number[]> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `select id from solution
         where id = any(:ids) and retired_at is null
           and (cast(:accounts as int[]) is null or account_id = any(:accounts)) order by id`,
        { ids: [...ids], accounts: idsOf(accounts) },
      );
      return result.rows.map((row) => row.id);
    },

    async idsMatching(accounts: AccountScope, filter: SolutionFilter): Promise<number[]> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `select s.id from solution s where ${matches} order by s.id`,
        bindingsOf(accounts, filter),
      );
      return result.rows.map((row) => row.id);
    },

    /** Null: there is a solution with that mail, in whatever account. */
    async insert(solution: NewSolution): Promise<number | null> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `insert into solution (account_id, mail, name, login_policy, confirmation, timezone, secret_hash, mac)
         values (:accountId, :mail, :name, :loginPolicy, :confirmation, :timezone, :secretHash, :mac)
         on conflict (lower(mail)) where retired_at is null do nothing returning id`,
        { ...solution },
      );
      return result.rows[0]?.id ?? null;
    },

    /** False: another solution has the mail, in whatever account. Nothing is changed then. */
    async update(id: number, changes: SolutionChanges): Promise<boolean> {
      const columns = columnsOf(changes);
      if (Object.keys(columns).length === 0) return true;
      const update = db('solution').where({ id }).update(columns);
      if (changes.mail === undefined) return (await update) === 1;
      // Two changes to the same e-mail address at once run one after the other.
      await db.raw(`select pg_advisory_xact_lock(hashtextextended('solution mail ' || lower(?), 0))`, [
        changes.mail,
      ]);
      const others = db('solution as other')
        .whereRaw('lower(other.mail) = lower(?) and other.retired_at is null and other.id <> ?', [
          changes.mail,
          id,
        ])
        .select(db.raw('1'));
      return (await update.whereNotExists(others)) === 1;
    },

    /** Hides the solution and ends its sign-ins. Its data is kept. */
    async retire(id: number): Promise<void> {
      await db('solution')
        .where({ id })
        .update({ retired_at: db.fn.now(), blocked_at: db.raw('coalesce(blocked_at, now())') });
    },

    /** Retired ones of this name or mail, with their accounts. */
    async findRetired(nameOrMail: string): Promise<readonly RetiredSolution[]> {
      const rows: RetiredSolution[] = await db('solution as s')
        .join('account as a', 'a.id', 's.account_id')
        .whereNotNull('s.retired_at')
        .whereRaw('(s.name = ? or lower(s.mail) = lower(?))', [nameOrMail, nameOrMail])
        .orderBy('s.id')
        .select('s.id', 's.mail', 's.name', 'a.name as account');
      return rows;
    },

    /**
     * The old secret keeps working until the new one is first used, 24 h at most. If an earlier new secret was never
     * used, the solution still has the one before, so that one keeps working.
     */
    async replaceSecret(id: number, secretHash: string): Promise<void> {
      await db.raw(
        `update solution set
           secret_hash = :secretHash,
           previous_secret_hash =
             case when previous_secret_until > now() then previous_secret_hash else secret_hash end,
           previous_secret_until =
             case when previous_secret_until > now() then previous_secret_until else now() + interval '24 hours' end
         where id = :id`,
        { id, secretHash },
      );
    },

    /** For a leaked secret: the old secret and all tokens of the solution end at once. */
    async replaceLeakedSecret(id: number, secretHash: string): Promise<void> {
      await db.raw(
        `update solution set secret_hash = :secretHash, previous_secret_hash = null, previous_secret_until = null,
           token_generation = token_generation + 1
         where id = :id`,
        { id, secretHash },
      );
    },
  };

  async function withChannels(rows: readonly Row[]): Promise<AdminSolution[]> {
    const result = await db.raw<{ rows: ChannelRow[] }>(
      `select c.solution_id, c.channel, c.statut, c.sync_id, c.since, last.confirmed_at as last_confirmed_at
       from channel_status c left join lateral (
         select confirmed_at from sync
         where solution_id = c.solution_id and channel = c.channel and confirmed_at is not null
         order by received_at desc limit 1
       ) last on true
       where c.solution_id = any(?)`,
      [rows.map((row) => row.id)],
    );
    return rows.map((row) =>
      solutionFrom(
        row,
        result.rows.filter((channel) => channel.solution_id === row.id),
      ),
    );
  }

  function columnsOf(changes: SolutionChanges) {
    return {
      ...(changes.name === undefined ? {} : { name: changes.name }),
      ...(changes.loginPolicy === undefined ? {} : { login_policy: changes.loginPolicy }),
      ...(changes.confirmation === undefined ? {} : { confirmation: changes.confirmation }),
      ...(changes.timezone === undefined ? {} : { timezone: changes.timezone }),
      ...(changes.mail === undefined ? {} : { mail: changes.mail }),
      ...(changes.accountId === undefined ? {} : { account_id: changes.accountId }),
      // Staff who set the MAC have seen which device was refused.
      ...(changes.mac === undefined ? {} : { mac: changes.mac, refused_mac: null, refused_mac_at: null }),
      ...(changes.isLocked === undefined ? {} : { locked_at: null }),
      ...(changes.isBlocked === undefined
        ? {}
        : { blocked_at: changes.isBlocked ? db.raw('coalesce(blocked_at, now())') : null }),
    };
  }
}

const bindingsOf = (accounts: AccountScope, filter: SolutionFilter) => ({
  accounts: idsOf(accounts),
  accountId: filter.accountId,
  search: filter.search,
  state: filter.state,
});

const solutionFrom = (row: Row, channelRows: readonly ChannelRow[]): AdminSolution => ({
  id: row.id,
  account: { id: row.account_id, name: row.account_name },
  mail: row.mail,
  name: row.name,
  loginPolicy: row.login_policy,
  confirmation: row.confirmation,
  timezone: row.timezone,
  mac: row.mac,
  lockedAt: row.locked_at,
  blockedAt: row.blocked_at,
  refusedMac:
    row.refused_mac === null || row.refused_mac_at === null
      ? null
      : { mac: row.refused_mac, at: row.refused_mac_at },
  version: row.version,
  clockSkewSeconds: row.clock_skew_seconds,
  createdAt: row.created_at,
  channels: channels.flatMap((channel) =>
    channelRows.filter((found) => found.channel === channel).map(channelFrom),
  ),
});

const channelFrom = (row: ChannelRow): AdminChannel => ({
  channel: row.channel,
  statut: statutFrom(row.statut),
  syncId: row.sync_id,
  since: row.since,
  lastConfirmedAt: row.last_confirmed_at,
});
