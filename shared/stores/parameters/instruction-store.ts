import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';
import { type FailedInstruction, maxFailures } from '../../domain/failed-instruction';
import { isNewestCopy } from '../../db/newest-copy';
import type { Fields } from '../../domain/merge-copy';
import { deletedDigest } from '../../formats/parameter-digest';

/** insert, update, delete; replace the whole class. */
export type ParameterOp = 'i' | 'u' | 'd' | 'r';

/** A file of a package with instructions about parameters. */
export interface RecordedFile {
  /** e.g. `Fridges`. */
  readonly className: string;
  readonly op: ParameterOp;
  /** Name inside the package, e.g. `xml/Fridges-u.xml`. */
  readonly name: string;
  /** Entities in it. */
  readonly count: number;
}

/** The instruction about one entity. */
export interface RecordedInstruction {
  readonly id: string;
  readonly idServer: string | null;
  readonly ts: string | null;
  readonly isActive: boolean;
  readonly fields: Fields;
}

export type InstructionStore = ReturnType<typeof createInstructionStore>;

/** Instructions about parameters: recorded when a package is written, settled when it is confirmed. */
export function createInstructionStore(db: Db) {
  return {
    /**
     * Records the due instructions of these classes, with their content: changes by the manager, and instructions of
     * earlier packages that were never confirmed. An entity that is held, or has failed too often, is left out. False: the
     * sync has no instructions at all.
     */
    async recordDue(solutionId: number, syncId: string, classes: readonly string[]): Promise<boolean> {
      const [row] = await recordDue(db, { solutionId, syncId, classes, maxFailures });
      return row?.hasInstructions === true;
    },

    /**
     * Records every entity of these classes as a replacement of the whole class. For an entity that waits for a
     * decision, the solution keeps its own copy. An entity that the solution has deleted stays deleted.
     */
    async recordAll(solutionId: number, syncId: string, classes: readonly string[]): Promise<void> {
      await db.raw(
        `insert into instruction (sync_id, file, entity_id, id_server, op, fields, digest, ts)
         select cast(:syncId as uuid), 'xml/' || p.class || '-r.xml', p.id, p.id_server, 'r',
           coalesce(own.fields, p.fields), case when own.fields is null then p.digest else own.digest end,
           case when own.fields is null then t.ts else own.ts end
         from param p left join lateral (${waitingCopy}) own on p.held ${toldOf}
         where p.solution_id = :solutionId and p.class = any(:classes)
           and case when own.fields is null then p.is_active else own.is_active end
         union all
         select cast(:syncId as uuid), 'xml/' || class || '-r.xml', '', null, 'r', null, null, null
         from unnest(cast(:classes as text[])) as class`,
        { solutionId, syncId, classes: [...classes] },
      );
    },

    /**
     * These syncs are abandoned. Instructions about parameters stay recorded, because the solution may have carried them
     * out without confirming. All others are deleted, and are written again for the next sync.
     */
    async takeBack(syncIds: readonly string[]): Promise<void> {
      await db.raw(`delete from instruction where sync_id = any(cast(? as uuid[])) and id_server is null`, [
        [...syncIds],
      ]);
    },

    /** The files for the recorded instructions. */
    async files(syncId: string): Promise<RecordedFile[]> {
      const rows = await listFiles(db, { syncId });
      return rows.map(({ file, op, count }) => ({
        className: file.slice('xml/'.length, -`-${op}.xml`.length),
        op,
        name: file,
        count,
      }));
    },

    /** The instructions of a file, by id, in pages, because it may be a whole class. */
    async *pages(syncId: string, file: string): AsyncGenerator<readonly RecordedInstruction[]> {
      for (let after = ''; ;) {
        const rows = await page(syncId, file, after);
        const last = rows.at(-1);
        if (last === undefined) return;
        yield rows.map(instructionFrom);
        after = last.entity_id;
      }
    },

    /**
     * The solution has carried out the package, except for what failed. The instructions become its known copies. A
     * later change of the manager's copy stays due. A second call has no effect.
     */
    async confirm(syncId: string, failed: readonly FailedInstruction[]): Promise<void> {
      if (failed.length > 0) await markFailed(syncId, failed);
      await settleReplaced(syncId);
      await settleDone(syncId);
      if (failed.length > 0) await settleFailed(syncId);
      await db.raw(
        `delete from instruction i using instruction done
         where done.sync_id = :syncId and done.failure is null
           and i.id_server = done.id_server and i.sync_id <> :syncId`,
        { syncId },
      );
      await db.raw(`delete from instruction where sync_id = ?`, [syncId]);
    },
  };

  async function page(syncId: string, file: string, after: string): Promise<Row[]> {
    const result = await db.raw<{ rows: Row[] }>(
      `select entity_id, id_server, op, fields, ts from instruction
       where sync_id = :syncId and file = :file and entity_id > :after order by entity_id limit :pageSize`,
      { syncId, file, after, pageSize },
    );
    return result.rows;
  }

  async function markFailed(syncId: string, failed: readonly FailedInstruction[]): Promise<void> {
    const rows = failed.map(({ file, ...rest }) => ({
      ...rest,
      file: file.replaceAll('\\', '/').toLowerCase(),
    }));
    for (const means of [`i.entity_id = f.id`, `f.id = ''`]) {
      await db.raw(
        `update instruction i set failure = f.reason
         from jsonb_to_recordset(cast(:rows as jsonb)) as f (file text, id text, reason text)
         where i.sync_id = :syncId and lower(i.file) = f.file and ${means}`,
        { syncId, rows: JSON.stringify(rows) },
      );
    }
  }

  /** The solution no longer has entities that a replaced class does not contain. An open conflict keeps its base. */
  async function settleReplaced(syncId: string): Promise<void> {
    await db.raw(
      `update param p set base_fields = null, base_active = null, base_digest = :deletedDigest
       from instruction whole join sync s on s.id = whole.sync_id
       where whole.sync_id = :syncId and whole.op = 'r' and whole.entity_id = '' and whole.failure is null
         and p.solution_id = s.solution_id and whole.file = 'xml/' || p.class || '-r.xml'
         and p.base_fields is not null
         and not exists (select from instruction i where i.sync_id = :syncId and i.id_server = p.id_server)
         and not exists (select from conflict c where c.id_server = p.id_server and c.state = 'open')`,
      { syncId, deletedDigest },
    );
  }

  async function settleDone(syncId: string): Promise<void> {
    await db.raw(
      `update param p set base_fields = i.fields, base_active = case when i.fields is not null then true end,
         base_digest = i.digest, failures = case when p.digest = i.digest then 0 else p.failures end,
         failure_reason = case when p.digest = i.digest then null else p.failure_reason end
       from instruction i
       where i.sync_id = :syncId and i.id_server = p.id_server and i.failure is null and not p.held`,
      { syncId },
    );
  }

  /** A failure counts for the version that failed, not for a later version of the manager. */
  async function settleFailed(syncId: string): Promise<void> {
    await db.raw(
      `update param p set failures = p.failures + case when p.digest = i.digest then 1 else 0 end,
         failure_reason = case when p.digest = i.digest then i.failure else p.failure_reason end,
         -- Of a class that was to be replaced, nobody knows what the solution still holds.
         base_digest = case when i.op = 'r' and not p.held then null else p.base_digest end
       from instruction i
       where i.sync_id = :syncId and i.id_server = p.id_server and i.failure is not null`,
      { syncId },
    );
  }
}

interface Row {
  entity_id: string;
  id_server: string | null;
  op: ParameterOp;
  fields: Fields | null;
  ts: string | null;
}

const pageSize = 1_000;

/** The instruction for an entity and its `Ts`: the time of the last change by either side, on the solution's clock. */
const toldOf = `cross join lateral (
  select case when not p.is_active then 'd' when p.base_fields is null then 'i' else 'u' end as op,
    case when p.edited_at = p.updated_at
      then to_char(p.updated_at at time zone (select timezone from solution where id = p.solution_id),
        'YYYY-MM-DD HH24:MI:SS')
      else p.ts end as ts
) t`;

/** If a newer copy is in quarantine, the instruction waits until someone has decided about it. */
const isNotOverwritten = `and not exists (select from quarantine q
  where q.solution_id = p.solution_id and q.subject = p.class and (q.kind = 'file' or q.row_id = p.id)
    and ${isNewestCopy})`;

/** The solution's copy of an entity that waits for a decision, if it is known. */
const waitingCopy = `
  select c.solution_fields as fields, c.solution_active as is_active, c.solution_digest as digest, c.solution_ts as ts
  from conflict c where c.id_server = p.id_server and c.state = 'open'
  union all
  select coalesce(line -> 'sent' -> 'fields', '{}'), coalesce(cast(line -> 'sent' ->> 'isActive' as boolean), false),
    null, line -> 'sent' ->> 'ts'
  from approval a cross join lateral jsonb_array_elements(a.plan) line
  where a.solution_id = p.solution_id and a.class = p.class and a.state = 'open' and line ->> 'id' = p.id
  limit 1`;

const instructionFrom = (row: Row): RecordedInstruction => ({
  id: row.entity_id,
  idServer: row.id_server,
  ts: row.ts,
  isActive: row.op !== 'd',
  fields: row.fields ?? {},
});

const recordDue = prepared<
  { readonly hasInstructions: boolean },
  {
    readonly solutionId: number;
    readonly syncId: string;
    readonly classes: readonly string[];
    readonly maxFailures: number;
  }
>(
  'record_due_instructions',
  `with told as (
           select id_server from param
           where solution_id = :solutionId and class = any(:classes) and due
           union
           select i.id_server from instruction i join param p on p.id_server = i.id_server
           where p.solution_id = :solutionId and p.class = any(:classes) and i.sync_id <> :syncId
             and (p.is_active or i.op <> 'd')
         ), recorded as (
           insert into instruction (sync_id, file, entity_id, id_server, op, fields, digest, ts)
           select cast(:syncId as uuid), 'xml/' || p.class || '-' || t.op || '.xml', p.id, p.id_server, t.op,
             case when p.is_active then p.fields end, p.digest, t.ts
           from told join param p on p.id_server = told.id_server ${toldOf}
           where not p.held and p.failures < :maxFailures ${isNotOverwritten} returning sync_id
         )
         select exists (select from recorded)
           or exists (select from instruction where sync_id = :syncId) as "hasInstructions"`,
);

const listFiles = prepared<{ file: string; op: ParameterOp; count: number }, { readonly syncId: string }>(
  'instruction_files',
  `select file, op, cast(count(*) filter (where entity_id <> '') as int) as count
   from instruction where sync_id = :syncId and file like 'xml/%' group by file, op order by file`,
);
