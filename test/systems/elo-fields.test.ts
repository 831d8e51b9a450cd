import { eloFakes, entryAt, isWrite, openElo, outsiderOf, rootOf } from './elo';
import { currentVersion, type EloEntry, type EloForm, lineTypes, textLines } from './fakes/elo-archive';
import type { EloFake } from './fakes/elo-fake';
import { documents, rest } from './folder-pair';
import { openWorkedPair, type WorkedPair } from './worked-pair';

const fakes = eloFakes();
const { signal } = new AbortController();
let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
  await fakes.close();
});

/** A form with an optional reference number, a number, and a text of at most 20 characters. */
const billForm = (): EloForm => ({
  id: 7,
  name: 'Rechnung',
  lines: [
    ...textLines('AKTE'),
    { id: 1, key: 'BETRAG', type: lineTypes.number, required: false },
    { id: 2, key: 'NOTIZ', type: lineTypes.text, required: false, most: 20 },
  ],
});

const fields = [
  { here: 'AKTE', there: 'AKTE', group: 'akte' },
  { here: 'BETRAG', there: 'BETRAG' },
  { here: 'NOTIZ', there: 'NOTIZ', group: 'notiz' },
];
const groups = { akte: { conflict: 'there' }, notiz: { conflict: { merge: 'append-lines' } } };

interface Two {
  readonly here: EloFake;
  readonly there: EloFake;
  readonly pair: WorkedPair;
  readonly rest: () => Promise<void>;
}

/** Two archives with one form for bills, kept equal with their index fields. */
async function openTwo(settings: object = {}, end: object = { documentMask: 'Rechnung' }): Promise<Two> {
  const [here, there] = [await fakes.start(), await fakes.start()];
  for (const { archive } of [here, there]) archive.forms.push(billForm());
  const system = ({ url, user }: EloFake) => ({
    kind: 'elo',
    url,
    auth: { user, password: '${ELO_PASSWORD}' },
  });
  const ofPair = { root: 'Akten', ...end };
  const file = {
    systems: { a: system(here), b: system(there) },
    pairs: {
      akten: {
        ...documents,
        ...{ fields, groups },
        here: { system: 'a', ...ofPair },
        there: { system: 'b', ...ofPair },
        ...settings,
      },
    },
  };
  const pair = await openWorkedPair(JSON.stringify(file), { ELO_PASSWORD: here.password });
  ends.push(() => pair.end());
  return { here, there, pair, rest: () => rest(pair) };
}

/** Somebody files a bill in ELO. */
function addBill({ archive }: EloFake, name: string, values: Readonly<Record<string, string>>): EloEntry {
  const entry = archive.add(rootOf(archive).id, name, false);
  entry.form = 7;
  archive.addVersion(entry, 'pdf', Buffer.from(name));
  setFields(entry, values);
  return entry;
}

function setFields(entry: EloEntry, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) entry.objKeys.set(name, [value]);
  // Two changes within a second must not look like one.
  entry.TStamp = `2099.01.01.00.00.${String(++touches % 60).padStart(2, '0')}`;
}
let touches = 0;

const fieldsOf = ({ archive }: EloFake, path: string): Record<string, string> =>
  Object.fromEntries(
    [...entryAt(archive, path).objKeys].flatMap(([name, [value = '']]) =>
      value === '' ? [] : [[name, value]],
    ),
  );

const writesOf = ({ requests }: EloFake): number =>
  requests.filter((request) => isWrite(request) && !request.text.includes('"sordZ":{"bset":"0"}')).length;

test('a new document brings its index fields and gets the keywording form of the pair', async () => {
  const { here, there, rest } = await openTwo();
  addBill(here, 'one', { AKTE: '12/2026', BETRAG: '99.50' });
  addBill(there, 'two', { NOTIZ: 'paid' });
  await rest();
  expect(fieldsOf(there, 'one.pdf')).toEqual({ AKTE: '12/2026', BETRAG: '99.50' });
  expect(fieldsOf(here, 'two.pdf')).toEqual({ NOTIZ: 'paid' });
  expect(entryAt(there.archive, 'one.pdf').form).toBe(7);
  expect(currentVersion(entryAt(here.archive, 'two.pdf'))?.bytes.toString()).toBe('two');
});

test('a changed index field goes to the other side in one write, and no version is made of it', async () => {
  const { here, there, rest } = await openTwo();
  const bill = addBill(here, 'one', { AKTE: '12/2026', BETRAG: '1' });
  await rest();
  const writes = writesOf(there);
  setFields(bill, { BETRAG: '2', AKTE: '' });
  await rest();
  expect(fieldsOf(there, 'one.pdf')).toEqual({ BETRAG: '2' });
  expect(writesOf(there) - writes).toBe(1);
  const copy = entryAt(there.archive, 'one.pdf');
  setFields(copy, { NOTIZ: 'paid' });
  await rest();
  expect(fieldsOf(here, 'one.pdf')).toEqual({ BETRAG: '2', NOTIZ: 'paid' });
  expect([bill.versions.length, copy.versions.length]).toEqual([1, 1]);
});

test('different changes of fields and of the content on both sides are all kept', async () => {
  const { here, there, rest } = await openTwo();
  const bill = addBill(here, 'one', { AKTE: '1', BETRAG: '1' });
  await rest();
  setFields(bill, { BETRAG: '2' });
  const copy = entryAt(there.archive, 'one.pdf');
  there.archive.addVersion(copy, 'pdf', Buffer.from('changed'));
  setFields(copy, { AKTE: '2' });
  await rest();
  for (const fake of [here, there]) {
    expect(fieldsOf(fake, 'one.pdf')).toEqual({ AKTE: '2', BETRAG: '2' });
    expect((await outsiderOf(fake.archive).read('one.pdf')).toString()).toBe('changed');
  }
});

test('a field that both sides changed is decided by the rule of its group, and only that field waits for a person', async () => {
  const { here, there, pair, rest } = await openTwo();
  const bill = addBill(here, 'one', { AKTE: '1', BETRAG: '1', NOTIZ: 'a' });
  await rest();
  setFields(bill, { AKTE: 'here', BETRAG: '2', NOTIZ: 'a\nhere' });
  setFields(entryAt(there.archive, 'one.pdf'), { AKTE: 'there', BETRAG: '3', NOTIZ: 'a\nthere' });
  await rest();
  expect(fieldsOf(here, 'one.pdf')).toMatchObject({ AKTE: 'there', BETRAG: '2' });
  expect(fieldsOf(there, 'one.pdf')).toMatchObject({ AKTE: 'there', BETRAG: '3' });
  expect(fieldsOf(here, 'one.pdf')['NOTIZ']?.split('\n').sort()).toEqual(['a', 'here', 'there']);
  const open = await pair.rows<{ fields: string[] }>(`select fields from link_conflict where state = 'open'`);
  expect(open.map((conflict) => conflict.fields)).toEqual([expect.arrayContaining(['BETRAG']) as unknown]);
});

test('a value that the other archive refuses is told with its sentence, and the other documents go on', async () => {
  const { here, there, pair, rest } = await openTwo();
  addBill(here, 'bad', { NOTIZ: 'more than the twenty characters' });
  addBill(here, 'good', { NOTIZ: 'short' });
  await rest();
  expect(await outsiderOf(there.archive).paths()).toEqual(['good.pdf']);
  const given = await pair.rows<{ error: string }>(`select error from link_job where state = 'given-up'`);
  expect(given).toEqual([{ error: expect.stringContaining('the value of NOTIZ') as unknown }]);
});

test('a document of another form keeps its form, and a value that the form has no field for is refused', async () => {
  const { here, there, pair, rest } = await openTwo();
  const letter = entryAt(here.archive, '');
  const free = here.archive.add(letter.id, 'letter', false);
  here.archive.addVersion(free, 'txt', Buffer.from('x'));
  await rest();
  expect(entryAt(there.archive, 'letter.txt').form).toBe(7);
  setFields(entryAt(there.archive, 'letter.txt'), { BETRAG: '5' });
  await rest();
  expect(free.form).toBe(0);
  expect(fieldsOf(here, 'letter.txt')).toEqual({});
  const given = await pair.rows<{ error: string }>(`select error from link_job where state = 'given-up'`);
  expect(given).toEqual([
    {
      error: expect.stringContaining(
        'the keywording form Freie Eingabe of this document has no field BETRAG',
      ) as unknown,
    },
  ]);
});

test('a required field without a value keeps the document back until somebody fills it', async () => {
  const { here, there, pair, rest } = await openTwo();
  const [akte] = there.archive.formOf('Rechnung')?.lines ?? [];
  if (akte !== undefined) akte.required = true;
  const bill = addBill(here, 'one', { BETRAG: '1' });
  await rest();
  expect(await outsiderOf(there.archive).paths()).toEqual([]);
  const given = await pair.rows<{ error: string }>(`select error from link_job where state = 'given-up'`);
  expect(given).toEqual([{ error: expect.stringContaining('Rechnung requires a value in AKTE') as unknown }]);
  setFields(bill, { AKTE: '1' });
  await rest();
  expect(fieldsOf(there, 'one.pdf')).toEqual({ AKTE: '1', BETRAG: '1' });
});

test.each([
  ['there is no such form', { documentMask: 'Brief' }, 'there is no keywording form "Brief" in ELO'],
  ['the form lacks a field', {}, 'the keywording form Freie Eingabe lacks BETRAG, NOTIZ'],
])('the pair is paused before anything is written where %s', async (_, end, sentence) => {
  const { here, there, pair } = await openTwo({}, end);
  addBill(here, 'one', { AKTE: '1' });
  await pair.run();
  const [paused] = await pair.rows<{ paused_reason: string }>('select paused_reason from pair');
  expect(paused?.paused_reason).toContain(sentence);
  expect(await outsiderOf(there.archive).paths()).toEqual([]);
  expect(writesOf(here) + writesOf(there)).toBe(0);
});

test('a field that disappears from the form pauses the pair, and the probe tells it', async () => {
  const { here, there, pair, rest } = await openTwo();
  addBill(here, 'one', { AKTE: '1' });
  await rest();
  const form = there.archive.formOf('Rechnung');
  if (form !== undefined) form.lines = form.lines.filter(({ key }) => key !== 'BETRAG');
  const { findings } = await pair.probe('b');
  expect(findings.map(({ message }) => message)).toContain(
    'Pair akten, there: the keywording form Rechnung lacks BETRAG.',
  );
});

test('with one direction, index fields go there and nothing is written here', async () => {
  const { here, there, pair, rest } = await openTwo({
    direction: 'there',
    deletions: {},
    groups: { ...groups, akte: { conflict: 'here' } },
  });
  const bill = addBill(here, 'one', { AKTE: '1' });
  await rest();
  const writes = writesOf(here);
  setFields(entryAt(there.archive, 'one.pdf'), { AKTE: 'theirs' });
  setFields(bill, { BETRAG: '7' });
  await rest();
  expect(fieldsOf(there, 'one.pdf')).toEqual({ AKTE: 'theirs', BETRAG: '7' });
  expect(fieldsOf(here, 'one.pdf')).toEqual({ AKTE: '1', BETRAG: '7' });
  expect(writesOf(here)).toBe(writes);
  expect(await pair.rows(`select 1 from link_conflict where state = 'open'`)).toEqual([]);
});

test('a form that the settings name and ELO lacks is told for a pair without fields, too', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake, { documentMask: 'Brief' });
  const content = {
    size: 1,
    hash: null,
    open: async () =>
      (async function* () {
        yield Buffer.from('x');
      })(),
  };
  const draft = { fields: {}, place: { parent: null, name: 'a.txt' }, isFolder: false, content };
  await expect(system.create('00000000-0000-4000-8000-000000000001', draft, signal)).rejects.toMatchObject({
    kind: 'fields',
    message: 'there is no keywording form "Brief" in ELO',
  });
});
