import { createReadStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { maxReportedRejections, type Rejection } from '../../shared/domain/report';
import type { Reject, Rejected } from './rejections';

/**
 * Holds what a sync rejects until the transaction can take it: while a COPY runs, its connection takes nothing else.
 * A file of a million bad rows must not fill the memory, so beyond a thousand they wait on disk.
 */
export interface RejectionSpool {
  readonly reject: Reject;
  /** The first thousand, for the report. */
  readonly reported: readonly Rejection[];
  /** All of them, in order, in batches. */
  drain(): AsyncIterable<readonly Rejected[]>;
  /** Removes what lies on disk. */
  close(): Promise<void>;
}

const batchSize = 1000;

export function createRejectionSpool(): RejectionSpool {
  const reported: Rejection[] = [];
  let batch: Rejected[] = [];
  let onDisk: { folder: string; file: FileHandle } | null = null;

  return {
    reported,

    async reject(rejected) {
      if (reported.length < maxReportedRejections) reported.push(rejectionOf(rejected));
      batch.push(rejected);
      if (batch.length >= batchSize) await spill();
    },

    async *drain() {
      if (onDisk !== null) yield* readBatches(path.join(onDisk.folder, 'rejections'));
      if (batch.length > 0) yield batch;
    },

    async close() {
      await onDisk?.file.close();
      if (onDisk !== null) await rm(onDisk.folder, { recursive: true, force: true });
    },
  };

  async function spill(): Promise<void> {
    const full = batch;
    batch = [];
    onDisk ??= await openSpoolFile();
    await onDisk.file.appendFile(`${JSON.stringify(full)}\n`);
  }
}

async function openSpoolFile(): Promise<{ folder: string; file: FileHandle }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-rejections-'));
  return { folder, file: await open(path.join(folder, 'rejections'), 'a') };
}

async function* readBatches(file: string): AsyncGenerator<readonly Rejected[]> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    yield JSON.parse(line) as readonly Rejected[];
  }
}

const rejectionOf = (rejected: Rejected): Rejection => ({
  file: rejected.file,
  ...(rejected.line === null ? {} : { line: rejected.line }),
  ...(rejected.rowId === null ? {} : { id: rejected.rowId }),
  code: rejected.code,
  reason: rejected.reason,
});
