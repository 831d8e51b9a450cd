import type { CsvRows } from '../../../shared/formats/csv-rows';
import type { Rejected } from '../package/rejections';
import type { CopyStreams } from './copy-streams';
import type { LogHeader } from './log-header';
import type { LogRejections } from './row-rejections';
import type { RowRefusal } from './take-row';

/** Rows that were refused while a COPY uses the connection. They are passed on in portions between two COPYs. */
export interface PendingRejections {
  rejectRow(header: LogHeader, row: CsvRows, refusal: RowRefusal): Promise<void>;
  /** Passes on all remaining rows. */
  finish(): Promise<void>;
}

export function createPendingRejections(
  lanes: Pick<CopyStreams, 'pause'>,
  rejections: Pick<LogRejections, 'refusedRow' | 'reject'>,
): PendingRejections {
  let rows: Rejected[] = [];
  let length = 0;

  return {
    async rejectRow(header, row, refusal) {
      const refused = rejections.refusedRow(header, row, refusal);
      rows.push(refused);
      length += refused.raw?.length ?? 0;
      if (rows.length >= maxRows || length >= maxLength) await handOn();
    },
    finish: handOn,
  };

  async function handOn(): Promise<void> {
    if (rows.length === 0) return;
    const full = rows;
    rows = [];
    length = 0;
    await lanes.pause();
    for (const refused of full) await rejections.reject(refused);
  }
}

const maxRows = 1_000;
/** UTF-16 units: a thousand rows may be a thousand large ones. */
const maxLength = 1_048_576;
