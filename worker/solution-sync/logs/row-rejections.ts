import type { Readable } from 'node:stream';
import type { LogTable } from '../../../shared/catalog/log-tables';
import { because } from '../../../shared/domain/reason-english';
import type { CsvRows } from '../../../shared/formats/csv-rows';
import { decodeBeginning, keepable, keptTextOf } from '../package/kept-text';
import type { Reject, Rejected } from '../package/rejections';
import type { ConflictingRow } from './late-rows';
import type { HeaderFault, LogHeader } from './log-header';
import type { RowRefusal } from './take-row';

/** Hands on what of a log file cannot be loaded, as text. */
export interface LogRejections {
  rejectFile(fault: HeaderFault): Promise<void>;
  /** The stored copy of a row, which no longer refers to the bytes of the file. */
  refusedRow(header: LogHeader, row: CsvRows, refusal: RowRefusal): Rejected;
  reject: Reject;
  rejectConflict(header: LogHeader, row: ConflictingRow): Promise<void>;
}

export function createLogRejections(
  table: LogTable,
  source: { readonly name: string; open(): Promise<Readable> },
  reject: Reject,
): LogRejections {
  const file = source.name;
  return {
    rejectFile: async ({ code, reason, why, raw }) =>
      reject({
        kind: 'file',
        subject: table.name,
        file,
        line: null,
        rowId: null,
        code,
        reason,
        why,
        header: keepable(raw),
        raw: await keptTextOf(source),
      }),

    refusedRow: (header, row, { code, reason, why, rowId }) => ({
      ...placeOf(header),
      line: row.line,
      rowId: rowId === null ? null : keepable(rowId),
      code,
      reason,
      why,
      raw: keepable(decodeBeginning(row.bytes.subarray(row.start, row.end))),
    }),

    reject,

    rejectConflict: (header, { id, line, raw }) =>
      reject({
        ...placeOf(header),
        line,
        rowId: id,
        code: 'id-conflict',
        ...because({ code: 'id-stored-otherwise', values: { id } }),
        raw: keepable(decodeBeginning(raw)),
      }),
  };

  function placeOf(header: LogHeader): Pick<Rejected, 'kind' | 'subject' | 'file' | 'header'> {
    return { kind: 'row', subject: table.name, file, header: header.kept };
  }
}
