import type { LogTable } from '../../../shared/catalog/log-tables';
import type { Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import { decodeText } from '../../../shared/formats/csv-cell';
import type { CsvRows, RowFault } from '../../../shared/formats/csv-rows';
import type { CopyStreams } from './copy-streams';
import { PLACE_FIELDS } from './late-rows';
import type { LogHeader } from './log-header';
import { LogId } from './log-id';
import { createReadingSpans, type ReadingSpans } from './reading-spans';
import { createReceivedIds, type ReceivedIds } from './received-ids';
import type { RowEncoder } from './row-encoder';
import type { TupleBuffer } from './tuple-buffer';

/** Puts rows into their COPY streams, one by one, and reports refused rows. */
export interface RowTaker {
  /** The streams must have room for the row. Null: the row was accepted. */
  take(row: CsvRows): RowRefusal | 'needs-earlier-readings' | null;
  /** The first id of the file. It has no meaning before the first row with an id. */
  readonly firstId: LogId;
  /** The highest id seen, in refused rows too, except for Ids that jump. */
  readonly highestId: LogId;
  /** The ids of rows that went directly into the log, and of refused rows. */
  readonly receivedIds: ReceivedIds;
  /** When the accepted rows were measured. */
  readonly spans: ReadingSpans;
  /** How many rows went which way. */
  readonly taken: { fresh: number; late: number };
}

export interface RowRefusal {
  readonly code: RowFault | 'wrong-cell-count' | 'bad-id' | 'bad-value' | 'id-jump';
  readonly reason: string;
  readonly why: Reason;
  /** As the solution wrote it, where it is certain which cell it is. */
  readonly rowId: string | null;
}

/** The ids of a log that are known before the current file. */
export interface KnownIds {
  /** The highest id seen; -1 for none. */
  readonly highestId: bigint;
  /** Staff accepted Ids up to it, however high above the others; -1: none. */
  readonly acceptedId: bigint;
}

/** An Id that is further above the highest known one than this is only accepted if staff allow it. */
export const maxIdStep = 1_000_000;

export function createRowTaker(
  header: LogHeader,
  encoder: RowEncoder,
  lanes: CopyStreams,
  known: KnownIds & Pick<LogTable, 'span'>,
): RowTaker {
  const { idCell, cellCount } = header;
  const id = new LogId();
  const firstId = new LogId();
  const highestId = new LogId();
  highestId.setBigInt(known.highestId);
  /** A higher id counts as a jump. */
  const limit = new LogId();
  limit.setBigInt(known.acceptedId > known.highestId ? known.acceptedId : known.highestId);
  limit.setAbove(limit, maxIdStep);
  /** Before the first row of a log, its usual Ids are not known, so a readable row is accepted. */
  let isAnyKnown = known.highestId >= 0n || known.acceptedId >= 0n;
  const receivedIds = createReceivedIds();
  const spans = createReadingSpans(known);
  const accepted = new LogId();
  accepted.setBigInt(known.acceptedId);
  const taken = { fresh: 0, late: 0 };
  let hasFirstId = false;

  return { take, firstId, highestId, receivedIds, spans, taken };

  function take(row: CsvRows): RowRefusal | 'needs-earlier-readings' | null {
    if (row.fault !== null) return refuseUnsplit(row, row.fault, because(faultReasons[row.fault]));
    if (row.cellCount !== cellCount && !hasOneEmptyCellMore(row)) {
      const count = { cells: row.cellCount, expected: cellCount };
      return refuseUnsplit(row, 'wrong-cell-count', because({ code: 'row-cell-count', values: count }));
    }
    if (!readId(row)) return refuse(row, 'bad-id', noWholeNumber);
    const isFresh = id.isAbove(highestId);
    const isFar = isFresh && id.isAbove(limit);
    if (isFar && isAnyKnown) return refuse(row, 'id-jump', farAbove(highestId));
    const outcome = isFresh ? encoder.encode(row, id, lanes.fresh, 0) : encodeLate(row, lanes.late);
    if (outcome === 'needs-earlier-readings') return outcome;
    if (outcome !== 'encoded') {
      if (!isFar) noteRefused(isFresh);
      return refuse(row, 'bad-value', outcome);
    }
    spans.note(id, encoder.times.acceptedMs);
    if (isFresh) raiseHighest();
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
  function refuseUnsplit(row: CsvRows, code: RowRefusal['code'], told: RefusalReason): RowRefusal | null {
    if (isBlank(row)) return null;
    if (idCell > 0 || row.cellCount === 0) return { code, ...told, rowId: null };
    if (readId(row)) {
      const isFresh = id.isAbove(highestId);
      if (!isFresh || !id.isAbove(limit)) noteRefused(isFresh);
    }
    return refuse(row, code, told);
  }

  function noteRefused(isFresh: boolean): void {
    if (isFresh) raiseHighest();
    else receivedIds.noteRefused(id);
  }

  function raiseHighest(): void {
    highestId.set(id);
    receivedIds.noteHighest(id);
    isAnyKnown = true;
    if (id.isAbove(accepted)) limit.setAbove(id, maxIdStep);
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

  function refuse(row: CsvRows, code: RowRefusal['code'], { reason, why }: RefusalReason): RowRefusal {
    const from = row.cellStart[idCell] ?? 0;
    const to = Math.min(row.cellEnd[idCell] ?? 0, from + MAX_KEPT_ID_BYTES);
    return { code, reason, why, rowId: decodeText(row.bytes.subarray(from, to)) || null };
  }
}

type RefusalReason = Pick<RowRefusal, 'reason' | 'why'>;

const noWholeNumber: RefusalReason = because({ code: 'id-no-whole-number', values: {} });

const farAbove = (highest: LogId): RefusalReason =>
  because({ code: 'id-far-above', values: { step: maxIdStep, highest: String(highest.toBigInt()) } });

function isBlank(row: CsvRows): boolean {
  for (let at = row.start; at < row.end; at++) if (!isBlankByte(row.bytes[at])) return false;
  return true;
}

const isBlankByte = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

const MAX_KEPT_ID_BYTES = 64;

const faultReasons: Record<RowFault, Reason> = {
  'unterminated-quote': { code: 'quote-never-closed', values: {} },
  'bad-quote': { code: 'text-behind-quote', values: {} },
  'row-too-large': { code: 'row-too-large', values: {} },
};
