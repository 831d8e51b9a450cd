import { rm } from 'node:fs/promises';
import type { DocumentOutsider } from './document-contract';
import { eloFakes, entryAt, isLock, isWrite, outsiderOf, rootOf, shownName } from './elo';
import { currentVersion, rootId } from './fakes/elo-archive';
import type { EloFake, EloFakeOptions } from './fakes/elo-fake';
import { createFolder, documents, type Folder } from './folder-pair';
import { openWorkedPair, type WorkedPair } from './worked-pair';

const fakes = eloFakes();
let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
  await fakes.close();
});

interface Opened {
  readonly fake: EloFake;
  readonly folder: Folder;
  readonly people: DocumentOutsider;
  readonly pair: WorkedPair;
  readonly run: (kind?: 'check' | 'whole') => Promise<Readonly<Record<string, number>>>;
  /** Two runs in a row do nothing. */
  readonly rest: () => Promise<void>;
  /** Path → bytes of both sides, which have to be equal. */
  readonly tree: () => Promise<Record<string, string>>;
}

async function open(options: EloFakeOptions = {}, settings: object = {}): Promise<Opened> {
  const [fake, folder] = [await fakes.start(options), await createFolder()];
  const auth = { user: fake.user, password: '${ELO_PASSWORD}' };
  const file = {
    systems: { a: { kind: 'file-tree', folder: folder.path }, b: { kind: 'elo', url: fake.url, auth } },
    pairs: { akten: { ...documents, there: { system: 'b', root: 'Akten' }, ...settings } },
  };
  const pair = await openWorkedPair(JSON.stringify(file), { ELO_PASSWORD: fake.password });
  ends.push(async () => {
    await pair.end();
    await rm(folder.path, { recursive: true, force: true });
  });
  const people = outsiderOf(fake.archive);
  const run: Opened['run'] = async (kind) => (await pair.run(kind)).counts;
  return {
    fake,
    folder,
    people,
    pair,
    run,
    async rest() {
      for (let quiet = 0, runs = 0; quiet < 2; runs++) {
        if (runs > 6) throw new Error('the two never come to rest');
        const { created = 0, updated = 0, moved = 0, deleted = 0 } = await run();
        quiet = created + updated + moved + deleted === 0 ? quiet + 1 : 0;
      }
    },
    async tree() {
      const there: [string, string][] = [];
      for (const path of [...(await people.paths())].sort())
        there.push([path, path.endsWith('/') ? '' : (await people.read(path)).toString()]);
      const here = await folder.tree();
      expect(Object.fromEntries(there)).toEqual(here);
      return here;
    },
  };
}

const writesOf = ({ requests }: EloFake): number =>
  requests.filter((request) => isWrite(request) && !request.text.includes('"sordZ":{"bset":"0"}')).length;

test.each(['kept', 'ignored', 'refused'] as const)(
  'a creation, change, move or deletion on either side is made on the other (our GUIDs are %s)',
  async (guids) => {
    const { fake, folder, people, run, rest, tree } = await open({ guids });
    await folder.write('A/plan.txt', 'one');
    await folder.write('A/inner/empty.txt', '');
    await people.makeFolder('B');
    await people.write('B/brief.txt', 'two');
    await people.makeFolder('leer');
    expect(await run()).toEqual({ created: 7 });
    expect(Object.keys(await tree())).toHaveLength(7);
    await rest();
    const writes = writesOf(fake);
    await folder.write('B/brief.txt', 'two, changed here');
    await people.write('A/plan.txt', 'one, changed there');
    await people.move('A', 'Akten 100%');
    await folder.move('B', 'B2');
    await people.remove('leer');
    await rest();
    expect(await tree()).toEqual({
      'Akten 100%/': '',
      'Akten 100%/inner/': '',
      'Akten 100%/inner/empty.txt': '',
      'Akten 100%/plan.txt': 'one, changed there',
      'B2/': '',
      'B2/brief.txt': 'two, changed here',
    });
    // The move of B and the new version of its file.
    expect(writesOf(fake) - writes).toBeLessThanOrEqual(3);
    expect(entryAt(fake.archive, 'B2/brief.txt').versions).toHaveLength(2);
    await folder.remove('Akten 100%');
    await rest();
    expect(Object.keys(await tree())).toEqual(['B2/', 'B2/brief.txt']);
  },
);

test('an item that leaves the folder of the pair is deleted here, and is created again when it returns', async () => {
  const { fake, folder, people, rest, tree } = await open();
  await people.makeFolder('F');
  await people.write('F/one.txt', 'one');
  await folder.write('stays.txt', 'stays');
  await rest();
  const [entry, inner] = [entryAt(fake.archive, 'F'), entryAt(fake.archive, 'F/one.txt')];
  entry.parentId = rootId;
  fake.archive.touch(entry);
  await rest();
  expect(Object.keys(await tree())).toEqual(['stays.txt']);
  for (const one of [entry, inner]) one.TStamp = '2099.01.01.00.00.00';
  entry.parentId = rootOf(fake.archive).id;
  await rest();
  expect(Object.keys(await tree())).toEqual(['F/', 'F/one.txt', 'stays.txt']);
});

test('an item that someone deletes in ELO is deleted here, and is created again when it is restored there', async () => {
  const { fake, people, rest, tree } = await open();
  await people.makeFolder('F');
  for (const name of ['F/one.txt', 'F/two.txt', 'stays.txt']) await people.write(name, name);
  await rest();
  const entries = ['F', 'F/one.txt', 'F/two.txt'].map((path) => entryAt(fake.archive, path));
  await people.remove('F');
  await rest();
  expect(Object.keys(await tree())).toEqual(['stays.txt']);
  for (const entry of entries) Object.assign(entry, { isDeleted: false, TStamp: '2099.01.01.00.00.00' });
  await rest();
  expect(Object.keys(await tree())).toEqual(['F/', 'F/one.txt', 'F/two.txt', 'stays.txt']);
});

test('references stay as they are, whatever happens to their targets', async () => {
  const { fake, folder, people, rest, tree } = await open();
  await people.makeFolder('A');
  await people.makeFolder('B');
  await people.write('A/plan.txt', 'one');
  const entry = entryAt(fake.archive, 'A/plan.txt');
  entry.references.add(entryAt(fake.archive, 'B').id);
  await rest();
  expect(Object.keys(await tree())).toEqual(['A/', 'A/plan.txt', 'B/']);
  await folder.write('A/plan.txt', 'two');
  await folder.move('A/plan.txt', 'plan.txt');
  await rest();
  expect(await tree()).toEqual({ 'A/': '', 'B/': '', 'plan.txt': 'two' });
  expect([...entry.references]).toEqual([entryAt(fake.archive, 'B').id]);
});

test('two documents with the same name are both kept, and later runs change nothing', async () => {
  const { fake, folder, rest } = await open();
  const root = rootOf(fake.archive);
  for (const text of ['one', 'two'])
    fake.archive.addVersion(fake.archive.add(root.id, 'plan', false), 'txt', Buffer.from(text));
  await rest();
  const here = await folder.tree();
  expect(Object.values(here).sort()).toEqual(['one', 'two']);
  expect(here).toHaveProperty(['plan.txt']);
  const there = fake.archive.childrenOf(root.id).filter(({ isDeleted }) => !isDeleted);
  expect(there.map((entry) => currentVersion(entry)?.bytes.toString()).sort()).toEqual(['one', 'two']);
  await rest();
  expect(await folder.tree()).toEqual(here);
});

test('a name with a slash in ELO is adapted here, and stays unchanged in ELO', async () => {
  const { fake, folder, rest } = await open();
  const root = rootOf(fake.archive);
  const bill = fake.archive.add(root.id, 'Rechnung 12/2026', false);
  fake.archive.addVersion(bill, 'pdf', Buffer.from('one'));
  await rest();
  expect(await folder.tree()).toEqual({ 'Rechnung 12_2026.pdf': 'one' });
  await folder.write('Rechnung 12_2026.pdf', 'two');
  await folder.makeFolder('F');
  await rest();
  await folder.move('Rechnung 12_2026.pdf', 'F/Rechnung 12_2026.pdf');
  await rest();
  expect(shownName(bill)).toBe('Rechnung 12/2026.pdf');
  expect(currentVersion(bill)?.bytes.toString()).toBe('two');
  expect(bill.parentId).toBe(entryAt(fake.archive, 'F').id);
});

test('a document that someone has locked in ELO waits, and the others are synchronised', async () => {
  const { fake, folder, people, pair, rest, run, tree } = await open();
  for (const name of ['a.txt', 'b.txt']) await folder.write(name, name);
  await rest();
  entryAt(fake.archive, 'a.txt').lockedBy = 'Weber';
  await folder.write('a.txt', 'a, changed');
  await folder.write('b.txt', 'b, changed');
  await run();
  expect((await people.read('a.txt')).toString()).toBe('a.txt');
  expect((await people.read('b.txt')).toString()).toBe('b, changed');
  entryAt(fake.archive, 'a.txt').lockedBy = null;
  await pair.hurry();
  await rest();
  expect(await tree()).toEqual({ 'a.txt': 'a, changed', 'b.txt': 'b, changed' });
});

test.each(['kept', 'ignored', 'refused'] as const)(
  'a worker that is killed during its writes leaves no partial file and no lock (our GUIDs are %s)',
  async (guids) => {
    const { fake, folder, people, pair, run, rest, tree } = await open({ guids });
    await folder.write('old.txt', 'old');
    await rest();
    const isUpload = ({ method, path }: { method: string; path: string }) =>
      method === 'POST' && path === '/ix-Archiv/ix';
    for (const [number, fits] of [isUpload, isLock, isWrite].entries()) {
      await folder.write('old.txt', `old, changed ${number}`);
      await folder.write(`new ${number}.txt`, `new ${number}`);
      // From then on nothing gets through, as after the end of the process.
      fake.http.faults.push({
        fits: (request) => fits(request) && !fake.refusesGuid(request),
        losesAnswer: true,
        before: () => fake.http.faults.push({ answer: { status: 500 }, times: 1_000 }),
      });
      await run();
      fake.http.faults.length = 0;
      for (const path of await people.paths())
        expect(['old', `old, changed ${number - 1}`, `old, changed ${number}`, ...news]).toContain(
          (await people.read(path)).toString(),
        );
      await pair.restart();
      await pair.hurry();
      await rest();
      await pair.hurry();
      await rest();
      expect(Object.keys(await tree())).toHaveLength(number + 2);
      const locked = [...fake.archive.entries.values()].filter(({ lockedBy }) => lockedBy !== null);
      expect(locked).toEqual([]);
    }
  },
);

const news = ['new 0', 'new 1', 'new 2'];

test('a pair in the mode plan writes nothing, and a missing folder ends its run', async () => {
  const { fake, folder, people, pair, run } = await open({}, { mode: 'plan' });
  await folder.write('a.txt', 'a');
  await people.write('b.txt', 'b');
  const writes = writesOf(fake);
  await run();
  expect(writesOf(fake)).toBe(writes);
  expect(await folder.tree()).toEqual({ 'a.txt': 'a' });
  fake.archive.remove(rootOf(fake.archive));
  const failed = await pair.run();
  expect(failed.failure ?? failed.state).toMatch(/root-missing|no folder Akten|failed/);
});
