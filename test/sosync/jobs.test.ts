import {
  ask,
  createPath,
  objectIn,
  openSosyncPair,
  type SosyncPair,
  type SosyncServed,
  until,
} from './sosync-pair';

// Jobs that other programs create, from the call to the records of both systems.

let sosync: SosyncPair;
let served: SosyncServed;
beforeEach(async () => {
  sosync = await openSosyncPair();
  served = await sosync.serve();
});
afterEach(() => sosync.end());

const person = { lastName: 'Meier', firstName: 'Zoë', dateOfBirth: '1975-06-07', salutationName: 'Ms.' };

const create = async (given: Record<string, string>): Promise<number> =>
  Number(objectIn(await ask(served.url + createPath(given)))['id']);
const info = async (id: number) => objectIn(await ask(`${served.url}/job/info/${id}`));

/** The job worker has passed on what is open, and a slice has done what is due. */
async function done(...ids: number[]): Promise<Record<string, unknown>[]> {
  const isPassedOn = ({ job_fetched: at, job_state: state }: Record<string, unknown>) =>
    at !== null || state === 'skipped';
  await until(async () => (await Promise.all(ids.map(info))).every(isPassedOn));
  await sosync.pair.settle();
  return Promise.all(ids.map(info));
}

async function linked(): Promise<{ id: string; betNr: number }> {
  const { id } = sosync.pair.espo.add('CBeteiligte', person);
  await sosync.pair.run('whole');
  return { id, betNr: Number(sosync.pair.advowareRows()[0]?.['betNr']) };
}

test('a created job makes one link job of its pair, and has its state', async () => {
  const { id: record } = sosync.pair.espo.add('CBeteiligte', person);
  const id = await create({ source_record_id: record });
  expect(await info(id)).toMatchObject({
    job_id: id,
    job_date: '2026-11-30T10:15:00.000Z',
    job_state: 'new',
    job_run_count: 0,
    source_system: 'fs',
    source_model: 'CBeteiligte',
    source_record_id: record,
    target_system: 'fso',
    target_model: 'Beteiligte',
    target_record_id: null,
  });
  const [job] = await done(id);
  const [row] = sosync.pair.advowareRows();
  expect(row).toMatchObject({ name: 'Meier', vorname: 'Zoë' });
  expect(job).toMatchObject({
    job_state: 'done',
    job_run_count: 1,
    job_closed_by_job_id: null,
    job_error_code: null,
    job_log: 'created',
    target_record_id: row?.['betNr'],
  });
  expect(String(job?.['target_request'])).toContain('Meier');
  expect(job?.['job_end']).toEqual(expect.any(String));
  expect(await sosync.pair.rows('select id from link_job')).toHaveLength(1);
});

test('an open job of the same record is closed by the new one, in one burst or one after the other', async () => {
  const { id: record } = sosync.pair.espo.add('CBeteiligte', person);
  const paths = [1, 2, 3].map(() => served.url + createPath({ source_record_id: record }));
  const together = await Promise.all(paths.map(async (url) => Number(objectIn(await ask(url))['id'])));
  const last = await create({ source_record_id: record });
  const jobs = await done(...together, last);
  const closed = jobs.filter(({ job_state: state }) => state === 'skipped');
  expect(closed).toHaveLength(3);
  // Each by a newer one, the last of them by the one that was done.
  for (const { job_id: id, job_closed_by_job_id: by } of closed) expect(by).toBeGreaterThan(Number(id));
  expect(jobs.find(({ job_id: id }) => id === last)).toMatchObject({ job_state: 'done' });
  expect(await sosync.pair.rows('select from link_job')).toHaveLength(1);
  expect(sosync.pair.advowareRows()).toHaveLength(1);
});

test('a job for a record that another job has just done is closed by it, from either side', async () => {
  const { id, betNr } = await linked();
  sosync.pair.espo.edit('CBeteiligte', id, { lastName: 'Meier-Schulz' });
  const first = await create({ source_record_id: id });
  await done(first);
  const again = await create({ source_record_id: id });
  const echo = await create({
    source_system: 'fso',
    source_model: 'Beteiligte',
    source_record_id: String(betNr),
  });
  const [one, two] = await done(again, echo);
  expect(one).toMatchObject({ job_state: 'skipped', job_closed_by_job_id: first });
  expect(two).toMatchObject({ job_state: 'skipped', job_closed_by_job_id: first });
  expect((await info(first))['job_state']).toBe('done');
});

test('a job without its source record follows the policy of deletions if it was linked, and is skipped otherwise', async () => {
  const never = await create({ source_record_id: '0123456789abcdef0' });
  const [job] = await done(never);
  expect(job).toMatchObject({ job_state: 'skipped', job_error_code: null });
  const { id } = await linked();
  sosync.pair.espo.remove('CBeteiligte', id);
  const [deletion] = await done(await create({ source_record_id: id }));
  // The pair of the sandbox asks before it deletes.
  expect(deletion).toMatchObject({ job_state: 'new', job_log: expect.stringContaining('held') as string });
  expect(sosync.pair.advowareRows()).toHaveLength(1);
});

test('an error is returned with its code, and the job is tried again', async () => {
  const { id: record } = sosync.pair.espo.add('CBeteiligte', { ...person, salutationName: 'Dr.' });
  const [job] = await done(await create({ source_record_id: record }));
  expect(job).toMatchObject({ job_state: 'error', job_error_code: expect.any(String) as string });
  expect(String(job?.['job_error_text'])).toContain('salutationName');
  sosync.pair.espo.edit('CBeteiligte', record, { salutationName: 'Ms.' });
  const [after] = await done(await create({ source_record_id: record }));
  expect(after).toMatchObject({ job_state: 'done' });
});

test('while the job worker is stopped, jobs wait; changes of the same record that a listing finds are still done', async () => {
  const { id: record } = sosync.pair.espo.add('CBeteiligte', person);
  const { id: other } = sosync.pair.espo.add('CBeteiligte', { ...person, lastName: 'Wolf' });
  expect((await ask(`${served.url}/service/processjobs?action=stop`)).text).toBe('job worker stopped');
  const waiting = await create({ source_record_id: record });
  await sosync.pair.settle();
  expect(await info(waiting)).toMatchObject({ job_state: 'new', job_fetched: null });
  expect(sosync.pair.advowareRows()).toHaveLength(0);
  const run = await sosync.pair.run('whole');
  expect(run.state).toBe('ended');
  expect(await info(waiting)).toMatchObject({ job_state: 'done' });
  expect(sosync.pair.advowareRows()).toHaveLength(2);
  const later = await create({ source_record_id: other });
  expect((await ask(`${served.url}/service/processjobs`)).text).toBe('job worker started');
  expect(await done(later)).toMatchObject([{ job_state: 'skipped' }]);
});
