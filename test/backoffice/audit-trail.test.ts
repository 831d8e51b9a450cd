import { dayFrom, purgeAuditTrail, verifyAuditTrail } from '../../commands/audit-commands';
import { readConfig } from '../../shared/config/config';
import { type Db, inTransaction } from '../../shared/db/database';
import { createAuditStore } from '../../shared/stores/staff/audit-store';
import { sealAuditTrail } from '../../worker/upkeep/seal-audit-trail';
import { createTestDatabase, type TestDatabase } from '../setup/database';

describe('the audit trail', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  const config = () => readConfig({ DATABASE_URL: database.url });
  const verify = (expected: string | null = null) => verifyAuditTrail(config(), expected);
  const logged: unknown[] = [];
  const seal = () => sealAuditTrail({ db: database.db, log: { info: (fields) => void logged.push(fields) } });

  /** Someone did so many things. */
  async function happen(count: number, db: Db = database.db): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      await createAuditStore(db).add([
        {
          actor: 'chef@example.org',
          action: 'param.put',
          solutionId: n,
          address: '192.0.2.7',
          before: { TempMax: 4.0, Name: 'Chambre “é”\n' },
          after: n % 2 === 0 ? null : { TempMax: 1e-7, long: 12345678901234567890n.toString() },
        },
      ]);
    }
  }

  const tables = ['audit', 'audit_seal', 'audit_anchor'];
  const rights = (verb: 'grant' | 'revoke') =>
    `${verb} update, delete, truncate on ${tables.join()} ${verb === 'grant' ? 'to' : 'from'} current_user;`;
  const triggers = (verb: 'disable' | 'enable') =>
    tables.map((table) => `alter table ${table} ${verb} trigger user;`).join('');

  /** As whoever owns the tables may, if they give themselves the right. */
  const tamper = (sql: string) =>
    database.db.raw(
      `${rights('grant')} ${triggers('disable')} ${sql}; ${triggers('enable')} ${rights('revoke')}`,
    );

  const idOf = async (place: number): Promise<string> => {
    const ids = (await database.db('audit').orderBy('id').pluck('id')) as string[];
    return ids[place] ?? '';
  };

  test.each([
    'update audit set actor = $$nobody$$',
    'delete from audit',
    'truncate audit',
    'update audit_seal set position = 7',
    'delete from audit_seal',
    'delete from audit_anchor',
  ])('is only added to, by the rights and by a trigger: %s is refused', async (sql) => {
    await happen(2);
    await seal();
    await expect(database.db.raw(sql)).rejects.toThrow(/permission denied/);
    await database.db.raw(triggers('disable'));
    await expect(database.db.raw(sql)).rejects.toThrow(/permission denied/);
    await database.db.raw(`${triggers('enable')} ${rights('grant')}`);
    await expect(database.db.raw(sql)).rejects.toThrow(/only added to/);
    expect(await verify()).toMatchObject({ fault: null, rows: 2 });
  });

  test('is whole after whatever was added, by many at once and across batches', async () => {
    await Promise.all(Array.from({ length: 5 }, () => happen(20)));
    await Promise.all([seal(), seal()]);
    await database.db.raw(
      `insert into audit (actor, action) select 'many', 'flag.set' from generate_series(1, 2500)`,
    );
    expect(await verify()).toMatchObject({ fault: null, rows: 100, unsealed: 2500 });
    await seal();
    expect(await verify()).toMatchObject({ fault: null, rows: 2600, unsealed: 0 });
  });

  test('writers do not wait for each other, and late commits are sealed late', async () => {
    await inTransaction(database.db, async ({ db: slow }) => {
      await happen(1, slow);
      await happen(3);
      expect(await seal()).toBe(3);
    });
    expect(await seal()).toBe(1);
    expect(await verify()).toMatchObject({ fault: null, rows: 4 });
    // An action that was rolled back is never in it.
    await expect(
      inTransaction(database.db, async ({ db: undone }) => {
        await happen(1, undone);
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    await seal();
    expect(await verify()).toMatchObject({ fault: null, rows: 4 });
  });

  test.each([
    ['an actor', `update audit set actor = 'someone@example.org' where id = ID`],
    ['a time, by a microsecond', `update audit set at = at + interval '1 microsecond' where id = ID`],
    ['what was before', `update audit set before = jsonb_set(before, '{TempMax}', '5') where id = ID`],
    ['an address that is taken away', 'update audit set address = null where id = ID'],
    ['a row that is removed', 'delete from audit where id = ID'],
    [
      'a row that is removed with its link',
      'delete from audit where id = ID; delete from audit_seal where audit_id = ID',
    ],
  ])('names the first row that was altered: %s', async (_, sql) => {
    await happen(6);
    await seal();
    const [third, fifth] = [await idOf(2), await idOf(4)];
    await tamper(sql.replaceAll('ID', fifth));
    await tamper(sql.replaceAll('ID', third));
    const { fault, rows } = await verify();
    expect(rows).toBe(2);
    expect(fault?.what).toContain(
      sql.includes('audit_seal') ? 'from 3 to 3 are missing' : `Row ${third} was`,
    );
  });

  test('a row that was inserted outside the chain, and one that was removed before sealing, are named', async () => {
    await happen(2);
    const lost = await idOf(1);
    await tamper(`delete from audit where id = ${lost}`);
    await seal();
    expect((await verify()).fault).toEqual({
      auditId: lost,
      what: `Row ${lost} was removed before it was sealed.`,
    });
    await database.db('audit_unsealed').delete();
    await tamper(`insert into audit (actor, action) values ('nobody', 'user.create')`);
    const beside = await idOf(1);
    expect((await verify()).fault).toEqual({ auditId: beside, what: `Row ${beside} is not in the chain.` });
  });

  test('a noted place shows that the chain was made again or its end cut off', async () => {
    await happen(4);
    await seal();
    const { position, hash } = logged.at(-1) as { position: string; hash: string };
    const place = `${position}:${hash}`;
    expect(place).toMatch(/^4:[0-9a-f]{64}$/);
    expect((await verify(place)).fault).toBeNull();
    await tamper(`update audit set actor = 'nobody' where id = ${await idOf(1)}; delete from audit_seal;
      insert into audit_unsealed select id from audit`);
    await seal();
    expect((await verify()).fault).toBeNull();
    expect((await verify(place)).fault?.what).toContain('made anew');
    await tamper(
      'delete from audit where id = (select max(id) from audit); delete from audit_seal where position = 4',
    );
    expect((await verify()).fault).toBeNull();
    expect((await verify(place)).fault?.what).toContain('ends at link 3');
    await expect(async () => verify('4:zz')).rejects.toThrow('<position>:<hash>');
  });

  test('old rows can be removed; the trail records it, and the chain goes on from there', async () => {
    await database.db.raw(
      `insert into audit (actor, action, at) select 'old', 'flag.set', now() - interval '400 days' from generate_series(1, 30)`,
    );
    await happen(5);
    await seal();
    const before = new Date(Date.now() - 100 * 86_400_000);
    expect(await purgeAuditTrail(config(), before)).toMatchObject({ removed: 30, anchor: { position: 30n } });
    await seal();
    expect(await verify()).toMatchObject({
      fault: null,
      rows: 6,
      head: { position: 36n },
      anchors: [{ position: 30n, removedRows: 30, before, actor: 'command line' }],
    });
    expect(await database.db('audit').where({ action: 'audit.purge' })).toMatchObject([
      { actor: 'command line', before: { rows: 30 } },
    ]);
    // The rule holds again, and what is young stays.
    await expect(database.db.raw('delete from audit')).rejects.toThrow(/permission denied/);
    await database.db.raw(rights('grant'));
    await expect(database.db.raw('delete from audit')).rejects.toThrow(/only added to/);
    expect(await purgeAuditTrail(config(), before)).toEqual({ removed: 0, anchor: null });
    await tamper(
      'delete from audit_anchor where false; delete from audit where id = (select min(id) from audit)',
    );
    await expect(purgeAuditTrail(config(), before)).rejects.toThrow('the audit trail is not whole');
  });

  test('a purge removes only the beginning: a young row that was sealed early protects everything after it', async () => {
    const old = `insert into audit (actor, action, at) values ('old', 'flag.set', now() - interval '400 days')`;
    await database.db.raw(old);
    await happen(1);
    await database.db.raw(old);
    await seal();
    expect(await purgeAuditTrail(config(), new Date(Date.now() - 86_400_000))).toMatchObject({ removed: 1 });
    expect(await verify()).toMatchObject({ fault: null, rows: 2 });
    expect(() => dayFrom('2999-01-01')).toThrow(RangeError);
    expect(() => dayFrom('soon')).toThrow(RangeError);
  });
});
