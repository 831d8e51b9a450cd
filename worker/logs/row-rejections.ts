import type { LogTable } from '../../shared/catalog/log-tables';
import type { RefusalCode } from '../../shared/domain/refusal';
import { decodeText } from '../../shared/formats/csv-cell';
import type { CsvRows } from '../../shared/formats/csv-rows';
import type { Reject } from '../package/rejections';
import type { ConflictingRow } from './late-rows';
import type { HeaderFault, LogHeader } from './log-header';
import type { RowRefusal } from './take-row';

/** Hands on what of a log file cannot be loaded, as text. */
export interface LogRejections {
  rejectFile(fault: HeaderFault): Promise<void>;
  rejectRow(header: LogHeader, row: CsvRows, refusal: RowRefusal): Promise<void>;
  rejectConflict(header: LogHeader, row: ConflictingRow): Promise<void>;
}

export function createLogRejections(table: LogTable, file: string, reject: Reject): LogRejections {
  return {
    rejectFile: ({ code, reason, raw }) =>
      reject({
        kind: 'file',
        subject: table.name,
        file,
        line: null,
        rowId: null,
        code,
        reason,
        header: keep(raw),
        raw: null,
      }),

    rejectRow: (header, row, { code, reason, rowId }) =>
      rejectRow(header, row.line, rowId, code, reason, row.bytes.subarray(row.start, row.end)),

    rejectConflict: (header, { id, line, raw }) =>
      rejectRow(header, line, id, 'id-conflict', `Id ${id} is stored already with other content.`, raw),
  };

  function rejectRow(
    header: LogHeader,
    line: number,
    rowId: string | null,
    code: RefusalCode,
    reason: string,
    raw: Buffer,
  ): Promise<void> {
    const kept = keep(decodeText(raw.subarray(0, lengthToKeep(raw))));
    return reject({
      kind: 'row',
      subject: table.name,
      file,
      line,
      rowId: rowId === null ? null : keep(rowId),
      code,
      reason,
      header: keep(header.raw),
      raw: kept,
    });
  }
}

/** PostgreSQL takes no NUL in a text; its symbol shows where one was. */
const keep = (text: string): string => text.slice(0, MAX_KEPT_BYTES).replaceAll('\0', '\u2400');

/** Not in the middle of a UTF-8 character: the whole would no longer be read as UTF-8. */
function lengthToKeep(raw: Buffer): number {
  let length = Math.min(raw.length, MAX_KEPT_BYTES);
  while (length > MAX_KEPT_BYTES - 4 && ((raw[length] ?? 0) & 0xc0) === 0x80) length--;
  return length;
}

const MAX_KEPT_BYTES = 64 * 1024;
