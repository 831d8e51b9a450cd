import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { z } from 'zod';
import { AppError } from '../../shared/errors/app-error';
import type { FileStore, StoredFile } from '../../shared/files/file-store';
import { resumableFolder } from '../../shared/files/layout';
import { bytesOf } from '../../shared/formats/bytes-of';

export interface MoveDeps {
  readonly from: Pick<FileStore, 'list' | 'read' | 'stat'>;
  readonly to: Pick<FileStore, 'list' | 'read' | 'stat' | 'write' | 'remove'>;
  /** Also compares the content of files that are there already, which reads everything on both sides. */
  readonly verifies: boolean;
  /** Removes from `to` what `from` does not have. */
  readonly removesOthers: boolean;
}

export interface Moved {
  /** Those that this run has written, each read back and compared. */
  readonly copied: number;
  readonly copiedBytes: number;
  readonly there: number;
  /** Resumable uploads that are not complete. They stay behind, and their solutions begin them again. */
  readonly unfinished: number;
  /** Files of `to` that `from` does not have. */
  readonly others: number;
}

const filesAtOnce = 4;
/** The file was removed after it was listed. */
type Fate = 'copied' | 'there' | 'unfinished' | 'gone';

/**
 * Copies every file into another store. Nothing is removed from `from`. It keeps no state: what is there with the right
 * size is not copied again, so an interrupted run is continued by the next one. The server may run, because files never
 * change; what came meanwhile is copied by the next run.
 */
export async function moveFiles(deps: MoveDeps): Promise<Moved> {
  const moved = { copied: 0, copiedBytes: 0, there: 0, unfinished: 0, gone: 0 };
  await forEach(deps.from.list(''), async (file) => {
    const fate = await moveOne(deps, file);
    moved[fate] += 1;
    if (fate === 'copied') moved.copiedBytes += file.bytes;
  });
  const { gone, ...result } = moved;
  // The source would be the wrong one if it had nothing.
  const isEmpty = result.copied + result.there + result.unfinished + gone === 0;
  if (isEmpty && deps.removesOthers)
    throw new Error('There is no file to move, so nothing is removed from the other store, either.');
  return { ...result, others: await countOthers(deps) };
}

async function moveOne({ from, to, verifies }: MoveDeps, file: StoredFile): Promise<Fate> {
  try {
    if (await isUnfinished(from, file)) return 'unfinished';
    const there = await to.stat(file.key);
    if (there?.bytes === file.bytes && (!verifies || (await isSame(from, to, file.key)))) return 'there';
    await copy(from, to, file.key);
    return 'copied';
  } catch (error) {
    if (isAbsent(error) && (await from.stat(file.key)) === null) return 'gone';
    throw error;
  }
}

async function copy(from: MoveDeps['from'], to: MoveDeps['to'], key: string): Promise<void> {
  const hash = createHash('sha256');
  const content = await from.read(key);
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await to.write(key, hashed());
  if ((await sha256Of(to, key)) === hash.digest('hex')) return;
  await to.remove(key);
  throw new Error(`${key} was read back with another content than was written.`);
}

const isSame = async (from: MoveDeps['from'], to: MoveDeps['to'], key: string): Promise<boolean> =>
  (await sha256Of(from, key)) === (await sha256Of(to, key));

async function sha256Of(store: Pick<FileStore, 'read'>, key: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of (await store.read(key)) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

const description = z.object({ size: z.number().optional() });

/** True for the content and the description of a resumable upload that still grows. */
async function isUnfinished(from: MoveDeps['from'], { key }: StoredFile): Promise<boolean> {
  if (!key.startsWith(`${resumableFolder}/`)) return false;
  const content = key.replace(/\.json$/, '');
  const whole = await from.stat(content);
  if (whole === null) return true;
  // A backup may not have had it. Then the content is that of a sync.
  if ((await from.stat(`${content}.json`)) === null) return false;
  const written: unknown = JSON.parse((await bytesOf(await from.read(`${content}.json`))).toString('utf8'));
  return whole.bytes !== description.parse(written).size;
}

async function countOthers({ from, to, removesOthers }: MoveDeps): Promise<number> {
  let others = 0;
  await forEach(to.list(''), async (file) => {
    if ((await from.stat(file.key)) !== null) return;
    others += 1;
    if (removesOthers) await to.remove(file.key);
  });
  return others;
}

/** Memory does not grow with the number of files. */
async function forEach(
  files: AsyncIterable<StoredFile>,
  work: (file: StoredFile) => Promise<void>,
): Promise<void> {
  const inTurn = pLimit(filesAtOnce);
  let underWay: Promise<void>[] = [];
  for await (const file of files) {
    underWay.push(inTurn(() => work(file)));
    if (underWay.length < 16 * filesAtOnce) continue;
    await settled(underWay);
    underWay = [];
  }
  await settled(underWay);
}

/** Rejects with the first failure, when nothing is under way any more. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

const isAbsent = (error: unknown): boolean => error instanceof AppError && error.kind === 'absent';
