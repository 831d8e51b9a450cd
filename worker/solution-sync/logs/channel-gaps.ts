import { logTablesOf } from '../../../shared/catalog/log-tables';
import type { Db } from '../../../shared/db/database';
import type { ChannelKey } from '../../../shared/domain/channel';
import type { LogGaps } from '../../../shared/domain/log-gaps';
import type { SyncReport } from '../../../shared/domain/report';
import { createLogMarkStore } from '../../../shared/stores/logs/log-mark-store';
import type { SolutionStatement } from '../package/solution-statement';

/**
 * The gaps in the logs of a channel, by table, without the ids that the solution never had. Tables without gaps are
 * left out.
 */
export async function findChannelGaps(
  db: Db,
  { solutionId, channel }: ChannelKey,
  { absent }: Pick<SolutionStatement, 'absent'>,
): Promise<Pick<SyncReport, 'gaps'>> {
  const marks = createLogMarkStore(db);
  for (const { table, spans } of absent) await marks.closeGaps(solutionId, table.table, spans);
  const tables = logTablesOf(channel);
  if (tables.length === 0) return {};
  const gaps = await marks.gaps(solutionId);
  const listed = tables.flatMap(({ name, table }): [string, LogGaps][] => {
    const found = gaps.get(table);
    return found === undefined ? [] : [[name, found]];
  });
  return listed.length === 0 ? {} : { gaps: Object.fromEntries(listed) };
}
