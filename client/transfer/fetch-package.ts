import { createWriteStream } from 'node:fs';
import { mkdir, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Channel } from '../../shared/domain/channel';
import type { Connection } from '../connection';
import { withRetries } from '../http/backoff';
import type { Answer } from '../http/exchange';
import { fileBytes, sha256Of } from '../local-copy/durable-files';
import { systemCallOf } from '../local-copy/system-error';
import { badAnswer, badPackage, connectionLost, ServerProblem } from '../solution-error';
import { digestHeader } from './archive-to-send';

export interface PackageToFetch {
  readonly channel: Channel;
  /** The file to write. The part that an earlier attempt left there is continued. */
  readonly file: string;
  /** The ETag of the part that an earlier attempt left there, or null. */
  readonly etag: string | null;
  /** The caller must store it for a later run, before the first byte is written. */
  readonly onEtag: (etag: string | null) => Promise<void>;
  readonly onBytes: (fetched: number, of: number | null) => void;
}

/**
 * Downloads the whole instruction package to `file` and checks it against its digest. @throws SolutionError
 * `bad-package`.
 */
export async function fetchPackage(connection: Connection, wanted: PackageToFetch): Promise<void> {
  await mkdir(path.dirname(wanted.file), { recursive: true });
  for (let mendings = 1; ; mendings++) {
    const digest = await fetchAll(connection, wanted);
    if (digest === null || digest.includes(digestHeader((await sha256Of(wanted.file)) ?? ''))) return;
    // Bytes were changed on the way, or parts of two packages were joined: only a fresh download helps.
    await rm(wanted.file, { force: true });
    if (mendings >= maxMendings) throw badPackage('its bytes are not those that the server describes');
  }
}

const maxMendings = 3;

/**
 * @returns the Repr-Digest, if the server sends one.
 */
async function fetchAll(connection: Connection, wanted: PackageToFetch): Promise<string | null> {
  let { etag } = wanted;
  let digest: string | null = null;
  let isWhole = false;
  while (!isWhole) {
    // Each received piece is progress: the retries start again.
    isWhole = await withRetries(connection.retrying, async () => {
      const before = etag === null ? 0 : ((await fileBytes(wanted.file)) ?? 0);
      const answer = await askFrom(connection, wanted.channel, before, etag);
      if (answer === 'nothing-there') {
        etag = null;
        return false;
      }
      digest = textOf(answer.headers['repr-digest']);
      etag = await takeEtag(wanted, etag, textOf(answer.headers.etag));
      return receive(answer, wanted, before);
    });
  }
  return digest;
}

async function askFrom(
  connection: Connection,
  channel: Channel,
  before: number,
  etag: string | null,
): Promise<Answer | 'nothing-there'> {
  const headers: Record<string, string> =
    before > 0 && etag !== null ? { Range: `bytes=${before}-`, 'If-Range': etag } : {};
  try {
    return await connection.once({ method: 'GET', path: `/v4/${channel}/datas`, headers });
  } catch (error) {
    // We already have all bytes, but unverified: it is cheaper to download again than to find out why.
    if (error instanceof ServerProblem && error.status === 416) return 'nothing-there';
    throw error;
  }
}

async function takeEtag(
  wanted: PackageToFetch,
  before: string | null,
  now: string | null,
): Promise<string | null> {
  if (now !== before) await wanted.onEtag(now);
  return now;
}

/**
 * @returns whether the file is whole. False: it was cut off, but some bytes were received.
 */
async function receive(answer: Answer, wanted: PackageToFetch, before: number): Promise<boolean> {
  const { start, total } = extentOf(answer, before);
  await cutTo(wanted.file, start);
  let fetched = start;
  const count = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      fetched += chunk.length;
      wanted.onBytes(fetched, total);
      done(null, chunk);
    },
  });
  try {
    await pipeline(answer.body, count, createWriteStream(wanted.file, { flags: 'a', mode: 0o600 }));
  } catch (error) {
    // A full disk must not be treated like a bad network, which is retried.
    if (['open', 'write'].includes(systemCallOf(error) ?? '')) throw error;
    if (fetched > start) return false;
    throw connectionLost('the package broke off', error);
  }
  return total === null || fetched >= total;
}

/** The first byte of the response, and the size of the package. */
function extentOf(answer: Answer, before: number): { start: number; total: number | null } {
  if (answer.status === 200) return { start: 0, total: numberOf(answer.headers['content-length']) };
  const [, from, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers['content-range'] ?? '') ?? [];
  if (answer.status !== 206 || Number(from) !== before) throw badAnswer('another range than was asked for');
  return { start: before, total: Number(size) };
}

async function cutTo(file: string, bytes: number): Promise<void> {
  if (((await fileBytes(file)) ?? 0) > bytes) await truncate(file, bytes);
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === 'string' ? header : null;
}

function numberOf(header: string | undefined): number | null {
  return header === undefined ? null : Number(header);
}
