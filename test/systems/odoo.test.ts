import { createOdooConnector } from '../../worker/systems/odoo/odoo';
import type { RemoteSystem } from '../../worker/systems/remote-system';
import { created, done, draft, fetched, listed, patch } from './contract';
import { calledMethod, odooFakes, type OdooInterface, openOdoo } from './odoo';
import { testOutside } from './outside';

const { signal } = new AbortController();
const fakes = odooFakes();
afterEach(() => fakes.close());

const versions: readonly (readonly [OdooInterface, number])[] = [
  ['json-2', 19],
  ['json-rpc', 17],
];

const create = (system: RemoteSystem, fields: object, key = 'k-1') =>
  system.create(key, draft({ ...fields }), signal);

describe.each(versions)('Odoo by %s', (api, version) => {
  test('a wrong password is tried once, and no further call is made', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(
      { ...fake, apiKey: 'wrong', user: { user: 'sosync', password: 'wrong' } },
      { api },
    );
    for (let time = 0; time < 5; time++)
      await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.http.calls).toHaveLength(1);
    expect(fake.methods).toEqual([]);
  });

  test('a database that is not served needs a person, and is named', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo({ ...fake, database: 'elsewhere' }, { api });
    const trouble = { kind: 'unauthorized', message: expect.stringMatching(/database/) as string };
    await expect(fetched(system, '1')).rejects.toMatchObject(trouble);
    await expect(fetched(system, '1')).rejects.toMatchObject(trouble);
    expect(fake.http.calls).toHaveLength(1);
  });

  test('a right that our user lacks for all records stops the system, and a record rule refuses only its record', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api });
    const item = await created(system, 'k-1', { name: 'A' });
    fake.store.guarded.add(Number(item.key));
    const written = await system.update(item.key, patch(item, { name: 'B' }), item.revision, signal);
    expect(written).toMatchObject({ kind: 'refused', code: 'forbidden' });
    fake.store.denied.add('res.partner/create');
    await expect(create(system, { name: 'C' }, 'k-2')).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  test('a field that the model lacks, or a missing model, stops the pair before anything is written', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api, fields: ['name', 'nowhere', 'ref/id'] });
    const lacking = { kind: 'fields', message: 'res.partner lacks nowhere, ref/id' };
    await expect(create(system, { name: 'A' })).rejects.toMatchObject(lacking);
    await expect(listed(system, null)).rejects.toMatchObject(lacking);
    const { system: other } = await openOdoo(fake, { api, end: { model: 'res.nowhere' } });
    const missing = { kind: 'fields', message: 'there is no model res.nowhere' };
    await expect(listed(other, null)).rejects.toMatchObject(missing);
    expect(fake.methods.filter((method) => method !== 'res.partner/fields_get')).toEqual([]);
  });

  test('a value of the wrong type is refused for its record, with the name of its field', async () => {
    const fake = await fakes.start(version);
    const fields = ['name', 'type', 'color', 'x_birth', 'country_id', 'category_id'];
    const { system } = await openOdoo(fake, { api, fields });
    for (const [name, value] of [
      ['type', 'nonsense'],
      ['color', 'blue'],
      ['x_birth', '2026-02-30'],
      ['country_id', 'base.nowhere'],
      ['country_id', '[1,2]'],
      ['category_id', '9999'],
    ] as const) {
      const refused = await create(system, { name: 'A', [name]: value });
      expect(refused).toMatchObject({ kind: 'refused', code: 'invalid', fields: [name] });
    }
    const item = await created(system, 'k-2', { name: 'A' });
    const written = await system.update(item.key, patch(item, { type: 'nonsense' }), item.revision, signal);
    expect(written).toMatchObject({ kind: 'refused', code: 'invalid' });
    expect(await create(system, { name: null })).toMatchObject({
      kind: 'refused',
      reason: 'Contacts require a name',
    });
  });

  test('dates are days, and times are UTC, whatever their format', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api, fields: ['name', 'x_birth', 'x_seen'] });
    const item = await created(system, 'k-1', {
      name: 'A',
      x_birth: '1980-02-03T00:00:00',
      x_seen: '2026-07-03T12:00:00.123Z',
    });
    expect(item.fields).toMatchObject({ x_birth: '1980-02-03', x_seen: '2026-07-03 12:00:00' });
    const change = { x_seen: '2026-07-03T12:00:00+02:00', x_birth: '1980-02-04' };
    const updated = done(await system.update(item.key, patch(item, change), item.revision, signal));
    expect(updated.fields).toMatchObject({ x_seen: '2026-07-03 10:00:00', x_birth: '1980-02-04' });
    expect(await fetched(system, item.key)).toEqual(updated);
  });

  test('an empty field has no value, and false is a value', async () => {
    const fake = await fakes.start(version);
    const fields = ['name', 'ref', 'is_company', 'color', 'x_rate', 'category_id', 'country_id'];
    const { system } = await openOdoo(fake, { api, fields });
    const empty = { ref: null, category_id: null, country_id: null };
    const item = await created(system, 'k-1', {
      name: 'A',
      ...empty,
      is_company: false,
      color: 0,
      x_rate: 1.5,
    });
    expect(item.fields).toEqual({ name: 'A', ...empty, is_company: false, color: 0, x_rate: 1.5 });
    const change = { ref: 'R', is_company: true, color: 7, category_id: '[2,1]', country_id: 2 };
    const updated = done(await system.update(item.key, patch(item, change), item.revision, signal));
    expect(updated.fields).toMatchObject({ ...change, category_id: '[1,2]' });
    expect(await fetched(system, item.key)).toEqual(updated);
    const emptied = done(await system.update(item.key, patch(updated, empty), updated.revision, signal));
    expect(emptied.fields).toMatchObject(empty);
    expect(await fetched(system, item.key)).toEqual(emptied);
  });

  test('relations are numbers, or external ids if the pair asks for them, and sets have no order', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api, fields: ['name', 'country_id/id', 'category_id/id'] });
    fake.store.externalIds.set('mod.friend', { model: 'res.partner.category', id: 1 });
    const item = await created(system, 'k-1', {
      name: 'A',
      'country_id/id': 'base.de',
      'category_id/id': '["mod.friend","2"]',
    });
    expect(fake.values(Number(item.key))).toMatchObject({ country_id: 2, category_id: [1, 2] });
    // A record without an external id is shown by its number.
    expect(item.fields).toMatchObject({ 'country_id/id': 'base.de', 'category_id/id': '["2","mod.friend"]' });
    fake.edit(Number(item.key), { category_id: [2, 1] });
    expect((await fetched(system, item.key))?.revision).toBe(item.revision);
    const written = await system.update(
      item.key,
      patch(item, { 'country_id/id': 'mod.friend' }),
      item.revision,
      signal,
    );
    expect(written).toMatchObject({ kind: 'refused', code: 'invalid', fields: ['country_id/id'] });
  });

  test('text with markup is shown as Odoo has cleaned it', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api, fields: ['name', 'comment'] });
    const item = await created(system, 'k-1', { name: 'A', comment: 'hi<script>alert(1)</script>' });
    expect(item.fields['comment']).toBe('<p>hi</p>');
  });

  test('a write that another transaction blocks is tried again later, and is no refusal', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api });
    fake.store.busyWrites = 1;
    await expect(create(system, { name: 'A' })).rejects.toMatchObject({ kind: 'unavailable' });
    const item = await created(system, 'k-1', { name: 'A' });
    fake.store.busyWrites = 1;
    const update = system.update(item.key, patch(item, { name: 'B' }), item.revision, signal);
    await expect(update).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('an archived record counts as deleted, and is listed with the next changes', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api });
    const item = await created(system, 'k-1', { name: 'A' });
    const { cursor } = await listed(system, null);
    fake.edit(Number(item.key), { active: false });
    expect(await fetched(system, item.key)).toBeNull();
    expect(await system.find({ by: 'origin', key: 'k-1' }, signal)).toEqual([]);
    const { items } = await listed(system, cursor);
    expect(items).toMatchObject([{ key: item.key, isActive: false }]);
    expect((await listed(system, null)).items).toEqual([]);
    // It is there all the same: the key makes no second one.
    await create(system, { name: 'A' });
    expect(fake.store.models.get('res.partner')?.rows.size).toBe(1);
  });

  test('archived records are like any others if the pair includes them', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, {
      api,
      end: { includeArchived: true },
      fields: ['name', 'active'],
    });
    const item = await created(system, 'k-1', { name: 'A', active: true });
    const archived = done(
      await system.update(item.key, patch(item, { active: false }), item.revision, signal),
    );
    expect(await fetched(system, item.key)).toEqual(archived);
    expect((await listed(system, null)).items).toEqual([archived]);
    done(await system.delete(item.key, archived.revision, signal));
    expect(fake.values(Number(item.key))).toBeNull();
  });

  test('a deletion archives the record if the pair says so', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api, end: { deletion: 'archive' } });
    const item = await created(system, 'k-1', { name: 'A' });
    expect(done(await system.delete(item.key, item.revision, signal)).isActive).toBe(false);
    expect(fake.values(Number(item.key))).toMatchObject({ name: 'A', active: false });
    expect(await fetched(system, item.key)).toBeNull();
  });

  test('records outside the domain are not found, and new records belong to it', async () => {
    const fake = await fakes.start(version);
    const domain = [['is_company', '=', true], '|', ['type', '=', 'invoice'], ['ref', '!=', false]];
    const plain = [
      ['is_company', '=', true],
      ['type', '=', 'invoice'],
    ];
    fake.add({ name: 'Person' });
    const ours = fake.add({ name: 'Company', is_company: true, ref: 'R' });
    const { system } = await openOdoo(fake, { api, end: { domain } });
    expect((await listed(system, null)).items.map(({ key }) => key)).toEqual([String(ours)]);
    const { system: simple } = await openOdoo(fake, { api, end: { domain: plain } });
    const item = await created(simple, 'k-1', { name: 'Made' });
    expect(fake.values(Number(item.key))).toMatchObject({ is_company: true, type: 'invoice' });
  });

  test('an update costs a read and a write, and is listed with the revision of its response', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api });
    const item = await created(system, 'k-1', { name: 'A' });
    const { cursor } = await listed(system, null);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    fake.methods.length = 0;
    const now = await fetched(system, item.key);
    const updated = done(
      await system.update(item.key, patch(item, { name: 'B' }), now?.revision ?? '', signal),
    );
    expect(fake.methods).toEqual(['res.partner/search_read', 'res.partner/write']);
    const { items } = await listed(system, cursor);
    expect(items).toEqual([updated]);
  });

  test('records with the same time of change are each listed once, even if they fill several pages', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api });
    for (let number = 0; number < 1_203; number++) fake.add({ name: `A${number}` });
    const whole = await listed(system, null);
    expect(whole.items).toHaveLength(1_203);
    const at = fake.store.now();
    for (const row of fake.store.models.get('res.partner')?.rows.values() ?? []) row.writtenAt = at;
    const pages: string[][] = [];
    for await (const { items } of system.list(whole.cursor, signal)) {
      pages.push(items.map(({ key }) => key));
      // Someone writes to what was listed, and to what was not: neither is left out, and nothing else moves.
      fake.edit(1, { name: 'again' });
    }
    expect(new Set(pages.flat()).size).toBe(1_203);
    expect(pages.map((page) => page.length)).toEqual([500, 500, 203]);
  });

  test('a listing of changes can continue after any of its pages', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api });
    const { cursor: start } = await listed(system, null);
    for (let number = 0; number < 700; number++) fake.add({ name: `A${number}` });
    const [first, second] = await pagesOf(system, start);
    const rest = await pagesOf(system, first?.cursor ?? null);
    expect(rest.flatMap(({ items }) => items)).toEqual(second?.items);
    expect(rest.map(({ isWhole }) => isWhole)).toEqual([false]);
  });

  test('external ids that are known are not read again by the next listing', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api, fields: ['name'] });
    for (let number = 0; number < 10; number++) fake.add({ name: `A${number}` });
    await listed(system, null);
    fake.methods.length = 0;
    await listed(system, null);
    expect(fake.methods).toEqual(['res.partner/search_read', 'res.partner/search_read']);
  });

  test('the recorded calls contain no secret', async () => {
    const fake = await fakes.start(version);
    const { system, outside } = await openOdoo(fake, { api });
    await created(system, 'k-1', { name: 'A' });
    await system.probe(signal);
    const recorded = JSON.stringify(outside.observed);
    expect(recorded).not.toContain(fake.apiKey);
    expect(recorded).not.toContain(fake.user.password);
    expect(outside.observed.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['schema', 'create', 'fetch', 'probe', 'rights']),
    );
  });

  test('a probe reports each problem, and changes nothing', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api, fields: ['name', 'display_name'] });
    fake.store.denied.add('res.partner/unlink');
    expect(await system.probe(signal)).toMatchObject({
      ok: true,
      version: `${version}.0`,
      findings: [
        { level: 'warning', code: 'fields-computed', about: ['display_name'] },
        { level: 'info', code: 'no-revisions' },
        { level: 'warning', code: 'rights-missing', about: ['unlink'] },
      ],
    });
    const { system: lacking } = await openOdoo(fake, { api, fields: ['name', 'nowhere'] });
    expect(await lacking.probe(signal)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([
        expect.objectContaining({ code: 'fields-missing', about: ['nowhere'] }),
      ]) as unknown,
    });
    const { system: alone } = await openOdoo(fake, { api, end: null });
    expect(await alone.probe(signal)).toMatchObject({ ok: true, findings: [] });
    expect(fake.methods.filter((method) => /write|load|unlink/.test(method))).toEqual([]);
  });

  test('a page in place of JSON, and a redirect to the choice of a database, are errors', async () => {
    const fake = await fakes.start(version);
    const { system } = await openOdoo(fake, { api });
    fake.http.faults.push({ answer: { status: 200, html: '<!doctype html><p>Maintenance' } });
    await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unavailable' });
    fake.http.faults.push({ answer: { status: 502, html: '<h1>Bad Gateway' } });
    await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unavailable' });
    const location = '/web/database/selector';
    fake.http.faults.push({ times: 9, answer: { status: 303, html: '', headers: { location } } });
    await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'invalid' });
    const { system: probed } = await openOdoo(fake, { api, end: null });
    expect((await probed.probe(signal)).findings).toMatchObject([
      { level: 'error', message: expect.stringContaining('no such database') as string },
    ]);
  });
});

test('the number of our user is requested once for all callers by JSON-RPC', async () => {
  const fake = await fakes.start(16);
  const connector = createOdooConnector();
  const outside = testOutside();
  for (let time = 0; time < 3; time++) {
    const { system } = await openOdoo(fake, { api: 'json-rpc', connector, outside });
    await listed(system, null);
  }
  const asked = outside.observed.filter(({ operation }) => operation === 'authenticate');
  expect(asked).toHaveLength(1);
});

test('a changed password ends all calls by JSON-RPC, and the system asks for the number of our user again when it is opened again', async () => {
  const fake = await fakes.start(16);
  const connector = createOdooConnector();
  const outside = testOutside();
  const { system } = await openOdoo(fake, { api: 'json-rpc', connector, outside });
  await listed(system, null);
  const denied = { name: 'odoo.exceptions.AccessDenied', message: 'Access Denied', arguments: [] };
  const json = { jsonrpc: '2.0', id: 1, error: { code: 200, message: 'Odoo Server Error', data: denied } };
  fake.http.faults.push({ answer: { status: 200, json } });
  await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
  await expect(fetched(system, '1')).rejects.toMatchObject({ kind: 'unauthorized' });
  const { system: again } = await openOdoo(fake, { api: 'json-rpc', connector, outside });
  expect((await listed(again, null)).items).toEqual([]);
});

test('a 500 of Odoo itself about a value is a refusal by JSON-2, and any other 500 is tried again', async () => {
  const fake = await fakes.start();
  const { system } = await openOdoo(fake);
  const item = await created(system, 'k-1', { name: 'A' });
  const answers = [
    ['builtins.ValueError', `Wrong value for res.partner.type: 'x'`],
    ['psycopg2.errors.NumericValueOutOfRange', 'integer out of range\n'],
    ['builtins.RuntimeError', 'a module of somebody'],
  ] as const;
  const outcomes: unknown[] = [];
  for (const [name, message] of answers) {
    const json = { name, message, arguments: [message], context: {}, debug: '' };
    fake.http.faults.push({
      fits: (request) => calledMethod(request) === 'write',
      answer: { status: 500, json },
    });
    const now = await fetched(system, item.key);
    const update = system.update(item.key, patch(item, { name: 'B' }), now?.revision ?? '', signal);
    outcomes.push(await update.catch((error: unknown) => error));
  }
  expect(outcomes).toMatchObject([
    { kind: 'refused', code: 'invalid' },
    { kind: 'refused', code: 'invalid', reason: 'integer out of range' },
    { kind: 'unavailable' },
  ]);
});

test('a probe reports an Odoo that is too old for JSON-2', async () => {
  const fake = await fakes.start(18);
  const { system } = await openOdoo(fake, { end: null });
  expect(await system.probe(signal)).toMatchObject({ ok: false });
});

const pagesOf = async (system: RemoteSystem, since: string | null) => {
  const pages = [];
  for await (const page of system.list(since, signal)) pages.push(page);
  return pages;
};
