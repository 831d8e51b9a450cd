import type { AddressInfo } from 'node:net';
import { readWorkerMetrics } from '../../api/ops/worker-scrape';
import { createLogger } from '../../shared/log';
import { createOpsServer } from '../../shared/metrics/ops-server';
import { startWorker } from '../../worker/compose';
import { createFiguresStore } from '../../shared/stores/solutions/figures-store';
import { createNotificationStore } from '../../shared/stores/notifications/notification-store';
import { mergeExpositions } from '../../shared/metrics/exposition';
import { call } from '../setup/solution-client';
import { newTarget } from '../notifications/scene';
import { zipOf } from '../v4/archive';
import { expectProblem, fullSync, onServer, reach2, signIn, syncTo2 } from '../v4/on-server';
import { eventually } from '../queue/eventually';
import { metricsToken, type Scrape, scrape, scrapeOf } from './scrape';

const server = onServer({ EPACK_METRICS_TOKEN: metricsToken, EPACK_WORKER_PORT: '0' }, { worker: true });

const oneFridge = () => zipOf({ 'xml/Fridges.xml': '<ArrayOfDefFridges></ArrayOfDefFridges>' });

describe('GET /metrics', () => {
  test('needs the token, and does not exist for others', async () => {
    const without = await call(`${server().url}/metrics`);
    expectProblem(without, 401, 'unauthorized');
    const wrong = await call(`${server().url}/metrics`, { headers: { Authorization: 'Bearer no' } });
    expectProblem(wrong, 401, 'unauthorized');
    const right = await call(`${server().url}/metrics`, {
      headers: { Authorization: `Bearer ${metricsToken}` },
    });
    expect(right.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  test('counts uploads and their bytes by channel', async () => {
    const client = await signIn(server(), 'photos');
    const before = await scrape(server().url);
    const zip = zipOf({});
    await syncTo2(client, zip);
    const after = await scrape(server().url);
    const grown = (name: string) =>
      (after.value(name, { channel: 'photos' }) ?? NaN) - (before.value(name, { channel: 'photos' }) ?? NaN);
    expect(grown('epack_uploads_total')).toBe(1);
    expect(grown('epack_upload_bytes_total')).toBe(zip.length);
  });

  test('counts refused uploads by the code that the solution got', async () => {
    const client = await signIn(server());
    expect((await client.postForm(Buffer.from('no zip'))).status).toBe(415);
    expect(
      (await client.send('datas', { method: 'POST', headers: { Authorization: 'Bearer x' } })).status,
    ).toBe(401);
    const after = await scrape(server().url);
    expect(after.value('epack_uploads_refused_total', { code: 'not-a-zip' })).toBe(1);
    expect(after.value('epack_uploads_refused_total', { code: 'unauthorized' })).toBe(1);
  });

  test('counts polls, whether they are answered from memory or from the database, and waiting polls', async () => {
    const client = await signIn(server());
    const before = (await scrape(server().url)).value('epack_polls_total') ?? NaN;
    for (let poll = 0; poll < 5; poll += 1) await client.statut();
    expect((await scrape(server().url)).value('epack_polls_total')).toBe(before + 5);
    const waiting = client.statut('?wait=60&not=0');
    await eventually(
      'the poll waits',
      async () => (await scrape(server().url)).value('epack_polls_waiting') === 1,
    );
    await client.postForm(zipOf({}));
    await waiting;
    expect((await scrape(server().url)).value('epack_polls_waiting')).toBe(0);
    await reach2(client);
  });

  test('reports the use of connections to PostgreSQL and the state of the process', async () => {
    const told = await scrape(server().url);
    expect(told.value('epack_database_connections_max', { process: 'api' })).toBe(10);
    expect(
      told.value('epack_database_connections', { process: 'api', state: 'used' }),
    ).toBeGreaterThanOrEqual(0);
    expect(told.value('process_resident_memory_bytes', { process: 'api' })).toBeGreaterThan(0);
    expect(told.value('epack_database_up')).toBe(1);
  });

  test('can be read by Prometheus: the samples of each metric are together, under one heading', async () => {
    const told = await scrape(server().url);
    const headings = [...told.text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(headings.length).toBe(new Set(headings).size);
    expect(told.text.endsWith('\n')).toBe(true);
  });
});

describe('what is true of the whole installation', () => {
  const figures = () => createFiguresStore(server().db).read();

  test('syncs by state and channel, jobs, and the age of the oldest', async () => {
    await server().stopWorker();
    const client = await signIn(server());
    await client.postForm(oneFridge());
    const { syncs, jobs, oldestJobSeconds } = await figures();
    expect(syncs).toContainEqual({ channel: 'synchro', state: 'queued', count: 1 });
    expect(jobs).toContainEqual({ lane: 'small', state: 'queued', count: 1 });
    expect(oldestJobSeconds).toBeGreaterThan(0);
    await server().startWorker();
    await eventually('it is ready', async () => (await client.statut()).text === '"2"');
    // Scheduled jobs may run at this moment, in their own lane.
    expect((await figures()).jobs.filter(({ lane }) => lane !== 'background')).toEqual([]);
    await client.confirm();
  });

  test('the age of the last sync that was finished, of each solution that is not blocked', async () => {
    const [fresh, old, blocked] = await Promise.all([signIn(server()), signIn(server()), signIn(server())]);
    for (const client of [fresh, old, blocked]) await fullSync(client, oneFridge());
    await server()
      .db('channel_status')
      .where({ solution_id: old.id, channel: 'synchro' })
      .update({
        finished_at: server().db.raw(`now() - interval '40 hours'`),
      });
    const before = (await figures()).finished.find(({ channel }) => channel === 'synchro');
    await server().db('solution').where({ id: blocked.id }).update({ blocked_at: server().db.fn.now() });
    const after = (await figures()).finished.find(({ channel }) => channel === 'synchro');
    const upTo = (hours: number) => after?.buckets.find(({ le }) => le === hours * 3600)?.count ?? NaN;
    expect(after?.count).toBe((before?.count ?? NaN) - 1);
    expect(upTo(48) - upTo(24)).toBe(1);
    expect(after?.sumSeconds).toBeGreaterThanOrEqual(40 * 3600);
  });

  test('a sync that staff reset is not a finished one', async () => {
    const client = await signIn(server());
    await syncTo2(client, oneFridge());
    await server().db.transaction(async (trx) => {
      await trx('sync').where({ solution_id: client.id }).update({ state: 'abandoned' });
      await trx('channel_status').where({ solution_id: client.id, channel: 'synchro' }).update({ statut: 0 });
    });
    const row = await server()
      .db('channel_status')
      .where({ solution_id: client.id, channel: 'synchro' })
      .first<{ finished_at: Date | null }>('finished_at');
    expect(row.finished_at).toBeNull();
  });

  test('notifications that wait, and those that were given up; not those that arrived', async () => {
    const target = await newTarget(server().db, { address: 'https://hooks.example/metrics' });
    // The worker must not try these notifications here.
    await server()
      .db('notification_target')
      .where({ id: target })
      .update({ paused_at: server().db.fn.now() });
    const { notifications: before } = await figures();
    const countOf = (state: string, counts = before) => counts.find(({ of }) => of === state)?.count ?? NaN;
    const notifications = createNotificationStore(server().db);
    for (const state of ['waiting', 'parked', 'parked', 'delivered']) {
      const id = await notifications.addAsked(target, 'test');
      await server()
        .db('notification')
        .where({ id })
        .update({ state, delivered_at: state === 'delivered' ? new Date() : null });
    }
    const { notifications: after } = await figures();
    expect(countOf('waiting', after) - countOf('waiting')).toBe(1);
    expect(countOf('parked', after) - countOf('parked')).toBe(2);
    expect(after).toHaveLength(2);
    await eventually('it is told', async () => {
      const told = await scrape(server().url);
      return told.value('epack_notifications', { state: 'parked' }) === countOf('parked', after);
    });
  });

  test('do not cost more when more is stored: syncs, jobs and alerts are found by an index', async () => {
    const plan = await server().db.transaction(async (trx) => {
      const asked: string[] = [];
      trx.on('query', ({ sql }: { sql: string }) => asked.push(sql));
      await createFiguresStore(trx).read();
      const [statement = ''] = asked;
      await trx.raw('set local enable_seqscan = off');
      const { rows } = await trx.raw<{ rows: { 'QUERY PLAN': string }[] }>(`explain ${statement}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    for (const table of ['sync', 'job', 'probe_alert', 'conflict', 'approval', 'notification']) {
      expect(plan).not.toMatch(new RegExp(`Seq Scan on ${table}\\b`));
    }
  });
});

test('readiness: strangers only learn whether the server is ready, operators also which part is not', async () => {
  const url = `${server().url}/readyz`;
  expect((await call(url)).json).toEqual({ status: 'ready' });
  const guessed = { Authorization: 'Bearer guessed-guessed-guessed' };
  expect((await call(url, { headers: guessed })).json).toEqual({ status: 'ready' });
  const operator = { Authorization: `Bearer ${metricsToken}` };
  expect((await call(url, { headers: operator })).json).toMatchObject({
    checks: { database: true, queue: true, files: true },
    can: { read: true },
  });
});

describe('a worker', () => {
  test('reports what it processed, with the results of the rows', async () => {
    await server().stopWorker();
    const log = createLogger({ level: 'silent', name: 'worker' });
    const worker = await startWorker({ ...server().config, workerPort: 0 }, server().databaseUrl, log);
    const url = `http://127.0.0.1:${worker.port ?? 0}`;
    try {
      const client = await signIn(server());
      const csv = 'Id,MeasuredAt,FridgeName,Temp\n1,2026-11-20 07:00,CF1,3.1\n2,2026-11-20 08:00,CF1,warm\n';
      await fullSync(client, zipOf({ 'csv/Tbfridge.csv': csv }));
      // Committed work is counted a moment later.
      const processed = (told: Scrape) =>
        told.value('epack_sync_processing_seconds_count', { channel: 'synchro', outcome: 'processed' });
      await eventually('it is counted', async () => processed(await scrape(url)) === 1);
      const told = await scrape(url);
      expect(told.value('epack_rows_total', { channel: 'synchro', kind: 'log', result: 'inserted' })).toBe(1);
      expect(told.value('epack_rows_total', { channel: 'synchro', kind: 'log', result: 'rejected' })).toBe(1);
      expect((await call(`${url}/readyz`)).json).toMatchObject({ status: 'ready' });
      expect((await call(`${url}/healthz`)).json).toEqual({ status: 'ok' });
      expect((await call(`${url}/metrics`)).status).toBe(401);
    } finally {
      await worker.stop();
      await server().startWorker();
    }
    await expect(call(`${url}/healthz`)).rejects.toThrow();
  });

  test('is included by the API if a setting says so, each metric under one heading', async () => {
    const own = '# HELP a A.\n# TYPE a gauge\na{process="api"} 1\n';
    const others = '# HELP a A.\n# TYPE a gauge\na{process="worker"} 2\n# HELP b B.\n# TYPE b counter\nb 3\n';
    const ops = createOpsServer({
      metrics: () => Promise.resolve(others),
      check: () => Promise.resolve({ database: true, queue: true, files: true, room: true, replica: null }),
      isDraining: () => false,
      token: metricsToken,
    });
    await new Promise<void>((resolve) => ops.listen(0, '127.0.0.1', resolve));
    const { port } = ops.address() as AddressInfo;
    const read = readWorkerMetrics(`http://127.0.0.1:${port}/metrics`, metricsToken);
    const merged = mergeExpositions([own, (await read?.()) ?? '']);
    await new Promise((resolve) => ops.close(resolve));
    expect(merged).toBe(
      '# HELP a A.\n# TYPE a gauge\na{process="api"} 1\na{process="worker"} 2\n\n# HELP b B.\n# TYPE b counter\nb 3\n',
    );
    expect(scrapeOf(merged).value('a', { process: 'worker' })).toBe(2);
  });
});
