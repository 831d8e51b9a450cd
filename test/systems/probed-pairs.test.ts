import { askForProbes } from '../../worker/pairs/system-tasks';
import { createTestDatabase } from '../setup/database';
import { type FakePair, openFakePair } from './fake-pair';
import { type OdooPairs, openOdooPairs } from './odoo-pair';

// A probe reads what pairs use of a system, and a pair whose fields do not fit is paused before its next write.

const ada = `insert into person (name, email, born) values ('Ada', 'ada@example.org', '1980-02-03')`;

describe('a probe of an Odoo or of a database', () => {
  let pairs: OdooPairs;
  beforeEach(async () => {
    pairs = await openOdooPairs();
    await pairs.tables.query(ada);
    await pairs.run('persons');
  });
  afterEach(() => pairs.end());

  const paused = () =>
    pairs.rows<{ name: string; paused_reason: string }>(
      'select name, paused_reason from pair where paused_at is not null order by name',
    );
  const fieldsOf = () => pairs.odoo.store.models.get('res.partner')?.fields ?? {};
  const errors = ({ findings }: Awaited<ReturnType<OdooPairs['probe']>>) =>
    findings.filter(({ level }) => level === 'error');

  test('reads the model and the table of each pair, and does not pause a pair that fits', async () => {
    const odoo = await pairs.probe('fso');
    expect(odoo.ok).toBe(true);
    expect(new Set(odoo.findings.map(({ pair, side }) => `${pair ?? ''} ${side ?? ''}`))).toEqual(
      new Set(['groups there', 'persons there']),
    );
    expect((await pairs.probe('fs')).ok).toBe(true);
    expect(await paused()).toEqual([]);
  });

  test('finds a missing field with its pair and side, and pauses the pair with that reason', async () => {
    delete fieldsOf()['x_birth'];
    const probe = await pairs.probe('fso');
    const sentence = 'Pair persons, there: res.partner lacks x_birth.';
    expect(probe.ok).toBe(false);
    expect(errors(probe)).toMatchObject([
      { code: 'fields-missing', message: sentence, about: ['x_birth'], pair: 'persons', side: 'there' },
    ]);
    expect(await paused()).toEqual([{ name: 'persons', paused_reason: `fields: ${sentence}` }]);
    await pairs.tables.query(`update person set name = 'Ada L.'`);
    pairs.calls();
    await pairs.run('persons');
    expect(pairs.calls()).toEqual([]);
  });

  test('finds a field whose type changed or that became required, until someone resumes the pair', async () => {
    fieldsOf()['x_birth'] = { type: 'char' };
    fieldsOf()['email'] = { type: 'char', required: true };
    for (let times = 0; times < 2; times++)
      expect(errors(await pairs.probe('fso'))).toMatchObject([
        { code: 'fields-now-required', about: ['email'], pair: 'persons', side: 'there' },
        { code: 'fields-retyped', message: 'Pair persons, there: x_birth was date and is now char.' },
      ]);
    expect(await paused()).toEqual([
      {
        name: 'persons',
        paused_reason:
          'fields: Pair persons, there: email is required now. Pair persons, there: x_birth was date and is now char.',
      },
    ]);
    await pairs.resume('persons');
    await pairs.restart();
    expect((await pairs.probe('fso')).ok).toBe(true);
    await pairs.run('persons');
    expect(await paused()).toEqual([]);
  });

  test('finds a column that is missing or changed its type since another process read it', async () => {
    await pairs.tables.query('alter table person alter column note type varchar(40)');
    expect(errors(await pairs.probe('fs'))).toMatchObject([
      { message: 'Pair persons, here: note was text and is now character varying(40).' },
    ]);
    await pairs.resume('persons');
    await pairs.tables.query('alter table person drop column note');
    expect(errors(await pairs.probe('fs'))).toMatchObject([
      { code: 'fields-missing', about: ['note'], pair: 'persons', side: 'here' },
    ]);
    expect(await paused()).toMatchObject([{ name: 'persons' }]);
  });

  test('makes a run of another process notice the new type of a column before it writes', async () => {
    await pairs.tables.query(`update person set name = 'Ada L.'`);
    await pairs.tables.query('alter table person alter column note type varchar(40)');
    await pairs.restart();
    pairs.calls();
    await pairs.run('persons');
    expect(await paused()).toEqual([
      { name: 'persons', paused_reason: 'fields: note was text and is now character varying(40)' },
    ]);
    expect(pairs.calls()).toEqual([]);
    await pairs.resume('persons');
    await pairs.restart();
    await pairs.run('persons');
    expect(await paused()).toEqual([]);
    expect(pairs.calls()).toContain('res.partner/write');
  });

  test('that runs at night calls no system that must not be called', async () => {
    await pairs.rows(
      `update remote_system set state = 'paused', paused_at = now(), paused_reason = 'x' where name = 'fso' returning id`,
    );
    pairs.odoo.methods.splice(0);
    await expect(pairs.probe('fso', { isRound: true })).rejects.toThrow('fso must not be called now.');
    expect(pairs.odoo.methods).toEqual([]);
  });
});

describe('a probe of an EspoCRM', () => {
  let pair: FakePair;
  beforeEach(async () => {
    pair = await openFakePair();
    await pair.run('whole');
  });
  afterEach(() => pair.end());

  test('finds a missing field, and one with another type', async () => {
    const { fields } = pair.espo.entity('CBeteiligte');
    expect((await pair.probe('espo')).ok).toBe(true);
    fields['description'] = 'wysiwyg';
    const retyped = await pair.probe('espo');
    expect(retyped.findings.filter(({ level }) => level === 'error')).toMatchObject([
      { code: 'fields-retyped', about: ['description'], pair: 'beteiligte', side: 'here' },
    ]);
    await pair.resume();
    delete fields['description'];
    expect((await pair.probe('espo')).findings).toContainEqual(
      expect.objectContaining({ code: 'fields-missing', pair: 'beteiligte', side: 'here' }),
    );
    expect(await pair.rows('select paused_reason from pair')).toEqual([
      { paused_reason: 'fields: Pair beteiligte, here: CBeteiligte lacks description.' },
    ]);
  });

  test('makes no further request to a server that refuses our key', async () => {
    await pair.rows(
      `update remote_system set config = jsonb_set(config, '{auth,apiKey}', '"wrong"') where name = 'espo' returning id`,
    );
    pair.espo.http.calls.splice(0);
    expect((await pair.probe('espo')).ok).toBe(false);
    expect(pair.espo.http.calls).toHaveLength(1);
  });
});

test('each system of a pair that is not stopped is probed every night in its own minute', async () => {
  const database = await createTestDatabase();
  const { db } = database;
  try {
    await db.raw(`insert into remote_system (name, kind, config, state, paused_at, paused_reason)
      values ('a', 'odoo', '{}', 'up', null, null), ('b', 'odoo', '{}', 'unknown', null, null),
        ('c', 'odoo', '{}', 'paused', now(), 'x'), ('d', 'odoo', '{}', 'up', null, null)`);
    await db.raw(`insert into pair (name, here_id, there_id, config, mode)
      select 'p', a.id, b.id, '{}'::jsonb, 'run' from remote_system a, remote_system b where a.name = 'a' and b.name = 'b'
      union all select 'q', a.id, c.id, '{}'::jsonb, 'run' from remote_system a, remote_system c where a.name = 'a' and c.name = 'c'
      union all select 'off', a.id, d.id, '{}'::jsonb, 'off' from remote_system a, remote_system d where a.name = 'a' and d.name = 'd'`);
    await askForProbes(db);
    const { rows } = await db.raw<{ rows: { name: string; wait: boolean }[] }>(
      `select s.name, j.run_after between now() - interval '1 minute' and now() + interval '1 hour' as wait
       from system_task t join remote_system s on s.id = t.system_id
         join job j on j.kind = 'system.probe' and j.subject = t.id::text order by s.name`,
    );
    expect(rows).toEqual([
      { name: 'a', wait: true },
      { name: 'b', wait: true },
    ]);
  } finally {
    await database.drop();
  }
});
