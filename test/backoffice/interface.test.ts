import { parseCsv } from '../../shared/formats/csv-table';
import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';
import { newAlert, newKitchen, newQuarantined, newSync } from './fixtures';

// The rules for calls of every kind. Each single call has its own test.

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

/** A call as a program makes it that does not speak JSON. */
const raw = (method: string, path: string, contentType: string | null, body: string) =>
  fetch(backoffice.url + path, {
    method,
    headers: {
      authorization: `Bearer ${admin.token}`,
      ...(contentType === null ? {} : { 'content-type': contentType }),
    },
    body,
  });

const newRefused = async (): Promise<{ id: string; solution: string }> => {
  const { solution } = await newKitchen(backoffice);
  const sync = await newSync(backoffice, solution);
  const refused = { kind: 'row', file: 'csv/Tbfridge.csv', header: 'Id,Temp', raw: '9,warm' } as const;
  return { id: await newQuarantined(backoffice, solution, sync, refused), solution };
};

describe('a body', () => {
  test.each(['application/x-www-form-urlencoded', 'text/plain;charset=UTF-8', 'application/xml'])(
    'of type %s is refused, not taken for an empty one',
    async (contentType) => {
      const { id } = await newRefused();
      const answer = await raw('POST', `/api/quarantine/${id}/replay`, contentType, '{"text": "9,3.5"}');
      expect(answer.status).toBe(415);
      expect(((await answer.json()) as { code: string }).code).toBe('wrong-content-type');
      expect((await admin.call('GET', '/api/quarantine?state=replayed')).text).not.toContain(`"id":"${id}"`);
    },
  );

  test('may be absent if nothing in it is required', async () => {
    const { solution } = await newKitchen(backoffice);
    const alert = await newAlert(backoffice, solution);
    expect((await admin.call('POST', `/api/alerts/${alert}/acknowledge`)).status).toBe(200);
  });

  test('that is broken, or too large, gets an error that says so', async () => {
    const broken = await raw('POST', '/api/accounts', 'application/json', '{"name": ');
    expect(broken.status).toBe(400);
    const large = await raw(
      'POST',
      '/api/accounts',
      'application/json',
      JSON.stringify({ name: 'x'.repeat(200_000) }),
    );
    expect(large.status).toBe(413);
  });
});

describe('a method that a path does not have', () => {
  test.each([
    ['PATCH', '/api/solutions', 'GET, HEAD, POST'],
    ['OPTIONS', '/api/solutions', 'GET, HEAD, POST'],
    ['PUT', '/api/solutions/1', 'GET, HEAD, PATCH, DELETE'],
    ['POST', '/api/solutions/999999/params/Fridges/1', 'GET, HEAD, PUT, DELETE'],
    ['GET', '/api/approvals/1', 'POST'],
    ['GET', '/api/session', 'POST, DELETE'],
    ['DELETE', '/api/users/', 'GET, HEAD, POST'],
  ])('%s %s is refused, with those that it has', async (method, path, allow) => {
    const answer = await admin.call(method, path);
    expect([answer.status, answer.at('code')]).toEqual([405, 'method-not-allowed']);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test('is not revealed without a session, and an unknown path stays not found', async () => {
    expect((await backoffice.call('PATCH', '/api/solutions')).status).toBe(401);
    expect((await admin.call('PATCH', '/api/nowhere')).status).toBe(404);
    const headers = { authorization: `Bearer ${admin.token}` };
    const head = await fetch(`${backoffice.url}/api/solutions`, { method: 'HEAD', headers });
    expect(head.status).toBe(200);
  });
});

describe('a query', () => {
  test('whose filters are empty filters by nothing', async () => {
    const { solution } = await newKitchen(backoffice);
    const all = await admin.call('GET', '/api/solutions?search=&account=&state=&limit=&cursor=');
    expect(all.status).toBe(200);
    expect(all.text).toContain(`"id":"${solution}"`);
    expect((await admin.call('GET', '/api/audit?solution=&user=&action=')).status).toBe(200);
  });
});

describe('an edit of an object with an ETag', () => {
  const etagOf = async (path: string) => (await admin.call('GET', path)).headers.get('etag') ?? '';

  test('is refused if someone else was quicker, and changes nothing', async () => {
    const { solution } = await newKitchen(backoffice);
    const path = `/api/solutions/${solution}`;
    const etag = await etagOf(path);
    expect((await admin.call('PATCH', path, { name: 'First' }, { 'if-match': etag })).status).toBe(200);
    const late = await admin.call('PATCH', path, { name: 'Second' }, { 'if-match': etag });
    expect([late.status, late.at('code')]).toEqual([412, 'stale']);
    expect((await admin.call('GET', path)).at('name')).toBe('First');
    expect(
      (await admin.call('PATCH', path, { name: 'Third' }, { 'if-match': await etagOf(path) })).status,
    ).toBe(200);
    expect((await admin.call('PATCH', path, { name: 'Fourth' }, { 'if-match': '*' })).status).toBe(200);
    expect((await admin.call('PATCH', path, { name: 'Fifth' })).status).toBe(200);
  });

  test('of two at once exactly one goes through', async () => {
    const { solution } = await newKitchen(backoffice);
    const path = `/api/solutions/${solution}`;
    const headers = { 'if-match': await etagOf(path) };
    const names = ['A', 'B', 'C', 'D'];
    const answers = await Promise.all(names.map((name) => admin.call('PATCH', path, { name }, headers)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  test('works for a user', async () => {
    const { id } = await backoffice.signIn('viewer');
    const path = `/api/users/${id}`;
    const headers = { 'if-match': await etagOf(path) };
    const roles = ['manager', 'admin', 'manager'];
    const answers = await Promise.all(roles.map((role) => admin.call('PATCH', path, { role }, headers)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const changed = answers.find(({ status }) => status === 200);
    expect(changed?.headers.get('etag')).toBe(await etagOf(path));
    expect((await admin.call('GET', '/api/users/99999999')).status).toBe(404);
  });

  test('works for a parameter by its version', async () => {
    const { solution } = await newKitchen(backoffice);
    const path = `/api/solutions/${solution}/params/Fridges/f1`;
    await admin.call('PUT', path, { fields: { Name: 'A' } });
    expect(await etagOf(path)).toBe('"1"');
    expect((await admin.call('PUT', path, { fields: { Name: 'B' } }, { 'if-match': '"1"' })).status).toBe(
      200,
    );
    expect((await admin.call('PUT', path, { fields: { Name: 'C' } }, { 'if-match': '"1"' })).status).toBe(
      412,
    );
    expect((await admin.call('DELETE', path, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await admin.call('DELETE', path, undefined, { 'if-match': await etagOf(path) })).status).toBe(
      204,
    );
    expect((await admin.call('GET', path)).at('isActive')).toBe(false);
    expect((await admin.call('GET', `${path}2`)).status).toBe(404);
    expect((await admin.call('PUT', path, { fields: {} }, { 'if-match': 'W/"x y"' })).status).toBe(400);
  });
});

describe('an export', () => {
  test('holds nothing that a spreadsheet would calculate, unless the exact texts are asked for', async () => {
    const { solution } = await newKitchen(backoffice);
    const texts = ['=HYPERLINK("http://x")', '+33 6 12', '-2 °C', '@SUM(A1)', '\t=1', '-18,5', 'Anaïs'];
    await backoffice.db('tbfridge').insert(
      texts.map((user_name, id) => ({
        solution_id: solution,
        id,
        user_name,
        temp: -18.5,
        extra: JSON.stringify({ Note: '=1+1' }),
      })),
    );
    const cellsOf = async (query: string, column: string) => {
      const answer = await admin.call('GET', `/api/solutions/${solution}/logs/Tbfridge?format=csv${query}`);
      const { header, rows } = parseCsv(answer.text);
      return rows.map((row) => row[header.indexOf(column)]);
    };
    expect(await cellsOf('', 'UserName')).toEqual([
      `'=HYPERLINK("http://x")`,
      `'+33 6 12`,
      `'-2 °C`,
      `'@SUM(A1)`,
      `'\t'=1`,
      '-18,5',
      'Anaïs',
    ]);
    expect(new Set(await cellsOf('', 'Temp'))).toEqual(new Set(['-18.5']));
    expect(new Set(await cellsOf('', 'Note'))).toEqual(new Set([`'=1+1`]));
    expect(await cellsOf('&cells=exact', 'UserName')).toEqual(texts);
  });
});

describe('the audit trail', () => {
  const lastOf = async (solution: string) =>
    (await admin.call('GET', `/api/audit?solution=${solution}&limit=1`)).at('items', 0);

  test('records a discarded and a corrected item, before and after', async () => {
    const { id, solution } = await newRefused();
    await admin.call('POST', `/api/quarantine/${id}/discard`);
    expect(await lastOf(solution)).toMatchObject({
      user: admin.email,
      action: 'quarantine.discarded',
      before: { id, state: 'open', file: 'csv/Tbfridge.csv', text: '9,warm' },
      after: { id, state: 'discarded' },
    });
    const other = await newRefused();
    await admin.call('POST', `/api/quarantine/${other.id}/replay`, { text: '9,3.5' });
    expect(await lastOf(other.solution)).toMatchObject({
      before: { state: 'open', text: '9,warm' },
      after: { state: 'replayed', text: '9,3.5' },
    });
  });

  test('records the acknowledgement of an alert', async () => {
    const { solution } = await newKitchen(backoffice);
    const alert = await newAlert(backoffice, solution);
    await admin.call('POST', `/api/alerts/${alert}/acknowledge`, { comment: 'Door open' });
    expect(await lastOf(solution)).toMatchObject({
      before: { id: alert, acknowledgedBy: null },
      after: { id: alert, acknowledgedBy: admin.email, comment: 'Door open' },
    });
  });

  test('records that a secret was changed, without the secret', async () => {
    const { solution } = await newKitchen(backoffice);
    const { text } = await admin.call('POST', `/api/solutions/${solution}/secret`);
    const entry = await lastOf(solution);
    expect(entry).toMatchObject({ action: 'solution.replace-secret', after: { secret: 'changed' } });
    expect(JSON.stringify(entry)).not.toContain((JSON.parse(text) as { secret: string }).secret);
  });
});
