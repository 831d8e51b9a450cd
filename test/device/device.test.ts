import { deviceOf } from '../../api/http/device';
import { call, login, type SolutionClient, textOf } from '../setup/solution-client';
import { zipOf } from '../v4/archive';
import { enrol, onServer, reach2, signIn, syncTo2 } from '../v4/on-server';

const server = onServer({}, { worker: true });
const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toUTCString();

async function told(id: number): Promise<{ skewHours: number | null; version: string | null }> {
  const row = await server()
    .db<{ id: number; clock_skew_seconds: number | null; version: string | null }>('solution')
    .where({ id })
    .first('clock_skew_seconds', 'version');
  const seconds = row?.clock_skew_seconds ?? null;
  return {
    skewHours: seconds === null ? null : Math.round(seconds / 360) / 10,
    version: row?.version ?? null,
  };
}

describe('the information about a device in a request', () => {
  const now = Date.parse('2026-11-20T10:00:00Z');
  const skew = (date: string) => deviceOf({ date }, now).clockSkewSeconds;
  const version = (userAgent: string) => deviceOf({ 'user-agent': userAgent }).version;

  test('is how far its clock is ahead of ours, in whole seconds', () => {
    expect(skew('Fri, 20 Nov 2026 10:00:07 GMT')).toBe(7);
    expect(skew('Fri, 20 Nov 2026 09:00:00 GMT')).toBe(-3600);
    expect(skew('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(-now / 1000);
  });

  test.each([
    '',
    'now',
    '2026-11-20T10:00:00Z',
    'Fri, 20 Nov 9999 10:00:00 GMT',
    'Fri, 20 Xxx 2026 10:00:00 GMT',
  ])('is not a time for %j', (date) => expect(skew(date)).toBeNull());

  test('is the version of a solution’s program, and of nothing else', () => {
    expect(version('epack-solution/4.0')).toBe('4.0');
    expect(version('ePack-Solution/4.1.2-rc.1+7 (Windows)')).toBe('4.1.2-rc.1+7');
    for (const other of [
      '',
      'curl/8.0',
      'epack-solution',
      'epack-solution/',
      `epack-solution/${'4'.repeat(33)}`,
      'epack-solution/<b>',
    ])
      expect([other, version(other)]).toEqual([other, null]);
  });
});

describe('a solution’s clock and version', () => {
  test('are stored at login, and only if it succeeds', async () => {
    const solution = await enrol(server());
    const headers = { Date: hours(-3), 'User-Agent': 'epack-solution/4.0' };
    await login(server().url, { ...solution, secret: 'wrong' }, { headers });
    expect(await told(solution.id)).toEqual({ skewHours: null, version: null });
    expect((await login(server().url, solution, { headers })).status).toBe(200);
    expect(await told(solution.id)).toEqual({ skewHours: -3, version: '4.0' });
    expect((await login(server().url, solution)).status).toBe(200);
    expect(await told(solution.id)).toEqual({ skewHours: -3, version: '4.0' });
  });

  test('are stored at every upload of every form, and decide nothing', async () => {
    const client = await signIn(server());
    const archive = zipOf({ 'csv/Tboil.csv': 'Id,MeasuredAt\n1,2026-11-20 07:31:00\n' });
    const posted = await client.postBare(archive, { Date: hours(50), 'User-Agent': 'epack-solution/4.1' });
    expect(posted.status).toBe(200);
    expect(await told(client.id)).toEqual({ skewHours: 50, version: '4.1' });
    await finish(client);
    await sendResumably(client, zipOf({}), { Date: hours(-1), 'User-Agent': 'epack-solution/4.2' });
    expect(await told(client.id)).toEqual({ skewHours: -1, version: '4.2' });
    await finish(client);
    await syncTo2(client, zipOf({}));
    expect(await told(client.id)).toEqual({ skewHours: -1, version: '4.2' });
  });

  test('are shown to staff', async () => {
    const solution = await enrol(server());
    await login(server().url, solution, { headers: { Date: hours(2), 'User-Agent': 'epack-solution/4.0' } });
    const session = await call(`${server().url}/api/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(server().admin),
    });
    const shown = await call(`${server().url}/api/solutions/${solution.id}`, {
      headers: { Authorization: `Bearer ${textOf(session.json['token'])}` },
    });
    expect(shown.json['version']).toBe('4.0');
    expect(Math.round(Number(shown.json['clockSkewSeconds']) / 360) / 10).toBe(2);
  });
});

async function finish(client: SolutionClient): Promise<void> {
  await reach2(client);
  await client.confirm();
}

async function sendResumably(
  client: SolutionClient,
  archive: Buffer,
  headers: Record<string, string>,
): Promise<void> {
  const tus = { 'Tus-Resumable': '1.0.0', ...headers };
  const created = await client.send('uploads', {
    method: 'POST',
    headers: { ...tus, 'Upload-Length': String(archive.length) },
  });
  const sent = await call(client.url + String(created.headers.location), {
    method: 'PATCH',
    headers: {
      ...client.authorized,
      ...tus,
      'Upload-Offset': '0',
      'Content-Type': 'application/offset+octet-stream',
    },
    body: archive,
  });
  expect(sent.status).toBe(200);
}
