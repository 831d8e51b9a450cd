import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { createTestFolder } from '../setup/folder';
import { epack } from '../commands/epack';
import { endProcess, type ServiceProcess, startProcess } from './service-process';
import { ask, createPath, instanceText, until } from './sosync-pair';
import { type FakePair, openFakePair } from '../systems/fake-pair';

// The built service as an operator runs it: processes that are killed, logs that are rotated, tables that are large.

let pair: FakePair;
let folder: ReturnType<typeof createTestFolder>;
const running = new Set<ChildProcess>();
beforeEach(async () => {
  pair = await openFakePair((text) => text + instanceText);
  folder = createTestFolder();
});
afterEach(async () => {
  await Promise.all([...running].map((child) => end(child, 'SIGKILL')));
  await pair.end();
  folder.remove();
});

/** As the file of an operator says it, with parameters that win. */
async function start(...parameters: string[]): Promise<ServiceProcess> {
  const service = await startProcess({ databaseUrl: pair.database.url, folder: folder.path, parameters });
  running.add(service.child);
  return service;
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  running.delete(child);
  return endProcess(child, signal);
}

/** Creates jobs over kept connections; what was answered is told, even where the service is killed meanwhile. */
async function burst(
  { url }: ServiceProcess,
  from: number,
  to: number,
  onAnswer: () => void,
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const ids: number[] = [];
  let next = from;
  const one = (record: number) =>
    new Promise<void>((resolve) => {
      const call = request(
        url + createPath({ source_record_id: `record-${record}` }),
        { agent },
        (answer) => {
          let text = '';
          answer.on('data', (piece: Buffer) => (text += piece.toString()));
          answer.once('close', () => {
            const id =
              answer.statusCode === 200 && answer.complete ? (JSON.parse(text) as { id: number }).id : null;
            if (id !== null) {
              ids.push(id);
              onAnswer();
            }
            resolve();
          });
        },
      );
      call.once('error', () => resolve());
      call.end();
    });
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (next < to) await one(next++);
    }),
  );
  agent.destroy();
  return ids;
}

const idsThere = async (): Promise<Set<number>> =>
  new Set(
    (await pair.rows<{ job_id: string }>('select job_id from sosync_job')).map(({ job_id: id }) =>
      Number(id),
    ),
  );

test('of a burst of which the service is killed in the middle, no job that was answered is lost, and none has two link jobs', async () => {
  const service = await start();
  let answered = 0;
  const before = await burst(service, 0, 4_000, () => {
    answered += 1;
    if (answered === 2_000) void end(service.child, 'SIGKILL');
  });
  expect(before.length).toBeLessThan(4_000);
  const again = await start();
  const after = await burst(again, 4_000, 6_000, () => undefined);
  expect(after).toHaveLength(2_000);
  const there = await idsThere();
  expect([...before, ...after].filter((id) => !there.has(id))).toEqual([]);
  expect(new Set([...before, ...after]).size).toBe(before.length + after.length);
  const [counts] = await pair.rows<{ jobs: number; links: number; alone: number }>(
    `select count(*)::int as jobs, count(distinct link_job_id)::int as links,
       (select count(*)::int from link_job j where not exists (select from sosync_job s where s.link_job_id = j.id)) as alone
     from sosync_job`,
  );
  expect(counts?.links).toBe(counts?.jobs);
  expect(counts?.alone).toBe(0);
  // The next process passes on the jobs that the killed one had not passed on.
  await until(async () => (await pair.rows('select from sosync_job where job_fetched is null')).length === 0);
});

test('a long list streams while memory stays flat', async () => {
  const service = await start();
  await pair.rows(
    `insert into sosync_job (instance, job_date, job_state, source_system, source_model, source_record_id, target_answer)
     select 'dadi', now(), 'done', 'fs', 'CBeteiligte', n, repeat('x', 500) from generate_series(1, 200000) n`,
  );
  const rss = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(service.child.pid)}/status`, 'utf8'))?.[1]);
  const list = async () => {
    let most = 0;
    let bytes = 0;
    let lines = 0;
    const response = await fetch(`${service.url}/job/list`);
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      lines += Buffer.from(piece).toString('latin1').split('"job_id"').length - 1;
      most = Math.max(most, rss());
    }
    return { most, bytes, lines };
  };
  const first = await list();
  expect(first.bytes).toBeGreaterThan(200_000 * 900);
  // A name may be cut in two between pieces.
  expect(first.lines).toBeGreaterThan(199_000);
  expect(first.most).toBeLessThan(300 * 1_024);
});

test('the log is opened again at SIGHUP; at SIGTERM running calls are finished, and the workers stop', async () => {
  const log = path.join(folder.path, 'dadi.log');
  const service = await start('--log_file', log, '--log_level', 'INFO');
  expect(readFileSync(log, 'utf8')).toContain('sosync listens');
  await ask(`${service.url}/service/status`);
  renameSync(log, `${log}.1`);
  service.child.kill('SIGHUP');
  await until(async () => existsSync(log));
  const calls = Array.from({ length: 20 }, (_, record) =>
    ask(service.url + createPath({ source_record_id: `record-${record}` })).catch(() => null),
  );
  await calls[0];
  expect(await end(service.child, 'SIGTERM')).toBe(0);
  const answered = (await Promise.all(calls)).filter((answer) => answer !== null);
  expect(answered.every(({ status }) => status === 200)).toBe(true);
  expect((await idsThere()).size).toBeGreaterThanOrEqual(answered.length);
  expect(readFileSync(log, 'utf8')).toContain('stopped');
  expect(await pair.rows(`select from sosync_worker where status <> 'stopped'`)).toEqual([]);
});

test('all mistakes of its file are reported at once, with file and line', async () => {
  const conf = path.join(folder.path, 'bad.ini');
  writeFileSync(
    conf,
    '; a comment\n[sosync]\nport = 99999\nstudio_host = x\nloglevel = info\nport = 1\nnothing\n',
  );
  const ended = await epack(['sosync', '--conf', conf, '--throttle_ms', '-1']);
  expect(ended.exitCode).toBe(1);
  expect(ended.err.trim().split('\n')).toEqual([
    `${conf} instance is missing`,
    `${conf}:3 port must be a whole number from 0 to 65535`,
    `${conf}:4 there is no setting "studio_host"`,
    `${conf}:5 there is no setting "loglevel"`,
    `${conf}:6 "port" stands twice`,
    `${conf}:7 "nothing" is no setting: name = value`,
    '--throttle_ms must be a whole number from 0 to 3600000',
  ]);
  const unknown = await epack(['sosync', '--conf', conf, '--colour', 'red']);
  expect(unknown.exitCode).toBe(1);
  expect(unknown.err).toContain('--colour');
});

test('import-jobs takes over the old table once, with its ids; open jobs are processed, and mistakes are reported with their lines', async () => {
  const service = await start();
  const { id: record } = pair.espo.add('CBeteiligte', {
    lastName: 'Meier',
    firstName: 'Zoë',
    salutationName: 'Ms.',
  });
  const file = path.join(folder.path, 'jobs.csv');
  const header =
    'job_id,job_date,job_state,source_system,source_model,source_record_id,job_closed_by_job_id,job_log,write_uid';
  const sound = [
    '4711,2025-01-02 03:04:05.678,done,fs,dbo.Gone,17,,"said ""so"", twice",1',
    `4712,2025-01-02T03:04:05Z,inprogress,fs,CBeteiligte,${record},NULL,,1`,
    '4713,2025-01-02 03:04:05,skipped,fso,Beteiligte,18,4711,,1',
  ];
  const run = (...lines: string[]) => {
    writeFileSync(file, `${header}\n${lines.join('\n')}\n`);
    const url = pair.database.url;
    return epack(['sosync', '--instance', 'dadi', 'import-jobs', file], { DATABASE_URL: url });
  };
  const bad = await run(
    ...sound,
    '0,2025-01-02,done,fs,m,1,,,',
    '4714,soon,done,sap,m,1,,,',
    '4715,2025-01-02,new,fs,dbo.Nobody,1,,,',
    '4711,2025-01-02,done,fs,m,1,,,',
    'too,few',
  );
  expect(bad.exitCode).toBe(1);
  expect(bad.err.trim().split('\n')).toEqual([
    `${file}:5 job_id is no id`,
    `${file}:6 job_date is no time; source_system is neither fs nor fso`,
    `${file}:7 source_model dbo.Nobody of fs has no pair`,
    `${file}:8 job_id 4711 stands in line 2 as well`,
    `${file}:9 has 2 cells, and the header has 9`,
    'Nothing was taken over.',
  ]);
  expect((await idsThere()).size).toBe(0);
  expect(await run(...sound)).toMatchObject({
    exitCode: 0,
    out: '3 jobs taken over, 1 of them open; 0 were there already\n',
  });
  expect((await run(...sound)).out).toBe('0 jobs taken over, 0 of them open; 3 were there already\n');
  const other = await run('4711,2025-01-02,error,fs,m,1,,,');
  expect(other.err).toContain(`${file}:2 job_id 4711 is there already, and is another job`);
  expect(await info(service, 4711)).toMatchObject({
    job_date: '2025-01-02T03:04:05.678Z',
    job_state: 'done',
    job_log: 'said "so", twice',
    source_record_id: 17,
  });
  expect(await info(service, 4713)).toMatchObject({ job_state: 'skipped', job_closed_by_job_id: 4711 });
  await until(async () => (await info(service, 4712))['job_fetched']);
  await pair.settle();
  expect(await info(service, 4712)).toMatchObject({ job_state: 'done' });
  const [created] = await burst(service, 1, 2, () => undefined);
  expect(created).toBeGreaterThan(4713);
});

const info = async ({ url }: ServiceProcess, id: number) =>
  JSON.parse((await ask(`${url}/job/info/${id}`)).text) as Record<string, unknown>;
