import { binaryCopyRows } from '../../../shared/db/copy';
import type { Transaction } from '../../../shared/db/database';
import type { LogKey } from './log-mark';
import type { TupleBuffer } from './tuple-buffer';

/**
 * Removes rows from the buffer that the log already contains byte for byte, so that an upload that is sent twice costs
 * the database only a read. It may leave some of them: those are compared as values later. Its rows begin with the
 * fields of `columns`, solution and id first; the fields after those are not in the log.
 */
export async function dropStoredRows(
  client: Transaction['client'],
  log: LogKey,
  columns: readonly string[],
  buffer: TupleBuffer,
): Promise<void> {
  const rows = buffer.rows;
  const starts = rowStarts(rows);
  if (!areIdsGrowing(rows, starts)) return;
  const [first = 0, last = 0] = [starts[0], starts.at(-1)];
  const stored = await binaryCopyRows(
    client,
    `select ${columns.map((column) => `"${column}"`).join(', ')} from "${log.table.table}"
     where solution_id = ${log.solutionId} and id between ${idAt(rows, first)} and ${idAt(rows, last)}
     order by id limit ${MAX_STORED_PER_ROW * starts.length}`,
  );

  let storedAt = 0;
  let kept = 0;
  starts.forEach((start, row) => {
    const end = starts[row + 1] ?? rows.length;
    while (storedAt < stored.length && compareIds(stored, storedAt, rows, start) < 0) {
      storedAt = endOfRow(stored, storedAt);
    }
    // From the first field on: the field counts differ. Equal fields have equal lengths, so no more is needed.
    const fieldsEnd = endOfFields(rows, start, columns.length);
    const storedEnd = storedAt + fieldsEnd - start;
    const isThere = storedEnd <= stored.length;
    if (isThere && rows.compare(stored, storedAt + 2, storedEnd, start + 2, fieldsEnd) === 0) return;
    rows.copyWithin(kept, start, end);
    kept += end - start;
  });
  buffer.shrink(kept);
}

/** If the file leaves out most stored ids, the rows between are not all read. */
const MAX_STORED_PER_ROW = 2;
/** Field count, length and value of the solution, length of the id. */
const ID_AT = 2 + 4 + 4 + 4;

function rowStarts(rows: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < rows.length; at = endOfRow(rows, at)) starts.push(at);
  return starts;
}

const endOfRow = (rows: Buffer, start: number): number => endOfFields(rows, start, rows.readInt16BE(start));

function endOfFields(rows: Buffer, start: number, count: number): number {
  let at = start + 2;
  for (let fields = count; fields > 0; fields--) at += 4 + Math.max(0, rows.readInt32BE(at));
  return at;
}

function areIdsGrowing(rows: Buffer, starts: readonly number[]): boolean {
  return starts.every((start, row) => row === 0 || compareIds(rows, starts[row - 1] ?? 0, rows, start) < 0);
}

function compareIds(some: Buffer, someStart: number, others: Buffer, otherStart: number): number {
  const someAt = someStart + ID_AT;
  const otherAt = otherStart + ID_AT;
  const high = some.readUInt32BE(someAt) - others.readUInt32BE(otherAt);
  return high === 0 ? some.readUInt32BE(someAt + 4) - others.readUInt32BE(otherAt + 4) : high;
}

const idAt = (rows: Buffer, start: number): bigint => rows.readBigInt64BE(start + ID_AT);
