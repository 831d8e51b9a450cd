import type { LogTable } from '../../../shared/catalog/log-tables';
import type { Db } from '../../../shared/db/database';
import { prepared } from '../../../shared/db/prepared';

export interface LogKey {
  readonly solutionId: number;
  readonly table: LogTable;
}

/** The state of a log before a file is loaded into it. */
export interface LogState {
  /** The highest id ever seen, -1 before the first: ids above it are certain not to be stored. */
  readonly highestId: bigint;
  /** Up to this Id, staff have accepted Ids that are far above the others. -1: none. */
  readonly acceptedId: bigint;
  /** There are rows in quarantine whose Id is not stored. */
  readonly hasUntakenItems: boolean;
  /** There are open rows in quarantine whose Id is stored with other content. */
  readonly hasOpenConflicts: boolean;
  /** The result of the last check of its books. */
  readonly isBalanced: boolean;
  /** Time zones that the solution had before. */
  readonly oldTimezones: readonly string[];
}

/**
 * Needs the lock, so that the rows of other transactions are visible. Rows above the mark (there should be none) count
 * too.
 */
export async function readLogState(db: Db, { solutionId, table }: LogKey): Promise<LogState> {
  const [row] = await stateOf(table)(db, { solutionId, table: table.table, name: table.name });
  return {
    highestId: BigInt(row?.highest ?? -1),
    acceptedId: BigInt(row?.accepted ?? -1),
    hasUntakenItems: row?.untaken === true,
    hasOpenConflicts: row?.conflicts === true,
    isBalanced: row?.balanced !== false,
    oldTimezones: row?.zones ?? [],
  };
}

interface StateRow {
  highest: string;
  accepted: string;
  balanced: boolean | null;
  untaken: boolean;
  conflicts: boolean;
  zones: string[];
}

const maxOldZones = 5;

const states = new Map<string, ReturnType<typeof stateStatement>>();

/** The name of a table is part of the text: one statement for each log. */
function stateOf({ table }: LogTable): ReturnType<typeof stateStatement> {
  const known = states.get(table) ?? stateStatement(table);
  states.set(table, known);
  return known;
}

const stateStatement = (log: string) =>
  prepared<StateRow, { readonly solutionId: number; readonly table: string; readonly name: string }>(
    `log_state_${log}`,
    `select greatest(mark.highest_id, (select max(id) from "${log}" where solution_id = :solutionId), -1)::text as highest,
       coalesce(mark.accepted_id, -1)::text as accepted, mark.is_balanced as balanced,
       exists (select from quarantine where solution_id = :solutionId and subject = :name and log_id is not null
         and taken_at is null and code <> 'id-conflict') as untaken,
       exists (select from quarantine where solution_id = :solutionId and subject = :name and log_id is not null
         and taken_at is null and code = 'id-conflict' and state = 'open') as conflicts,
       array(select timezone from solution_old_zone where solution_id = :solutionId
         order by used_until desc limit ${maxOldZones}) as zones
     from (select 1) as one
     left join log_mark mark on mark.solution_id = :solutionId and mark.table_name = :table`,
  );
