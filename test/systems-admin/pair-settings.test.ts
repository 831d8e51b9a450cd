import { parse } from 'yaml';
import { z } from 'zod';
import { checkPair, readPair } from '../../shared/systems/check-pair';
import type { PairSettings } from '../../shared/systems/pair-settings';
import { checkBy, problemText } from '../../shared/systems/problem';
import { MissingSecrets, namesAskedFor, withSecrets } from '../../shared/systems/references';
import { systemKindNames } from '../../shared/systems/system-kind';
import { systemKinds } from '../../shared/systems/system-kinds';
import { documentsExample, recordsExample, tablesExample } from './examples';

const fileShape = z.looseObject({
  systems: z.record(z.string(), z.looseObject({ kind: z.enum(systemKindNames) })),
  pairs: z.record(z.string(), z.record(z.string(), z.unknown())),
});

const kindOf = (text: string) => (name: string) => {
  const entry = fileShape.parse(parse(text)).systems[name];
  return entry === undefined ? undefined : systemKinds[entry.kind];
};

const noFolder = () => undefined;

/** The first pair of a file, with something changed in it. */
const check = (text: string, changes: object = {}) => {
  const [pair] = Object.values(fileShape.parse(parse(text)).pairs);
  const checked = checkPair({ ...pair, ...changes }, { kindOf: kindOf(text), folderOf: noFolder });
  return checked.isValid ? checked.value : checked.problems.map(problemText);
};

const sound = (text: string, changes: object = {}): PairSettings => {
  const checked = check(text, changes);
  if (!('holds' in checked)) throw new Error(checked.join('\n'));
  return checked;
};

const withTable = { lookups: { laender: { 1: 'AT', 2: 'DE' } } };

describe('the examples of the manual', () => {
  test('the settings of all systems are accepted, and ask for their secrets by name', () => {
    const entries = [recordsExample, tablesExample, documentsExample].flatMap((text) =>
      Object.entries(fileShape.parse(parse(text)).systems),
    );
    const asked = entries.map(([name, { kind, ...settings }]) => {
      expect(checkBy(systemKinds[kind].settings, settings)).toMatchObject({ isValid: true });
      return [name, namesAskedFor(z.record(z.string(), z.json()).parse(settings))];
    });
    expect(Object.fromEntries(asked)).toMatchObject({
      espo: ['ESPO_KEY'],
      fs: ['FS_HOST', 'FS_PASSWORD', 'FS_USER'],
      disk: [],
      sp: ['MS_CLIENT', 'MS_SECRET', 'MS_TENANT'],
    });
  });

  test('a pair of records is accepted, and what was left out is filled in', () => {
    const pair = sound(recordsExample);
    expect(pair).toMatchObject({ holds: 'records', match: { by: ['name', 'vorname', 'geburtsdatum'] } });
    expect(pair.holds === 'records' ? pair.fields[3] : null).toEqual({
      here: 'salutationName',
      there: 'anrede',
      name: 'salutationName',
      group: 'stammdaten',
      transform: [{ step: 'map', map: { 'Mr.': 'Herr', 'Ms.': 'Frau' }, others: 'refuse' }],
      nulls: { here: 'omit', there: 'send' },
      flows: 'both',
      link: null,
    });
  });

  test('a pair of tables is accepted once its fixed table is there', () => {
    const pair = sound(tablesExample, withTable);
    expect(pair.holds === 'records' ? pair.fields.at(-1) : null).toMatchObject({
      link: 'gruppe',
      transform: [],
    });
    expect(pair.limits.deletions).toEqual({
      count: 100,
      share: 0.2,
      emptiedFrom: 10,
      hours: 24,
      above: 'approval',
    });
  });

  test('a pair of documents is accepted', () => {
    expect(sound(documentsExample)).toMatchObject({
      holds: 'documents',
      conflict: { content: 'keep-both', place: 'here' },
      limits: { file: { bytes: 200_000_000, above: 'approval' } },
    });
  });

  test('stored settings are read again as they were checked', () => {
    const [pair] = Object.values(fileShape.parse(parse(recordsExample)).pairs);
    expect(readPair(JSON.parse(JSON.stringify(pair)), 'records')).toEqual(sound(recordsExample));
  });
});

describe('what is refused', () => {
  test('all mistakes of a pair are reported together, each with its path', () => {
    const fields = [
      { here: 'a', there: 'b', transform: ['upper', { date: { here: 'YYYY', there: 3 } }] },
      { here: 'a', there: 'c', group: 'nowhere', flow: 'both' },
    ];
    const find = { check: 'every day', webhooks: ['there'] };
    expect(check(recordsExample, { fields, find, match: { by: ['z'] }, groups: {}, colour: 'red' })).toEqual([
      'find.check must be a cron expression of five fields, in UTC, e.g. "*/15 * * * *"',
      'fields.0.transform.0 must be one of trim, lower, date, map, lookup, link, number, boolean',
      'fields.0.transform.1.date.there must be a text',
      'fields.1.flow is not a key that is known here',
      'colour is not a key that is known here',
    ]);
  });

  test('parts that do not fit together are reported when each part is valid', () => {
    const fields = [
      { here: 'a', there: 'b', group: 'nowhere', transform: [{ lookup: 'table' }] },
      { here: 'a', there: 'b', link: 'stranger' },
    ];
    const changes = {
      fields,
      match: { by: ['z'] },
      groups: {},
      find: { webhooks: ['there'] },
      writeBack: { here: { a: '$now' } },
    };
    expect(check(recordsExample, changes)).toEqual([
      'find.webhooks.0 names a side of the kind advoware, which sends no webhooks',
      'fields.0.group names the group "nowhere", and there is none',
      'fields.1.here is "a", as an earlier field is; give one of them a "name"',
      'fields.1.here is "a", which an earlier field writes as well',
      'fields.1.there is "b", which an earlier field writes as well',
      'match.by.0 is "z", and no field has that name',
      'writeBack.here.a is one of the fields that are kept equal',
    ]);
  });

  test('"newest" is refused with its reason: no clock decides', () => {
    expect(
      check(recordsExample, {
        groups: {
          stammdaten: { conflict: 'newest' },
          kontakt: { conflict: 'here' },
          notiz: { conflict: 'here' },
        },
      }),
    ).toEqual(['groups.stammdaten.conflict "newest" is not offered: no clock decides who changed what']);
    expect(check(documentsExample, { conflict: { content: 'newest' } })).toEqual([
      'conflict.content "newest" is not offered: no clock decides who changed what',
    ]);
  });

  test('a system that does not exist, and sides of different kinds', () => {
    expect(check(recordsExample, { there: { system: 'stranger' } })).toContain(
      'there.system names the system "stranger", and there is none',
    );
    const mixed = checkPair(
      { here: { system: 'disk' }, there: { system: 'espo', entity: 'Contact' } },
      { kindOf: (name) => systemKinds[name === 'disk' ? 'file-tree' : 'espocrm'], folderOf: noFolder },
    );
    expect(mixed).toMatchObject({
      problems: [
        {
          path: ['there', 'system'],
          reason: 'holds records (espocrm), and "here" holds documents (file-tree)',
        },
      ],
    });
  });

  test('two folders of one system, one of which lies in the other', () => {
    const folders = (here: string, there: string) =>
      check(documentsExample, {
        here: { system: 'disk', root: here },
        there: { system: 'disk', root: there },
      });
    const nested = ['there.root must not hold the folder of "here" or lie in it'];
    expect(folders('', 'Copy')).toEqual(nested);
    expect(folders('Files/2026', 'Files')).toEqual(nested);
    expect(folders('Files', '/Files/')).toEqual(nested);
    expect(folders('Files', 'Files 2')).toMatchObject({ holds: 'documents' });
    expect(folders('Files/2025', 'Files/2026')).toMatchObject({ holds: 'documents' });
  });

  test.each([
    ['/srv/akten', '', '/srv/akten', ''],
    ['/srv/akten', '', '/srv/akten/copy', ''],
    ['/srv/akten/2026', '', '/srv', 'akten'],
    ['/srv/akten', 'A', '/srv/./x/../akten/', 'A/B'],
  ])('two systems whose folders overlap: %s and "%s", %s and "%s"', (folder, root, other, otherRoot) => {
    const folders: Record<string, string> = { disk: folder, copy: other };
    const pair = { here: { system: 'disk', root }, there: { system: 'copy', root: otherRoot } };
    const checked = checkPair(pair, {
      kindOf: () => systemKinds['file-tree'],
      folderOf: (name) => folders[name],
    });
    expect(checked.isValid ? [] : checked.problems.map(problemText)).toEqual([
      'there must not be, hold or lie in the folder of "here"',
    ]);
  });

  test.each([
    ['/srv/akten', '/srv/akten 2'],
    ['/srv/akten/2025', '/srv/akten/2026'],
    ['/srv/akten', '${COPY}'],
  ])('two systems with folders of their own are allowed: %s and %s', (folder, other) => {
    const folders: Record<string, string> = { disk: folder, copy: other };
    const checked = checkPair(
      { here: { system: 'disk' }, there: { system: 'copy' } },
      { kindOf: () => systemKinds['file-tree'], folderOf: (name) => folders[name] },
    );
    expect(checked.isValid).toBe(true);
  });

  describe('fields of documents', () => {
    const kinds = { sp: 'elo', elo: 'elo', disk: 'file-tree' } as const;
    const pairOf = (here: keyof typeof kinds, changes: object) =>
      checkPair(
        { here: { system: here }, there: { system: 'elo' }, ...changes },
        {
          kindOf: (name) =>
            name === 'sp' || name === 'elo' || name === 'disk' ? systemKinds[kinds[name]] : undefined,
          folderOf: noFolder,
        },
      );
    const mistakes = (here: keyof typeof kinds, changes: object) => {
      const checked = pairOf(here, changes);
      return checked.isValid ? [] : checked.problems.map(problemText);
    };

    test('are written as those of records, with groups and tables', () => {
      const fields = [
        { here: 'Aktenzeichen', there: 'AKTE', group: 'akte', transform: [{ lookup: 'akten' }] },
      ];
      const groups = { akte: { conflict: 'there' } };
      const checked = pairOf('sp', { fields, groups, lookups: { akten: { a: 'b' } } });
      expect(checked).toMatchObject({ value: { holds: 'documents', fields: [{ name: 'Aktenzeichen' }] } });
    });

    test('need both sides to have fields', () => {
      expect(mistakes('disk', { fields: [{ here: 'AKTE', there: 'AKTE' }] })).toEqual([
        'fields cannot be kept equal: "here" is of the kind file-tree, whose documents have no fields',
      ]);
    });

    test('with a wrong name, group, link or direction are all named at once', () => {
      const fields = [
        { here: 'content', there: 'AKTE', group: 'akte' },
        { here: 'A', there: 'A', link: 'person' },
        { here: 'B', there: 'B', flows: 'to-here' },
      ];
      expect(mistakes('sp', { fields, direction: 'there' })).toEqual([
        'fields.0.group names the group "akte", and there is none',
        'fields.0.here is "content", which has another meaning for documents; give the field a "name"',
        'fields.1.link is not possible here: it names a record of a pair of records',
        'fields.2.flows must be both or to-there: with "direction: there" nothing is written here',
      ]);
    });
  });

  test('a password in a URL, and a folder above the root', () => {
    const settings = { url: 'https://joe:secret@crm.example', auth: { apiKey: 'k' } };
    expect(checkBy(systemKinds.espocrm.settings, settings)).toMatchObject({ problems: [{ path: ['url'] }] });
    expect(JSON.stringify(checkBy(systemKinds.espocrm.settings, settings))).not.toContain('secret');
    expect(checkBy(systemKinds.webdav.end, { root: '../other' })).toMatchObject({
      problems: [{ path: ['root'] }],
    });
  });
});

describe('secrets', () => {
  const settings = { url: 'https://${HOST}/', auth: { apiKey: '${KEY}', user: 'u' }, ports: [1, '${KEY}'] };

  test('are inserted when they are used, and never replaced twice', () => {
    const values: Record<string, string> = { HOST: 'crm.example', KEY: '${HOST}' };
    expect(withSecrets(settings, (name) => values[name])).toEqual({
      url: 'https://crm.example/',
      auth: { apiKey: '${HOST}', user: 'u' },
      ports: [1, '${HOST}'],
    });
  });

  test('that are missing are named, all at once', () => {
    expect(() => withSecrets(settings, () => undefined)).toThrow(new MissingSecrets(['HOST', 'KEY']));
  });
});

test('a table that cannot be read backwards is refused, unless its field flows one way', () => {
  const field = { here: 'a', there: 'b', transform: [{ map: { x: 1, y: '1' } }] };
  const change = (more: object) => ({
    fields: [{ ...field, ...more }],
    match: {},
    groups: {},
    writeBack: {},
  });
  expect(check(recordsExample, change({}))).toEqual([
    'fields.0.transform.0.map cannot be reversed: two values become "1"; let the field flow to-there only',
  ]);
  expect(sound(recordsExample, change({ flows: 'to-there' }))).toMatchObject({ holds: 'records' });
  const truth = { transform: [{ boolean: { there: ['J', 'J'] } }] };
  expect(check(recordsExample, change(truth))).toEqual([
    'fields.0.transform.0.boolean.there has one value for both true and false',
  ]);
});
