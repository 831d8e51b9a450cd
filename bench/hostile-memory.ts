import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { type BenchServer, startBenchServer } from './bench-server';
import { findServerProcess } from './process-memory';
import type { BenchResult } from './result';
import { finishSync, postArchive } from './sync-calls';

const execute = promisify(execFile);

const limitBytes = 300e6;
const refusedRows = 2_000_000;
const solutions = 8;
const photosEach = 4;
/** The largest size of a progressive picture. */
const side = 7_000;

/**
 * Peak memory of the worker, each time in a fresh server, for the uploads that need most memory, sent on purpose or by
 * a broken device.
 */
export async function run(): Promise<readonly BenchResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-hostile-'));
  try {
    const rows = await archiveOfRows(folder);
    return [
      resultOf('2,000,000 refused rows of one upload', await peakOfRows(rows, {})),
      resultOf(
        '2,000,000 refused rows, all of them kept in quarantine',
        await peakOfRows(rows, { EPACK_QUOTA_OPEN_QUARANTINE: '2000000' }),
      ),
      resultOf(
        `${solutions} solutions with ${photosEach} progressive photos of 49 megapixels each`,
        await peakOfPhotos(folder),
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const resultOf = (name: string, peakBytes: number): BenchResult => ({
  name: `memory of worker, ${name}`,
  ratio: peakBytes / limitBytes,
  target: '≤ 1.0 × 300 MB',
  lines: [`${(peakBytes / 1e6).toFixed(0)} MB at its peak`],
});

async function peakOfRows(archive: string, environment: NodeJS.ProcessEnv): Promise<number> {
  return withServer(environment, async (server) => {
    await postArchive(server, 'sondes', archive);
    await finishSync(server, 'sondes');
  });
}

async function peakOfPhotos(folder: string): Promise<number> {
  const picture = await progressivePicture();
  return withServer({}, async (server) => {
    const archives = await Promise.all(
      Array.from({ length: solutions }, (_, number) => archiveOfPhotos(folder, picture, number)),
    );
    const senders: { url: string; token: string }[] = [server];
    for (let number = 1; number < solutions; number++)
      senders.push({ url: server.url, token: await server.enrol(`photos-${number}@example.org`) });
    await Promise.all(
      senders.map(async (sender, number) => {
        await postArchive(sender, 'photos', archives[number] ?? '');
        await finishSync(sender, 'photos');
      }),
    );
  });
}

/** Returns the peak memory of the worker. */
async function withServer(
  environment: NodeJS.ProcessEnv,
  work: (server: BenchServer) => Promise<void>,
): Promise<number> {
  const server = await startBenchServer(environment);
  try {
    const worker = await findServerProcess('worker');
    await work(server);
    return await worker.peakBytes();
  } finally {
    await server.stop();
  }
}

/** All rows differ, each with words in place of a temperature. */
async function archiveOfRows(folder: string): Promise<string> {
  const root = path.join(folder, 'rows');
  await mkdir(path.join(root, 'csv'), { recursive: true });
  const blocks = ['Id,ProbeId,MeasuredAt,Temperature\n'];
  for (let id = 1; id <= refusedRows; id += 1_000) {
    let block = '';
    for (let row = id; row < id + 1_000; row++)
      block += `${row},P${row % 20},2026-11-20T07:31:00Z,${digest(row).slice(0, 24)}\n`;
    blocks.push(block);
  }
  await writeFile(path.join(root, 'csv', 'Tbsondes.csv'), blocks);
  return zipped(folder, 'rows', '-1');
}

const digest = (number: number): string => createHash('md5').update(String(number)).digest('hex');

async function archiveOfPhotos(folder: string, picture: Buffer, number: number): Promise<string> {
  const name = `photos-${number}`;
  await mkdir(path.join(folder, name, 'photos'), { recursive: true });
  for (let photo = 0; photo < photosEach; photo++) {
    const content = withComment(picture, `${number}/${photo}`);
    await writeFile(path.join(folder, name, 'photos', `IMG_${photo}.jpg`), content);
  }
  return zipped(folder, name, '-0');
}

/** The same picture with other content. */
function withComment(picture: Buffer, text: string): Buffer {
  const comment = Buffer.alloc(4 + text.length);
  comment.writeUInt16BE(0xfffe, 0);
  comment.writeUInt16BE(2 + text.length, 2);
  comment.write(text, 4, 'latin1');
  return Buffer.concat([picture.subarray(0, 2), comment, picture.subarray(2)]);
}

/** Noise, so that each picture is larger than the photos that the worker keeps in memory. */
async function progressivePicture(): Promise<Buffer> {
  const picture = await sharp({
    create: {
      width: side,
      height: side,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
    .jpeg({ progressive: true, quality: 75 })
    .toBuffer();
  if (picture.length < 10e6) throw new Error(`the picture has only ${picture.length} bytes`);
  return picture;
}

async function zipped(folder: string, name: string, level: string): Promise<string> {
  const archive = path.join(folder, `${name}.zip`);
  await execute('zip', ['-q', level, '-r', archive, '.'], { cwd: path.join(folder, name) });
  await rm(path.join(folder, name), { recursive: true });
  return archive;
}
