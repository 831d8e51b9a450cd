import { readFile } from 'node:fs/promises';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { openStoreAccess } from '../../shared/stores/store-access';
import { epack } from '../commands/epack';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { type EspocrmFake, startEspocrmFake } from './fakes/espocrm-fake';

describe('epack systems prepare', () => {
  let database: TestDatabase;
  let folder: TestFolder;
  let fake: EspocrmFake;
  beforeAll(async () => {
    database = await createTestDatabase();
    folder = createTestFolder();
    fake = await startEspocrmFake();
    const sandbox = (await readFile('docs/sandbox.yaml', 'utf8')).replace(
      'http://127.0.0.1:8470',
      `'\${ESPO_URL}'`,
    );
    // A second pair of the same entity type, which wants one field more and one with the first.
    const second = `
  zweite:
    here: { system: advoware, entity: Beteiligte }
    there: { system: espo, entity: CBeteiligte, syncKeyField: otherKey }
    fields:
      - { here: name, there: lastName }
      - { here: geburtsdatum, there: dateOfEntry, transform: [{ date: { here: datetime, there: YYYY-MM-DD } }] }
    writeBack: { there: { syncStatus: $status } }
`;
    const applied = await applyPairFile(
      { ...openStoreAccess(database.db), seal: createSeal([]) },
      commandLineCaller,
      { text: sandbox + second, isTrial: false },
    );
    if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  });
  afterAll(async () => {
    await fake.close();
    await database.drop();
    folder.remove();
  });

  const prepare = (
    words: readonly string[],
    password = fake.admin.password,
    input = '',
    more: Readonly<Record<string, string>> = {},
  ) =>
    epack(
      ['systems', 'prepare', ...words],
      {
        DATABASE_URL: database.url,
        EPACK_DATA_DIR: folder.path,
        ESPO_URL: fake.url,
        ...more,
        ...(password === '' ? {} : { ESPOCRM_PASSWORD: password }),
      },
      input,
    );
  const changes = () => fake.http.calls.filter((call) => !call.startsWith('GET '));

  const wanted = [
    'Make the entity type CBeteiligte (Person)',
    'Make the field syncKey (varchar) of CBeteiligte',
    'Make the field betnr (varchar) of CBeteiligte',
    'Make the field advowareRowId (varchar) of CBeteiligte',
    'Make the field syncStatus (varchar) of CBeteiligte',
    'Make the field advowareLastSync (datetime) of CBeteiligte',
    'Make the field syncRetryCount (int) of CBeteiligte',
    'Make the field syncErrorMessage (text) of CBeteiligte',
    'Make the field dateOfEntry (date) of CBeteiligte',
    'Make the field otherKey (varchar) of CBeteiligte',
    'Switch on optimistic concurrency control of CBeteiligte',
    'Let CBeteiligte refuse a second record with the same syncKey',
    'Let CBeteiligte refuse a second record with the same otherKey',
  ];

  test('shows what it would create without a yes, and changes nothing', async () => {
    const { exitCode, out, err } = await prepare(['espo']);
    const lines = out.trim().split('\n');
    expect([exitCode, err, lines.at(-1)]).toEqual([0, '', 'Nothing was made.']);
    expect(lines).toEqual(expect.arrayContaining(wanted));
    expect(changes()).toEqual([]);
  });

  test('creates everything once for both pairs with a yes, and then has nothing left to do', async () => {
    const first = await prepare(['espo', '--yes', '--password-stdin'], '', `${fake.admin.password}\n`);
    expect([first.exitCode, first.err]).toEqual([0, '']);
    expect(first.out).not.toContain(fake.admin.password);
    const { fields, optimistic, duplicateCheck } = fake.entity('CBeteiligte');
    expect({ fields, optimistic, duplicateCheck }).toMatchObject({
      fields: { syncKey: 'varchar', otherKey: 'varchar', dateOfEntry: 'date', syncRetryCount: 'int' },
      optimistic: true,
      duplicateCheck: ['syncKey', 'otherKey'],
    });
    const made = changes();
    expect(made.filter((call) => call.includes('createEntity'))).toHaveLength(1);
    const again = await prepare(['espo', '--yes']);
    expect([again.exitCode, again.out.split('\n')]).toEqual([
      0,
      [
        'No webhook is made for CBeteiligte: EPACK_PUBLIC_URL is not set, so espo cannot be told where to call.',
        'espo has all that its pairs need beside the webhook.',
        '',
      ],
    ]);
    expect(changes()).toEqual(made);
    const audited = await database.db<{ action: string }>('audit').where({ action: 'system.prepare' });
    expect(audited).toHaveLength(1);
  });

  test('registers the webhook of the key’s user once, and keeps the key that signs its calls', async () => {
    const reached = { EPACK_PUBLIC_URL: 'https://epack.example', ESPO_KEY: fake.apiKey };
    const run = (more: Readonly<Record<string, string>>, ...words: string[]) =>
      prepare(['espo', ...words], fake.admin.password, '', more);
    const sentence =
      'Register a webhook of CBeteiligte (create, update, delete) that calls https://epack.example/hooks/espo/…';
    const shown = await run(reached);
    expect([shown.exitCode, shown.out]).toEqual([0, `${sentence}\nNothing was made.\n`]);
    expect(fake.webhooks.size).toBe(0);
    const keyless = await run({ ...reached, ESPO_KEY: '' }, '--yes');
    expect(keyless.out).toContain('No webhook is made for CBeteiligte: ');
    const made = await run(reached, '--yes');
    expect([made.exitCode, made.err, made.out]).toEqual([0, '', `${sentence}\nespo is prepared: 1 made.\n`]);
    const webhooks = [...fake.webhooks.values()];
    expect(webhooks.map(({ event }) => event)).toEqual(
      ['create', 'update', 'delete'].map((event) => `CBeteiligte.${event}`),
    );
    const kept = () =>
      database
        .db<{ name: string; value: string; hook_id: number }>('remote_system_secret')
        .whereNotNull('hook_id')
        .orderBy('name')
        .select('name', 'value', 'hook_id');
    const keys = await kept();
    expect(keys.map(({ name }) => name)).toEqual(webhooks.map(({ id }) => id).sort());
    const again = await run(reached, '--yes');
    expect([again.exitCode, again.out]).toEqual([0, 'espo has all that its pairs need.\n']);
    expect([...fake.webhooks.values()]).toEqual(webhooks);
    expect(await kept()).toEqual(keys);
    expect(await database.db('hook').count()).toMatchObject([{ count: '1' }]);
  });

  test('reports a wrong password, a missing one, and a system that cannot be prepared', async () => {
    const wrong = await prepare(['espo', '--yes'], 'not-the-password');
    expect([wrong.exitCode, wrong.out]).toEqual([1, '']);
    expect(wrong.err).not.toMatch(/not-the-password|\n +at /);
    const none = await prepare(['espo'], '');
    expect([none.exitCode, none.err]).toEqual([1, expect.stringContaining('set ESPOCRM_PASSWORD')]);
    const other = await prepare(['advoware']);
    expect([other.exitCode, other.err]).toEqual([
      1,
      'Systems of the kind advoware cannot be prepared: advoware is one.\n',
    ]);
    expect((await prepare(['nobody'])).err).toBe('There is no system "nobody".\n');
  });
});
