import { randomUUID } from 'node:crypto';
import { createServer, connect as connectTo, type AddressInfo, type Socket } from 'node:net';
import { created, done, draft, fetched, listed, patch } from './contract';
import {
  makePersons,
  openPostgresqlSide,
  personFields,
  personValues,
  type PersonTable,
  type PostgresqlSide,
} from './postgresql';

const { signal } = new AbortController();

let side: PostgresqlSide;
beforeAll(async () => {
  side = await openPostgresqlSide();
});
afterAll(() => side.end());

async function openPersons(wish: PersonTable = {}, fields: readonly string[] = personFields) {
  const { quoted, end } = await makePersons(side, wish);
  return { quoted, end, ...(await side.open(end, fields)) };
}

const calls = (observed: readonly { readonly operation: string }[]) =>
  observed.map(({ operation }) => operation);

describe('calls', () => {
  test('a creation, an update and a deletion are one statement each, and the table is asked about once', async () => {
    const { system, outside } = await openPersons();
    const item = await created(system, randomUUID(), personValues.sample(1));
    const updated = done(await system.update(item.key, patch(item, { Name: 'B' }), item.revision, signal));
    done(await system.delete(item.key, updated.revision, signal));
    expect(calls(outside.observed)).toEqual(['schema', 'create', 'update', 'delete']);
  });

  test('are recorded with table, statement and values, but without the password', async () => {
    const { end } = await makePersons(side);
    const { system, outside } = await side.open(end, personFields);
    await created(system, randomUUID(), { Name: 'Ada', notiz: decodeURIComponent(side.url.password) });
    const told = outside.observed.at(-1);
    expect(told).toMatchObject({
      operation: 'create',
      method: 'SQL',
      path: end.table,
      status: 200,
      fault: null,
    });
    expect(told?.request).toContain('insert into');
    expect(told?.answer).toContain('Ada');
    expect(JSON.stringify(outside.observed)).not.toContain(side.url.password);
  });
});

describe('values', () => {
  const typed = {
    more: `, ganz bigint, genau numeric, gleit double precision, wann timestamptz, hier timestamp, bild bytea,
      roh json, fest char(6), art mood, id2 uuid, liste int[]`,
  };
  const fields = ['ganz', 'genau', 'gleit', 'wann', 'hier', 'bild', 'roh', 'fest', 'art', 'id2', 'liste'];
  beforeAll(() => side.query(`create type mood as enum ('gut', 'schlecht')`));

  const written = {
    ganz: '9223372036854775807',
    genau: '12345678901234567890.123456789',
    gleit: 0.1,
    wann: '2026-11-30T16:00:00.123456Z',
    hier: '2026-11-30T16:00:00.5',
    bild: Buffer.from([0, 1, 254, 255]).toString('base64'),
    roh: '{"b":1,"a":"x  y"}',
    fest: 'ab',
    art: 'gut',
    id2: '6b1f8f0a-6c2f-4a53-9c1f-000000000001',
    liste: '{1,2}',
  };

  test('are read exactly as they were written', async () => {
    const { system } = await openPersons(typed, fields);
    const item = await created(system, randomUUID(), written);
    expect(item.fields).toEqual(written);
    expect(await fetched(system, item.key)).toEqual(item);
  });

  test('can be used to find rows if they can be compared', async () => {
    const { system } = await openPersons(typed, fields);
    const item = await created(system, randomUUID(), written);
    const found = await system.find({ by: 'fields', fields: written }, signal);
    expect(found).toEqual([item]);
    expect(await system.find({ by: 'fields', fields: { art: 'weder noch' } }, signal)).toEqual([]);
    expect(await system.find({ by: 'fields', fields: { ganz: 'eins' } }, signal)).toEqual([]);
  });

  test('that are numbers stay numbers if no digit is lost, and become texts otherwise', async () => {
    const { system, quoted } = await openPersons(typed, fields);
    const item = await created(system, randomUUID(), {});
    for (const [text, value] of [
      ['12.50', 12.5],
      ['-0.0010', -0.001],
      ['100', 100],
      ['0.00', 0],
      ['123456789012345.6', '123456789012345.6'],
      ['NaN', 'NaN'],
    ] as const) {
      await side.query(`update ${quoted} set genau = $1`, [text]);
      expect((await fetched(system, item.key))?.fields['genau']).toBe(value);
    }
  });

  test('that a row cannot take are refused with the name of the column, and stop nothing else', async () => {
    const { system } = await openPersons(typed, fields);
    expect(await system.create(randomUUID(), draft({ bild: 'no base64!' }), signal)).toMatchObject({
      kind: 'refused',
      code: 'invalid',
      fields: ['bild'],
    });
    expect(await system.create(randomUUID(), draft({ genau: 'viel' }), signal)).toMatchObject({
      kind: 'refused',
      code: 'invalid',
    });
    await created(system, randomUUID(), written);
  });

  test('do not depend on the settings of the server and the user', async () => {
    const { system } = await openPersons(typed, fields);
    const [row] = await side.query('select current_database() as name');
    await side.query(`alter database "${String(row?.['name'])}" set timezone = 'America/New_York'`);
    await side.query(`alter database "${String(row?.['name'])}" set datestyle = 'German'`);
    const item = await created(system, randomUUID(), written);
    expect(item.fields).toMatchObject({ wann: written.wann, hier: written.hier });
  });
});

describe('a row that is in the way', () => {
  test('with our key is the row of an earlier creation', async () => {
    const { system, quoted } = await openPersons();
    const key = randomUUID();
    const first = await created(system, key, { Name: 'A' });
    await side.query(`update ${quoted} set "Name" = 'B'`);
    const again = done(await system.create(key, draft({ Name: 'A' }), signal));
    expect(again).toMatchObject({ key: first.key, origin: key, fields: { Name: 'B' } });
  });

  test('with the same unique value is named, and not overwritten', async () => {
    const { system } = await openPersons({ after: 'create unique index on TABLE ("Name", vorname)' });
    const first = await created(system, randomUUID(), { Name: 'A', vorname: 'B' });
    const refused = await system.create(randomUUID(), draft({ Name: 'A', vorname: 'B' }), signal);
    expect(refused).toMatchObject({
      kind: 'refused',
      code: 'duplicate',
      fields: ['Name', 'vorname'],
      holders: [{ key: first.key }],
    });
  });

  test('is created once by eight writers at the same time', async () => {
    const { system, quoted } = await openPersons();
    const key = randomUUID();
    const written = await Promise.all(
      Array.from({ length: 8 }, () => system.create(key, draft({ Name: 'A' }), signal)),
    );
    expect(new Set(written.map((one) => done(one).key)).size).toBe(1);
    expect(await side.query(`select count(*)::int as rows from ${quoted}`)).toEqual([{ rows: 1 }]);
  });
});

describe('compare and set', () => {
  test.each([
    ['xmin', {}],
    [
      'a column',
      {
        more: ', version int not null default 1',
        after: `create or replace function count_up() returns trigger language plpgsql as
          $$begin new.version := old.version + 1; return new; end$$;
          create trigger tend before update on TABLE for each row execute function count_up()`,
        end: { revision: 'version' },
      },
    ],
  ])('by %s lets one of eight writes to the same state succeed, and none is lost', async (_, wish) => {
    const { system, quoted } = await openPersons(wish);
    const item = await created(system, randomUUID(), { Name: 'A' });
    const written = await Promise.all(
      Array.from({ length: 8 }, (_none, place) =>
        system.update(item.key, patch(item, { Name: `B${place}` }), item.revision, signal),
      ),
    );
    const [winner, ...more] = written.filter(({ kind }) => kind === 'done');
    expect(more).toEqual([]);
    expect(written.filter(({ kind }) => kind === 'stale')).toHaveLength(7);
    const [row] = await side.query(`select "Name" from ${quoted}`);
    expect(row?.['Name']).toBe(winner === undefined ? null : done(winner).fields['Name']);
  });

  test('waits for a faster writer, and does not overwrite its change', async () => {
    const { system, quoted } = await openPersons();
    const item = await created(system, randomUUID(), { Name: 'A' });
    const other = await side.connect();
    await other.query('begin');
    await other.query(`update ${quoted} set "Name" = 'theirs'`);
    const writing = system.update(item.key, patch(item, { Name: 'ours' }), item.revision, signal);
    await side.query('select pg_sleep(0.1)');
    await other.query('commit');
    expect(await writing).toMatchObject({ kind: 'stale' });
    expect((await fetched(system, item.key))?.fields['Name']).toBe('theirs');
  });

  test('is tried again if two transactions blocked each other', async () => {
    const { system, outside } = await openPersons({
      after: `create sequence if not exists tries; select setval('tries', 1, false);
        create or replace function refuse_twice() returns trigger language plpgsql as
        $$begin if nextval('tries') < 3 then raise exception 'deadlock' using errcode = '40P01'; end if; return new; end$$;
        create trigger refuses before insert on TABLE for each row execute function refuse_twice()`,
    });
    const item = await created(system, randomUUID(), { Name: 'A' });
    expect(item.fields['Name']).toBe('A');
    expect(calls(outside.observed)).toEqual(['schema', 'create', 'create', 'create']);
  });
});

describe('triggers and generated columns', () => {
  test('the result of a write is the row as the triggers before and after it left it', async () => {
    const { system } = await openPersons({
      after: `create or replace function lower_name() returns trigger language plpgsql as
        $$begin new."Name" := lower(new."Name"); return new; end$$;
        create trigger early before insert or update on TABLE for each row execute function lower_name();
        create or replace function note_it() returns trigger language plpgsql as
        $$begin execute format('update %I.%I set notiz = ''seen'' where "ID" = $1 and notiz is distinct from ''seen''',
          tg_table_schema, tg_table_name) using new."ID"; return null; end$$;
        create trigger late after insert or update on TABLE for each row execute function note_it()`,
    });
    const item = await created(system, randomUUID(), { Name: 'ADA' });
    expect(item.fields).toMatchObject({ Name: 'ada', notiz: 'seen' });
    const updated = done(
      await system.update(item.key, patch(item, { Name: 'BOB', notiz: 'x' }), item.revision, signal),
    );
    expect(updated.fields).toMatchObject({ Name: 'bob', notiz: 'seen' });
    expect(await fetched(system, item.key)).toEqual(updated);
  });

  test('a trigger that refuses a row gives the reason, and stops no other row', async () => {
    const { system } = await openPersons({
      after: `create or replace function refuse_bob() returns trigger language plpgsql as
        $$begin if new."Name" = 'Bob' then raise exception 'no Bobs here'; end if;
          if new."Name" = 'Nobody' then return null; end if; return new; end$$;
        create trigger refuses before insert on TABLE for each row execute function refuse_bob()`,
    });
    expect(await system.create(randomUUID(), draft({ Name: 'Bob' }), signal)).toMatchObject({
      kind: 'refused',
      code: 'invalid',
      reason: expect.stringContaining('no Bobs here') as string,
    });
    expect(await system.create(randomUUID(), draft({ Name: 'Nobody' }), signal)).toMatchObject({
      kind: 'refused',
    });
    await created(system, randomUUID(), { Name: 'Ada' });
  });

  test('a generated column is read', async () => {
    const { system } = await openPersons({ more: `, laut text generated always as (upper("Name")) stored` }, [
      'Name',
      'laut',
    ]);
    const item = await created(system, randomUUID(), { Name: 'Ada' });
    expect(item.fields).toEqual({ Name: 'Ada', laut: 'ADA' });
  });
});

describe('collations', () => {
  test('that treat two texts as equal do not confuse them in a search', async () => {
    await side.query(
      `create collation if not exists blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`,
    );
    const { system } = await openPersons({ more: ', wort text collate blind' }, ['wort']);
    const item = await created(system, randomUUID(), { wort: 'Müller' });
    await created(system, randomUUID(), { wort: 'MULLER' });
    expect(await system.find({ by: 'fields', fields: { wort: 'Müller' } }, signal)).toEqual([item]);
  });

  test('allow a complete listing of a table with text keys, and the keys that we choose', async () => {
    await side.query('create table wort (wort text primary key, sinn text)');
    await side.query(`insert into wort select chr(64 + n % 50) || n, 'x' from generate_series(1, 2500) n`);
    const { system } = await side.open({ table: 'wort', key: 'wort' }, ['sinn']);
    const { items } = await listed(system, null);
    expect(new Set(items.map(({ key }) => key)).size).toBe(2500);
    const key = randomUUID();
    expect((await created(system, key, { sinn: 'y' })).key).toBe(key);
  });
});

describe('a table that does not fit', () => {
  test.each([
    [
      'is not there',
      { end: { table: 'Büro 1.nirgends' } },
      personFields,
      'there is no table Büro 1.nirgends',
    ],
    ['lacks a field', {}, ['Name', 'nirgends'], 'lacks nirgends'],
    ['has a key that is not unique', { end: { key: 'Name' } }, personFields, 'Name is no key'],
    ['has a sync key that is not unique', { end: { syncKey: 'notiz' } }, personFields, 'notiz is not unique'],
    [
      'requires a column that the pair does not fill',
      { more: ', pflicht text not null' },
      personFields,
      'requires pflicht, which the pair does not fill',
    ],
  ])('stops everything before anything is written if it %s', async (_, wish, fields, sentence) => {
    const { system, outside } = await openPersons(wish, fields);
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'fields' });
    await expect(listed(system, null)).rejects.toThrow(sentence);
    await expect(system.create(randomUUID(), draft({ Name: 'A' }), signal)).rejects.toThrow(sentence);
    expect(new Set(calls(outside.observed))).toEqual(new Set(['schema']));
  });

  test('stops at the next call if a column was removed in the meantime', async () => {
    const { system, quoted } = await openPersons();
    const item = await created(system, randomUUID(), personValues.sample(1));
    await side.query(`alter table ${quoted} drop column notiz`);
    await expect(fetched(system, item.key)).rejects.toMatchObject({ kind: 'fields' });
    await expect(listed(system, null)).rejects.toThrow('lacks notiz');
  });

  test('needs a column as its revision if it is a view', async () => {
    const { quoted } = await makePersons(side);
    await side.query(`create view public.personen as select * from ${quoted}`);
    const { system } = await side.open({ table: 'personen', key: 'ID' }, ['Name']);
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'fields' });
  });
});

describe('a user', () => {
  test('with a wrong password is refused once, and never tried again', async () => {
    const { end } = await makePersons(side);
    const { system, outside } = await side.open(end, personFields, { password: 'wrong-one' });
    await Promise.allSettled(Array.from({ length: 20 }, (_, place) => fetched(system, String(place + 1))));
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(outside.observed).toHaveLength(1);
  });

  test('that may only read stops everything at the first write', async () => {
    const { system } = await openPersons({ after: 'revoke insert, update on TABLE from current_user' });
    expect((await listed(system, null)).items).toEqual([]);
    expect((await system.probe(signal)).findings).toContainEqual(
      expect.objectContaining({ code: 'rights-missing', about: ['insert', 'update'] }),
    );
    await expect(system.create(randomUUID(), draft({ Name: 'A' }), signal)).rejects.toMatchObject({
      kind: 'unauthorized',
    });
  });

  test('that must not see a column gets an error that the column is missing', async () => {
    const { system } = await openPersons({
      after:
        'revoke select on TABLE from current_user; grant select ("ID", sync_key, "Name") on TABLE to current_user',
    });
    await expect(listed(system, null)).rejects.toThrow('lacks vorname');
  });

  test('without access to one row is refused only that row', async () => {
    const { system } = await openPersons({
      after: `alter table TABLE enable row level security; alter table TABLE force row level security;
        create policy adas on TABLE using (true) with check ("Name" = 'Ada')`,
    });
    expect(await system.create(randomUUID(), draft({ Name: 'Bob' }), signal)).toMatchObject({
      kind: 'refused',
      code: 'forbidden',
    });
    await created(system, randomUUID(), { Name: 'Ada' });
  });
});

describe('a connection', () => {
  /** Between us and the server; `cut` ends what is open, `stop` also what comes. */
  async function startProxy() {
    const sockets = new Set<Socket>();
    let isStopped = false;
    const server = createServer((near) => {
      if (isStopped) {
        near.destroy();
        return;
      }
      const far = connectTo(Number(side.url.port), side.url.hostname);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => [near, far].forEach((one) => one.destroy()));
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const cut = () => sockets.forEach((socket) => socket.destroy());
    return {
      port,
      cut,
      stop(stops: boolean) {
        isStopped = stops;
        cut();
      },
      close: () => new Promise((resolve) => server.close(resolve)),
    };
  }

  test('that is lost during a listing ends it, and the listing continues after the last page', async () => {
    const { quoted, end } = await makePersons(side);
    await side.query(`insert into ${quoted} ("Name") select 'P' || n from generate_series(1, 2500) n`);
    const proxy = await startProxy();
    const { system } = await side.open(end, personFields, { port: proxy.port });
    const keys: string[] = [];
    let cursor: string | null = null;
    const first = async () => {
      for await (const page of system.list(null, signal)) {
        keys.push(...page.items.map(({ key }) => key));
        cursor = page.cursor;
        proxy.stop(true);
      }
    };
    await expect(first()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(keys).toHaveLength(1000);
    proxy.stop(false);
    for await (const page of system.list(cursor, signal)) keys.push(...page.items.map(({ key }) => key));
    expect(new Set(keys).size).toBe(2500);
    await system.close();
    await proxy.close();
  });

  test('that the server ends is opened again by the next call', async () => {
    const { system } = await openPersons();
    const item = await created(system, randomUUID(), { Name: 'A' });
    await side.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'epack' and datname = current_database()`,
    );
    await fetched(system, item.key).catch(() => null);
    expect(await fetched(system, item.key)).toEqual(item);
  });

  test('that no server accepts is unavailable', async () => {
    const { end } = await makePersons(side);
    const { system } = await side.open(end, personFields, { port: 9 });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'unavailable' });
    const probe = await system.probe(signal);
    expect(probe).toMatchObject({ ok: false, findings: [{ code: 'unavailable' }] });
  });

  test('must be encrypted if the settings say so', async () => {
    // "N": it has no TLS.
    const server = createServer((socket) => socket.once('data', () => socket.end('N')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { end } = await makePersons(side);
    const { system } = await side.open(end, personFields, { port, config: { tls: 'require' } });
    await expect(listed(system, null)).rejects.toThrow('does not support SSL');
    await new Promise((resolve) => server.close(resolve));
  });

  test('is closed when a call is cancelled, and the next call has another one', async () => {
    const { system, quoted } = await openPersons();
    const item = await created(system, randomUUID(), { Name: 'A' });
    const other = await side.connect();
    await other.query('begin');
    await other.query(`update ${quoted} set "Name" = 'B'`);
    const stop = new AbortController();
    const writing = system.update(item.key, patch(item, { Name: 'C' }), item.revision, stop.signal);
    setTimeout(() => stop.abort(new Error('that is enough')), 50);
    await expect(writing).rejects.toThrow('that is enough');
    expect((await fetched(system, item.key))?.fields['Name']).toBe('A');
    await other.query('rollback');
  });
});

describe('changes by the time of the last change', () => {
  test('are listed page by page, starting some time before the last ones', async () => {
    const { system, quoted } = await openPersons({
      more: ', geaendert timestamp not null default now()',
      end: { revision: 'geaendert' },
    });
    await side.query(
      `insert into ${quoted} ("Name", geaendert) select 'P' || n, timestamp '2026-01-01' from generate_series(1, 2500) n`,
    );
    const whole = await listed(system, null);
    expect(whole.items).toHaveLength(2500);
    await side.query(
      `update ${quoted} set geaendert = timestamp '2026-01-01 00:00:00' - interval '11 minutes' where "ID" = 1`,
    );
    const since = await listed(system, whole.cursor);
    expect(since.items).toHaveLength(2499);
    await side.query(`update ${quoted} set geaendert = '2026-02-01' where "ID" = 2`);
    const later = await listed(system, since.cursor);
    expect(later.items.at(-1)?.key).toBe('2');
    expect((await listed(system, later.cursor)).items.map(({ key }) => key)).toEqual(['2']);
  });
});

describe('a probe', () => {
  test('reports the version, the clock and each problem, and changes nothing', async () => {
    const { system } = await openPersons({ end: { syncKey: undefined } });
    const probe = await system.probe(signal);
    expect(probe).toMatchObject({ ok: true, version: expect.stringMatching(/^\d+/) as string });
    expect(Math.abs(probe.clockOffsetMs ?? 1e9)).toBeLessThan(60_000);
    const codes = probe.findings.map(({ code }) => code);
    expect(codes).toContain('no-sync-key');
    expect(codes.some((code) => ['not-encrypted', 'certificate-unchecked'].includes(code))).toBe(true);
  });

  test('names every missing column of a pair', async () => {
    const { system } = await openPersons({}, ['Name', 'nirgends', 'nie']);
    expect((await system.probe(signal)).findings).toContainEqual(
      expect.objectContaining({ level: 'error', code: 'fields-missing', about: ['nirgends', 'nie'] }),
    );
  });

  test('warns about a revision column that nothing in the database updates', async () => {
    const { system } = await openPersons({ more: ', version int', end: { revision: 'version' } });
    expect((await system.probe(signal)).findings.map(({ code }) => code)).toContain('revision-untended');
  });

  test('of the system without a pair needs no table', async () => {
    const { system } = await side.open(null, []);
    expect(await system.probe(signal)).toMatchObject({ ok: true });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'invalid' });
  });
});
