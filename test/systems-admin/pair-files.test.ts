import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { createPairConfigStore } from '../../shared/stores/pairs/pair-config-store';
import { createSystemStore } from '../../shared/stores/pairs/system-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openStoreAccess } from '../../shared/stores/store-access';
import { documentsExample, kitchensExample, recordsExample, tablesExample } from './examples';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const seal = createSeal(['a key of the tests, long enough for all of them']);
const apply = (text: string, isTrial = false) =>
  applyPairFile({ ...openStoreAccess(database.db), seal }, commandLineCaller, { text, isTrial });

const mistakesOf = async (text: string) => {
  const applied = await apply(text);
  return applied.isValid ? [] : applied.mistakes.map(({ line, path, reason }) => `${line} ${path} ${reason}`);
};
const changesOf = async (text: string, isTrial = false) => {
  const applied = await apply(text, isTrial);
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  return applied.changes.map(({ what, name, outcome, changed }) =>
    [what, name, outcome, ...changed].join(' '),
  );
};
const pair = (name: string) => createPairConfigStore(database.db).find('all', name);
const system = (name: string) => createSystemStore(database.db).find('all', name);

test('applying a file twice changes nothing; a change is reported by its key', async () => {
  expect(await changesOf(recordsExample)).toEqual([
    'system espo created',
    'system advoware created',
    'pair beteiligte created',
  ]);
  expect(await changesOf(recordsExample)).toEqual([
    'system espo unchanged',
    'system advoware unchanged',
    'pair beteiligte unchanged',
  ]);
  const changed = recordsExample.replace('atOnce: 8', 'atOnce: 4').replace('tel, ', 'telefon, ');
  expect(await changesOf(changed)).toEqual([
    'system espo updated limits.atOnce',
    'system advoware unchanged',
    'pair beteiligte updated fields.4.there',
  ]);
  expect(await pair('beteiligte')).toMatchObject({ version: 2, mode: 'plan', here: { name: 'espo' } });
  const { id = 0 } = (await pair('beteiligte')) ?? {};
  const versions = await createPairConfigStore(database.db).versions(id, { limit: 10, after: null });
  expect(versions.items.map(({ version, by }) => [version, by])).toEqual([
    [2, 'command line'],
    [1, 'command line'],
  ]);
});

test('all examples of the manual are applied, the second with its fixed table and the pair that it names', async () => {
  const gruppe = `
lookups: { laender: { 1: AT, 2: DE } }
pairs:
  gruppe:
    here:  { system: fs, table: dbo.Gruppe, key: GruppeID }
    there: { system: fso, model: res.partner.category }
    fields: [{ here: Name, there: name }]
`;
  await changesOf(recordsExample);
  await changesOf(documentsExample);
  await changesOf(kitchensExample);
  const applied = await apply(`${tablesExample}\n---\n${gruppe}`);
  expect(applied).toMatchObject({ isValid: true });
  expect(applied.isValid ? applied.remarks : []).toEqual([]);
  // A pair is whole by itself: it keeps the tables that it uses.
  expect((await pair('person'))?.config).toMatchObject({ lookups: { laender: { 1: 'AT', 2: 'DE' } } });
});

test('each example of the manual can be applied, and missing parts that it names are reported', async () => {
  const applied = await apply(tablesExample);
  expect(applied.isValid ? applied.remarks : []).toEqual(
    expect.arrayContaining([
      'pair person: field "LandID" names the table "laender", and "lookups" has none of that name yet',
      'pair person: field "GruppeID" names the pair "gruppe", and there is none yet',
    ]),
  );
});

test('a pair whose jobs come by sosync is reported without an instance until one names it', async () => {
  const lonely = tablesExample.replace(/^sosync:.*$/m, '');
  const sentence = 'pair person: "find.jobs" names sosync, and no instance of sosync names this pair yet';
  const before = await apply(lonely);
  expect(before.isValid ? before.remarks : before.mistakes).toContain(sentence);
  const after = await apply(tablesExample);
  expect(after.isValid ? after.remarks : [sentence]).not.toContain(sentence);
  // The instance is known from then on, also where a file does not name it.
  const again = await apply(lonely);
  expect(again.isValid ? again.remarks : [sentence]).not.toContain(sentence);
});

test('a field that refers to a pair of other systems is reported, because none of its values can be translated', async () => {
  const applied = await apply(
    `${recordsExample}\n---\n${tablesExample.replace('link: gruppe', 'link: beteiligte')}`,
  );
  expect(applied.isValid ? applied.remarks : applied.mistakes).toContain(
    'pair person: field "GruppeID" names the pair "beteiligte", which joins other systems: no value of it can be said',
  );
});

test('a trial shows what would change, and writes nothing', async () => {
  expect(await changesOf(recordsExample, true)).toHaveLength(3);
  expect(await system('espo')).toBeNull();
  expect(await pair('beteiligte')).toBeNull();
});

test('all mistakes are reported together with the line and the path of the key, and nothing of the file is applied', async () => {
  const text = `systems:
  espo: { kind: espocrm, url: ftp://crm.example, auth: { apiKey: "\${KEY}", apikey: x } }
  other:
    kind: lotus
  Bad: { kind: file-tree, folder: /srv }
pairs:
  one:
    here: { system: espo, entity: Contact }
    there: { system: nowhere, entity: Beteiligte }
    find:
      check: every day
    fields:
      - { here: a, there: b }
      - here: c
        there: d
        transform: [upper]
`;
  expect(await mistakesOf(text)).toEqual([
    '2 systems.espo.url must be a URL that begins with https:// or http://, without user and password',
    '2 systems.espo.auth.apikey is not a key that is known here',
    '4 systems.other.kind must be one of espocrm, advoware, odoo, sql-server, postgresql, file-tree, webdav, sharepoint, elo, kitchen-files',
    '5 systems.Bad must be small letters, digits and "-", a letter first, 40 at most',
    '9 pairs.one.there.system names the system "nowhere", and there is none',
    '11 pairs.one.find.check must be a cron expression of five fields, in UTC, e.g. "*/15 * * * *"',
    '16 pairs.one.fields.1.transform.0 must be one of trim, lower, date, map, lookup, link, number, boolean',
  ]);
  expect(await system('espo')).toBeNull();
});

test('invalid YAML is reported with its line, and so are duplicate keys, in one document or in two', async () => {
  expect(await mistakesOf('systems:\n  a: { kind: espocrm\n')).toEqual([expect.stringMatching(/^[23] {2}/)]);
  expect(
    await mistakesOf('systems:\n  a: { kind: file-tree, folder: /a }\n  a: { kind: file-tree, folder: /b }'),
  ).toEqual(['3  Map keys must be unique']);
  const twice = 'systems: { a: { kind: file-tree, folder: /a } }';
  expect(await mistakesOf(`${twice}\n---\n${twice}`)).toEqual(['3 systems.a stands twice']);
  expect(await mistakesOf('- a')).toEqual(['1  must be a group of keys and values']);
  expect(await mistakesOf('colour: red')).toEqual(['1 colour is not a key that is known here']);
});

test('a small file of many aliases does not become a large one', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x]'];
  for (let n = 1; n < 12; n += 1) lines.push(`a${n}: &a${n} [${`*a${n - 1}, `.repeat(8)}]`);
  expect((await mistakesOf(lines.join('\n')))[0]).toMatch(/alias/i);
});

test('a secret in the file is sealed, under a name, and is stored nowhere in plain text', async () => {
  const text = `
systems:
  espo: { kind: espocrm, url: https://crm.example, auth: { apiKey: abc123-very-secret } }
`;
  expect(await changesOf(text)).toEqual(['system espo created']);
  expect(await changesOf(text)).toEqual(['system espo unchanged']);
  const espo = await system('espo');
  expect(espo).toMatchObject({
    config: { auth: { apiKey: '${AUTH_API_KEY}' } },
    secretNames: ['AUTH_API_KEY'],
  });
  const kept = await createSystemStore(database.db).secretsOf(espo?.id ?? 0);
  expect(seal.open(kept.get('AUTH_API_KEY') ?? '', 'system-secret')).toBe('abc123-very-secret');
  const tables = ['remote_system', 'remote_system_secret', 'audit'] as const;
  for (const table of tables) expect(JSON.stringify(await database.db(table))).not.toContain('abc123');
  expect(await changesOf(text.replace('abc123', 'def456'))).toEqual(['system espo updated']);
});

test('a system belongs to an account where the file says so', async () => {
  const text = 'systems: { disk: { kind: file-tree, folder: /srv, account: Nobody } }';
  await expect(apply(text)).rejects.toThrow('There is no account "Nobody".');
  await database.db('account').insert({ name: 'Bistro' });
  await changesOf(text.replace('Nobody', 'Bistro'));
  expect((await system('disk'))?.accountId).not.toBeNull();
});

test('no secret of this server is sent to a system', async () => {
  const text =
    'systems: { espo: { kind: espocrm, url: "https://crm.example/${DATABASE_URL}", auth: { apiKey: "${K}" } } }';
  await expect(apply(text)).rejects.toThrow('DATABASE_URL: settings of this server are not given away');
});

test('a pair that has links keeps its two systems', async () => {
  await changesOf(recordsExample);
  const { id = 0 } = (await pair('beteiligte')) ?? {};
  await database.db('link').insert({ pair_id: id });
  const other = recordsExample
    .replace(
      '  advoware: {',
      '  zweite: { kind: advoware, url: https://b.example, auth: { appId: a, apiKey: "${K}", kanzlei: k, database: d, user: u, password: "${P}" } }\n  advoware: {',
    )
    .replace('there: { system: advoware', 'there: { system: zweite');
  await expect(apply(other)).rejects.toThrow(/there.system: cannot be another system/);
});
