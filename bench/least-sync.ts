import { createHash, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { Pool } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type Entry, fromBuffer } from 'yauzl';
import { zipStream } from '../shared/archive/zip-writer';

// The smallest program that does what a small sync of probe readings needs: the reference of `bench/sync-cost.ts`. It
// writes one durable file for each upload, needs seven statements for each sync, loads the rows by COPY, makes a
// durable package, and sends the status by NOTIFY. It keeps "exactly once" and "durable before 200"; it checks nothing,
// and leaves out everything else.
//
// `node least-sync.js least-api FOLDER DATABASE-URL` prints its port; `node least-sync.js least-worker FOLDER
// DATABASE-URL`.

export const leastSchema = `
  create schema least;
  create table least.channel (solution int primary key, statut smallint not null default 0, sync uuid, highest bigint not null default 0);
  create table least.job (id bigint generated always as identity primary key, solution int not null, sync uuid not null, state text not null default 'queued');
  create index on least.job (id) where state = 'queued';
  create table least.reading (solution int not null, id bigint not null, probe text, at timestamptz, temperature double precision, primary key (solution, id));`;

async function main([role, folder, url]: readonly (string | undefined)[]): Promise<void> {
  if (folder === undefined || url === undefined)
    throw new Error('least-sync.js least-api|least-worker FOLDER DATABASE-URL');
  const pool = new Pool({ connectionString: url, max: 10 });
  if (role === 'least-api') await startApi(pool, folder);
  else await startWorker(pool, folder);
}

const uploadOf = (folder: string, sync: string) => path.join(folder, `${sync}.upload.zip`);
const packageOf = (folder: string, sync: string) => path.join(folder, `${sync}.package.zip`);

// The API

async function startApi(pool: Pool, folder: string): Promise<void> {
  const statuses = new Map<number, { statut: number; sync: string }>();
  const waiting = new Map<number, () => void>();
  await listen(pool, 'least_statut', (payload) => {
    const [solution, statut, sync] = payload.split(' ');
    statuses.set(Number(solution), { statut: Number(statut), sync: sync ?? '' });
    waiting.get(Number(solution))?.();
  });

  /** The token is the solution's number. */
  const server = createServer((request, response) => {
    const solution = Number(request.headers.authorization?.slice('Bearer '.length));
    const [verb, query = ''] = (request.url ?? '').split('/').at(-1)?.split('?') ?? [];
    const answer = (json: unknown) =>
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(json));
    respond().catch((error: unknown) => {
      response.statusCode = 500;
      answer(String(error));
    });

    async function respond(): Promise<void> {
      if (verb === 'statut') {
        if (query.includes('not=1')) await untilNot1(solution);
        answer(String(statuses.get(solution)?.statut ?? 0));
      } else if (verb === 'lastIdLogs') answer(await highestId(pool, solution));
      else if (verb === 'listSyncParams') answer([]);
      else if (verb === 'datas' && request.method === 'POST') answer({ sync: await take(solution, request) });
      else if (verb === 'datas')
        response.end(await read(packageOf(folder, statuses.get(solution)?.sync ?? '')));
      else {
        await confirm(pool, solution);
        statuses.set(solution, { statut: 0, sync: '' });
        answer({});
      }
    }
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    console.log(typeof address === 'object' && address !== null ? address.port : '');
  });

  function untilNot1(solution: number): Promise<void> {
    if ((statuses.get(solution)?.statut ?? 0) !== 1) return Promise.resolve();
    return new Promise((resolve) =>
      waiting.set(solution, () => {
        if (statuses.get(solution)?.statut !== 1) resolve();
      }),
    );
  }

  async function take(solution: number, request: IncomingMessage): Promise<string> {
    const sync = randomUUID();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    await writeDurably(folder, uploadOf(folder, sync), Buffer.concat(chunks));
    const taken = await pool.query({
      name: 'take',
      text: `with claimed as (
          update least.channel set statut = 1, sync = $2 where solution = $1 and statut = 0 returning solution
        ), job as (insert into least.job (solution, sync) select solution, $2 from claimed)
        select pg_notify('least_statut', concat_ws(' ', $1::int, 1, $2::uuid)), pg_notify('least_job', '') from claimed`,
      values: [solution, sync],
    });
    if (taken.rowCount !== 1) throw new Error('the channel is not free');
    // The worker may already be done, and its notification may already be here.
    if (statuses.get(solution)?.sync !== sync) statuses.set(solution, { statut: 1, sync });
    return sync;
  }
}

async function highestId(pool: Pool, solution: number): Promise<unknown> {
  const { rows } = await pool.query<{ highest: string }>({
    name: 'highest',
    text: 'select highest from least.channel where solution = $1',
    values: [solution],
  });
  return { Tbsondes: rows[0]?.highest ?? '0' };
}

async function confirm(pool: Pool, solution: number): Promise<void> {
  await pool.query({
    name: 'confirm',
    text: `with confirmed as (update least.channel set statut = 0 where solution = $1 and statut = 2 returning sync)
      select pg_notify('least_statut', concat_ws(' ', $1::int, 0, sync)) from confirmed`,
    values: [solution],
  });
}

// The worker

async function startWorker(pool: Pool, folder: string): Promise<void> {
  const atOnce = 4;
  let running = 0;
  let hasNewJobs = false;
  await listen(pool, 'least_job', work);
  work();

  function work(): void {
    hasNewJobs = true;
    while (running < atOnce && hasNewJobs) {
      hasNewJobs = false;
      running += 1;
      void next();
    }
  }

  async function next(): Promise<void> {
    while (await processOne(pool, folder));
    running -= 1;
    if (hasNewJobs) work();
  }
}

async function processOne(pool: Pool, folder: string): Promise<boolean> {
  const { rows } = await pool.query<{ id: string; solution: number; sync: string }>({
    name: 'claim',
    text: `update least.job set state = 'running' where id = (
        select id from least.job where state = 'queued' order by id limit 1 for update skip locked)
      returning id, solution, sync`,
  });
  const [job] = rows;
  if (job === undefined) return false;
  const csv = await firstEntry(await read(uploadOf(folder, job.sync)));
  const client = await pool.connect();
  try {
    await client.query('begin');
    const lines = csv.split('\n').slice(1).filter(Boolean);
    const copy = client.query(copyFrom('copy least.reading from stdin (format csv)'));
    await new Promise<void>((resolve, reject) => {
      copy.on('finish', resolve).on('error', reject);
      copy.end(lines.map((line) => `${job.solution},${line}\n`).join(''));
    });
    const manifest = JSON.stringify({ sync: job.sync, inserted: lines.length });
    const answer = await bytesOf(zipStream([{ name: 'manifest.json', content: manifest }]));
    await writeDurably(folder, packageOf(folder, job.sync), answer);
    await client.query({
      name: 'finish',
      text: `with done as (update least.job set state = 'done' where id = $1)
        , moved as (update least.channel set statut = 2, highest = greatest(highest, $4) where solution = $2 and sync = $3)
        select pg_notify('least_statut', concat_ws(' ', $2::int, 2, $3::uuid))`,
      values: [job.id, job.solution, job.sync, lines.at(-1)?.split(',')[0] ?? '0'],
    });
    await client.query('commit');
  } finally {
    client.release();
  }
  return true;
}

function firstEntry(zip: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true }, (error, file) => {
      if (error !== null) {
        reject(error);
        return;
      }
      file.on('entry', (entry: Entry) => {
        file.openReadStream(entry, (failure, content) => {
          if (failure === null) bytesOf(content).then((bytes) => resolve(bytes.toString()), reject);
          else reject(failure);
        });
      });
      file.readEntry();
    });
  });
}

// Both

async function listen(pool: Pool, channel: string, onMessage: (payload: string) => void): Promise<void> {
  const client = await pool.connect();
  client.on('notification', ({ payload }) => onMessage(payload ?? ''));
  await client.query(`listen ${channel}`);
}

async function writeDurably(folder: string, file: string, bytes: Buffer): Promise<void> {
  createHash('sha256').update(bytes).digest('hex');
  const handle = await open(file, 'wx');
  await handle.writeFile(bytes);
  await handle.sync();
  await handle.close();
  const directory = await open(folder, 'r');
  await directory.sync();
  await directory.close();
}

async function read(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
