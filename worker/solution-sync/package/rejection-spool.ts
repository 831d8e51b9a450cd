import { tooManyRejections } from '../../../shared/errors/catalog';
import { maxReportedRejections, type Rejection } from '../../../shared/domain/report';
import type { Reject, Rejected } from './rejections';

/**
 * Takes rejected items and writes them in portions, so that a file with a million bad rows does not fill the memory.
 * The caller of `reject` must not be using the connection that `write` uses.
 */
export interface RejectionSpool {
  /** Throws `too-many-rejections`: then the sync as a whole is refused, and kept as it came. */
  readonly reject: Reject;
  /** The first thousand, for the report. */
  readonly reported: readonly Rejection[];
  /** Writes what has not been written yet. */
  finish(): Promise<void>;
}

/** Only the first row of a file still has the header. */
export type WriteRejections = (batch: readonly Rejected[]) => Promise<void>;

const maxBatch = 1_000;
/** UTF-16 units: a thousand rows may be a thousand large ones. */
const maxBatchLength = 1_048_576;
/** More items than anyone can look through. Rows of two bytes would make an upload a hundred times as large. */
const maxRejections = 2_000_000;

export function createRejectionSpool(write: WriteRejections): RejectionSpool {
  const reported: Rejection[] = [];
  const headers = new Map<string, string>();
  let batch: Rejected[] = [];
  let batchLength = 0;
  let count = 0;

  return {
    reported,

    async reject(rejected) {
      count += 1;
      if (count > maxRejections) throw tooManyRejections(maxRejections);
      if (reported.length < maxReportedRejections) reported.push(rejectionOf(rejected));
      const kept = withoutKnownHeader(rejected);
      batch.push(kept);
      batchLength += (kept.raw?.length ?? 0) + (kept.header?.length ?? 0);
      if (batch.length >= maxBatch || batchLength >= maxBatchLength) await finish();
    },

    finish,
  };

  /** A header may be a thousand times as long as the row below it. */
  function withoutKnownHeader(rejected: Rejected): Rejected {
    const { file, header } = rejected;
    if (header === null) return rejected;
    if (headers.get(file) === header) return { ...rejected, header: null };
    headers.set(file, header);
    return rejected;
  }

  async function finish(): Promise<void> {
    if (batch.length === 0) return;
    const full = batch;
    batch = [];
    batchLength = 0;
    await write(full);
  }
}

const rejectionOf = (rejected: Rejected): Rejection => ({
  file: rejected.file,
  ...(rejected.line === null ? {} : { line: rejected.line }),
  ...(rejected.rowId === null ? {} : { id: rejected.rowId }),
  code: rejected.code,
  reason: rejected.reason,
});
