import { type OdooPairs, openOdooPairs } from '../systems/odoo-pair';
import { calledMethod } from '../systems/odoo';
import { ask, createPath, objectIn, sosyncServices, type SosyncServices, until } from './sosync-pair';

// A child job does what the record of its parent job refers to: persons belong to groups, which are a pair of their own.

let pairs: OdooPairs;
let services: SosyncServices;
let url: string;
beforeEach(async () => {
  pairs = await openOdooPairs(
    'json-2',
    {},
    `
sosync:
  instance: dadi
  systems: { fs: fs, fso: fso }
  models: { person: persons, circle: groups }
`,
  );
  services = sosyncServices({ databaseUrl: pairs.databaseUrl });
  // One after the other, so that the order shows.
  ({ url } = await services.serve({ throttle_ms: '1' }));
  await ask(`${url}/service/processjobs?action=stop`);
});
afterEach(async () => {
  await services.end();
  await pairs.end();
});

const create = async (model: string, record: number, parent: number | null = null): Promise<number> =>
  Number(
    objectIn(
      await ask(
        url +
          createPath({
            source_model: model,
            source_record_id: String(record),
            ...(parent === null ? {} : { parent_job_id: String(parent) }),
          }),
      ),
    )['id'],
  );

const info = async (id: number) => objectIn(await ask(`${url}/job/info/${id}`));

/** Starts the job worker, and works until all of these are over. */
async function done(...ids: number[]): Promise<Record<string, unknown>[]> {
  await ask(`${url}/service/processjobs`);
  return until(async () => {
    await pairs.settle();
    const jobs = await Promise.all(ids.map(info));
    return jobs.every(({ job_end: at }) => at !== null) && jobs;
  });
}

const partner = (name: string) =>
  [...(pairs.odoo.store.models.get('res.partner')?.rows.values() ?? [])].find(
    ({ values }) => values['name'] === name,
  );

async function adaInTheChoir(): Promise<{ person: number; circle: number }> {
  await pairs.tables.query(`insert into circle (id, name) values (7, 'Choir')`);
  const [row] = await pairs.tables.query(
    `insert into person (name, email, group_id) values ('Ada', 'ada@example.org', 7) returning id`,
  );
  return { person: Number(row?.['id']), circle: 7 };
}

test('a child job is passed on before its parent, which was created first, and the parent’s relation names what it made', async () => {
  const { person, circle } = await adaInTheChoir();
  const parent = await create('person', person);
  const child = await create('circle', circle, parent);
  const [parentJob, childJob] = await done(parent, child);
  expect(childJob).toMatchObject({ job_state: 'done', job_log: 'created', parent_job_id: parent });
  expect(parentJob).toMatchObject({ job_state: 'done', job_log: 'created', parent_job_id: null });
  expect(Date.parse(String(childJob?.['job_fetched']))).toBeLessThanOrEqual(
    Date.parse(String(parentJob?.['job_fetched'])),
  );
  expect(partner('Ada')?.values).toMatchObject({ parent_id: partner('Choir')?.id });
  // The person was made with its relation, after the group, and not written a second time.
  expect(Number(partner('Choir')?.id)).toBeLessThan(Number(partner('Ada')?.id));
  expect(pairs.calls().filter((call) => call === 'res.partner/write')).toEqual([]);
});

test('a parent that is passed on alone waits for the record of its relation, and says so, until the child job has made it', async () => {
  const { person, circle } = await adaInTheChoir();
  const parent = await create('person', person);
  await ask(`${url}/service/processjobs`);
  const waiting = await until(async () => {
    await pairs.settle();
    const job = await info(parent);
    return job['job_log'] !== null && job;
  });
  expect(waiting).toMatchObject({ job_state: 'new', job_log: 'waits for here 7 (field group_id)' });
  expect(partner('Ada')).toBeUndefined();
  const jobs = await done(await create('circle', circle, parent), parent);
  expect(jobs).toMatchObject([{ job_state: 'done' }, { job_state: 'done' }]);
  expect(partner('Ada')?.values).toMatchObject({ parent_id: partner('Choir')?.id });
});

test('while a child job fails, its parent’s relation is not written; afterwards it is', async () => {
  const { person, circle } = await adaInTheChoir();
  pairs.odoo.http.faults.push({
    fits: (request) => calledMethod(request) === 'load',
    answer: { status: 502 },
    times: 1,
  });
  const parent = await create('person', person);
  const child = await create('circle', circle, parent);
  await ask(`${url}/service/processjobs`);
  await until(async () => {
    await pairs.settle();
    return (await info(child))['job_state'] === 'error_retry';
  });
  expect(partner('Ada')).toBeUndefined();
  expect((await info(parent))['job_state']).toBe('new');
  await pairs.tryAgainNow();
  expect(await done(child, parent)).toMatchObject([{ job_state: 'done' }, { job_state: 'done' }]);
  expect(partner('Ada')?.values).toMatchObject({ parent_id: partner('Choir')?.id });
});
