import type { Db } from '../../../shared/db/database';
import type { LogId } from './log-id';
import type { LogKey } from './log-mark';
import { READING_TIME } from './row-encoder';

/**
 * The last reading of each series among the thousand rows before an id. These rows do not depend on whether this file
 * has been loaded before, so the same times are read if the file is sent again.
 */
export async function findEarlierReadings(
  db: Db,
  { solutionId, table }: LogKey,
  beforeId: LogId,
): Promise<{ series: string; at: Date }[]> {
  const columnOf = (name: string | null) => table.columns.find((column) => column.name === name)?.column;
  const time = columnOf(READING_TIME);
  const series = columnOf(table.series);
  if (time === undefined) return [];
  const { rows } = await db.raw<{ rows: { series: string; at: Date }[] }>(
    `select distinct on (series) series, at
     from (
       select id, ${series === undefined ? "''" : "coalesce(:series:, '')"} as series, :time: as at
       from :table: where solution_id = :solutionId and id < :beforeId
       order by id desc limit 1000
     ) earlier
     where at is not null
     order by series, id desc`,
    { series: series ?? '', time, table: table.table, solutionId, beforeId: String(beforeId.toBigInt()) },
  );
  return rows;
}
