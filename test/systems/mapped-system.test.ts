import type { Fields } from '../../shared/domain/merge-copy';
import { fieldRule } from '../../shared/systems/field-settings';
import type { Draft, Item, Patch, Written } from '../../worker/pipeline/system';
import type { Side } from '../../worker/pipeline/sides';
import { type FieldFinding, type Mapping, mappedSystem } from '../../worker/records/mapped-system';
import { createRecords, type Remote, type RemoteOptions } from '../pipeline/remote';

const { signal } = new AbortController();

const rules = [
  { here: 'lastName', there: 'name', transform: ['trim'] },
  {
    here: 'salutation',
    there: 'anrede',
    transform: [{ map: { 'Mr.': 'Herr', 'Ms.': 'Frau' } }],
    nulls: { there: 'omit' },
  },
  { here: 'born', there: 'geburtsdatum', transform: [{ date: { here: 'YYYY-MM-DD', there: 'DD.MM.YYYY' } }] },
  { here: 'phone', there: 'tel', nulls: { there: 'empty' } },
  { here: 'register', there: 'hrNummer', flows: 'to-here' },
].map((rule) => fieldRule.parse(rule));

function open(side: Side, options: RemoteOptions = {}, mapping: Partial<Mapping> = {}) {
  const remote = createRecords(side, options);
  const findings: FieldFinding[] = [];
  const system = mappedSystem(remote, side, {
    rules,
    lookups: {},
    passedThrough: [],
    kept: {},
    learned: (finding) => findings.push(finding),
    ...mapping,
  });
  return { remote, system, findings };
}

const draft = (fields: Fields): Draft => ({ fields, place: null, isFolder: false, content: null });
const patch = (fields: Fields): Patch => ({ fields, whole: fields, content: null });

function done(written: Written): Item {
  if (written.kind !== 'done') throw new Error(`not done: ${JSON.stringify(written)}`);
  return written.item;
}

const onlyOne = (remote: Remote): Fields => remote.records()[0] ?? {};

test('a record is shown in the words of the pair, and written in the words of its system', async () => {
  const { remote, system } = open('there');
  const fields = { lastName: 'Meier', salutation: 'Ms.', born: '1980-01-02', phone: '1' };
  const item = done(await system.create('1', draft(fields), signal));
  expect(onlyOne(remote)).toEqual({ name: 'Meier', anrede: 'Frau', geburtsdatum: '02.01.1980', tel: '1' });
  expect(item.fields).toEqual({ ...fields, register: null });
});

test('fields outside the pair are hidden, except those that are written back', async () => {
  const { remote, system } = open('here', {}, { passedThrough: ['betnr'] });
  const key = remote.add('1', { fields: { lastName: 'A', secret: 'x', betnr: 4711 } });
  const [item] = [...(await system.fetch([key], signal)).values()];
  expect(item?.fields).toMatchObject({ lastName: 'A', betnr: 4711 });
  expect(item?.fields).not.toHaveProperty('secret');
});

test('a value that the pair has no word for makes only its item faulty, and not the others of the page', async () => {
  const { remote, system } = open('here');
  remote.add('1', { fields: { lastName: 'A', salutation: 'Dr.' } });
  remote.add('2', { fields: { lastName: 'B', salutation: 'Mr.' } });
  const items: Item[] = [];
  for await (const page of system.list(null, signal)) items.push(...page.items);
  expect(items.map(({ faults }) => faults)).toEqual([
    [{ field: 'salutation', problem: { code: 'not-in-table', value: '"Dr."' } }],
    undefined,
  ]);
  expect(items[0]?.fields).not.toHaveProperty('salutation');
});

test('a value that its system has no word for is refused with its field, and nothing is written', async () => {
  const { remote, system } = open('there');
  const written = await system.create('1', draft({ lastName: 'A', born: 'soon' }), signal);
  expect(written).toMatchObject({ kind: 'refused', code: 'invalid', fields: ['born'] });
  expect(remote.counts['create']).toBeUndefined();
});

test('a missing value is sent as null, left out or sent as an empty text, as its rule says', async () => {
  const { remote, system } = open('there');
  const item = done(
    await system.create('1', draft({ lastName: 'A', salutation: 'Mr.', phone: '1' }), signal),
  );
  const none = { lastName: null, salutation: null, phone: null };
  const cleared = done(await system.update(item.key, patch(none), item.revision, signal));
  expect(onlyOne(remote)).toEqual({ name: null, tel: '' });
  expect(cleared.fields).toMatchObject({ lastName: null, phone: null });
});

test('a write with no field left for the system is only a read', async () => {
  const { remote, system } = open('there');
  const item = done(await system.create('1', draft({ lastName: 'A', salutation: 'Mr.' }), signal));
  const same = done(
    await system.update(item.key, patch({ salutation: null, register: '7' }), item.revision, signal),
  );
  expect(same).toEqual(item);
  expect(remote.counts['update']).toBeUndefined();
});

test('a field flows one way only', async () => {
  const { remote, system } = open('there');
  done(await system.create('1', draft({ lastName: 'A', register: 'HRB 1' }), signal));
  expect(onlyOne(remote)).toEqual({ name: 'A' });
});

test('items are found by the words of their system', async () => {
  const { remote, system } = open('there');
  remote.add('1', { fields: { name: 'A', anrede: 'Herr', hrNummer: 'HRB 1' } });
  const find = (fields: Fields) => system.find({ by: 'fields', fields }, signal);
  expect(await find({ lastName: 'A', salutation: 'Mr.', register: 'HRB 1' })).toHaveLength(1);
  expect(await find({ lastName: 'A', salutation: 'Dr.' })).toEqual([]);
});

describe('the fields that a server keeps are learned after a write', () => {
  const forgetful: RemoteOptions = {
    capabilities: { answers: 'sent' },
    echoes: true,
    normalise: ({ tel: _, ...fields }) => fields,
  };

  test('the record is read again, and ignored fields are known by name', async () => {
    const { system, findings, remote } = open('there', forgetful);
    const item = done(await system.create('1', draft({ lastName: 'A', phone: '1' }), signal));
    expect(item.fields).toMatchObject({ lastName: 'A', phone: null });
    expect(findings).toEqual([
      { side: 'there', field: 'lastName', kept: 'yes', sent: 'A', shown: 'A' },
      { side: 'there', field: 'phone', kept: 'no', sent: '1', shown: null },
    ]);
    expect(remote.counts).toMatchObject({ create: 1, fetch: 1 });
  });

  test('fields that are known to be kept are not read again, and others are', async () => {
    const { system, remote, findings } = open('there', forgetful, { kept: { lastName: 'yes', phone: 'no' } });
    const item = done(await system.create('1', draft({ lastName: 'A' }), signal));
    remote.forgetCalls();
    const changed = done(await system.update(item.key, patch({ lastName: 'B' }), item.revision, signal));
    expect(remote.counts).toMatchObject({ update: 1, fetch: 0 });
    done(await system.update(item.key, patch({ lastName: 'B', phone: '2' }), changed.revision, signal));
    expect(remote.counts).toMatchObject({ update: 2, fetch: 1 });
    expect(findings).toEqual([]);
  });

  test('a change by someone else right after the write is found later by its revision', async () => {
    const { system, remote, findings } = open('there', forgetful);
    remote.faults.onCall = (call, key) => {
      if (call === 'fetch') remote.edit(key, { name: 'Z' });
    };
    const item = done(await system.create('1', draft({ lastName: 'A' }), signal));
    expect(item).toMatchObject({ revision: 'v1', fields: { lastName: 'A' } });
    expect(findings).toEqual([]);
  });
});

test('a field that is written back and also kept equal is a mistake of the settings', () => {
  expect(() => open('here', {}, { passedThrough: ['lastName'] })).toThrow('"lastName" is written back here');
});
