import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { readConfig } from '../shared/config/config';
import type { FileStore } from '../shared/files/file-store';
import { createLocalFiles, openFileStore } from '../shared/files/open-file-store';
import { openS3Bucket } from '../shared/files/s3-bucket';
import { createS3FileStore } from '../shared/files/s3-file-store';
import type { S3Settings } from '../shared/files/s3-settings';
import { median } from './median';
import type { BenchResult } from './result';

const rounds = 15;
const small = randomBytes(20_000);
const large = randomBytes(20_000_000);

/**
 * What the file store of EPACK_S3_… costs beside the disk, in the same run: a small and a large object, and a block from
 * the middle of an archive. What is measured is the server and the way to it as much as our code.
 */
export async function run(): Promise<readonly BenchResult[]> {
  const config = readConfig(process.env);
  if (config.s3 === null)
    throw new Error('name an object store by EPACK_S3_BUCKET, EPACK_S3_ENDPOINT and its keys');
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-files-'));
  const prefix = `bench-${randomBytes(4).toString('hex')}`;
  const bucket = await openFileStore({ ...config, fileStore: 's3' });
  const disk = createLocalFiles(folder);
  try {
    return [
      await compare('write 20 KB', { disk, bucket }, (files, round) =>
        files.write(`${prefix}/small-${round}`, small),
      ),
      await compare('write 20 MB', { disk, bucket }, (files, round) =>
        files.write(`${prefix}/large-${round}`, Readable.from(inChunks(large))),
      ),
      await plainPut(config.s3, `${prefix}/plain`),
      await compare('read 64 KB of 20 MB', { disk, bucket }, (files, round) =>
        drain(files, `${prefix}/large-${round}`, { start: 9_000_000, end: 9_065_535 }),
      ),
      await compare('read 20 MB', { disk, bucket }, (files, round) =>
        drain(files, `${prefix}/large-${round}`),
      ),
    ];
  } finally {
    await bucket.remove(prefix);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Stores {
  readonly disk: FileStore;
  readonly bucket: FileStore;
}

async function compare(
  name: string,
  { disk, bucket }: Stores,
  work: (files: FileStore, round: number) => Promise<unknown>,
): Promise<BenchResult> {
  const times: { disk: number[]; bucket: number[] } = { disk: [], bucket: [] };
  for (let round = 0; round < rounds; round++) {
    times.disk.push(await timed(() => work(disk, round)));
    times.bucket.push(await timed(() => work(bucket, round)));
  }
  const [onDisk, inBucket] = [median(times.disk.slice(1)), median(times.bucket.slice(1))];
  return {
    name: `${name}, object store beside the disk`,
    ratio: inBucket / onDisk,
    target: 'none',
    lines: [`object store ${inBucket.toFixed(1)} ms, disk ${onDisk.toFixed(1)} ms`],
  };
}

/** What the same 20 MB cost in one call of the library, held in memory: the part of the server and of the way to it. */
async function plainPut(settings: S3Settings, key: string): Promise<BenchResult> {
  const bucket = openS3Bucket(settings, () => undefined);
  const store = createS3FileStore(settings);
  const times: { plain: number[]; ours: number[] } = { plain: [], ours: [] };
  for (let round = 0; round < rounds; round++) {
    times.plain.push(await timed(() => bucket.put(key, large)));
    times.ours.push(await timed(() => store.write(key, Readable.from(inChunks(large)))));
  }
  const [plain, ours] = [median(times.plain.slice(1)), median(times.ours.slice(1))];
  return {
    name: 'write 20 MB to the object store, as a stream beside one call',
    ratio: ours / plain,
    target: 'none',
    lines: [`stream ${ours.toFixed(1)} ms, one call ${plain.toFixed(1)} ms`],
  };
}

function* inChunks(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
}

async function drain(files: FileStore, key: string, range?: { start: number; end: number }): Promise<void> {
  const content = await files.read(key, range);
  await finished(content.resume());
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begunAt = performance.now();
  await work();
  return performance.now() - begunAt;
}
