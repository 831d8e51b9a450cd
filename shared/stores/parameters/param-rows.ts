import type { Db } from '../../db/database';
import type { Copy, Fields } from '../../domain/merge-copy';
import { deletedDigest } from '../../formats/parameter-digest';

/** The entities of one class of one solution. */
export interface ClassKey {
  readonly solutionId: number;
  /** e.g. `Fridges`. */
  readonly className: string;
}

/** An entity with the known copy of each side. */
export interface KnownEntity {
  readonly idServer: string;
  readonly id: string;
  readonly manager: Copy;
  readonly version: number;
  /** When the manager's copy was last changed by staff. If staff never changed it, when a sync last did. */
  readonly editedAt: Date;
  readonly base: Base;
  /** Digest of the solution's copy when it was deleted. Null: it was never deleted, or the copy is not known. */
  readonly goneDigest: Buffer | null;
  readonly held: boolean;
}

/** The known copy of the solution. */
export interface Base {
  /** Null: nothing. */
  readonly copy: Copy | null;
  /** Digest of what the solution sends if it has changed nothing. */
  readonly digest: Buffer | null;
}

/** The manager's copy from now on. */
export interface ManagerCopy {
  readonly copy: Copy;
  readonly digest: Buffer;
  /** The time on the solution's clock of its last change, if the copy contains one. */
  readonly ts: string | null;
}

/** The state of a class before it is merged. */
export interface ClassState {
  /** Instructions of it are unconfirmed. */
  readonly hasSent: boolean;
  /** A decision about it has not been carried out yet. */
  readonly hasDecided: boolean;
}

/** From here to the end of the transaction nobody else merges this class. */
export async function lockClass(db: Db, key: ClassKey): Promise<ClassState> {
  await db.raw(
    `select pg_advisory_xact_lock(hashtextextended('param ' || :solutionId || ' ' || :className, 0))`,
    {
      ...key,
    },
  );
  const result = await db.raw<{ rows: { has_sent: boolean; has_decided: boolean }[] }>(
    `select exists (select from instruction i join param p on p.id_server = i.id_server
         where p.solution_id = :solutionId and p.class = :className) as has_sent,
       exists (select from approval where solution_id = :solutionId and class = :className
         and state in ('approved', 'rejected') and applied_at is null) as has_decided`,
    { ...key },
  );
  const row = result.rows[0];
  return { hasSent: row?.has_sent === true, hasDecided: row?.has_decided === true };
}

export interface Comparison {
  /** Also return entities that only differ from the manager's copy. */
  readonly withManager: boolean;
  /** Also return entities with unconfirmed instructions. */
  readonly withSent: boolean;
}

/** An entity that must be compared. */
export interface Differing {
  /** Its position in what was sent, from 0. */
  readonly place: number;
  /** The database has a row for it. */
  readonly isKnown: boolean;
  /** It would change the manager's copy, and no approval for it is waiting. */
  readonly isChange: boolean;
}

/** The author of a change. */
export interface Author {
  readonly syncId: string;
  /** `solution`, or an e-mail. */
  readonly by: string;
}

/**
 * The positions in `sent` of the entities that must be compared: those that are new or differ from the base, and those
 * that are held. Costs one look-up per entity, on digests only.
 */
export async function findDiffering(
  db: Db,
  key: ClassKey,
  sent: readonly { readonly id: string; readonly digest: Buffer }[],
  { withManager, withSent }: Comparison,
): Promise<Differing[]> {
  const result = await db.raw<{ rows: { place: number; is_known: boolean; is_change: boolean }[] }>(
    `select cast(s.place as int) as place, p.id_server is not null as is_known,
       coalesce(p.is_active and not p.held and p.digest <> s.digest and p.base_digest is distinct from s.digest
         and not (:withSent and exists (
           select from instruction i where i.id_server = p.id_server and i.digest = s.digest)), false) as is_change
     from unnest(cast(:ids as text[]), cast(:digests as bytea[])) with ordinality as s (id, digest, place)
     -- By the key, whatever the statistics say: of a class that was filled just now they know nothing, and PostgreSQL
     -- would read all of it for each entity.
     left join lateral (
       select id_server, base_digest, digest, is_active, held from param
       where solution_id = :solutionId and class = :className and id = s.id offset 0
     ) p on true
     where p.base_digest is distinct from s.digest or p.held
       or (:withManager and p.digest <> s.digest)
       or (:withSent and exists (select from instruction i where i.id_server = p.id_server))
     order by s.place`,
    {
      ...key,
      ids: sent.map(({ id }) => id),
      digests: sent.map(({ digest }) => digest),
      withManager,
      withSent,
    },
  );
  return result.rows.map(({ place, is_known: isKnown, is_change: isChange }) => ({
    place: place - 1,
    isKnown,
    isChange,
  }));
}

interface Row {
  id_server: string;
  id: string;
  fields: Fields;
  is_active: boolean;
  version: number;
  changed_at: Date;
  base_fields: Fields | null;
  base_active: boolean | null;
  base_digest: Buffer | null;
  gone_digest: Buffer | null;
  held: boolean;
}

const columns = `p.id_server, p.id, p.fields, p.is_active, p.version, coalesce(p.edited_at, p.updated_at) as changed_at,
  p.base_fields, p.base_active, p.base_digest, p.gone_digest, p.held`;

/** By id; locked to the end of the transaction. */
export async function lockEntities(
  db: Db,
  key: ClassKey,
  ids: readonly string[],
): Promise<Map<string, KnownEntity>> {
  const result = await db.raw<{ rows: Row[] }>(
    `select ${columns} from param p where p.solution_id = :solutionId and p.class = :className and p.id = any(:ids)
     order by p.id for update`,
    { ...key, ids: [...ids] },
  );
  return new Map(result.rows.map((row) => [row.id, knownFrom(row)]));
}

/** All rows of a class, by id, in pages. */
export async function* rowPages(db: Db, key: ClassKey): AsyncGenerator<readonly KnownEntity[]> {
  for (let after = ''; ;) {
    const result = await db.raw<{ rows: Row[] }>(
      `select ${columns} from param p
       where p.solution_id = :solutionId and p.class = :className and p.id > :after order by p.id limit 1000`,
      { ...key, after },
    );
    const last = result.rows.at(-1);
    if (last === undefined) return;
    yield result.rows.map(knownFrom);
    after = last.id;
  }
}

/** Ids of entities that the manager has, or that the solution is known to have, and that are not in `ids`. */
export async function absentIds(db: Db, key: ClassKey, ids: readonly string[]): Promise<string[]> {
  const result = await db.raw<{ rows: { id: string }[] }>(
    `select p.id from param p
     where p.solution_id = :solutionId and p.class = :className and (p.is_active or p.base_fields is not null)
       and not exists (select from unnest(cast(:ids as text[])) as s (id) where s.id = p.id)
     order by p.id`,
    { ...key, ids: [...ids] },
  );
  return result.rows.map(({ id }) => id);
}

const knownFrom = (row: Row): KnownEntity => ({
  idServer: row.id_server,
  id: row.id,
  manager: { isActive: row.is_active, fields: row.fields },
  version: row.version,
  editedAt: row.changed_at,
  base: {
    copy: row.base_fields === null ? null : { isActive: row.base_active === true, fields: row.base_fields },
    digest: row.base_digest,
  },
  goneDigest: row.gone_digest,
  held: row.held,
});

export async function countActive(db: Db, key: ClassKey): Promise<number> {
  const result = await db.raw<{ rows: { count: number }[] }>(
    `select cast(count(*) as int) as count from param
     where solution_id = :solutionId and class = :className and is_active`,
    { ...key },
  );
  return result.rows[0]?.count ?? 0;
}

/** The instructions of unconfirmed packages about these entities, by `idServer`, the latest first. */
export async function sentCopies(db: Db, idServers: readonly string[]): Promise<Map<string, Copy[]>> {
  const result = await db.raw<{ rows: { id_server: string; fields: Fields | null }[] }>(
    `select i.id_server, i.fields from instruction i join sync s on s.id = i.sync_id
     where i.id_server = any(cast(:idServers as bigint[])) order by s.received_at desc`,
    { idServers: [...idServers] },
  );
  const copies = new Map<string, Copy[]>();
  for (const { id_server: idServer, fields } of result.rows) {
    const copy: Copy = { isActive: fields !== null, fields: fields ?? {} };
    copies.set(idServer, [...(copies.get(idServer) ?? []), copy]);
  }
  return copies;
}

/** Versions of entities within the last `minutes`, by `idServer`, the earliest first. */
export async function recentFields(
  db: Db,
  idServers: readonly string[],
  minutes: number,
): Promise<Map<string, Fields[]>> {
  const result = await db.raw<{ rows: { id_server: string; fields: Fields }[] }>(
    `select id_server, fields from param_version
     where id_server = any(cast(:idServers as bigint[])) and is_active
       and at > now() - make_interval(mins => :minutes)
     order by id_server, version`,
    { idServers: [...idServers], minutes },
  );
  const versions = new Map<string, Fields[]>();
  for (const { id_server: idServer, fields } of result.rows) {
    const known = versions.get(idServer);
    if (known === undefined) versions.set(idServer, [fields]);
    else known.push(fields);
  }
  return versions;
}

/** Deletes the unconfirmed instructions of these entities, because the solution has shown what it did with them. */
export async function forgetSent(db: Db, idServers: readonly string[]): Promise<void> {
  await db.raw(`delete from instruction where id_server = any(cast(? as bigint[]))`, [[...idServers]]);
}

export interface NewEntity {
  readonly id: string;
  readonly manager: ManagerCopy;
  readonly base: Base;
}

/** Returns the `idServer` of each added entity, by id. Others may have been added by someone else in the meantime. */
export async function insertEntities(
  db: Db,
  key: ClassKey,
  { syncId, by }: Author,
  entities: readonly NewEntity[],
): Promise<ReadonlyMap<string, string>> {
  if (entities.length === 0) return new Map();
  const result = await db.raw<{ rows: { id: string; id_server: string }[] }>(
    `with added as (
       insert into param (solution_id, class, id, fields, is_active, digest, ts, updated_by,
         base_fields, base_active, base_digest)
       select :solutionId, :className, id, fields, is_active, digest, ts, :by,
         case when base_active is not null then base_fields end, base_active, base_digest
       from jsonb_to_recordset(cast(:rows as jsonb)) as change (id text, ${managerColumns}, ${baseColumns})
       on conflict (solution_id, class, id) do nothing
       returning id_server, id, version, fields, is_active
     ), told as (
       insert into param_version (id_server, version, fields, is_active, by, sync_id)
       select id_server, version, fields, is_active, :by, cast(:syncId as uuid) from added
     )
     select id, id_server from added`,
    {
      ...key,
      syncId,
      by,
      rows: JSON.stringify(
        entities.map(({ id, manager, base }) => ({ id, ...managerRow(manager), ...baseRow(base) })),
      ),
    },
  );
  return new Map(result.rows.map(({ id, id_server: idServer }) => [id, idServer]));
}

export interface ChangedEntity {
  readonly idServer: string;
  readonly manager: ManagerCopy;
  readonly base: Base;
}

/** Changes the manager's copy, the known copy of the solution and what is held. */
export async function updateEntities(
  db: Db,
  { syncId, by }: Author,
  entities: readonly ChangedEntity[],
): Promise<void> {
  if (entities.length === 0) return;
  await db.raw(
    `with changed as (
       update param p set fields = case when c.is_active then c.fields else p.fields end, is_active = c.is_active,
         digest = c.digest, ts = coalesce(c.ts, p.ts), version = p.version + 1, updated_at = now(),
         updated_by = :by, failures = 0, failure_reason = null, held = false,
         base_fields = case when c.base_active is not null then c.base_fields end, base_active = c.base_active,
         base_digest = c.base_digest,
         returned_at = case when not c.is_active then null when p.is_active then p.returned_at
           when p.base_fields is null and p.version > 1 then now() end
       from jsonb_to_recordset(cast(:rows as jsonb)) as c (id_server bigint, ${managerColumns}, ${baseColumns})
       where p.id_server = c.id_server
       returning p.id_server, p.version, p.fields, p.is_active
     )
     insert into param_version (id_server, version, fields, is_active, by, sync_id)
     select id_server, version, fields, is_active, :by, cast(:syncId as uuid) from changed`,
    {
      syncId,
      by,
      rows: JSON.stringify(
        entities.map(({ idServer, manager, base }) => ({
          id_server: idServer,
          ...managerRow(manager),
          ...baseRow(base),
        })),
      ),
    },
  );
}

/** Keeps the manager's copy and changes the known copy of the solution. */
export async function moveBases(
  db: Db,
  entities: readonly { readonly idServer: string; readonly base: Base; readonly held: boolean }[],
): Promise<void> {
  if (entities.length === 0) return;
  await db.raw(
    `update param p set base_fields = case when c.base_active is not null then c.base_fields end,
       base_active = c.base_active, base_digest = c.base_digest, held = c.held
     from jsonb_to_recordset(cast(? as jsonb)) as c (id_server bigint, held boolean, ${baseColumns})
     where p.id_server = c.id_server`,
    [
      JSON.stringify(
        entities.map(({ idServer, base, held }) => ({ id_server: idServer, held, ...baseRow(base) })),
      ),
    ],
  );
}

/** They no longer wait for an approval. An entity with an open conflict keeps waiting. */
export async function release(db: Db, key: ClassKey, ids: readonly string[]): Promise<void> {
  await db.raw(
    `update param p set held = false
     where p.solution_id = :solutionId and p.class = :className and p.id = any(cast(:ids as text[])) and p.held
       and not exists (select from conflict c where c.id_server = p.id_server and c.state = 'open')`,
    { ...key, ids: [...ids] },
  );
}

const managerColumns = 'fields jsonb, is_active boolean, digest bytea, ts text';
const baseColumns = 'base_fields jsonb, base_active boolean, base_digest bytea';

const managerRow = ({ copy, digest, ts }: ManagerCopy) => ({
  fields: copy.fields,
  is_active: copy.isActive,
  digest: hex(digest),
  ts,
});

const baseRow = ({ copy, digest }: Base) => ({
  base_fields: copy?.fields ?? {},
  base_active: copy?.isActive ?? null,
  base_digest: digest === null ? null : hex(digest),
});

/** As PostgreSQL reads a bytea. */
const hex = (digest: Buffer) => `\\x${digest.toString('hex')}`;

/** The base of an entity that the solution does not have. The solution may still send that it is deleted. */
export const nothingHeld: Base = { copy: null, digest: deletedDigest };
