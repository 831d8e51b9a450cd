import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { XMLParser } from 'fast-xml-parser';
import { type Answer, ask, createPath, objectIn, openSosyncPair, type SosyncPair } from './sosync-pair';

// The calls of the clients that the service has had, by curl, as they make them.

let sosync: SosyncPair;
beforeAll(async () => {
  sosync = await openSosyncPair();
});
afterAll(() => sosync.end());

const run = promisify(execFile);

/** The output of curl for a call: the status, the type and the body. */
async function curl(...words: string[]): Promise<Answer> {
  const format = '\n%{http_code} %{content_type}';
  const { stdout } = await run('curl', [
    '--silent',
    '--show-error',
    '--max-time',
    '30',
    '-w',
    format,
    ...words,
  ]);
  const end = stdout.lastIndexOf('\n');
  const [status = '', ...type] = stdout.slice(end + 1).split(' ');
  return { status: Number(status), type: type.join(' '), text: stdout.slice(0, end) };
}

const query =
  'job_date=2026-11-30T10:15:00Z&source_system=fs&source_model=CBeteiligte&source_record_id=0123456789abcdef0';

describe('a client calls', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await sosync.serve());
  });

  test('/job/create by GET, and by POST with a query or a form', async () => {
    const got = await curl(`${url}/job/create?${query}`);
    expect(got).toMatchObject({ status: 200, type: expect.stringContaining('application/json') as string });
    expect(objectIn(got)).toEqual({ id: expect.any(Number) as number });
    const posted = [
      await curl('-X', 'POST', `${url}/job/create?${query}`),
      await curl('-d', query, `${url}/job/create`),
    ];
    for (const answer of posted)
      expect(Number(objectIn(answer)['id'])).toBeGreaterThan(Number(objectIn(got)['id']));
  });

  test('/job/info, with every name of a job, as JSON or XML', async () => {
    const { id } = objectIn(await curl(`${url}/job/create?${query}`));
    const job = objectIn(await curl(`${url}/job/info/${String(id)}`));
    expect(Object.keys(job)).toEqual([
      'job_id',
      'job_date',
      'job_fetched',
      'job_start',
      'job_end',
      'job_state',
      'job_run_count',
      'job_closed_by_job_id',
      'job_error_code',
      'job_error_text',
      'job_log',
      'job_to_fso_sync_version',
      'parent_job_id',
      'source_system',
      'source_model',
      'source_record_id',
      'target_system',
      'target_model',
      'target_record_id',
      'target_request',
      'target_answer',
    ]);
    const xml = await curl('-H', 'Accept: application/xml', `${url}/job/info/${String(id)}`);
    expect(xml.type).toContain('application/xml');
    const parsed = new XMLParser().parse(xml.text) as { job: Record<string, unknown> };
    expect(parsed.job).toMatchObject({ job_id: id, source_model: 'CBeteiligte', job_error_text: '' });
    expect((await curl(`${url}/job/info/999999999999`)).status).toBe(404);
    expect((await curl(`${url}/job/info/x`)).status).toBe(404);
  });

  test('/job/list whole or in parts, as JSON or XML', async () => {
    await curl(`${url}/job/create?${query}`);
    const all = JSON.parse((await curl(`${url}/job/list`)).text) as { job_id: number; job_state: string }[];
    expect(all.length).toBeGreaterThan(1);
    const [first, second] = all;
    const parts = async (path: string) => JSON.parse((await curl(`${url}/job/list?${path}`)).text) as unknown;
    expect(await parts('limit=1')).toMatchObject([{ job_id: first?.job_id }]);
    expect(await parts(`limit=1&after=${String(first?.job_id)}`)).toMatchObject([{ job_id: second?.job_id }]);
    expect(await parts('state=error')).toEqual([]);
    const xml = await curl('-H', 'Accept: text/xml', `${url}/job/list`);
    const parsed = new XMLParser().parse(xml.text) as { jobs: { job: { job_id: number }[] } };
    expect(parsed.jobs.job.map(({ job_id: id }) => id)).toEqual(all.map(({ job_id: id }) => id));
    expect((await curl(`${url}/job/list?state=lost`)).status).toBe(400);
  });

  test('/service/status, /service/version, /service/processjobs and /service/processprotocol', async () => {
    const status = objectIn(await curl(`${url}/service/status`));
    expect(status).toEqual({
      job_worker: { status: 'running', since: expect.stringMatching(/^\d{4}-.*Z$/) as string },
      protocol_worker: { status: expect.any(String) as string, since: expect.any(String) as string },
    });
    const version = await curl('-H', 'Accept: application/json', `${url}/service/version`);
    expect(version).toMatchObject({ status: 200, text: expect.stringMatching(/^[0-9a-f]{40}$/) as string });
    expect(version.type).toContain('text/plain');
    const started = await curl('-X', 'POST', `${url}/service/processjobs`);
    expect(started).toMatchObject({ status: 200, text: 'job worker is running' });
    const xml = await curl('-H', 'Accept: application/xml', `${url}/service/status`);
    const parsed = new XMLParser().parse(xml.text) as { status: { job_worker: { status: string } } };
    expect(parsed.status.job_worker.status).toBe('running');
  });
});

describe('the error names the mistake in a call', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await sosync.serve());
  });
  const created = (given: Record<string, string>) =>
    ask(url + createPath({ source_record_id: '1', ...given }));

  test.each([
    ['job_date', ''],
    ['job_date', 'yesterday'],
    ['job_date', '2026-02-30T00:00:00Z'],
    ['job_date', '0001-01-01T00:00:00Z'],
    ['source_system', ''],
    ['source_system', 'sap'],
    ['source_model', ''],
    ['source_record_id', ''],
    ['source_record_id', 'a\u0000b'],
    ['parent_job_id', '0'],
    ['parent_job_id', '99999999999'],
    ['parent_job_id', '9999999999999999999'],
  ])('400 names the parameter %s where it is "%s"', async (parameter, value) => {
    const answer = await created({ [parameter]: value });
    expect(answer.status).toBe(400);
    expect(objectIn(answer)).toMatchObject({ code: 'bad-parameter', parameter });
  });

  test('a repeated parameter is refused', async () => {
    const answer = await ask(`${url}${createPath({ source_record_id: '1' })}&source_record_id=2`);
    expect(answer.status).toBe(400);
    expect(objectIn(answer)).toMatchObject({ parameter: 'source_record_id' });
  });

  test('a model that no pair has, and one of the other system, is unknown', async () => {
    for (const given of [
      { source_model: 'dbo.Nobody' },
      { source_model: 'Beteiligte', source_system: 'fs' },
      { source_model: 'CBeteiligte', source_system: 'fso' },
    ]) {
      const answer = await created(given);
      expect(answer.status).toBe(400);
      expect(objectIn(answer)).toMatchObject({ code: 'unknown-model' });
    }
  });

  test('in the form that the caller reads', async () => {
    const path = `${url}/job/info/77777777`;
    const xml = await ask(path, { Accept: 'application/xml' });
    expect(xml).toMatchObject({
      status: 404,
      text: expect.stringContaining('<code>not-found</code>') as string,
    });
    const text = await ask(path, { Accept: 'text/plain' });
    expect(text).toMatchObject({ status: 404, text: 'not-found: There is no such job.\n' });
  });

  test('406 if no accepted format is available, 405 for another method, 404 for another path', async () => {
    for (const path of ['/job/list', '/service/status', '/service/version'])
      expect((await ask(url + path, { Accept: 'image/png' })).status).toBe(406);
    expect((await ask(`${url}/service/status`, { Accept: 'text/plain' })).status).toBe(406);
    expect((await fetch(`${url}/job/list`, { method: 'DELETE' })).status).toBe(405);
    expect((await ask(`${url}/job`)).status).toBe(404);
  });
});

test('with an api_key, every call needs it', async () => {
  const { url } = await sosync.serve({ api_key: 'a key of the tests' });
  expect((await ask(`${url}/service/version`)).status).toBe(401);
  expect((await ask(`${url}/job/list`, { 'X-Api-Key': 'another' })).status).toBe(401);
  expect((await ask(`${url}/job/list`, { 'X-Api-Key': 'a key of the tests' })).status).toBe(200);
});

test('a time without a zone is UTC, and a blank that was a plus in a query is one', async () => {
  const { url } = await sosync.serve();
  const dates = [
    ['2026-11-30 10:15:00.250', '2026-11-30T10:15:00.250Z'],
    ['2026-11-30T10:15', '2026-11-30T10:15:00.000Z'],
    ['2026-11-30T10:15:00+01:00', '2026-11-30T09:15:00.000Z'],
    ['2026-11-30T10:15:00 01:00', '2026-11-30T09:15:00.000Z'],
  ] as const;
  for (const [job_date, told] of dates) {
    const { id } = objectIn(await ask(url + createPath({ job_date, source_record_id: '1' })));
    expect(objectIn(await ask(`${url}/job/info/${String(id)}`))).toMatchObject({ job_date: told });
  }
});
