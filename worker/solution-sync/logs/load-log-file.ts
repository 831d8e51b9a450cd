import type { Readable } from 'node:stream';
import type { LogTable } from '../../../shared/catalog/log-tables';
import { createBinaryCopy } from '../../../shared/db/copy';
import type { Transaction } from '../../../shared/db/database';
import type { LogCounts } from '../../../shared/domain/report';
import { readHeaderRow } from '../../../shared/formats/csv-header';
import { CsvRows } from '../../../shared/formats/csv-rows';
import { createCsvSource, type CsvSource } from '../../../shared/formats/csv-source';
import { createLogLock } from '../../../shared/stores/logs/log-lock';
import type { Reject } from '../package/rejections';
import { findEarlierReadings } from './earlier-readings';
import { noteExtraColumns } from './extra-columns';
import { createCopyStreams } from './copy-streams';
import { createLateRows } from './late-rows';
import { type HeaderFault, type LogHeader, MAX_COLUMNS, readLogHeader } from './log-header';
import { type LogState, readLogState } from './log-mark';
import { type Arrival, noteReceived } from './received-ids';
import { createRowEncoder, type RowEncoder } from './row-encoder';
import { createLogRejections, type LogRejections } from './row-rejections';
import { createPendingRejections } from './pending-rejections';
import { settleQuarantine } from './settle-quarantine';
import { createRowTaker } from './take-row';

export interface LogFile {
  /** Inside the package: `csv/Tbsondes.csv`. */
  readonly name: string;
  /** From its first byte. It may be called again. */
  open(): Promise<Readable>;
}

export interface LogFileInput {
  readonly solutionId: number;
  /** IANA name: what times without an offset are local to. */
  readonly timezone: string;
  readonly table: LogTable;
  readonly file: LogFile;
  /** The transaction holds the lock of the log. */
  readonly isLocked?: boolean;
  /** How many undeclared columns the log may have, unless the solution has a bound of its own. Absent: any number. */
  readonly maxExtraColumns?: number;
  /** Takes rows that are not of this log. True: it has taken it. */
  readonly divert?: DivertRow;
  /** Called once in the same transaction, if any row was inserted. */
  readonly onInserted?: (rows: InsertedRows) => Promise<void>;
  /** Set to load the rows into a temporary table beside the log: the state of the log itself. */
  readonly besideLog?: LogState;
}

/** The rows that a file added to its log. */
export interface InsertedRows {
  readonly count: number;
  /** All above this id are new. */
  readonly aboveId: bigint;
  /** SQL that reads the ids of the new ones below it, valid until the callback is done. Null: there are none. */
  readonly lateIds: string | null;
}

export type DivertRow = (header: LogHeader, row: CsvRows) => boolean;

/**
 * Loads a log file inside the sync's transaction; until it is done, the connection is its own, except for what `reject`
 * does while it is awaited. Rows whose ids grow above the highest one known go straight into the log: nothing of theirs
 * can be stored. The others are compared with the log as a set. Memory does not grow with the file. Source: ePack V4,
 * Logs.
 */
export async function loadLogFile(
  transaction: Transaction,
  input: LogFileInput,
  reject: Reject,
): Promise<LogCounts> {
  const counts: LogCounts = { inserted: 0, duplicates: 0, rejected: 0 };
  const rejections = createLogRejections(input.table, input.file, (rejected) => {
    counts.rejected++;
    return reject(rejected);
  });
  const rows = new CsvRows({ maxRowBytes: MAX_ROW_BYTES, maxCells: MAX_COLUMNS + 1 });
  const source = createCsvSource(await input.file.open(), rows);
  try {
    const header = await readHeader(source, input.table);
    if (header === null) return counts;
    if ('code' in header) await rejections.rejectFile(header);
    else await loadRows(transaction, input, { source, header, rejections, counts });
    return counts;
  } finally {
    source.close();
  }
}

/** Null: the file is empty. */
async function readHeader(source: CsvSource, table: LogTable): Promise<LogHeader | HeaderFault | null> {
  return (await readHeaderRow(source)) ? readLogHeader(source.rows, table) : null;
}

interface OpenLogFile {
  readonly source: CsvSource;
  readonly header: LogHeader;
  readonly rejections: LogRejections;
  readonly counts: LogCounts;
}

async function loadRows(transaction: Transaction, input: LogFileInput, opened: OpenLogFile): Promise<void> {
  const { db, client } = transaction;
  const { source, header, rejections, counts } = opened;
  const { rows } = source;
  if (input.isLocked !== true) await createLogLock(db).take(input.solutionId, input.table.table);
  const fault = await noteExtraColumns(db, input, header, input.maxExtraColumns ?? Infinity);
  if (fault !== null) return rejections.rejectFile(fault);
  const state = input.besideLog ?? (await readLogState(db, input));
  const encoder = createRowEncoder(header, input, state.oldTimezones);
  const lateRows = createLateRows(transaction, input, encoder, state);
  const freshRows = { copy: createBinaryCopy(client, input.table.table, encoder.columns) };
  const lanes = createCopyStreams({ fresh: freshRows, late: lateRows });
  const taker = createRowTaker(header, encoder, lanes, { ...state, span: input.table.span });
  const pending = createPendingRejections(lanes, rejections);

  try {
    do await takeRows();
    while (await source.pull());
    await pending.finish();
    await lanes.finish();
  } catch (error) {
    await lanes.abort(error);
    throw error;
  }
  const moved = await lateRows.insertNew();
  counts.inserted = taker.taken.fresh + moved;
  counts.duplicates = taker.taken.late - moved - (await rejectConflicts());
  if (counts.inserted > 0) {
    const inserted = { count: counts.inserted, aboveId: state.highestId, lateIds: lateRows.newIds() };
    await input.onInserted?.(inserted);
  }
  if (input.besideLog === undefined) await note();
  await lateRows.close();

  async function note(): Promise<void> {
    const { highestId, receivedIds: ids, spans } = taker;
    const newIds = lateRows.newIds();
    const arrival =
      counts.inserted > 0 ? { ...arrivalOf(input.timezone, encoder.times), spans: spans.rows() } : null;
    if (!ids.isEmpty || moved > 0)
      await noteReceived(db, input, { highestId: highestId.toBigInt(), ids, newIds, arrival });
    await settleQuarantine(db, input, state, {
      isStored: counts.inserted > 0,
      storedItems: lateRows.storedInQuarantine(() => input.file.open()),
    });
  }

  /** Only awaits where necessary, because awaiting each row would cost more than the row itself. */
  async function takeRows(): Promise<void> {
    while (rows.next()) {
      if (input.divert?.(header, rows) === true) continue;
      const size = encoder.maxBytes(rows);
      if (!lanes.haveRoom(size)) await lanes.makeRoom(size);
      const refusal = taker.take(rows);
      if (refusal === 'needs-earlier-readings') await takeAfterEarlierReadings();
      else if (refusal !== null) await pending.rejectRow(header, rows, refusal);
    }
  }

  async function takeAfterEarlierReadings(): Promise<void> {
    await lanes.pause();
    encoder.times.seed(await findEarlierReadings(db, input, taker.firstId));
    const refusal = taker.take(rows);
    if (refusal !== null && refusal !== 'needs-earlier-readings')
      await pending.rejectRow(header, rows, refusal);
  }

  async function rejectConflicts(): Promise<number> {
    let conflicts = 0;
    for await (const conflict of lateRows.conflicts(() => input.file.open())) {
      conflicts++;
      await rejections.rejectConflict(header, conflict);
    }
    return conflicts;
  }
}

function arrivalOf(timezone: string, times: RowEncoder['times']): Omit<Arrival, 'spans'> {
  const { local, offset } = times.forms;
  const timeForm = local && offset ? 'mixed' : local ? 'local' : offset ? 'offset' : null;
  return { timezone, timeForm, impossibleCount: times.impossibleCount };
}

const MAX_ROW_BYTES = 1024 * 1024;
