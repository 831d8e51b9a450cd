import type { Readable } from 'node:stream';
import type { LogTable } from '../../../shared/catalog/log-tables';
import type { RefusalCode } from '../../../shared/domain/refusal';
import type { CsvRows } from '../../../shared/formats/csv-rows';
import { decodeBeginning, keepable, keptTextOf } from '../package/kept-text';
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

export function createLogRejections(
  table: LogTable,
  source: { readonly name: string; open(): Promise<Readable> },
  reject: Reject,
): LogRejections {
  const file = source.name;
  return {
    rejectFile: async ({ code, reason, raw }) =>
      reject({
        kind: 'file',
        subject: table.name,
        file,
        line: null,
        rowId: null,
        code,
        reason,
        header: keepable(raw),
        raw: await keptTextOf(source),
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
    const kept = keepable(decodeBeginning(raw));
    return reject({
      kind: 'row',
      subject: table.name,
      file,
      line,
      rowId: rowId === null ? null : keepable(rowId),
      code,
      reason,
      header: keepable(header.raw),
      raw: kept,
    });
  }
}
