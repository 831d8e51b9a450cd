import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { tooManyRejections } from '../../../shared/errors/catalog';
import { maxReportedRejections, type Rejection } from '../../../shared/domain/report';
import type { Reject, Rejected } from './rejections';

/**
 * Holds what a sync rejects until the transaction can take it: while a COPY runs, its connection takes nothing else.
 * A file of a million bad rows must not fill the memory, so beyond a thousand they wait on disk.
 */
export interface RejectionSpool {
  /** Throws `too-many-rejections`: then the sync as a whole is refused, and kept as it came. */
  readonly reject: Reject;
  /** The first thousand, for the report. */
  readonly reported: readonly Rejection[];
  /** All of them, in order, in batches. Of the rows of a file only the first still holds the header. */
  drain(): AsyncIterable<readonly Rejected[]>;
  /** Gives back what lies on disk. */
  close(): Promise<void>;
}

const maxBatch = 1000;
/** UTF-16 units: a thousand rows may be a thousand large ones. */
const maxBatchLength = 1_048_576;
/** What nobody can look through any more. Rows of two bytes would make an upload a hundred times as large. */
const maxRejections = 2_000_000;

export function createRejectionSpool(): RejectionSpool {
  const reported: Rejection[] = [];
  const headers = new Map<string, string>();
  let batch: Rejected[] = [];
  let batchLength = 0;
  let count = 0;
  let onDisk: FileHandle | null = null;

  return {
    reported,

    async reject(rejected) {
      count += 1;
      if (count > maxRejections) throw tooManyRejections(maxRejections);
      if (reported.length < maxReportedRejections) reported.push(rejectionOf(rejected));
      const kept = withoutKnownHeader(rejected);
      batch.push(kept);
      batchLength += (kept.raw?.length ?? 0) + (kept.header?.length ?? 0);
      if (batch.length >= maxBatch || batchLength >= maxBatchLength) await spill();
    },

    async *drain() {
      if (onDisk !== null) yield* readBatches(onDisk);
      if (batch.length > 0) yield batch;
    },

    async close() {
      await onDisk?.close();
    },
  };

  /** A header may be a thousand times as long as the row below it: a million copies would fill the disk. */
  function withoutKnownHeader(rejected: Rejected): Rejected {
    const { file, header } = rejected;
    if (header === null) return rejected;
    if (headers.get(file) === header) return { ...rejected, header: null };
    headers.set(file, header);
    return rejected;
  }

  async function spill(): Promise<void> {
    const full = batch;
    batch = [];
    batchLength = 0;
    onDisk ??= await openNamelessFile();
    await onDisk.appendFile(`${JSON.stringify(full)}\n`);
  }
}

/** It goes with the process that opened it, however that ends. */
async function openNamelessFile(): Promise<FileHandle> {
  const file = path.join(tmpdir(), `epack-rejections-${randomUUID()}`);
  const handle = await open(file, 'ax+', 0o600);
  await unlink(file);
  return handle;
}

async function* readBatches(file: FileHandle): AsyncGenerator<readonly Rejected[]> {
  const input = file.createReadStream({ start: 0, autoClose: false });
  for await (const line of createInterface({ input })) yield JSON.parse(line) as readonly Rejected[];
}

const rejectionOf = (rejected: Rejected): Rejection => ({
  file: rejected.file,
  ...(rejected.line === null ? {} : { line: rejected.line }),
  ...(rejected.rowId === null ? {} : { id: rejected.rowId }),
  code: rejected.code,
  reason: rejected.reason,
});
