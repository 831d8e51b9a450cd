import { fieldRule } from '../../shared/systems/field-settings';
import { type FieldFinding, mappedSystem } from '../../worker/records/mapped-system';
import { createAdvowareConnector } from '../../worker/systems/advoware/advoware';
import { requestTime, signatureOf, signedText } from '../../worker/systems/advoware/signature';
import { advowareFakes, openAdvoware } from './advoware';
import { created, done, draft, fetched, listed, patch } from './contract';
import { testOutside } from './outside';

const { signal } = new AbortController();
const fakes = advowareFakes();
afterEach(() => fakes.close());

const usualForm = '64:{appId}:{nonce}:{time}';

describe('the signature of a token request', () => {
  const parts = { appId: 'app-123', nonce: 'nonce-abc', time: '2026-08-30T00:00:00.000Z' };
  const apiKey = Buffer.from('test-secret-key').toString('base64');

  test('equals the signature of the published example', () => {
    expect(signatureOf(apiKey, usualForm, parts)).toBe(
      'o7rz9KmoXZs550HfzO6ffiG17XwiPmlBHlksUYKZ3jcfolELow51Fw5KlrQqCK5y41aIValDjrh1iQ2GZ2WtqQ==',
    );
  });

  test('covers a text that a setting can replace', () => {
    expect(signedText('{time}/{nonce}/{appId}', parts)).toBe('2026-08-30T00:00:00.000Z/nonce-abc/app-123');
  });

  test('covers a time with seven decimals', () => {
    expect(requestTime(new Date('2026-08-30T12:34:56.789Z'))).toBe('2026-08-30T12:34:56.7890000Z');
  });
});

describe('a token', () => {
  test('is requested once for all pairs of a system', async () => {
    const fake = await fakes.start();
    const connector = createAdvowareConnector();
    const outside = testOutside();
    const opened = [
      await openAdvoware(fake, {}, { connector, outside }),
      await openAdvoware(fake, {}, { connector, outside: { ...testOutside(), limiter: outside.limiter } }),
    ];
    const systems = opened.map(({ system }) => system);
    await Promise.all(systems.flatMap((system) => [listed(system, null), fetched(system, '1')]));
    expect(fake.http.calls.filter((call) => call.includes('Token'))).toHaveLength(1);
  });

  test('that has expired is renewed once, and the call is made again', async () => {
    const fake = await fakes.start();
    const { system } = await openAdvoware(fake);
    const item = await created(system, '1', { name: 'A' });
    fake.expireTokens();
    fake.http.calls.length = 0;
    expect(await fetched(system, item.key)).toMatchObject({ key: item.key });
    expect(fake.http.calls).toEqual([
      `GET /api/v1/advonet/Beteiligte/${item.key}`,
      'POST /api/v1/Token',
      `GET /api/v1/advonet/Beteiligte/${item.key}`,
    ]);
  });

  test('that is new and still refused ends all calls', async () => {
    const fake = await fakes.start();
    const { system } = await openAdvoware(fake);
    fake.http.faults.push({ fits: ({ method }) => method === 'GET', times: 99, answer: { status: 401 } });
    for (let time = 0; time < 5; time++)
      await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.http.calls.filter((call) => call.startsWith('GET'))).toHaveLength(2);
  });

  test('is requested only once with a wrong password', async () => {
    const fake = await fakes.start();
    const { system } = await openAdvoware(fake, { auth: { ...fake.auth, password: 'wrong-password' } });
    for (let time = 0; time < 5; time++)
      await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.http.calls).toEqual(['POST /api/v1/Token']);
  });

  test('is requested from the gateway if there is one, with the time of its clock', async () => {
    const gateway = await fakes.start();
    const fake = await fakes.start();
    gateway.http.clockOffsetMs = -90 * 60_000;
    const { system } = await openAdvoware(fake, { gateway: gateway.url });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unauthorized' });
    // The first time was ours, the second the gateway's: that one was answered by a token, which the other server does not know.
    expect(gateway.http.calls).toEqual(Array.from({ length: 4 }, () => 'POST /api/v1/Token'));
    expect(fake.http.calls).toHaveLength(2);
  });

  test('is never recorded, and neither are the credentials of its request', async () => {
    const fake = await fakes.start();
    const { system, outside } = await openAdvoware(fake);
    await created(system, '1', { name: `my password is ${fake.auth.password}` });
    const recorded = JSON.stringify(outside.observed);
    expect(outside.observed.map(({ operation }) => operation)).toContain('token');
    for (const secret of [fake.auth.password, fake.auth.apiKey, 'HMAC512Signature', 'access_token'])
      expect(recorded).not.toContain(secret);
  });
});

test('a write sends the whole record with its changes, so that fields outside the pair stay', async () => {
  const fake = await fakes.start();
  const betNr = fake.add({ name: 'A', vorname: 'B', rechtsform: 'GmbH', titel: 'Dr.' });
  const { system } = await openAdvoware(fake);
  const item = await fetched(system, String(betNr));
  done(
    await system.update(String(betNr), patch({ fields: {} }, { vorname: 'C' }), item?.revision ?? '', signal),
  );
  expect(fake.rows.get(betNr)).toMatchObject({ name: 'A', vorname: 'C', rechtsform: 'GmbH', titel: 'Dr.' });
});

test('an update is a look and a write', async () => {
  const fake = await fakes.start();
  const betNr = fake.add({ name: 'A' });
  const { system } = await openAdvoware(fake);
  await listed(system, null);
  fake.http.calls.length = 0;
  const item = await fetched(system, String(betNr));
  const updated = done(
    await system.update(String(betNr), patch({ fields: {} }, { name: 'B' }), item?.revision ?? '', signal),
  );
  expect(fake.http.calls.map((call) => call.split(' ')[0])).toEqual(['GET', 'PUT']);
  expect(updated.revision).toBe(fake.rows.get(betNr)?.['rowId']);
});

test('one listing serves several searches, and a record whose creation had no response is found', async () => {
  const fake = await fakes.start();
  fake.add({ name: 'A' });
  const { system } = await openAdvoware(fake);
  const find = (name: string) => system.find({ by: 'fields', fields: { name } }, signal);
  expect([await find('A'), await find('B'), await find('C')].map(({ length }) => length)).toEqual([1, 0, 0]);
  const lists = () => fake.http.calls.filter((call) => call === 'GET /api/v1/advonet/Beteiligte').length;
  expect(lists()).toBe(1);
  await system.create('1', draft({ name: 'B' }), signal);
  expect(await find('B')).toHaveLength(1);
  expect(lists()).toBe(1);
  await system.find({ by: 'fields', fields: { name: 'A' }, isFresh: true }, signal);
  expect(lists()).toBe(2);
  fake.http.faults.push({ fits: ({ method }) => method === 'POST', losesAnswer: true });
  await expect(system.create('2', draft({ name: 'C' }), signal)).rejects.toMatchObject({
    kind: 'unavailable',
  });
  expect(await find('C')).toHaveLength(1);
});

test('F20: the first write shows which six of fourteen fields the server ignores', async () => {
  const fake = await fakes.start();
  const { system } = await openAdvoware(fake);
  const findings: FieldFinding[] = [];
  const rules = [
    { here: 'lastName', there: 'name' },
    { here: 'phoneNumber', there: 'tel' },
  ].map((rule) => fieldRule.parse(rule));
  const mapped = mappedSystem(system, 'there', {
    rules,
    lookups: {},
    passedThrough: [],
    kept: {},
    learned: (finding) => findings.push(finding),
  });
  const item = done(await mapped.create('1', draft({ lastName: 'A', phoneNumber: '1' }), signal));
  expect(item.fields).toEqual({ lastName: 'A', phoneNumber: null });
  expect(findings.map(({ field, kept }) => [field, kept])).toEqual([
    ['lastName', 'yes'],
    ['phoneNumber', 'no'],
  ]);
});

test('a 403 refuses one record, and several in a row stop everything', async () => {
  const fake = await fakes.start();
  const { system } = await openAdvoware(fake);
  fake.http.faults.push({
    fits: ({ method, path }) => method === 'POST' && !path.includes('Token'),
    times: 3,
    answer: { status: 403 },
  });
  const create = () => system.create('1', draft({ name: 'A' }), signal);
  expect(await create()).toMatchObject({ kind: 'refused', code: 'forbidden' });
  expect(await create()).toMatchObject({ kind: 'refused', code: 'forbidden' });
  await expect(create()).rejects.toMatchObject({ kind: 'unauthorized' });
});

describe('a probe', () => {
  test('reports that all is well, and only reads', async () => {
    const fake = await fakes.start();
    fake.add({ name: 'A' });
    const { system } = await openAdvoware(fake);
    const probe = await system.probe(signal);
    expect(probe).toMatchObject({ ok: true, findings: [{ code: 'no-sync-key' }] });
    expect(fake.http.calls).toEqual(['POST /api/v1/Token', 'GET /api/v1/advonet/Beteiligte']);
  });

  test('reports a refused password', async () => {
    const fake = await fakes.start();
    const { system } = await openAdvoware(fake, { auth: { ...fake.auth, password: 'wrong-password' } });
    expect((await system.probe(signal)).findings).toMatchObject([{ code: 'unauthorized' }]);
  });
});

test('a system that is resumed after a refusal requests a token again', async () => {
  const fake = await fakes.start();
  const particulars = { connector: createAdvowareConnector(), outside: testOutside() };
  fake.http.faults.push({ answer: { status: 401 } });
  const before = await openAdvoware(fake, {}, particulars);
  await expect(fetched(before.system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
  const after = await openAdvoware(fake, {}, particulars);
  expect(await fetched(after.system, '1')).toBeNull();
});
