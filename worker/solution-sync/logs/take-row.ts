import { decodeText } from '../../../shared/formats/csv-cell';
import type { CsvRows, RowFault } from '../../../shared/formats/csv-rows';
import type { Lanes } from './lanes';
import { PLACE_FIELDS } from './late-rows';
import type { LogHeader } from './log-header';
import { LogId } from './log-id';
import { createReceivedIds, type ReceivedIds } from './received-ids';
import type { RowEncoder } from './row-encoder';
import type { TupleBuffer } from './tuple-buffer';

/** Puts rows into their lanes, one by one, and says which it refuses. */
export interface RowTaker {
  /** The lanes must have room for the row. Null: it has been taken. */
  take(row: CsvRows): RowRefusal | 'needs-earlier-readings' | null;
  /** Of the file. It means nothing before the first row that has an id. */
  readonly firstId: LogId;
  /** The highest id seen, in refused rows too. */
  readonly highestId: LogId;
  /** Of rows that went straight into the log, and of refused ones. */
  readonly receivedIds: ReceivedIds;
  /** How many rows went which way. */
  readonly taken: { fresh: number; late: number };
}

export interface RowRefusal {
  readonly code: RowFault | 'wrong-cell-count' | 'bad-id' | 'bad-value';
  readonly reason: string;
  /** As the solution wrote it, where it is certain which cell it is. */
  readonly rowId: string | null;
}

/** `mark`: the highest id seen before this file; -1 for none. */
export function createRowTaker(header: LogHeader, encoder: RowEncoder, lanes: Lanes, mark: bigint): RowTaker {
  const { idCell, cellCount } = header;
  const id = new LogId();
  const firstId = new LogId();
  const highestId = new LogId();
  highestId.setBigInt(mark);
  const receivedIds = createReceivedIds();
  const taken = { fresh: 0, late: 0 };
  let hasFirstId = false;

  return { take, firstId, highestId, receivedIds, taken };

  function take(row: CsvRows): RowRefusal | 'needs-earlier-readings' | null {
    if (row.fault !== null) return refuseUnsplit(row, row.fault, faultReasons[row.fault]);
    if (row.cellCount !== cellCount && !hasOneEmptyCellMore(row)) {
      return refuseUnsplit(
        row,
        'wrong-cell-count',
        `The row has ${row.cellCount} cells, its header ${cellCount}.`,
      );
    }
    if (!readId(row)) return refuse(row, 'bad-id', 'Id is not a whole number from 0 to 9223372036854775807.');
    const isFresh = id.isAbove(highestId);
    const outcome = isFresh ? encoder.encode(row, id, lanes.fresh, 0) : encodeLate(row, lanes.late);
    if (outcome === 'needs-earlier-readings') return outcome;
    if (isFresh) raiseHighest();
    if (outcome !== 'encoded') {
      if (!isFresh) receivedIds.noteRefused(id);
      return refuse(row, 'bad-value', outcome.reason);
    }
    if (isFresh) taken.fresh++;
    else taken.late++;
    return null;
  }

  function encodeLate(row: CsvRows, out: TupleBuffer): ReturnType<RowEncoder['encode']> {
    const outcome = encoder.encode(row, id, out, encoder.timeColumns.length + PLACE_FIELDS);
    if (outcome !== 'encoded') return outcome;
    encoder.addOtherTimes(out);
    out.int32(row.line);
    out.int64(row.offset);
    out.int32(row.end - row.start);
    return outcome;
  }

  /** Some devices end each row with a delimiter. */
  function hasOneEmptyCellMore(row: CsvRows): boolean {
    return row.cellCount === cellCount + 1 && row.cellStart[cellCount] === row.cellEnd[cellCount];
  }

  /** Its cells may be out of place, so the id is certain only where it comes first. */
  function refuseUnsplit(row: CsvRows, code: RowRefusal['code'], reason: string): RowRefusal | null {
    if (isBlank(row)) return null;
    if (idCell > 0 || row.cellCount === 0) return { code, reason, rowId: null };
    if (readId(row)) {
      if (id.isAbove(highestId)) raiseHighest();
      else receivedIds.noteRefused(id);
    }
    return refuse(row, code, reason);
  }

  function raiseHighest(): void {
    highestId.set(id);
    receivedIds.noteHighest(id);
  }

  function readId(row: CsvRows): boolean {
    let from = row.cellStart[idCell] ?? 0;
    let to = row.cellEnd[idCell] ?? 0;
    while (from < to && isBlankByte(row.bytes[from])) from++;
    while (from < to && isBlankByte(row.bytes[to - 1])) to--;
    if (!id.read(row.bytes, from, to)) return false;
    if (!hasFirstId) firstId.set(id);
    hasFirstId = true;
    return true;
  }

  function refuse(row: CsvRows, code: RowRefusal['code'], reason: string): RowRefusal {
    const from = row.cellStart[idCell] ?? 0;
    const to = Math.min(row.cellEnd[idCell] ?? 0, from + MAX_KEPT_ID_BYTES);
    return { code, reason, rowId: decodeText(row.bytes.subarray(from, to)) || null };
  }
}

function isBlank(row: CsvRows): boolean {
  for (let at = row.start; at < row.end; at++) if (!isBlankByte(row.bytes[at])) return false;
  return true;
}

const isBlankByte = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

const MAX_KEPT_ID_BYTES = 64;

const faultReasons: Record<RowFault, string> = {
  'unterminated-quote': 'A quote is opened and never closed.',
  'bad-quote': 'A quoted cell goes on after its closing quote.',
  'row-too-large': 'The row is too large. What is kept of it is its beginning.',
};
