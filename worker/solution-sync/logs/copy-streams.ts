import type { BinaryCopy } from '../../../shared/db/copy';
import { TupleBuffer } from './tuple-buffer';

/** A path of rows into the database. They are collected in a buffer and sent from there. */
export interface CopyStream {
  readonly copy: BinaryCopy;
  /** Looks at the rows before they are sent, while the connection accepts statements. It may remove some of them. */
  prepare?(rows: TupleBuffer): Promise<void>;
}

/**
 * The two paths of the rows of a file. They take turns on one connection: a COPY is ended when the other buffer is
 * full. So no rows wait on disk or in memory, at the cost of some milliseconds per buffer of rows that are out of
 * order.
 */
export interface CopyStreams {
  /** Straight into the log. */
  readonly fresh: TupleBuffer;
  /** To be compared with the log. */
  readonly late: TupleBuffer;
  haveRoom(size: number): boolean;
  makeRoom(size: number): Promise<void>;
  /** Ends the current COPY, so that the connection accepts other statements. The buffers keep their rows. */
  pause(): Promise<void>;
  /** Sends all remaining rows. */
  finish(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

export function createCopyStreams(into: {
  readonly fresh: CopyStream;
  readonly late: CopyStream;
}): CopyStreams {
  const fresh = new TupleBuffer(FRESH_BYTES);
  const late = new TupleBuffer(LATE_BYTES);
  const both = [
    { lane: into.fresh, buffer: fresh },
    { lane: into.late, buffer: late },
  ];
  let active: CopyStream | null = null;

  return {
    fresh,
    late,
    haveRoom: (size) => fresh.hasRoom(size) && late.hasRoom(size),
    async makeRoom(size) {
      for (const { lane, buffer } of both) if (!buffer.hasRoom(size)) await send(lane, buffer, size);
    },
    pause,
    async finish() {
      for (const { lane, buffer } of both) await send(lane, buffer, 0);
      await pause();
    },
    async abort(reason) {
      await active?.copy.abort(reason instanceof Error ? reason : new Error(String(reason)));
    },
  };

  async function send(lane: CopyStream, buffer: TupleBuffer, roomAfter: number): Promise<void> {
    if (active !== lane || lane.prepare !== undefined) await pause();
    if (!buffer.isEmpty) await lane.prepare?.(buffer);
    if (!buffer.isEmpty) {
      active = lane;
      await lane.copy.write(buffer.rows);
    }
    buffer.clear(roomAfter);
  }

  async function pause(): Promise<void> {
    await active?.copy.finish();
    active = null;
  }
}

const FRESH_BYTES = 128 * 1024;
/** Larger: where both lanes are in use, each of these costs an end and a start of COPY. */
const LATE_BYTES = 512 * 1024;
