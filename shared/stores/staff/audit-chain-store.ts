import type { Db } from '../../db/database';
import type { AuditRowText } from '../../formats/audit-digest';

/** A place in the chain of the audit trail, and the hash there. */
export interface ChainPlace {
  readonly position: bigint;
  readonly hash: Uint8Array;
}

/** A link of the chain. `row` is null if its row no longer exists. */
export interface ChainLink extends ChainPlace {
  readonly auditId: string;
  readonly row: AuditRowText | null;
}

/** The place up to which old rows were removed properly. The chain continues from there. */
export interface ChainAnchor extends ChainPlace {
  readonly removedRows: number;
  readonly before: Date;
  readonly actor: string;
  readonly at: Date;
}

export function createAuditChainStore(db: Db) {
  return {
    /** False: another process has the lock. The lock is held until the transaction ends. */
    async tryLock(): Promise<boolean> {
      const result = await db.raw<{ rows: { is_ours: boolean }[] }>(
        `select pg_try_advisory_xact_lock(hashtextextended('epack audit chain', 0)) as is_ours`,
      );
      return result.rows[0]?.is_ours === true;
    },

    /** Waits for the lock of the chain. */
    async lock(): Promise<void> {
      await db.raw(`select pg_advisory_xact_lock(hashtextextended('epack audit chain', 0))`);
    },

    /** The rows that have no link yet, the oldest first. */
    async unsealed(limit: number): Promise<AuditRowText[]> {
      const result = await db.raw<{ rows: TextRow[] }>(
        `select ${rowAsText} from audit_unsealed u join audit a on a.id = u.audit_id order by u.audit_id limit ?`,
        [limit],
      );
      return result.rows.map(textFrom);
    },

    /** The last link, or the anchor where everything before it was removed. Null: the chain has not begun. */
    async head(): Promise<ChainPlace | null> {
      const result = await db.raw<{ rows: PlaceRow[] }>(
        `select position, hash from (select position, hash from audit_seal union all select position, hash from audit_anchor)
         as places order by position desc limit 1`,
      );
      const row = result.rows[0];
      return row === undefined ? null : placeFrom(row);
    },

    /** Adds links, and removes their rows from the list of unsealed rows. */
    async seal(links: readonly (ChainPlace & { readonly auditId: string })[]): Promise<void> {
      await db.raw(
        `with sealed as (
           insert into audit_seal (position, audit_id, hash)
           select * from unnest(cast(:positions as bigint[]), cast(:auditIds as bigint[]), cast(:hashes as bytea[]))
           returning audit_id
         )
         delete from audit_unsealed where audit_id in (select audit_id from sealed)`,
        {
          positions: links.map(({ position }) => String(position)),
          auditIds: links.map(({ auditId }) => auditId),
          hashes: links.map(({ hash }) => Buffer.from(hash)),
        },
      );
    },

    /** Links beyond a position, in their order. */
    async linksAfter(position: bigint, limit: number): Promise<ChainLink[]> {
      const result = await db.raw<{ rows: (TextRow & PlaceRow & { audit_id: string })[] }>(
        `select s.position, s.hash, s.audit_id, ${rowAsText}
         from audit_seal s left join audit a on a.id = s.audit_id
         where s.position > cast(? as bigint) order by s.position limit ?`,
        [String(position), limit],
      );
      return result.rows.map((row) => ({
        ...placeFrom(row),
        auditId: row.audit_id,
        row: row.id === null ? null : textFrom(row),
      }));
    },

    async anchors(): Promise<ChainAnchor[]> {
      const result = await db.raw<{
        rows: (PlaceRow & { removed_rows: string; before: Date; actor: string; at: Date })[];
      }>('select position, hash, removed_rows, before, actor, at from audit_anchor order by position');
      return result.rows.map((row) => ({
        ...placeFrom(row),
        removedRows: Number(row.removed_rows),
        before: row.before,
        actor: row.actor,
        at: row.at,
      }));
    },

    /** The first row that is neither sealed nor waiting to be sealed. Null: there is none. */
    async firstBesideChain(): Promise<string | null> {
      return firstIdOf(
        `select a.id from audit a
         where not exists (select from audit_seal s where s.audit_id = a.id)
           and not exists (select from audit_unsealed u where u.audit_id = a.id) order by a.id limit 1`,
      );
    },

    /** The first row that was removed before it was sealed. Null: there is none. */
    async firstLostUnsealed(): Promise<string | null> {
      return firstIdOf(
        `select u.audit_id as id from audit_unsealed u
         where not exists (select from audit a where a.id = u.audit_id) order by u.audit_id limit 1`,
      );
    },

    async countUnsealed(): Promise<number> {
      const [row] = await db('audit_unsealed').count<{ n: string }[]>('* as n');
      return Number(row?.n ?? 0);
    },

    /** The last place of the first part of the chain in which every row is older than `before`. Null: there is none. */
    async lastPlaceBefore(before: Date, limit: number): Promise<ChainPlace | null> {
      const result = await db.raw<{ rows: PlaceRow[] }>(
        `with beginning as (
           select s.position, s.hash, a.at from audit_seal s join audit a on a.id = s.audit_id
           order by s.position limit :limit
         )
         select position, hash from beginning
         where position < coalesce((select min(position) from beginning where at >= :before), 9223372036854775807)
         order by position desc limit 1`,
        { before, limit },
      );
      const row = result.rows[0];
      return row === undefined ? null : placeFrom(row);
    },

    /**
     * Removes the beginning of the chain up to a place, rows and links, and leaves an anchor there. Only the owner of
     * the tables can do this, because the trail is append-only. Returns how many rows were removed.
     */
    async removeUpTo({ position, hash }: ChainPlace, before: Date, actor: string): Promise<number> {
      await db.raw(`
        alter table audit disable trigger audit_only_added_to;
        alter table audit_seal disable trigger audit_seal_only_added_to;
        grant delete on audit, audit_seal to current_user`);
      const result = await db.raw<{ rows: { rows: string }[] }>(
        `with links as (delete from audit_seal where position <= cast(:position as bigint) returning audit_id),
           gone as (delete from audit where id in (select audit_id from links) returning 1),
           left_behind as (
             insert into audit_anchor (position, hash, removed_rows, before, actor)
             select cast(:position as bigint), :hash, count(*), :before, :actor from gone
           )
         select count(*) as rows from gone`,
        { position: String(position), hash: Buffer.from(hash), before, actor },
      );
      await db.raw(`
        revoke delete on audit, audit_seal from current_user;
        alter table audit enable trigger audit_only_added_to;
        alter table audit_seal enable trigger audit_seal_only_added_to`);
      return Number(result.rows[0]?.rows ?? 0);
    },
  };

  async function firstIdOf(sql: string): Promise<string | null> {
    const result = await db.raw<{ rows: { id: string }[] }>(sql);
    return result.rows[0]?.id ?? null;
  }
}

interface PlaceRow {
  readonly position: string;
  readonly hash: Buffer;
}

interface TextRow {
  /** Null: there is no such row. */
  readonly id: string | null;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly solution_id: string | null;
  readonly address: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

/** The text must not depend on session settings. */
const rowAsText = `a.id::text as id, to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  a.actor, a.action, a.solution_id::text as solution_id, a.address, a.before::text as before, a.after::text as after`;

const placeFrom = ({ position, hash }: PlaceRow): ChainPlace => ({ position: BigInt(position), hash });

const textFrom = (row: TextRow): AuditRowText => ({
  id: row.id ?? '',
  at: row.at,
  actor: row.actor,
  action: row.action,
  solutionId: row.solution_id,
  address: row.address,
  before: row.before,
  after: row.after,
});
