import type { ObservedCall } from '../../worker/systems/remote-system';
import { createEspocrmConnector } from '../../worker/systems/espocrm/espocrm';
import { planPreparation } from '../../worker/systems/espocrm/prepare';
import { created, draft, done, fetched, listed, patch } from './contract';
import { espoFakes, espoFields, openEspo } from './espocrm';
import type { EspocrmFake } from './fakes/espocrm-fake';
import { startEspocrmFake } from './fakes/espocrm-fake';
import { testOutside } from './outside';

const { signal } = new AbortController();
const fakes = espoFakes();
afterEach(() => fakes.close());

const open = (fake: EspocrmFake, end: object = {}, fields = espoFields) =>
  openEspo({ url: fake.url, apiKey: fake.apiKey }, end, fields);

describe('a wrong key', () => {
  test('is tried only once, because the server locks out a client after ten failures', async () => {
    const fake = await fakes.start();
    const { system } = await openEspo({ url: fake.url, apiKey: 'wrong-key-123' });
    for (let time = 0; time < 20; time++)
      await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.http.calls).toEqual(['GET /api/v1/CBeteiligte/1']);
  });

  test('ends all waiting calls, and only the calls in progress are refused', async () => {
    const fake = await fakes.start();
    const { system } = await openEspo({ url: fake.url, apiKey: 'wrong-key-123' });
    await Promise.allSettled(Array.from({ length: 100 }, (_, place) => fetched(system, String(place))));
    expect(fake.http.calls.length).toBeLessThanOrEqual(8);
  });

  test('a lock-out is reported as such, and not as a record that must not be read', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake);
    const wrong = { 'x-api-key': 'other' };
    for (let time = 0; time < 10; time++) await fetch(`${fake.url}/api/v1/CBeteiligte`, { headers: wrong });
    await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
    await expect(fetched(system, '1')).rejects.toThrow('Max failed login attempts');
  });
});

describe('a right that our key lacks', () => {
  test('for all records stops everything', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake);
    fake.entity('CBeteiligte').rights.create = 'no';
    const writing = system.create('1', draft({ lastName: 'A' }), signal);
    await expect(writing).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  test('for one record refuses only that record', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake);
    const item = await created(system, '1', { lastName: 'A' });
    fake.http.faults.push({ fits: ({ method }) => method === 'PUT', answer: { status: 403 } });
    const written = await system.update(item.key, patch(item, { lastName: 'B' }), item.revision, signal);
    expect(written).toMatchObject({ kind: 'refused', code: 'forbidden' });
    done(await system.update(item.key, patch(item, { lastName: 'B' }), item.revision, signal));
  });
});

describe('a field that the entity type lacks', () => {
  test('stops everything before anything is written, because EspoCRM would ignore it silently', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake, {}, ['lastName', 'nowhere']);
    const trouble = { kind: 'fields', message: 'CBeteiligte lacks nowhere' };
    await expect(system.create('1', draft({ lastName: 'A' }), signal)).rejects.toMatchObject(trouble);
    await expect(listed(system, null)).rejects.toMatchObject(trouble);
    expect(fake.http.calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
  });

  test('is read again once it exists', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake, {}, ['lastName', 'late']);
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'fields' });
    fake.entity('CBeteiligte').fields['late'] = 'varchar';
    expect((await listed(system, null)).items).toEqual([]);
  });

  test('counts as missing if our key must not see it', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake);
    fake.add('CBeteiligte', { lastName: 'A' });
    const list = [{ id: '1', lastName: 'A' }];
    fake.http.faults.push({
      fits: ({ query }) => query.get('orderBy') === 'id',
      answer: { status: 200, json: { list } },
    });
    await expect(listed(system, null)).rejects.toThrow('does not show firstName');
  });

  test('is reported as a missing entity type if the whole type is missing', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake, { entity: 'CNowhere' });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'fields' });
  });
});

describe('a record that is refused', () => {
  test('names its field and the reason', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake);
    const written = await system.create('1', draft({ lastName: 'A', dateOfBirth: 'soon' }), signal);
    expect(written).toMatchObject({ kind: 'refused', code: 'invalid', fields: ['dateOfBirth'] });
    expect(written.kind === 'refused' ? written.reason : '').toContain('Field validation failure');
  });

  test('as a duplicate names the conflicting records, and adopts a record that our own call created', async () => {
    const fake = await fakes.start();
    fake.entity('CBeteiligte').duplicateCheck = ['lastName', 'syncKey'];
    const { system } = await open(fake);
    const other = fake.add('CBeteiligte', { lastName: 'A' });
    const refused = await system.create('k1', draft({ lastName: 'A' }), signal);
    expect(refused).toMatchObject({ kind: 'refused', code: 'duplicate', holders: [{ key: other.id }] });
    const mine = await created(system, 'k2', { lastName: 'B' });
    const again = await system.create('k2', draft({ lastName: 'B' }), signal);
    expect(again).toMatchObject({ kind: 'done', item: { key: mine.key } });
  });

  test('as a duplicate is created anyway if the pair says so', async () => {
    const fake = await fakes.start();
    fake.entity('CBeteiligte').duplicateCheck = ['lastName'];
    const { system } = await open(fake, { duplicates: 'allow' });
    fake.add('CBeteiligte', { lastName: 'A' });
    expect(await system.create('k1', draft({ lastName: 'A' }), signal)).toMatchObject({ kind: 'done' });
  });
});

test('a record that was not saved since optimistic control was switched on has no version, and is read before a write', async () => {
  const fake = await fakes.start();
  const { system } = await open(fake);
  const entity = fake.entity('CBeteiligte');
  entity.optimistic = false;
  const { id } = fake.add('CBeteiligte', { lastName: 'A' });
  entity.optimistic = true;
  const item = await fetched(system, id);
  expect(item?.revision).toMatch(/^h:/);
  const updated = done(
    await system.update(id, patch({ fields: {} }, { lastName: 'B' }), item?.revision ?? '', signal),
  );
  expect(updated.revision).toBe('v:1');
});

test('an update costs a read and a write; a creation, and a deletion of a record that was just read, cost one call', async () => {
  const fake = await fakes.start();
  for (const optimistic of [true, false]) {
    fake.entity('CBeteiligte').optimistic = optimistic;
    const { system } = await open(fake, { optimistic });
    await listed(system, null);
    fake.http.calls.length = 0;
    const item = await created(system, `k-${String(optimistic)}`, { lastName: 'A' });
    const now = await fetched(system, item.key);
    const updated = done(
      await system.update(item.key, patch(item, { lastName: 'B' }), now?.revision ?? '', signal),
    );
    done(await system.delete(item.key, updated.revision, signal));
    expect(fake.http.calls.map((call) => call.split(' ')[0])).toEqual(['POST', 'GET', 'PUT', 'DELETE']);
  }
});

test('thousands of records that were changed in one second are each listed once', async () => {
  const fake = await fakes.start();
  const ids = Array.from(
    { length: 450 },
    (_, place) => fake.add('CBeteiligte', { lastName: `A${place}` }).id,
  );
  const { system } = await open(fake);
  const whole = await listed(system, null);
  expect(whole.items.map(({ key }) => key).sort()).toEqual([...ids].sort());
  const again = await listed(system, whole.cursor);
  expect(again.items.map(({ key }) => key).sort()).toEqual([...ids].sort());
});

test('a change during a complete listing is in the next listing of changes', async () => {
  const fake = await fakes.start();
  for (let place = 0; place < 250; place++) fake.add('CBeteiligte', { lastName: `A${place}` }, 10_000);
  const first = fake.add('CBeteiligte', { lastName: 'first' }, 10_000);
  const { system } = await open(fake);
  let cursor: string | null = null;
  let isFirstPage = true;
  for await (const page of system.list(null, signal)) {
    if (isFirstPage) fake.edit('CBeteiligte', first.id, { lastName: 'changed meanwhile' });
    isFirstPage = false;
    cursor = page.cursor;
  }
  const { items } = await listed(system, cursor);
  expect(items.find(({ key }) => key === first.id)?.fields['lastName']).toBe('changed meanwhile');
});

describe('the record of a call', () => {
  test('contains its operation, its response and its time, and no secret', async () => {
    const fake = await fakes.start();
    const { system, outside } = await open(fake);
    await created(system, '1', { lastName: `the key is ${fake.apiKey}, you know` });
    const call = outside.observed.find(({ operation }) => operation === 'create');
    expect(call).toMatchObject<Partial<ObservedCall>>({
      system: 'espo',
      method: 'POST',
      status: 200,
      fault: null,
    });
    expect(call?.request).toContain('the key is …, you know');
    expect(JSON.stringify(outside.observed)).not.toContain(fake.apiKey);
  });

  test('contains the error of a call without a response', async () => {
    const fake = await fakes.start();
    const { system, outside } = await open(fake);
    fake.http.faults.push({ losesAnswer: true });
    await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unavailable' });
    const last = outside.observed.at(-1);
    expect(last?.status).toBeNull();
    expect(last?.fault).toContain('connection failed');
  });
});

describe('webhooks', () => {
  const register = (fake: EspocrmFake, url: string) => {
    const connector = createEspocrmConnector();
    const config = { url: fake.url, auth: { apiKey: fake.apiKey } };
    const opening = { config, end: null, fields: [], overlapMinutes: 10, secrets: [] };
    const outside = testOutside();
    const wish = { entity: 'CBeteiligte', url };
    if (connector.registerWebhooks === null) throw new Error('it has none');
    return connector.registerWebhooks(opening, outside, wish, signal).then((keys) => ({ keys, outside }));
  };

  test('are registered for all changes, and earlier ones are removed', async () => {
    const fake = await fakes.start();
    await register(fake, 'https://sync.example/hooks/espo/token-1');
    const { keys, outside } = await register(fake, 'https://sync.example/hooks/espo/token-2');
    const present = [...fake.webhooks.values()];
    expect(present.map(({ event }) => event)).toEqual([
      'CBeteiligte.create',
      'CBeteiligte.update',
      'CBeteiligte.delete',
    ]);
    expect(Object.fromEntries(present.map(({ id, secretKey }) => [id, secretKey]))).toEqual(keys);
    for (const secret of [...Object.values(keys), 'token-1', 'token-2'])
      expect(JSON.stringify(outside.observed)).not.toContain(secret);
  });
});

describe('a probe', () => {
  test('reports the version and that all is well, only reads, and leaves nothing behind', async () => {
    const fake = await fakes.start();
    const { system } = await open(fake);
    const probe = await system.probe(signal);
    expect(probe).toMatchObject({ ok: true, version: '9.2.7', findings: [] });
    expect(Math.abs(probe.clockOffsetMs ?? 99_999)).toBeLessThan(5_000);
    expect(fake.http.calls.every((call) => call.startsWith('GET '))).toBe(true);
  });

  test('reports everything that is missing at once', async () => {
    const fake = await fakes.start({ end: { optimistic: false } });
    Object.assign(fake.entity('CBeteiligte').rights, { read: 'own', delete: 'no' });
    fake.http.clockOffsetMs = 3_600_000;
    const { system } = await open(fake, { syncKeyField: 'nowhere' }, ['lastName', 'missing']);
    const { ok, findings } = await system.probe(signal);
    expect(ok).toBe(false);
    expect(findings.map(({ code }) => code)).toEqual([
      'fields-missing',
      'no-revisions',
      'rights-missing',
      'rights-partial',
      'clock-differs',
    ]);
    expect(findings[0]?.about).toEqual(['nowhere', 'missing']);
  });

  test('reports a wrong key, an unavailable server and a missing entity type', async () => {
    const fake = await fakes.start();
    const wrong = await openEspo({ url: fake.url, apiKey: 'wrong-key-123' });
    expect((await wrong.system.probe(signal)).findings).toMatchObject([{ code: 'unauthorized' }]);
    const away = await openEspo({ url: 'http://127.0.0.1:9', apiKey: 'k' });
    expect((await away.system.probe(signal)).findings).toMatchObject([{ code: 'unavailable' }]);
    const { system } = await open(fake, { entity: 'CNowhere' });
    expect((await system.probe(signal)).findings).toMatchObject([{ code: 'entity-missing' }]);
  });
});

describe('a preparation', () => {
  const end = { entity: 'CBeteiligte', syncKeyField: 'syncKey', optimistic: true };
  const fields = [
    { name: 'lastName', type: 'varchar' },
    { name: 'syncRetryCount', type: 'int' },
    { name: 'advowareLastSync', type: 'datetime' },
  ] as const;

  test('shows its steps, carries them out, and has nothing left to do', async () => {
    const fake = await startEspocrmFake();
    const wish = { url: fake.url, administrator: fake.admin, end, fields };
    const plan = () => planPreparation(wish, testOutside(), signal);
    const { steps, obstacles } = await plan();
    expect(obstacles).toEqual([]);
    expect(steps.map(({ sentence }) => sentence)).toEqual([
      'Make the entity type CBeteiligte (Person)',
      'Make the field syncKey (varchar) of CBeteiligte',
      'Make the field syncRetryCount (int) of CBeteiligte',
      'Make the field advowareLastSync (datetime) of CBeteiligte',
      'Switch on optimistic concurrency control of CBeteiligte',
      'Let CBeteiligte refuse a second record with the same syncKey',
    ]);
    expect(fake.http.calls.some((call) => call.startsWith('POST'))).toBe(false);
    for (const { carryOut } of steps) await carryOut(signal);
    expect((await plan()).steps).toEqual([]);
    await fake.close();
  });

  test('names an entity type that cannot be created under its name', async () => {
    const fake = await fakes.start();
    fake.entity('CBeteiligte');
    const wish = { url: fake.url, administrator: fake.admin, end: { entity: 'Nowhere' }, fields: [] };
    expect((await planPreparation(wish, testOutside(), signal)).obstacles).toEqual([
      'There is no entity type Nowhere; one that is made begins with a C, as in CNowhere.',
    ]);
  });
});
