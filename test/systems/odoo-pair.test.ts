import { calledMethod, type OdooInterface } from './odoo';
import { type OdooPairs, openOdooPairs } from './odoo-pair';

let pairs: OdooPairs;
afterEach(() => pairs.end());

const ada = `insert into person (name, email, born, note, country) values
  ('Ada', ' ADA@example.org', '1980-02-03', '<p>hi</p>', 2) returning id`;

const partners = () => [...(pairs.odoo.store.models.get('res.partner')?.rows.values() ?? [])];
const partner = (name: string) => {
  const found = partners().find((row) => row.values['name'] === name);
  if (found === undefined) throw new Error(`nobody is called ${name}`);
  return found;
};

describe.each<[OdooInterface]>([['json-2'], ['json-rpc']])('PostgreSQL and Odoo by %s', (api) => {
  test('an item that is created on one side is created once on the other, and gets its external id', async () => {
    pairs = await openOdooPairs(api);
    await pairs.tables.query(ada);
    pairs.odoo.add({ name: 'Bob', email: 'bob@example.org', country_id: 1 });
    await pairs.run('persons');
    expect(partner('Ada').values).toMatchObject({
      email: 'ada@example.org',
      x_birth: '1980-02-03',
      comment: '<p>hi</p>',
      country_id: 2,
      is_company: false,
    });
    expect([...pairs.odoo.store.externalIds.keys()].filter((name) => name.startsWith('__sync__.'))).toEqual([
      expect.stringMatching(/^__sync__\.[0-9a-f-]{36}$/),
    ]);
    expect(await pairs.persons()).toMatchObject([{ name: 'Ada' }, { name: 'Bob', country: 1 }]);
    pairs.calls();
    await pairs.run('persons');
    await pairs.run('persons', 'check');
    expect(pairs.calls().filter((call) => !/search_read|get_metadata/.test(call))).toEqual([]);
    expect(partners()).toHaveLength(2);
  });

  test('an update costs a read and a write on either side, and writes nothing when it comes back', async () => {
    pairs = await openOdooPairs(api);
    await pairs.tables.query(ada);
    await pairs.run('persons');
    const { id } = partner('Ada');
    // The first one shows whether Odoo keeps the field.
    await pairs.tables.query(`update person set name = 'Ada L.'`);
    await pairs.run('persons', 'check');
    await pairs.tables.query(`update person set name = 'Ada Lovelace'`);
    pairs.calls();
    await pairs.run('persons', 'check');
    expect(pairs.odoo.values(id)).toMatchObject({ name: 'Ada Lovelace' });
    const calls = pairs.calls().filter((call) => !call.endsWith('get_metadata'));
    expect(calls.filter((call) => call === 'res.partner/write')).toHaveLength(1);
    pairs.odoo.edit(id, { x_birth: '1981-02-03', country_id: 1 });
    await pairs.run('persons', 'check');
    expect((await pairs.persons())[0]).toMatchObject({ name: 'Ada Lovelace', country: 1 });
    await pairs.run('persons', 'check');
    expect(pairs.calls().filter((call) => /write|load/.test(call))).toEqual([]);
  });

  test('a crash between a creation and its record in our database creates one record', async () => {
    pairs = await openOdooPairs(api);
    await pairs.tables.query(ada);
    pairs.odoo.http.faults.push({ fits: (request) => calledMethod(request) === 'load', losesAnswer: true });
    await pairs.run('persons');
    expect(partners()).toHaveLength(1);
    await pairs.restart();
    // A listing may tell of it before anybody looks for it.
    await pairs.run('persons');
    await pairs.tryAgainNow();
    expect(partners()).toHaveLength(1);
    expect(await pairs.persons()).toHaveLength(1);
    expect(await pairs.rows('select state from link')).toEqual([{ state: 'active' }]);
  });
});

describe('PostgreSQL and Odoo', () => {
  test('different fields that both sides changed are both kept, and someone decides about the same field', async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(ada);
    await pairs.run('persons');
    const { id } = partner('Ada');
    await pairs.tables.query(`update person set name = 'Here'`);
    pairs.odoo.edit(id, { comment: '<p>there</p>' });
    await pairs.run('persons', 'check');
    expect(pairs.odoo.values(id)).toMatchObject({ name: 'Here', comment: '<p>there</p>' });
    expect(await pairs.persons()).toMatchObject([{ name: 'Here', note: '<p>there</p>' }]);
    await pairs.tables.query(`update person set name = 'Ours'`);
    pairs.odoo.edit(id, { name: 'Theirs' });
    await pairs.run('persons', 'check');
    expect(pairs.odoo.values(id)).toMatchObject({ name: 'Theirs' });
    expect(await pairs.persons()).toMatchObject([{ name: 'Ours' }]);
    expect(await pairs.rows('select kind, fields, state from link_conflict')).toEqual([
      { kind: 'fields', fields: ['name'], state: 'open' },
    ]);
  });

  test('a deletion reaches the other side as a deletion or as an archiving', async () => {
    pairs = await openOdooPairs('json-2', { deletion: 'archive' });
    await pairs.tables.query(ada);
    const bob = pairs.odoo.add({ name: 'Bob', email: 'bob@example.org' });
    await pairs.run('persons');
    const { id } = partner('Ada');
    await pairs.tables.query(`delete from person where name = 'Ada'`);
    pairs.odoo.edit(bob, { active: false });
    // Archived records are listed with the changes; rows deleted from a table are found by a complete listing.
    await pairs.run('persons', 'check');
    await pairs.run('persons', 'whole');
    expect(pairs.odoo.values(id)).toMatchObject({ name: 'Ada', active: false });
    expect(await pairs.persons()).toEqual([]);
    await pairs.run('persons', 'whole');
    expect(partners()).toHaveLength(2);
  });

  test('a record that is archived and restored unchanged exists again on both sides', async () => {
    pairs = await openOdooPairs('json-2');
    pairs.odoo.add({ name: 'Bob', email: 'bob@example.org', country_id: 1 });
    await pairs.run('persons');
    const { id } = partner('Bob');
    pairs.odoo.edit(id, { active: false });
    await pairs.run('persons', 'check');
    expect(await pairs.persons()).toEqual([]);
    pairs.odoo.edit(id, { active: true });
    await pairs.run('persons', 'check');
    expect(await pairs.persons()).toMatchObject([{ name: 'Bob', country: 1 }]);
    pairs.calls();
    await pairs.run('persons');
    expect(pairs.calls().filter((call) => /write|load/.test(call))).toEqual([]);
  });

  test('a deletion never destroys a change', async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(ada);
    await pairs.run('persons');
    await pairs.tables.query('delete from person');
    pairs.odoo.edit(partner('Ada').id, { name: 'Ada changed' });
    await pairs.run('persons', 'whole');
    expect(await pairs.persons()).toMatchObject([{ name: 'Ada changed', email: 'ada@example.org' }]);
    expect(partners()).toHaveLength(1);
  });

  test('a person refers to a group by the key of the other system, once the group exists there', async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(`insert into circle (id, name) values (7, 'Choir')`);
    await pairs.tables.query(
      `insert into person (name, email, group_id) values ('Ada', 'ada@example.org', 7)`,
    );
    await pairs.run('persons');
    expect(partners()).toEqual([]);
    await pairs.run('groups');
    const choir = partner('Choir');
    expect(choir.values).toMatchObject({ is_company: true });
    expect(partner('Ada').values).toMatchObject({ parent_id: choir.id });
    const band = pairs.odoo.add({ name: 'Band', is_company: true });
    pairs.odoo.edit(partner('Ada').id, { parent_id: band });
    await pairs.run('groups');
    await pairs.run('persons');
    const [made] = await pairs.tables.query(`select id from circle where name = 'Band'`);
    expect(await pairs.persons()).toMatchObject([{ group_id: made?.['id'] }]);
  });

  test('text that Odoo cleans causes no endless change, and is not copied back', async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(
      `insert into person (name, email, note) values ('Ada', 'ada@example.org', 'plain')`,
    );
    await pairs.run('persons');
    expect(partner('Ada').values).toMatchObject({ comment: '<p>plain</p>' });
    pairs.calls();
    for (let time = 0; time < 3; time++) await pairs.run('persons');
    expect(pairs.calls().filter((call) => /write|load/.test(call))).toEqual([]);
    await pairs.tables.query(`update person set name = 'Ada L.'`);
    await pairs.run('persons', 'check');
    expect(partner('Ada L.').values).toMatchObject({ comment: '<p>plain</p>' });
  });

  test('a record that Odoo refuses is given up with its reason, and stops no other record', async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(`insert into person (name, email) values ('', 'nobody@example.org')`);
    await pairs.tables.query(ada);
    await pairs.run('persons');
    expect(partners().map(({ values }) => values['name'])).toEqual(['Ada']);
    expect(await pairs.rows(`select error from link_job where state = 'given-up'`)).toEqual([
      { error: 'Contacts require a name' },
    ]);
  });

  test('a field that is gone from the model pauses the pair, and nothing is written', async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(ada);
    delete pairs.odoo.store.models.get('res.partner')?.fields['x_birth'];
    await pairs.run('persons');
    expect(await pairs.rows(`select paused_reason from pair where name = 'persons'`)).toEqual([
      { paused_reason: expect.stringMatching(/^fields: .*x_birth/) as string },
    ]);
    expect(partners()).toEqual([]);
  });

  test('a field whose type changed pauses the pair before anything is written, until someone resumes it', async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(ada);
    await pairs.run('persons');
    const fields = pairs.odoo.store.models.get('res.partner')?.fields ?? {};
    fields['x_birth'] = { type: 'char' };
    fields['email'] = { type: 'char', required: true };
    await pairs.tables.query(`update person set name = 'Ada L.'`);
    await pairs.rows(`insert into notification_target (kind, address, events, confirmed_at)
      values ('email', 'ops@example.org', array['pair-paused'], now()) returning id`);
    // The fields of the model were read within the last minute.
    await pairs.restart();
    pairs.calls();
    await pairs.run('persons');
    expect(await pairs.rows(`select paused_reason from pair where name = 'persons'`)).toEqual([
      { paused_reason: expect.stringMatching(/^fields: ./) as string },
    ]);
    expect(pairs.calls()).toEqual([]);
    expect(await pairs.rows(`select facts ->> 'detail' as detail from notification`)).toEqual([
      { detail: 'email is required now; x_birth was date and is now char' },
    ]);
    await pairs.resume('persons');
    await pairs.run('persons');
    expect(partner('Ada L.').values).toMatchObject({ x_birth: '1980-02-03' });
  });
});
