import { readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { labelText } from '../../api/backoffice/console/label-text';
import { refusalOf } from '../../api/backoffice/console/refusal';
import { english } from '../../api/backoffice/console/words/english';
import { french } from '../../api/backoffice/console/words/french';
import { fieldLabelOf } from '../../shared/catalog/labels';
import { logTables } from '../../shared/catalog/log-tables';
import { parameterClasses } from '../../shared/catalog/parameter-classes';
import { auditActions } from '../../shared/domain/audit-action';
import { type FieldFault, faultText } from '../../shared/domain/field-fault';
import { languages } from '../../shared/domain/language';
import { refusalCodes } from '../../shared/domain/refusal';
import { root } from '../docs/markdown';

describe('why something was refused', () => {
  // The type of a worker's reasons is this list of codes, so a code without texts does not compile.
  test.each(refusalCodes)('%s has a sentence in both languages, with what to do', (code) => {
    const [said, dit] = [refusalOf(english, code), refusalOf(french, code)];
    for (const { why, advice } of [said, dit]) for (const text of [why, advice]) expect(text).toMatch(/\.$/);
    expect(said.why).not.toBe(english.refusedOtherwise.why);
    expect(dit.why).not.toBe(said.why);
    expect(dit.advice).not.toBe(said.advice);
  });

  test('has a sentence also if an earlier version gave another code', () => {
    expect(refusalOf(french, 'no-longer-given')).toBe(french.refusedOtherwise);
    expect(refusalOf(english, 'constructor')).toBe(english.refusedOtherwise);
  });
});

describe('what is wrong with a field', () => {
  /** One of each: whoever adds a fault is asked for an example here. */
  const examples: { readonly [Code in FieldFault['code']]: Extract<FieldFault, { code: Code }> } = {
    'not-a-field-name': { code: 'not-a-field-name' },
    'not-well-formed': { code: 'not-well-formed', element: 'Steps' },
    'not-a-value': { code: 'not-a-value' },
    'not-a-single-value': { code: 'not-a-single-value' },
    'character-not-in-xml': { code: 'character-not-in-xml' },
    'none-of': { code: 'none-of', choices: ['positive', 'negative'] },
    'not-a-number': { code: 'not-a-number' },
    'not-a-whole-number': { code: 'not-a-whole-number' },
    'not-between': { code: 'not-between', min: -200, max: 400, unit: '°C' },
    'neither-true-nor-false': { code: 'neither-true-nor-false' },
    'not-a-date': { code: 'not-a-date' },
    'not-a-time': { code: 'not-a-time' },
    'too-much': { code: 'too-much' },
    'not-an-id': { code: 'not-an-id' },
    'no-such-class': { code: 'no-such-class', className: 'Fridges' },
    'no-such-account': { code: 'no-such-account', account: 7 },
    'account-needed': { code: 'account-needed' },
    'not-an-email': { code: 'not-an-email' },
    'not-a-time-zone': { code: 'not-a-time-zone' },
    empty: { code: 'empty' },
    'too-long': { code: 'too-long', most: 200 },
    'character-not-kept': { code: 'character-not-kept' },
    'not-a-url': { code: 'not-a-url' },
    'not-https': { code: 'not-https', allowsHttp: false },
    'holds-credentials': { code: 'holds-credentials' },
    'private-address': { code: 'private-address' },
    'photo-has-no-text': { code: 'photo-has-no-text' },
    'wrong-password': { code: 'wrong-password' },
    'too-short': { code: 'too-short', least: 12 },
    'like-the-email': { code: 'like-the-email' },
    'common-password': { code: 'common-password' },
    'same-password': { code: 'same-password' },
    'wrong-code': { code: 'wrong-code' },
    'not-in-templates': { code: 'not-in-templates' },
    'not-to-be-had': { code: 'not-to-be-had' },
    'no-proof-left': { code: 'no-proof-left' },
    other: { code: 'other', text: 'as it was sent' },
  };

  test.each(Object.values(examples))('$code has a sentence in both languages, with its values', (fault) => {
    const [said, dit] = [faultText(fault), french.fault(fault)];
    if (fault.code !== 'other') expect(dit).not.toBe(said);
    for (const [name, value] of Object.entries(fault)) {
      if (name === 'code' || typeof value === 'boolean') continue;
      for (const one of [value].flat()) for (const text of [said, dit]) expect(text).toContain(String(one));
    }
  });

  test('names the end of a range that has only one', () => {
    expect(faultText({ code: 'not-between', max: 100, unit: '%' })).toBe('above 100 %');
    expect(faultText({ code: 'not-between', min: 0 })).toBe('below 0');
    expect(french.fault({ code: 'not-between', max: 100, unit: '%' })).toBe('doit être 100 % au plus');
    expect(french.fault({ code: 'not-between', min: 0 })).toBe('doit être 0 au moins');
  });
});

describe('the words of the audit trail', () => {
  test.each(auditActions)('%s has words in both languages', (action) => {
    expect(english.auditActions[action]).not.toBe(action);
    expect(french.auditActions[action]).not.toBe(english.auditActions[action]);
  });
});

test('French is typeset as in print: no closing sign begins a line', () => {
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
  };
  const all = texts(french);
  expect(all.length).toBeGreaterThan(400);
  expect(all.filter((text) => / [:;?!»](\s|$)|« /.test(text))).toEqual([]);
  expect(french.clearFlag('x')).toBe('Lever\u00a0: x');
});

test.each(['english', 'french'])('no two files of %s give a text the same name', (language) => {
  const folder = path.join(root, 'api/backoffice/console/words', language);
  const subjects = readdirSync(folder).filter((file) => !['pairs.ts', 'several.ts'].includes(file));
  const names = subjects.flatMap((file) => {
    const texts: unknown = jest.requireActual(path.join(folder, file));
    const [words = {}] = Object.values(z.record(z.string(), z.looseObject({})).parse(texts));
    return Object.keys(words);
  });
  expect(names.length).toBeGreaterThan(400);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

describe('the names of everything in the catalogue', () => {
  const subjects = [...parameterClasses, ...logTables];
  const fields = subjects.flatMap(({ name: of, columns }) =>
    columns.map(({ name, label, choices = {} }) => ({ of, name, label, choices })),
  );

  test('every class and every table has a name in both languages', () => {
    const unnamed = subjects.filter(({ name, label }) => label.en === name && label.fr === name);
    expect(unnamed.map(({ name }) => name).sort()).toEqual(['Notes', 'Options', 'Sessions']);
    expect(labelText(french, 'Fridges')).toBe('Enceintes froides');
    expect(labelText(english, 'Fridges')).toBe('Fridges and cold rooms');
  });

  test('no two classes have one name, and no two tables', () => {
    for (const declared of [parameterClasses, logTables])
      for (const language of languages)
        expect(new Set(declared.map(({ label }) => label[language])).size).toBe(declared.length);
  });

  test.each(fields)('$of.$name has a name in both languages, which is not the one of the wire', (field) => {
    const { of, name, label, choices } = field;
    expect([label.en, label.fr]).not.toEqual([name, name]);
    expect(fieldLabelOf('en', of, name)).toBe(label.en);
    expect(fieldLabelOf('fr', of, name)).toBe(label.fr);
    // A word, that begins like a title and has none of the wire's ways of writing.
    for (const text of [label.en, label.fr]) expect(text).toMatch(/^\p{Lu}[\p{L} ’(),-]*$/u);
    for (const { en, fr } of Object.values(choices)) expect([en, fr]).not.toContain('');
  });

  test('no two fields of one class or table have one name', () => {
    for (const { columns } of subjects)
      for (const language of languages)
        expect(new Set(columns.map(({ label }) => label[language])).size).toBe(columns.length);
  });

  test('every choice of a field has a name', () => {
    for (const { columns } of subjects)
      for (const { oneOf = [], choices = {} } of columns) expect(Object.keys(choices)).toEqual(oneOf);
  });

  test('names that the catalogue does not declare stay as they are', () => {
    expect(labelText(english, 'constructor')).toBe('constructor');
    expect(fieldLabelOf('fr', 'Fridges', 'Couleur')).toBe('Couleur');
    expect(fieldLabelOf('fr', 'Fridges', '__proto__')).toBe('__proto__');
    expect(fieldLabelOf('fr', 'Unknown', 'TempMax')).toBe('TempMax');
    expect(fieldLabelOf('fr', null, 'TempMax')).toBe('TempMax');
  });

  test('the fields that all classes share have names too', () => {
    expect(fieldLabelOf('fr', 'Fridges', 'IsActive')).toBe('Actif');
  });
});
