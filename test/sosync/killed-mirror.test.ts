import { createTestFolder } from '../setup/folder';
import { type FakePair, openFakePair } from '../systems/fake-pair';
import { calledMethod } from '../systems/odoo';
import { type MirrorFake, mirrorText, startMirrorFake } from './mirror-fake';
import { endProcess, type ServiceProcess, startProcess } from './service-process';
import { ask, createPath, until } from './sosync-pair';

// The process of the service is killed in the middle of a load, on a real process: the mirror ends complete, without doubles.

let pair: FakePair;
let mirror: MirrorFake;
let folder: ReturnType<typeof createTestFolder>;
const running: ServiceProcess[] = [];
beforeEach(async () => {
  mirror = await startMirrorFake();
  pair = await openFakePair((sandbox) => sandbox + mirrorText(mirror));
  folder = createTestFolder();
});
afterEach(async () => {
  for (const { child } of running.splice(0)) await endProcess(child, 'SIGKILL');
  await pair.end();
  await mirror.odoo.close();
  folder.remove();
});

async function start(): Promise<ServiceProcess> {
  const service = await startProcess({
    databaseUrl: pair.database.url,
    folder: folder.path,
    environment: { MIRROR_KEY: mirror.odoo.apiKey },
  });
  running.push(service);
  return service;
}

const createAll = (url: string, from: number, to: number) =>
  Promise.all(
    Array.from({ length: to - from }, (_, place) =>
      ask(url + createPath({ source_record_id: `record-${from + place}` })),
    ),
  );

test.each<[string, 'before' | 'after']>([
  ['before Odoo has carried it out', 'before'],
  ['after Odoo has carried it out, before its answer is there', 'after'],
])('killed in the middle of a load, %s', async (_name, moment) => {
  const first = await start();
  let isHeld = false;
  let kill: Promise<unknown> = Promise.resolve();
  const killNow = () => {
    isHeld = true;
    kill = endProcess(first.child, 'SIGKILL');
  };
  mirror.odoo.http.faults.push({
    fits: (request) => {
      const fits = calledMethod(request) === 'load';
      // While the slow answer is waited for; nothing of the call was done yet.
      if (fits && moment === 'before') killNow();
      return fits;
    },
    delayMs: 500,
    before: () => {
      // It is carried out right after this.
      if (moment === 'after') setImmediate(killNow);
    },
    losesAnswer: moment === 'after',
  });
  await Promise.allSettled([createAll(first.url, 0, 150), until(async () => isHeld)]);
  await kill;
  expect(first.child.signalCode).toBe('SIGKILL');
  const second = await start();
  await createAll(second.url, 150, 160);
  await until(async () => (await differences()).length === 0, 120_000);
  const rows = mirror.odoo.store.models.get('sosync.job')?.rows;
  const ids = [...(rows?.values() ?? [])].map(({ values }) => values['job_id']);
  expect(ids.length).toBeGreaterThanOrEqual(10);
  expect(new Set(ids).size).toBe(ids.length);
});

/** The rows of the table that are missing or different in the mirror. */
async function differences(): Promise<string[]> {
  const rows = await pair.rows<{ job_id: string; job_state: string }>(
    'select job_id, job_state from sosync_job',
  );
  const wanted = new Set(rows.map(({ job_id: id, job_state: state }) => `__sync__.job-${id} ${state}`));
  const held = new Set([...mirror.records()].map(([id, record]) => `${id} ${String(record['job_state'])}`));
  return [...[...wanted].filter((one) => !held.has(one)), ...[...held].filter((one) => !wanted.has(one))];
}
