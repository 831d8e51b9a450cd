import { createProcesses } from '../faults/on-processes';
import { freePort } from '../../shared/embedded/free-port';
import { eventually } from '../queue/eventually';
import { call } from '../setup/solution-client';
import { scrape } from './scrape';

test('on a separate port an API shows its metrics without a token, together with those of its worker, but not on the main port', async () => {
  const [metricsPort, workerPort] = [await freePort(), await freePort()];
  const server = await createProcesses({
    environment: {
      EPACK_METRICS_PORT: String(metricsPort),
      EPACK_WORKER_PORT: String(workerPort),
      EPACK_WORKER_METRICS_URL: `http://127.0.0.1:${workerPort}/metrics`,
    },
  });
  try {
    await server.startApi();
    const url = `http://127.0.0.1:${metricsPort}`;
    expect(
      (await scrape(url, null)).value('process_resident_memory_bytes', { process: 'worker' }),
    ).toBeUndefined();
    await server.startWorker();
    await eventually('it is ready', async () => (await call(`${url}/readyz`)).status === 200);
    const told = await scrape(url, null);
    for (const process of ['api', 'worker']) {
      expect(told.value('process_resident_memory_bytes', { process })).toBeGreaterThan(0);
      expect(told.value('epack_database_connections_max', { process })).toBeGreaterThan(0);
    }
    expect(told.value('epack_jobs_in_hand')).toBe(0);
    expect((await call(`${server.url}/metrics`)).status).toBe(404);
    expect((await call(`${url}/api/solutions`)).status).toBe(404);
    // It connects to the queue by itself, a moment after its start.
    await eventually(
      'the worker is ready',
      async () => (await call(`http://127.0.0.1:${workerPort}/readyz`)).status === 200,
    );
  } finally {
    await server.end();
  }
});
