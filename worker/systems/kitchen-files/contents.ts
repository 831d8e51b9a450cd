import { createHash } from 'node:crypto';
import { findLogTable } from '../../../shared/catalog/log-tables';
import { inTransaction } from '../../../shared/db/database';
import { logCsv } from '../../../shared/formats/log-csv';
import type { LogMonth } from '../../../shared/stores/logs/log-month-store';
import { createLogReadStore } from '../../../shared/stores/logs/log-read-store';
import type { FiledPhoto } from '../../../shared/stores/photos/kitchen-photo-store';
import type { KitchenFilesEnd } from '../../../shared/systems/kitchen-files';
import type { Content } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { boundsOf } from './months';
import type { KitchenFilesDeps } from './own-data';

export interface Contents {
  photo(photo: FiledPhoto): Content;
  /** Reads the readings once to know their size. Null: there is no such log. */
  export(month: LogMonth, timezone: string, signal: AbortSignal): Promise<Content | null>;
}

export function createContents({ db, files }: KitchenFilesDeps, { csv }: KitchenFilesEnd): Contents {
  return {
    photo: ({ bytes, sha256, fileKey, takenAt, receivedAt }) => ({
      size: bytes,
      hash: `sha256:${sha256}`,
      modifiedAt: takenAt ?? receivedAt,
      open: () =>
        files.read(fileKey).catch((error: unknown) => {
          throw new Trouble('unavailable', 'the file of the photo cannot be read', undefined, {
            cause: error,
          });
        }),
    }),
    async export(month, timezone, signal) {
      const pieces = () => csvOf(month, timezone);
      const text = await pieces();
      if (text === null) return null;
      const { size, hash } = await measured(text, signal);
      const open = async (reading: AbortSignal) => unchanged((await pieces()) ?? nothing(), hash, reading);
      return { size, hash, modifiedAt: null, open };
    },
  };

  /** Null: there is no such log. */
  async function csvOf(
    { solutionId, table: name, month }: LogMonth,
    timezone: string,
  ): Promise<AsyncIterable<string> | null> {
    const table = findLogTable(name);
    if (table === undefined) return null;
    const { from, to } = boundsOf(month);
    const range = { solutionId, from: { text: from, timezone }, to: { text: to, timezone } };
    const rows = (after: string, limit: number) =>
      inTransaction(db, ({ db: within }) => createLogReadStore(within).rows(table, range, after, limit));
    const extraNames = await createLogReadStore(db).extraNames(table, range);
    return logCsv(
      { table, timezone, extraNames, afterId: '-1', rows },
      { limit: Infinity, areExact: false, isForExcel: csv === 'excel' },
    );
  }
}

async function* nothing(): AsyncGenerator<string> {}

async function measured(
  pieces: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<{ readonly size: number; readonly hash: string }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of pieces) {
    signal.throwIfAborted();
    hash.update(piece);
    size += Buffer.byteLength(piece);
  }
  return { size, hash: `sha256:${hash.digest('hex')}` };
}

/** Throws at its end if readings came or went since it was measured, so that no mixture is filed. */
async function* unchanged(
  pieces: AsyncIterable<string>,
  expected: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of pieces) {
    signal.throwIfAborted();
    const bytes = Buffer.from(piece);
    hash.update(bytes);
    yield bytes;
  }
  if (`sha256:${hash.digest('hex')}` !== expected)
    throw new Trouble('unavailable', 'the readings changed while they were read: they are read again later');
}
