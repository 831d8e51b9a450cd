import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { CsvRows } from './csv-rows';

/** Feeds a file to `CsvRows`, piece by piece, as they are asked for. */
export interface CsvSource {
  readonly rows: CsvRows;
  /** Pushes more bytes, or the end of the file. False: the end has been pushed before. */
  pull(): Promise<boolean>;
  close(): void;
}

/** Small enough that what is done with one piece never holds up the process. */
const PIECE_BYTES = 64 * 1024;
/** A stream that has all its bytes at hand would never let timers run. */
const PIECES_WITHOUT_PAUSE = 16;

export function createCsvSource(file: Readable, rows: CsvRows): CsvSource {
  const pieces = cut(file);
  let hasEnded = false;
  let pulled = 0;
  return {
    rows,
    async pull() {
      if (hasEnded) return false;
      if (++pulled % PIECES_WITHOUT_PAUSE === 0) await setImmediate();
      const piece = await pieces.next();
      hasEnded = piece.done === true;
      if (piece.done === true) rows.finish();
      else rows.push(piece.value);
      return true;
    },
    close() {
      file.destroy();
    },
  };
}

async function* cut(file: Readable): AsyncGenerator<Buffer, undefined> {
  for await (const chunk of file as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
  }
}
