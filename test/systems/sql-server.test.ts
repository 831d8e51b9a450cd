import { randomUUID } from 'node:crypto';
import { createTestAuthority } from '../setup/certificates';
import { created, done, draft, fetched, listed, patch } from './contract';
import { ServerError } from './fakes/tds-server';
import { testOutside } from './outside';
import { openOn, personFields, personTable, personValues, rowOf, sqlServerFakes } from './sql-server';

const { signal } = new AbortController();
const fakes = sqlServerFakes();
afterEach(() => fakes.close());

const authority = createTestAuthority();
afterAll(() => authority.remove());

const calls = (observed: readonly { readonly operation: string }[]) =>
  observed.map(({ operation }) => operation);
const isWrite = (text: string) => text.startsWith('set nocount on');

describe('calls', () => {
  test('a creation, an update and a deletion are one batch each, and the table is asked about once', async () => {
    const { system, outside } = await fakes.open();
    const item = await created(system, randomUUID(), personValues.sample(1));
    const updated = done(await system.update(item.key, patch(item, { Name: 'B' }), item.revision, signal));
    done(await system.delete(item.key, updated.revision, signal));
    expect(calls(outside.observed)).toEqual(['schema', 'create', 'update', 'delete']);
  });

  test('are recorded with their statement, but without the password', async () => {
    const { system, outside, fake } = await fakes.open();
    await created(system, randomUUID(), { Name: 'Ada', Notiz: fake.access.password });
    expect(outside.observed.at(-1)).toMatchObject({ method: 'SQL', path: 'dbo.Person', status: 200 });
    expect(outside.observed.at(-1)?.request).toContain('insert into [dbo].[Person]');
    expect(JSON.stringify(outside.observed)).not.toContain(fake.access.password);
  });
});

describe('Change Tracking', () => {
  test('lists later creations, changes and deletions page by page, in the order of keys', async () => {
    const { system, fake, table } = await fakes.open();
    const keys = Array.from({ length: 2_500 }, (_, place) => fake.add(table, { Name: `P${place}` }));
    const whole = await listed(system, null);
    expect(whole.items).toHaveLength(2_500);
    fake.edit(table, keys[1_200] ?? '', { Name: 'changed' });
    fake.remove(table, keys[7] ?? '');
    const made = fake.add(table, { Name: 'new' });
    const { items } = await listed(system, whole.cursor);
    expect(items.map(({ key, isActive }) => [key, isActive])).toEqual([
      [keys[7], false],
      [keys[1_200], true],
      [made, true],
    ]);
    for (const key of keys.slice(10)) fake.edit(table, key, { Name: 'all' });
    expect((await listed(system, whole.cursor)).items).toHaveLength(2_492);
  });

  test('that was cleaned up since the last listing causes a complete listing, and reports no deletion', async () => {
    const { system, fake, table } = await fakes.open();
    const [gone, kept] = [fake.add(table, { Name: 'A' }), fake.add(table, { Name: 'B' })];
    const { cursor } = await listed(system, null);
    fake.remove(table, gone);
    fake.cleanUp(table);
    await expect(listed(system, cursor)).rejects.toMatchObject({ kind: 'cursor-expired' });
    const anew = await listed(system, null);
    expect(anew.items.map(({ key, isActive }) => [key, isActive])).toEqual([[kept, true]]);
  });

  test('that is cleaned up during a listing returns nothing of the last page', async () => {
    const { system, fake, table } = await fakes.open();
    const key = fake.add(table, { Name: 'A' });
    const { cursor } = await listed(system, null);
    fake.edit(table, key, { Name: 'B' });
    fake.server.faults.push({
      fits: (text) => text.includes('changetable'),
      before: () => fake.cleanUp(table),
    });
    await expect(listed(system, cursor)).rejects.toMatchObject({ kind: 'cursor-expired' });
  });

  test('of a restored database does not know a later version', async () => {
    const { system, fake, table } = await fakes.open();
    fake.add(table, { Name: 'A' });
    const { cursor } = await listed(system, null);
    fake.database.version = 5n;
    await expect(listed(system, cursor)).rejects.toMatchObject({ kind: 'cursor-expired' });
  });

  test('that is not enabled stops everything with instructions before anything is written', async () => {
    const { system } = await fakes.open({ table: { isTracked: false } });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'fields' });
    await expect(listed(system, null)).rejects.toThrow('enable CHANGE_TRACKING');
  });

  test('lists our writes as ours, with the revision of their response', async () => {
    const { system, fake, table } = await fakes.open();
    const { cursor } = await listed(system, null);
    const item = await created(system, randomUUID(), { Name: 'A' });
    expect(fake.changeOf(table, item.key)?.context).toBe('0x655061636B');
    const { items } = await listed(system, cursor);
    expect(items).toEqual([item]);
  });

  test('continues after a page of changes, and starts again once they were all listed', async () => {
    const { system, fake, table } = await fakes.open();
    const { cursor } = await listed(system, null);
    const keys = Array.from({ length: 1_500 }, (_, place) => fake.add(table, { Name: `P${place}` }));
    const first = await system.list(cursor, signal)[Symbol.asyncIterator]().next();
    const page = first.done === true ? null : first.value;
    expect(page?.items).toHaveLength(1_000);
    fake.edit(table, keys[3] ?? '', { Name: 'meanwhile' });
    const rest = await listed(system, page?.cursor ?? null);
    expect(rest.items).toHaveLength(500);
    expect((await listed(system, rest.cursor)).items.map(({ key }) => key)).toEqual([keys[3]]);
  });
});

describe('a rowversion', () => {
  test('of an open transaction is listed once it is committed, with all later ones', async () => {
    const { system, fake, table } = await fakes.open({ config: { changes: 'rowversion' } });
    const [early, late] = [fake.add(table, { Name: 'A' }), fake.add(table, { Name: 'B' })];
    const whole = await listed(system, null);
    const commit = fake.begin(table, early, { Name: 'A2' });
    fake.edit(table, late, { Name: 'B2' });
    const during = await listed(system, whole.cursor);
    expect(during.items).toEqual([]);
    commit();
    const after = await listed(system, during.cursor);
    expect(after.items.map(({ key }) => key).sort()).toEqual([early, late].sort());
    expect((await listed(system, after.cursor)).items).toEqual([]);
  });

  test('needs the name of its column', async () => {
    await expect(
      fakes.open({ config: { changes: 'rowversion' }, end: { revision: undefined } }),
    ).rejects.toThrow('needs the name of that column');
  });

  test('must not be a column of another type', async () => {
    const { system } = await fakes.open({ end: { revision: 'Name' } });
    await expect(listed(system, null)).rejects.toThrow('dbo.Person.Name is nvarchar(100)');
  });

  test('that cannot exist matches no row', async () => {
    const { system } = await fakes.open();
    const item = await created(system, randomUUID(), { Name: 'A' });
    for (const revision of ['', 'r', '0x12', "0x' or 1=1"])
      expect(await system.update(item.key, patch(item, { Name: 'B' }), revision, signal)).toEqual({
        kind: 'stale',
      });
  });
});

describe('values', () => {
  test('of type datetime are stored in steps of 1/300 s, as the response shows', async () => {
    const { system } = await fakes.open();
    const item = await created(system, randomUUID(), { Geburtsdatum: '2026-11-30T16:00:00.1234567Z' });
    expect(item.fields['Geburtsdatum']).toBe('2026-11-30T16:00:00.123');
    for (const [sent, kept] of [
      ['2026-11-30T16:00:00.001', '2026-11-30T16:00:00'],
      ['2026-11-30T16:00:00.002', '2026-11-30T16:00:00.003'],
      ['2026-11-30T16:00:00.005', '2026-11-30T16:00:00.007'],
      ['2026-11-30T16:00:00.999', '2026-11-30T16:00:01'],
      ['2026-11-30', '2026-11-30T00:00:00'],
    ] as const) {
      const now = await fetched(system, item.key);
      const updated = done(
        await system.update(item.key, patch(item, { Geburtsdatum: sent }), now?.revision ?? '', signal),
      );
      expect(updated.fields['Geburtsdatum']).toBe(kept);
      const found = await system.find({ by: 'fields', fields: { Geburtsdatum: sent } }, signal);
      expect(found.map(({ key }) => key)).toEqual([item.key]);
    }
  });

  test('of every type are read without loss', async () => {
    const columns = [
      ...personTable.columns,
      { name: 'ganz', type: 'bigint' },
      { name: 'genau', type: 'decimal(38,10)' },
      { name: 'gleit', type: 'float' },
      { name: 'tag', type: 'date' },
      { name: 'wann', type: 'datetime2' },
      { name: 'bild', type: 'varbinary(max)' },
      { name: 'lang', type: 'nvarchar(max)' },
    ];
    const written = {
      ganz: '9223372036854775807',
      genau: '1234567890123456789012345678.0123456789',
      gleit: 0.1,
      tag: '2026-11-30',
      wann: '2026-11-30T16:00:00.1234567',
      bild: Buffer.from([0, 1, 254, 255]).toString('base64'),
      lang: '😀'.repeat(20_000),
      Aktiv: false,
    };
    const { system } = await fakes.open({ table: { columns }, fields: Object.keys(written) });
    const item = await created(system, randomUUID(), written);
    expect(item.fields).toEqual(written);
    expect((await listed(system, null)).items).toEqual([item]);
  });

  test('that the code page of a column lacks are shown as they were stored', async () => {
    const { system } = await fakes.open();
    const item = await created(system, randomUUID(), { Vorname: 'Łukasz', Name: 'Łukasz' });
    expect(item.fields).toMatchObject({ Vorname: '?ukasz', Name: 'Łukasz' });
  });

  test('that a row cannot take are refused, and stop nothing else', async () => {
    const { system } = await fakes.open();
    for (const fields of [
      { Name: 'x'.repeat(101) },
      { Betrag: 12345678901234 },
      { Betrag: 'viel' },
      { Geburtsdatum: '2026-13-45' },
      { Aktiv: 'vielleicht' },
    ])
      expect(await system.create(randomUUID(), draft(fields), signal)).toMatchObject({
        kind: 'refused',
        code: 'invalid',
      });
    await created(system, randomUUID(), personValues.sample(1));
  });

  test('are found exactly, although the collation ignores case', async () => {
    const { system } = await fakes.open();
    const item = await created(system, randomUUID(), { Name: 'Müller' });
    await created(system, randomUUID(), { Name: 'MÜLLER' });
    expect(await system.find({ by: 'fields', fields: { Name: 'Müller' } }, signal)).toEqual([item]);
  });

  test('in columns whose names are keywords or contain brackets are read and written', async () => {
    const name = 'select] from [x, y] and = (z';
    const columns = [...personTable.columns, { name, type: 'nvarchar(20)' }];
    const { system } = await fakes.open({ table: { columns }, fields: ['order', name] });
    const item = await created(system, randomUUID(), { order: 'first', [name]: 'A' });
    const updated = done(await system.update(item.key, patch(item, { [name]: 'B' }), item.revision, signal));
    expect(updated.fields).toEqual({ order: 'first', [name]: 'B' });
    expect(await system.find({ by: 'fields', fields: updated.fields }, signal)).toEqual([updated]);
  });
});

describe('a row that is in the way', () => {
  test('with our key is the row of an earlier creation', async () => {
    const { system, table } = await fakes.open();
    const key = randomUUID();
    const first = await created(system, key, { Name: 'A' });
    const again = done(await system.create(key, draft({ Name: 'A' }), signal));
    expect(again).toEqual(first);
    expect(table.rows.size).toBe(1);
  });

  test.each([
    ['a constraint (2627)', true],
    ['an index (2601)', false],
  ])('by %s is named in the refusal', async (_, isConstraint) => {
    const unique = [
      ...(personTable.unique ?? []),
      { name: 'UQ_Name', columns: ['Name', 'Vorname'], isConstraint },
    ];
    const { system, fake, table } = await fakes.open({ table: { unique } });
    const key = fake.add(table, { Name: 'A', Vorname: 'B' });
    expect(await system.create(randomUUID(), draft({ Name: 'a', Vorname: 'B' }), signal)).toMatchObject({
      kind: 'refused',
      code: 'duplicate',
      fields: ['Name', 'Vorname'],
    });
    const exact = await system.create(randomUUID(), draft({ Name: 'A', Vorname: 'B' }), signal);
    expect(exact).toMatchObject({ kind: 'refused', holders: [{ key }] });
  });
});

describe('triggers', () => {
  test('return the row as they left it, with its revision', async () => {
    const { system, fake, table } = await fakes.open({
      table: { trigger: (row) => (row['Notiz'] = `${String(row['Name'])} was here`) },
    });
    const item = await created(system, randomUUID(), { Name: 'Ada' });
    expect(item.fields['Notiz']).toBe('Ada was here');
    const updated = done(await system.update(item.key, patch(item, { Name: 'Bob' }), item.revision, signal));
    expect(updated.fields['Notiz']).toBe('Bob was here');
    expect(await fetched(system, item.key)).toEqual(updated);
    expect(fake.changeOf(table, item.key)).toBeDefined();
  });

  test('that refuse a row give the reason, undo the row, and stop no other row', async () => {
    const { system, table } = await fakes.open({
      table: {
        trigger: (row) => {
          if (row['Name'] === 'Bob') throw new ServerError(50_000, 'Keine Bobs!');
        },
      },
    });
    expect(await system.create(randomUUID(), draft({ Name: 'Bob' }), signal)).toMatchObject({
      kind: 'refused',
      code: 'invalid',
      reason: 'Keine Bobs! (50000)',
    });
    expect(table.rows.size).toBe(0);
    await created(system, randomUUID(), { Name: 'Ada' });
  });
});

describe('a log-in', () => {
  test('with a wrong password is tried once, and never again', async () => {
    const { fake } = await fakes.open();
    const outside = testOutside('fs');
    const system = await openOn({ access: { ...fake.access, password: 'wrong-one' } }, outside);
    await Promise.allSettled(Array.from({ length: 20 }, (_, place) => fetched(system, String(place + 1))));
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.server.logins()).toBe(1);
    expect(outside.observed).toHaveLength(1);
  });

  test('to a missing database is tried once as well', async () => {
    const { fake } = await fakes.open();
    const system = await openOn({ access: { ...fake.access, database: 'nirgends' } }, testOutside());
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unauthorized' });
    await expect(listed(system, null)).rejects.toThrow('4060');
    expect(fake.server.logins()).toBe(1);
  });

  test('that a busy server refuses is tried later', async () => {
    const { fake, system } = await fakes.open();
    fake.server.loginError = { number: 10928, message: 'The limit is reached. Wait 20 seconds.' };
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 20_000 });
  });

  test('without the right to write stops everything at the first write', async () => {
    const { system, table } = await fakes.open();
    table.rights.INSERT = false;
    expect((await listed(system, null)).items).toEqual([]);
    await expect(system.create(randomUUID(), draft({ Name: 'A' }), signal)).rejects.toMatchObject({
      kind: 'unauthorized',
    });
  });
});

describe('TLS', () => {
  test('is used if the server supports it, and the certificate is not checked unless the settings require it', async () => {
    const { system, fake } = await fakes.open({ tls: authority.issue() });
    await created(system, randomUUID(), personValues.sample(1));
    expect(fake.server.encrypted()).toBe(1);
    expect((await system.probe(signal)).findings.map(({ code }) => code)).toContain('certificate-unchecked');
  });

  test('with verify trusts no self-signed certificate, and sends no password', async () => {
    const { system, fake } = await fakes.open({ tls: authority.issue(), config: { tls: 'verify' } });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(fake.server.logins()).toBe(0);
  });

  test.each(['require', 'verify'])(
    'in the mode %s sends no password to a server without encryption',
    async (tls) => {
      const { system, fake } = await fakes.open({ config: { tls } });
      await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unavailable' });
      expect(fake.server.logins()).toBe(0);
    },
  );
});

describe('errors', () => {
  test('a deadlock is tried again at once, but not for ever', async () => {
    const { system, fake, outside } = await fakes.open();
    const deadlock = { number: 1205, message: 'Transaction was deadlocked. Rerun the transaction.' };
    fake.server.faults.push({ fits: isWrite, error: deadlock }, { fits: isWrite, error: deadlock });
    await created(system, randomUUID(), { Name: 'A' });
    expect(calls(outside.observed)).toEqual(['schema', 'create', 'create', 'create']);
    for (let time = 0; time < 4; time++) fake.server.faults.push({ fits: isWrite, error: deadlock });
    await expect(system.create(randomUUID(), draft({ Name: 'B' }), signal)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  test('a cancelled statement also ends at the server', async () => {
    const { system, fake } = await fakes.open();
    const item = await created(system, randomUUID(), { Name: 'A' });
    fake.server.faults.push({ fits: (text) => text.includes(' in ('), hangs: true });
    const stop = new AbortController();
    const fetching = system.fetch([item.key], stop.signal);
    setTimeout(() => stop.abort(new Error('that is enough')), 30);
    await expect(fetching).rejects.toThrow('that is enough');
    while (fake.server.attentions() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await fetched(system, item.key)).toEqual(item);
  });

  test('an idle connection that is lost is opened again', async () => {
    const { system, fake } = await fakes.open();
    const item = await created(system, randomUUID(), { Name: 'A' });
    fake.server.cut();
    await fetched(system, item.key).catch(() => null);
    expect(await fetched(system, item.key)).toEqual(item);
  });

  test('a listing that is cut off continues after its last page', async () => {
    const { system, fake, table } = await fakes.open();
    for (let place = 0; place < 1_500; place++) fake.add(table, { Name: `P${place}` });
    const keys: string[] = [];
    let cursor: string | null = null;
    const first = async () => {
      for await (const page of system.list(null, signal)) {
        keys.push(...page.items.map(({ key }) => key));
        cursor = page.cursor;
        fake.server.faults.push({ fits: (text) => text.includes('fetch next'), breaksAnswer: true });
      }
    };
    await expect(first()).rejects.toMatchObject({ kind: 'unavailable' });
    for await (const page of system.list(cursor, signal)) keys.push(...page.items.map(({ key }) => key));
    expect(new Set(keys).size).toBe(1_500);
  });

  test('an unreachable server is unavailable', async () => {
    const { fake } = await fakes.open();
    const system = await openOn({ access: { ...fake.access, port: 9 } }, testOutside());
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('a missing column stops everything with its name', async () => {
    const { system, table } = await fakes.open();
    const item = await created(system, randomUUID(), { Name: 'A' });
    table.columns = table.columns.filter(({ name }) => name !== 'Notiz');
    await expect(fetched(system, item.key)).rejects.toMatchObject({ kind: 'fields' });
    await expect(listed(system, null)).rejects.toThrow('dbo.Person lacks Notiz');
  });

  test('the mapped columns are described with the types of the server', async () => {
    const { system, table } = await fakes.open();
    table.columns = table.columns.map((column) =>
      column.name === 'Notiz' ? { ...column, type: 'int', isRequired: true } : column,
    );
    expect(await system.fieldTypes?.(signal)).toMatchObject({
      Name: { type: 'nvarchar(100) collate Latin1_General_CI_AS' },
      Notiz: { type: 'int', isRequired: true },
    });
  });

  test('a write after a faster write by someone else changes nothing', async () => {
    const { system, fake, table } = await fakes.open();
    const item = await created(system, randomUUID(), { Name: 'A' });
    fake.server.faults.push({
      fits: isWrite,
      before: () => fake.edit(table, item.key, rowOf({ Name: 'theirs' })),
    });
    expect(await system.update(item.key, patch(item, { Name: 'ours' }), item.revision, signal)).toEqual({
      kind: 'stale',
    });
    expect((await fetched(system, item.key))?.fields['Name']).toBe('theirs');
  });
});

test('a probe reports version, clock and rights, and changes nothing', async () => {
  const { system, table, fake } = await fakes.open({ fields: personFields });
  table.rights.DELETE = false;
  const probe = await system.probe(signal);
  expect(probe).toMatchObject({ ok: true, version: '16.0.4165.4' });
  expect(Math.abs(probe.clockOffsetMs ?? 1e9)).toBeLessThan(60_000);
  expect(probe.findings).toContainEqual(
    expect.objectContaining({ code: 'rights-missing', about: ['delete'] }),
  );
  expect(fake.server.statements.filter(({ text }) => isWrite(text))).toEqual([]);
});
