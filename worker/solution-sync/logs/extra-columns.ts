import type { Db } from '../../../shared/db/database';
import type { LogTable } from '../../../shared/catalog/log-tables';
import type { Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import type { HeaderFault, LogHeader } from './log-header';

/** The name is stored in every row that has the column, so a long name would turn a small file into a large log. */
const MAX_NAME_BYTES = 100;

/**
 * Records the undeclared columns of a file. Null: they are allowed. Needs the log's lock. `standard`: how many of them
 * a log may have over all files, if the solution has no limit of its own.
 */
export async function noteExtraColumns(
  db: Db,
  { solutionId, table }: { readonly solutionId: number; readonly table: LogTable },
  { undeclared, raw }: LogHeader,
  standard: number,
): Promise<HeaderFault | null> {
  if (undeclared.length === 0) return null;
  const names = undeclared.map(({ name }) => name);
  const tooLong = names.find((name) => Buffer.byteLength(name) > MAX_NAME_BYTES);
  if (tooLong !== undefined)
    return fault(raw, { code: 'undeclared-name-too-long', values: { mostBytes: MAX_NAME_BYTES } });
  const known = await readKnown(db, solutionId, table.table);
  const all = new Set([...known.names, ...names]);
  if (all.size === known.names.length) return null;
  const most = known.most ?? standard;
  if (all.size > most)
    return fault(raw, {
      code: 'too-many-undeclared',
      values: { table: table.name, columns: all.size, most },
    });
  await db.raw(
    `insert into log_extra_columns (solution_id, table_name, names) values (:solutionId, :table, :names)
     on conflict (solution_id, table_name) do update set names = excluded.names`,
    { solutionId, table: table.table, names: [...all] },
  );
  return null;
}

const fault = (raw: string, why: Reason): HeaderFault => ({
  code: 'too-many-columns',
  ...because(why),
  raw,
});

/** `most`: the solution's own bound. */
async function readKnown(
  db: Db,
  solutionId: number,
  table: string,
): Promise<{ readonly names: readonly string[]; readonly most: number | null }> {
  const { rows } = await db.raw<{ rows: { names: string[] | null; most: number | null }[] }>(
    `select (select names from log_extra_columns where solution_id = :solutionId and table_name = :table) as names,
       (select extra_columns from solution_quota where solution_id = :solutionId) as most`,
    { solutionId, table },
  );
  return { names: rows[0]?.names ?? [], most: rows[0]?.most ?? null };
}
