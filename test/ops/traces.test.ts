import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { call, textOf } from '../setup/solution-client';
import { createProcesses, type Processes } from '../faults/on-processes';
import { createTestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';
import { eventually } from '../queue/eventually';
import { fridgeLog, zipOf } from '../v4/archive';
import { reach2, signIn } from '../v4/on-server';
import { type CollectedSpan, type Collector, startCollector } from './collector';
import { startOn } from './started';

// Processes of their own: the library loads parts of itself in a way that Jest does not know.

describe('with a collector', () => {
  let collector: Collector;
  let server: Processes;

  beforeAll(async () => {
    collector = await startCollector();
    server = await createProcesses({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
    await Promise.all([server.startApi(), server.startWorker()]);
    await eventually('the server is ready', async () => (await call(`${server.url}/readyz`)).status === 200);
  });
  afterAll(async () => {
    await server.end();
    await collector.stop();
  });

  const spansOf = async (sync: string, name: string): Promise<readonly CollectedSpan[]> => {
    const ofSync = () =>
      collector.spans().find((span) => span.name === name && span.attributes['epack.sync'] === sync);
    await eventually(`the collector has ${name} of ${sync}`, () => ofSync() !== undefined);
    return collector.spans().filter((span) => span.traceId === ofSync()?.traceId);
  };

  test('one trace goes from the upload through the job to each step of the worker', async () => {
    const client = await signIn(server);
    const posted = await client.postForm(
      zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) }),
      {},
      { 'X-Request-Id': 'trace-me' },
    );
    await reach2(client);
    // API and worker send what they have seen on their own, in no order.
    await spansOf(textOf(posted.json['sync']), 'upload');
    const spans = await spansOf(textOf(posted.json['sync']), 'process');
    const named = (name: string) => spans.find((span) => span.name === name);
    const [upload, work] = [named('upload'), named('process')];
    expect(upload).toMatchObject({ service: 'epack-api', parentSpanId: '', failed: false });
    expect(upload?.attributes).toMatchObject({
      'epack.request': 'trace-me',
      'epack.channel': 'synchro',
      'epack.solution': String(client.id),
    });
    expect(work).toMatchObject({ service: 'epack-worker', parentSpanId: upload?.spanId });
    for (const part of ['store', 'unpack', 'queue']) expect(named(part)?.parentSpanId).toBe(upload?.spanId);
    for (const step of ['sort', 'parameters', 'logs', 'photos', 'quarantine', 'package', 'commit']) {
      expect(named(step)?.parentSpanId).toBe(work?.spanId);
    }
  });

  test('a trace that a proxy began is continued', async () => {
    const client = await signIn(server);
    const traceId = 'ab'.repeat(16);
    const traceparent = `00-${traceId}-${'cd'.repeat(8)}-01`;
    const posted = await client.postForm(zipOf(), {}, { traceparent });
    await reach2(client);
    const spans = await spansOf(textOf(posted.json['sync']), 'upload');
    expect(spans.find(({ name }) => name === 'upload')).toMatchObject({
      traceId,
      parentSpanId: 'cd'.repeat(8),
    });
  });

  test('an invalid traceparent begins a new trace', async () => {
    const client = await signIn(server);
    const posted = await client.postForm(zipOf(), {}, { traceparent: `00-${'0'.repeat(32)}-xyz-01` });
    await reach2(client);
    const spans = await spansOf(textOf(posted.json['sync']), 'upload');
    expect(spans.find(({ name }) => name === 'upload')?.parentSpanId).toBe('');
  });

  test('a refused upload is a failed span', async () => {
    const client = await signIn(server);
    const before = collector.spans().length;
    expect((await client.postForm(Buffer.from('no zip'))).status).toBe(415);
    await eventually('the collector has it', () =>
      collector
        .spans()
        .slice(before)
        .some(({ name, failed }) => name === 'upload' && failed),
    );
  });
});

describe('without a collector', () => {
  test('nothing of OpenTelemetry is loaded', () => {
    const built = (file: string) => JSON.stringify(path.join(__dirname, '../../dist', file));
    const script = `require(${built('api/compose')}); require(${built('worker/compose')});
      require(${built('shared/tracing')}).createTracer(null, 'x').start('a', null).end();
      console.log(Object.keys(require.cache).filter((file) => /opentelemetry.(sdk|exporter|otlp)/.test(file)).length);`;
    const said = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(said.trim()).toBe('0');
  });

  test('a job has no place in a trace', async () => {
    const [database, folder] = [await createTestDatabase(), createTestFolder()];
    const server = await startOn(database.url, folder.path);
    try {
      await eventually(
        'the server is ready',
        async () => (await call(`${server.url}/readyz`)).status === 200,
      );
      const client = await signIn({ db: database.db, url: server.url });
      await client.postForm(zipOf());
      const job = await database
        .db('job')
        .where({ kind: 'solution-sync.process' })
        .first<{ traceparent: string | null; request_id: string }>();
      expect(job.traceparent).toBeNull();
      expect(job.request_id).toMatch(/^[\w-]+$/);
    } finally {
      await server.stop();
      await database.drop();
      folder.remove();
    }
  });
});

test('a collector that cannot be reached delays nothing', async () => {
  const server = await createProcesses({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
  });
  try {
    const [api, worker] = await Promise.all([server.startApi(), server.startWorker()]);
    await eventually('the server is ready', async () => (await call(`${server.url}/readyz`)).status === 200);
    const client = await signIn(server);
    expect((await client.postForm(zipOf())).status).toBe(200);
    await reach2(client);
    await Promise.all([api.stop(), worker.stop()]);
  } finally {
    await server.end();
  }
});
