import { createFolder, documents, type Folder } from './folder-pair';
import type { GraphFake } from './fakes/graph-fake';
import { graphFakes, makeFolders, outsiderOf, rowAt, configOf } from './sharepoint';
import { openWorkedPair, type WorkedPair } from './worked-pair';
import { rm } from 'node:fs/promises';
import type { DocumentOutsider } from './document-contract';

const fakes = graphFakes();
let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
  await fakes.close();
});

interface Opened {
  readonly fake: GraphFake;
  readonly folder: Folder;
  readonly library: DocumentOutsider;
  readonly pair: WorkedPair;
  readonly run: () => Promise<Readonly<Record<string, number>>>;
  /** Two runs in a row do nothing. */
  readonly rest: () => Promise<void>;
  /** Path → bytes of both sides, which have to be equal. */
  readonly tree: () => Promise<Record<string, string>>;
}

async function open(settings: object = {}): Promise<Opened> {
  const [fake, folder] = [await fakes.start(), await createFolder()];
  makeFolders(fake, 'Kanzlei/Akten');
  const file = {
    systems: {
      a: { kind: 'file-tree', folder: folder.path },
      b: { kind: 'sharepoint', ...configOf(fake) },
    },
    pairs: { akten: { ...documents, there: { system: 'b', root: 'Kanzlei/Akten' }, ...settings } },
  };
  const secrets = { MS_SECRET: fake.auth.clientSecret };
  const text = JSON.stringify(file).replace(fake.auth.clientSecret, '${MS_SECRET}');
  const pair = await openWorkedPair(text, secrets);
  ends.push(async () => {
    await pair.end();
    await rm(folder.path, { recursive: true, force: true });
  });
  const library = outsiderOf(fake, 'Kanzlei/Akten');
  const run = async () => (await pair.run('check')).counts;
  return {
    fake,
    folder,
    library,
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
      for (const path of [...(await library.paths())].sort())
        there.push([path, path.endsWith('/') ? '' : (await library.read(path)).toString()]);
      const here = await folder.tree();
      expect(Object.fromEntries(there)).toEqual(here);
      return here;
    },
  };
}

test('a creation, change, move or deletion on either side is made on the other, and the next run changes nothing', async () => {
  const { folder, library, run, rest, tree } = await open();
  await folder.write('A/plan.txt', 'one');
  await folder.write('A/inner/empty.txt', '');
  await library.makeFolder('B');
  await library.write('B/brief.txt', 'two');
  await library.makeFolder('leer');
  expect(await run()).toEqual({ created: 7 });
  expect(Object.keys(await tree())).toHaveLength(7);
  await rest();
  await folder.write('B/brief.txt', 'two, changed here');
  await library.write('A/plan.txt', 'one, changed there');
  await library.move('A', 'Akten 100%');
  await folder.move('B', 'B2');
  await library.remove('leer');
  await run();
  expect(await tree()).toEqual({
    'Akten 100%/': '',
    'Akten 100%/inner/': '',
    'Akten 100%/inner/empty.txt': '',
    'Akten 100%/plan.txt': 'one, changed there',
    'B2/': '',
    'B2/brief.txt': 'two, changed here',
  });
  await rest();
});

test('a run without changes asks for the changes, and for nothing else', async () => {
  const { fake, folder, rest, run } = await open();
  await folder.write('A/plan.txt', 'one');
  await rest();
  const before = fake.http.calls.length;
  await run();
  expect(fake.http.calls.slice(before).filter((call) => !call.includes('/root'))).toEqual([]);
});

test('a folder that leaves the library folder is deleted here, and is created again with its contents when it returns', async () => {
  const { fake, folder, library, rest, tree } = await open();
  await library.makeFolder('F');
  await library.write('F/one.txt', 'one');
  await folder.write('stays.txt', 'stays');
  await rest();
  expect(Object.keys(await tree())).toEqual(['F/', 'F/one.txt', 'stays.txt']);
  const row = rowAt(fake, 'Kanzlei/Akten/F');
  fake.library.move(row, fake.library.root.id, 'F');
  await rest();
  expect(Object.keys(await tree())).toEqual(['stays.txt']);
  fake.library.move(row, rowAt(fake, 'Kanzlei/Akten').id, 'F');
  await rest();
  expect(Object.keys(await tree())).toEqual(['F/', 'F/one.txt', 'stays.txt']);
});

test('an item that is restored unchanged from the recycle bin is created again', async () => {
  const { fake, folder, library, rest, tree } = await open();
  await folder.write('one.txt', 'one');
  await folder.write('F/two.txt', 'two');
  await rest();
  const rows = ['one.txt', 'F'].map((path) => rowAt(fake, `Kanzlei/Akten/${path}`));
  await library.remove('one.txt');
  await library.remove('F');
  await rest();
  expect(await tree()).toEqual({});
  for (const row of rows) fake.library.restore(row);
  await rest();
  expect(await tree()).toEqual({ 'F/': '', 'F/two.txt': 'two', 'one.txt': 'one' });
});

test('a creation whose response is lost is found by its place, and is made once', async () => {
  const { fake, folder, pair, rest, run, tree } = await open();
  await folder.write('one.txt', 'one');
  fake.storage.faults.push({ fits: ({ method }) => method === 'PUT', losesAnswer: true });
  await run();
  expect(rowAt(fake, 'Kanzlei/Akten/one.txt').bytes?.toString()).toBe('one');
  await pair.restart();
  await pair.hurry();
  await rest();
  expect(await tree()).toEqual({ 'one.txt': 'one' });
});

test('a file that someone else put at the place of a failed creation is kept, and the other file gets another name', async () => {
  const { fake, folder, library, pair, rest, run, tree } = await open();
  await folder.write('one.txt', 'ours');
  // From then on nothing is answered, so nobody can find out whether it was carried out.
  let isAway = false;
  fake.http.faults.push({
    fits: ({ path }) => (isAway ||= path.endsWith('/createUploadSession')),
    times: 99,
    answer: { status: 502 },
  });
  await run();
  fake.http.faults.splice(0);
  await library.write('one.txt', 'theirs');
  await pair.restart();
  await pair.hurry();
  await rest();
  expect(Object.values(await tree()).sort()).toEqual(['ours', 'theirs']);
});

test.each(['at-once', 'later'] as const)(
  'an Office file that SharePoint rewrites (%s) is copied back once, and the next run changes nothing',
  async (enrichment) => {
    const { fake, folder, rest, run, tree } = await open();
    fake.library.habits.enrichment = enrichment;
    await folder.write('plan.docx', 'words');
    await run();
    fake.library.enrich();
    await rest();
    const writes = fake.http.calls.filter((call) => /^(PUT|PATCH|POST)/.test(call)).length;
    const seen = enrichment === 'later' ? (await tree())['plan.docx'] : 'words';
    expect((await folder.tree())['plan.docx']).toBe(seen);
    await rest();
    expect(fake.http.calls.filter((call) => /^(PUT|PATCH|POST)/.test(call))).toHaveLength(writes);
    await folder.write('plan.docx', 'other words');
    await rest();
    fake.library.enrich();
    await rest();
    const there = String(rowAt(fake, 'Kanzlei/Akten/plan.docx').bytes);
    expect(there).toMatch(/^other words<sharepoint/);
    expect(there).toContain((await folder.tree())['plan.docx'] ?? 'nothing');
  },
);

test('a cursor that expires between two runs deletes nothing, and the changes in the meantime are found', async () => {
  const { fake, folder, library, rest, tree } = await open();
  for (const name of ['a', 'b', 'c', 'd']) await folder.write(`${name}.txt`, name);
  await rest();
  await library.write('a.txt', 'changed');
  await library.remove('b.txt');
  fake.delta.expire('resyncChangesUploadDifferences');
  await rest();
  expect(await tree()).toEqual({ 'a.txt': 'changed', 'c.txt': 'c', 'd.txt': 'd' });
});

test('both sides become equal although the library throttles calls or breaks them off', async () => {
  const { fake, folder, library, pair, rest, run, tree } = await open();
  for (const name of ['a', 'b', 'c']) await folder.write(`${name}.txt`, name);
  await library.write('z.txt', 'z');
  const answer = { status: 429, headers: { 'retry-after': '1' } };
  fake.http.faults.push({ fits: ({ method }) => method === 'PUT' || method === 'POST', answer });
  fake.http.faults.push({ fits: ({ path }) => path.endsWith('/createUploadSession'), losesAnswer: true });
  await run();
  // The time that the library asked for has to be over, and what failed is due by itself only in a minute.
  for (let tries = 0; (await library.paths()).length < 4 && tries < 20; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await pair.hurry();
    await run();
  }
  await rest();
  expect(Object.keys(await tree())).toEqual(['a.txt', 'b.txt', 'c.txt', 'z.txt']);
});
