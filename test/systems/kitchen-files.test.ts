import { rm } from 'node:fs/promises';
import { createKitchenFilesConnector } from '../../worker/systems/kitchen-files/kitchen-files';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { findLogTable } from '../../shared/catalog/log-tables';
import type { Language } from '../../shared/domain/language';
import type { Item, System } from '../../worker/pipeline/system';
import { createFolder, type Folder } from './folder-pair';
import { testOutside } from './outside';
import { davOutsider } from './webdav';
import { startDavServer } from './webdav-servers';
import { eventually } from '../queue/eventually';
import { exifBlock, jpeg, withExif } from '../photos/pictures';
import { newAccount, signInStaff, type Staff } from '../photos/staff';
import { zipOf } from '../v4/archive';
import { expectProblem, fullSync, onServer, signIn } from '../v4/on-server';
import { removeOldOf } from '../../worker/upkeep/old-readings';
import { describeWithPrograms } from '../setup/programs';

// A pair that files the photos and exports of kitchens elsewhere.

const server = onServer({}, { worker: true });
const { signal } = new AbortController();

let admin: Staff;
let folders: Folder[] = [];
let made = 0;
beforeAll(async () => {
  admin = await signInStaff(server());
});
afterAll(async () => {
  for (const { path } of folders) await rm(path, { recursive: true, force: true });
});

/** A day of last month, so that the export of that month is due. */
const day = new Date(new Date().setUTCDate(-9));
const month = day.toISOString().slice(0, 7);
const date = day.toISOString().slice(0, 10);
const exportName = (language: Language = server().config.language) =>
  `${findLogTable('Tbfridge')?.label[language] ?? ''} ${month}.csv`;
const readings = (first: number, ...temperatures: number[]) =>
  `Id,MeasuredAt,FridgeName,Temp\n${temperatures.map((temp, at) => `${first + at},${date} 0${at}:30:00,Cave,${temp}\n`).join('')}`;
const photo = async (shade: number) =>
  withExif(await jpeg(shade), exifBlock({ original: `${date.replaceAll('-', ':')} 12:00:00` }));

test('photos and readings of the last month appear in a folder for each kitchen and month, and changes follow', async () => {
  const { account, kitchen, kitchenOn } = await newKitchen('Le Chalet: bar/grill');
  const { folder, run } = await filedPair({ account });
  await fullSync(kitchen, zipOf({ 'photos/Label.jpg': await photo(1) }));
  await fullSync(kitchenOn, zipOf({ 'csv/Tbfridge.csv': readings(1, 3.5, 4) }));
  await run('whole');
  const place = `Le Chalet_ bar_grill/${month}`;
  await untilFiled(folder, [`${place}/Label.jpg`, `${place}/${exportName()}`]);
  const first = (await folder.tree())[`${place}/${exportName()}`] ?? '';
  expect(first).toMatch(/^\uFEFFId;MeasuredAt;/);
  expect(first.split('\n').filter((line) => line !== '')).toHaveLength(3);
  expect(first).toContain('3,5');

  await fullSync(kitchen, zipOf({ 'photos/label.JPG': await photo(2) }));
  await fullSync(kitchenOn, zipOf({ 'csv/Tbfridge.csv': readings(3, 5) }));
  await run();
  await eventually('the new reading and the new photo are filed', async () => {
    const tree = await folder.tree();
    const csv = tree[`${place}/${exportName()}`] ?? '';
    const photos = Object.keys(tree).filter((path) => /\.jpg$/i.test(path));
    return csv.split('\n').filter((line) => line !== '').length === 4 && photos.length === 2;
  });
  expect(Object.keys(await folder.tree()).filter((path) => /\.jpg$/i.test(path))).toEqual([
    `${place}/Label.jpg`,
    expect.stringMatching(/\/label \([0-9a-f]{8}\)\.JPG$/) as string,
  ]);
});

test('a photo of another customer is not filed, whatever the pair names', async () => {
  const ours = await newKitchen('Ours');
  const theirs = await newKitchen('Theirs');
  await fullSync(ours.kitchen, zipOf({ 'photos/ours.jpg': await photo(3) }));
  await fullSync(theirs.kitchen, zipOf({ 'photos/theirs.jpg': await photo(4) }));
  const { folder, run } = await filedPair({
    account: ours.account,
    end: { solutions: [ours.kitchen.id, theirs.kitchen.id] },
  });
  await run('whole');
  await untilFiled(folder, [`Ours/${month}/ours.jpg`]);
  expect(Object.keys(await folder.tree()).join()).not.toContain('heirs');
  // The kitchen is sold: what was filed stays with the first customer, and nothing more comes.
  const patched = await admin.send('PATCH', `/api/solutions/${String(ours.kitchen.id)}`, {
    account: theirs.account,
  });
  expect(patched.status).toBe(200);
  await fullSync(ours.kitchen, zipOf({ 'photos/secret.jpg': await photo(5) }));
  await run('whole');
  expect(Object.keys(await folder.tree()).filter((path) => path.endsWith('.jpg'))).toEqual([
    `Ours/${month}/ours.jpg`,
  ]);
});

test('what others put into the archive or change there stays, and never comes into a kitchen', async () => {
  const { account, kitchen } = await newKitchen('Quiet');
  const { folder, run, pair } = await filedPair({ account });
  await fullSync(kitchen, zipOf({ 'photos/a.jpg': await photo(6), 'photos/b.jpg': await photo(7) }));
  await run('whole');
  await untilFiled(folder, [`Quiet/${month}/a.jpg`, `Quiet/${month}/b.jpg`]);
  await folder.write(`Quiet/${month}/notes.txt`, 'ours');
  await folder.write(`Quiet/${month}/a.jpg`, 'edited');
  await folder.remove(`Quiet/${month}/b.jpg`);
  for (let runs = 0; runs < 3; runs++) {
    await run('whole');
  }
  const tree = await folder.tree();
  expect(tree).toEqual({
    'Quiet/': '',
    [`Quiet/${month}/`]: '',
    [`Quiet/${month}/a.jpg`]: 'edited',
    [`Quiet/${month}/notes.txt`]: 'ours',
  });
  const photos = await admin.send('GET', `/api/solutions/${String(kitchen.id)}/photos`);
  expect(photos.json['items']).toHaveLength(2);
  const status = await admin.send('GET', `/api/pairs/${pair}/status`);
  expect(status.json).toMatchObject({ paused: null, conflicts: 0, approvals: 0 });
});

test('a photo that the kitchen no longer has stays in the archive', async () => {
  const { account, kitchen } = await newKitchen('Kept');
  const { folder, run } = await filedPair({ account });
  await fullSync(kitchen, zipOf({ 'photos/old.jpg': await photo(8), 'photos/new.jpg': await photo(9) }));
  await run('whole');
  await untilFiled(folder, [`Kept/${month}/new.jpg`, `Kept/${month}/old.jpg`]);
  await server().db('photo').where({ solution_id: kitchen.id, name: 'old.jpg' }).delete();
  for (let runs = 0; runs < 2; runs++) {
    await run('whole');
  }
  expect(Object.keys(await folder.tree())).toContain(`Kept/${month}/old.jpg`);
});

test('readings that come for a month which retention has cut are filed beside its export, which stays complete', async () => {
  const { account, kitchenOn, kitchen } = await newKitchen('Late');
  const { folder, run } = await filedPair({ account });
  await fullSync(kitchenOn, zipOf({ 'csv/Tbfridge.csv': readings(1, 3.5, 4) }));
  await run('whole');
  const path = `Late/${month}/${exportName()}`;
  await untilFiled(folder, [path]);
  const complete = (await folder.tree())[path];

  const table = findLogTable('Tbfridge');
  if (table === undefined) throw new Error('there is no such log');
  const before = new Date(`${date}T23:59:59Z`);
  expect(await removeOldOf(server().db, { solutionId: kitchen.id, table, before })).toBe(2);
  await run('whole');
  expect(await folder.tree()).toMatchObject({ [path]: complete });

  for (const temperature of [5, 6]) {
    await fullSync(kitchenOn, zipOf({ 'csv/Tbfridge.csv': readings(temperature, temperature) }));
    await run();
    await eventually('the late reading is filed', async () => {
      const texts = Object.entries(await folder.tree()).filter(([name]) => name !== path);
      return texts.some(
        ([, text]) => text.includes(`;${String(temperature)};`) || text.includes(`;${String(temperature)}\n`),
      );
    });
  }
  const tree = await folder.tree();
  expect(tree[path]).toBe(complete);
  const added = Object.keys(tree).filter((name) => name.endsWith('.csv') && name !== path);
  expect(added).toHaveLength(2);
  expect(added[0]).toMatch(
    new RegExp(`^${path.slice(0, -4)} \\((complément|addition) \\d{4}-\\d\\d-\\d\\d\\)`),
  );
});

test('a pair that would write into a kitchen, or mix two customers, is refused with a sentence', async () => {
  const { account } = await newKitchen('Refused');
  const { account: other } = await newKitchen('Other');
  const name = await newSystems(account, (await newFolder()).path, other);
  const pair = { name: `p${name}`, here: { system: `k${name}` }, there: { system: `d${name}` } };
  const reasonsOf = async (body: object) => {
    const answer = await admin.send('POST', '/api/pairs', body);
    expectProblem(answer, 422, 'invalid-fields');
    return answer.text;
  };
  expect(await reasonsOf(pair)).toContain('must be \\"there\\"');
  expect(await reasonsOf({ ...pair, here: pair.there, there: pair.here })).toContain('which is only read');
  expect(
    await reasonsOf({ ...pair, direction: 'there', deletions: { here: 'restore', there: 'propagate' } }),
  ).toMatch(/must be propagate, mark or ask.*must be mark or restore/);
  expect(await reasonsOf({ ...pair, direction: 'there' })).toContain('belongs to another account');
});

describe('the system itself', () => {
  test('a listing, a look and a search show the same items, and the content has the reported size and hash', async () => {
    const { kitchen, kitchenOn } = await newKitchen('Looked at');
    await fullSync(kitchen, zipOf({ 'photos/a.jpg': await photo(10) }));
    await fullSync(kitchenOn, zipOf({ 'csv/Tbfridge.csv': readings(1, 3.5) }));
    const system = await opened({ solutions: [kitchen.id] });
    const items = await listed(system, null);
    expect([...new Set(items.map(({ place }) => place?.name))]).toEqual([
      'Looked at',
      month,
      'a.jpg',
      exportName('fr'),
    ]);
    for (const item of items) {
      const looked = (await system.fetch([item.key], signal)).get(item.key);
      expect(looked).toMatchObject({ revision: item.revision, place: item.place });
      const parent = item.place?.parent ?? null;
      const name = item.place?.name ?? '';
      const [found] = await system.find({ by: 'place', parent, name }, signal);
      expect(found?.revision).toBe(item.revision);
      const around = await system.find({ by: 'parent', parent }, signal);
      expect(around.map(({ key }) => key)).toContain(item.key);
      if (!looked?.content) continue;
      let size = 0;
      for await (const bytes of await looked.content.open(signal)) size += bytes.length;
      expect(size).toBe(looked.content.size);
    }
    expect((await system.fetch(['k1/p0', 'nothing', 'k999999'], signal)).size).toBe(0);
  });

  test('nothing is ever written', async () => {
    const { kitchen } = await newKitchen('Written');
    const system = await opened({ solutions: [kitchen.id] });
    const draft = { fields: {}, place: { parent: null, name: 'x' }, isFolder: true, content: null };
    const key = `k${String(kitchen.id)}`;
    const outcomes = [
      await system.create('x', draft, signal),
      await system.update(key, { fields: {}, whole: {}, content: null }, 'r', signal),
      await system.move(key, { parent: null, name: 'y' }, 'r', signal),
      await system.delete(key, 'r', signal),
    ];
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'refused', code: 'forbidden' });
  });

  test('a listing of changes shows what came since alone, and a whole listing continues where it was interrupted', async () => {
    const { kitchen } = await newKitchen('Continued');
    await fullSync(kitchen, zipOf({ 'photos/a.jpg': await photo(11) }));
    const system = await opened({ solutions: [kitchen.id] });
    const cursors: string[] = [];
    for await (const { cursor } of system.list(null, signal)) if (cursor !== null) cursors.push(cursor);
    const [middle = '', end = ''] = [cursors[0], cursors.at(-1)];
    expect((await listed(system, middle)).map(({ key }) => key)).toEqual([]);
    await fullSync(kitchen, zipOf({ 'photos/b.jpg': await photo(12) }));
    expect((await listed(system, end)).map(({ place }) => place?.name)).toEqual([
      'Continued',
      month,
      'b.jpg',
    ]);
    await expect(listed(system, 'of another version')).rejects.toMatchObject({ kind: 'cursor-expired' });
  });

  test('an archive without any kitchen is not an empty archive', async () => {
    const system = await opened({ accounts: ['nobody'] });
    await expect(listed(system, null)).rejects.toMatchObject({ kind: 'root-missing' });
  });
});

describeWithPrograms(['apache2'], 'on WebDAV', () => {
  test('a photo that a kitchen uploads appears on a WebDAV server', async () => {
    const { account, kitchen } = await newKitchen('Far away');
    const dav = await startDavServer('apache');
    try {
      const { url, user, password } = dav;
      const there = { kind: 'webdav', config: { url, auth: { user, password } } };
      const { run } = await filedPair({ account, there });
      const picture = await photo(13);
      await fullSync(kitchen, zipOf({ 'photos/a.jpg': picture }));
      await run('whole');
      const [path, outsider] = [`Far away/${month}/a.jpg`, davOutsider(dav, '')];
      await eventually('the photo is there', async () => (await outsider.paths()).includes(path));
      expect(await outsider.read(path)).toEqual(picture);
    } finally {
      await dav.kill();
    }
  });
});

async function newKitchen(name: string) {
  const account = await newAccount(admin, `${name} ${String(++made)}`);
  const kitchen = await signIn(server(), 'photos', { name, accountId: Number(account) });
  return { account, kitchen, kitchenOn: kitchen.on('synchro') };
}

async function newFolder(): Promise<Folder> {
  const folder = await createFolder();
  folders = [...folders, folder];
  return folder;
}

interface FiledPair {
  readonly account: string;
  readonly end?: object;
  readonly there?: object;
}

async function filedPair({ account, end = {}, there }: FiledPair) {
  const folder = await newFolder();
  const name = await newSystems(account, there ?? folder.path);
  const pair = `p${name}`;
  await ok('POST', '/api/pairs', {
    ...{ name: pair, mode: 'run', direction: 'there' },
    here: { system: `k${name}`, ...end },
    there: { system: `d${name}` },
    find: { overlapMinutes: 0 },
  });
  return { folder, run: (kind: 'run' | 'whole' = 'run') => runOf(pair, kind), pair };
}

/** A system of the kitchens of the account, and a folder or another system for them. Returns what their names end with. */
async function newSystems(account: string, there: string | object, accountThere?: string): Promise<string> {
  const name = String(++made);
  const { kind, config } =
    typeof there === 'string'
      ? { kind: 'file-tree', config: { folder: there } }
      : (there as { kind: string; config: object });
  await ok('POST', '/api/systems', { name: `k${name}`, kind: 'kitchen-files', config: {}, account });
  await ok('POST', '/api/systems', {
    ...{ name: `d${name}`, kind, config },
    ...(accountThere === undefined ? {} : { account: accountThere }),
  });
  return name;
}

async function ok(method: string, path: string, body?: object): Promise<void> {
  const answer = await admin.send(method, path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
}

/** Asks for a run and waits until it has ended with all its work. */
async function runOf(pair: string, kind: 'run' | 'whole'): Promise<void> {
  const asked = await admin.send('POST', `/api/pairs/${pair}/${kind}`);
  if (asked.status !== 202) throw new Error(asked.text);
  await eventually('the run has ended', async () => {
    const { json } = await admin.send('GET', `/api/pairs/${pair}/status`);
    const last = json['lastRun'];
    return Number(last?.['id']) >= Number(asked.json['run']) && typeof last?.['endedAt'] === 'string';
  });
}

async function untilFiled(folder: Folder, paths: readonly string[]): Promise<void> {
  await eventually(`the archive has ${paths.join(', ')}`, async () => {
    const files = Object.keys(await folder.tree()).filter((path) => !path.endsWith('/'));
    return JSON.stringify(files.sort()) === JSON.stringify([...paths].sort());
  });
}

async function opened(end: object): Promise<System> {
  const { db, config } = server();
  const connector = createKitchenFilesConnector({
    db,
    files: createDiskFileStore(config.filesDir),
    language: 'fr',
  });
  const opening = { config: {}, end, fields: [], overlapMinutes: 0, secrets: [] };
  return connector.open(opening, testOutside('kitchens'));
}

async function listed(system: System, since: string | null): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of system.list(since, signal)) items.push(...page.items);
  return items;
}
