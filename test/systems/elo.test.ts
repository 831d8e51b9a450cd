import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Item, Page, System } from '../../worker/pipeline/system';
import { fileName, mostNameCharacters, shortName, eloNames } from '../../worker/systems/elo/names';
import {
  bytesOf,
  contentOf,
  contentPatch,
  done,
  fetched,
  fileDraft,
  folderDraft,
  listed,
  made,
  pathsOf,
  present,
} from './document-contract';
import { eloFakes, entryAt, isLock, isWrite, openElo, outsiderOf, rootOf } from './elo';
import { currentVersion, rootId } from './fakes/elo-archive';
import type { EloFake } from './fakes/elo-fake';

const { signal } = new AbortController();
const fakes = eloFakes();
afterEach(() => fakes.close());

const functionsOf = ({ http }: EloFake): string[] => http.calls.map((call) => call.split('/').at(-1) ?? '');

/** The items of a listing, and its last cursor. */
async function told(system: System, since: string | null): Promise<{ items: Item[]; cursor: string }> {
  const pages: Page[] = [];
  for await (const page of system.list(since, signal)) pages.push(page);
  return { items: pages.flatMap(({ items }) => items), cursor: pages.at(-1)?.cursor ?? '' };
}

const noLocks = ({ archive }: EloFake): void =>
  expect([...archive.entries.values()].filter(({ lockedBy }) => lockedBy !== null)).toEqual([]);

// Names

test.each([
  ['Plan.pdf', 'Plan', 'pdf'],
  ['Plan.v2.PDF', 'Plan.v2', 'PDF'],
  ['Brief an Dr. Müller', 'Brief an Dr. Müller', ''],
  ['Makefile', 'Makefile', ''],
  ['.gitignore', '.gitignore', ''],
  ['a.', 'a.', ''],
  ['Protokoll 30.11.2026', 'Protokoll 30.11', '2026'],
  ['x.verylongextension', 'x.verylongextension', ''],
])('the file %j is the document %j with the extension %j, and back', (file, name, extension) => {
  expect(shortName(file)).toEqual({ name, extension });
  expect(fileName({ name, extension })).toBe(file);
});

test('a name that is too long for ELO is cut before its extension, and never within a character', () => {
  const family = '👨‍👩‍👧‍👦';
  const fitting = eloNames.fitting(`${family.repeat(40)}.pdf`) ?? '';
  expect(fitting.length).toBeLessThanOrEqual(mostNameCharacters);
  expect(fitting).toBe(`${family.repeat(Math.floor((mostNameCharacters - 4) / family.length))}.pdf`);
  expect(eloNames.fitting(fitting)).toBeNull();
});

test('names with the separators of ELO paths are found by their place', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  for (const name of ['¶ 12.pdf', '¶|§', 'a|b.txt', '100 %.txt', 'a*.txt']) {
    const item = await made(system, fileDraft(null, name, name));
    const found = await system.find({ by: 'place', parent: null, name }, signal);
    expect(found.map(({ key }) => key)).toEqual([item.key]);
  }
});

test('a name that only ELO allows is shown as it is, and can be kept in a move', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const root = rootOf(fake.archive);
  fake.archive.addVersion(fake.archive.add(root.id, 'Rechnung 12/2026', false), 'pdf', Buffer.from('x'));
  const folder = await made(system, folderDraft(null, 'F'));
  const [item] = (await listed(system)).filter(({ isFolder }) => !isFolder);
  expect(item?.place?.name).toBe('Rechnung 12/2026.pdf');
  const place = { parent: folder.key, name: 'Rechnung 12/2026.pdf' };
  expect(done(await system.move(item?.key ?? '', place, item?.revision ?? '', signal)).place).toEqual(place);
  const worse = { ...place, name: 'Rechnung 13/2026.pdf' };
  const now = await present(system, item?.key ?? '');
  expect(await system.move(now.key, worse, now.revision, signal)).toMatchObject({ code: 'bad-name' });
});

test('a new extension makes a new version with the same content', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const item = await made(system, fileDraft(null, 'plan.txt', 'one'));
  const renamed = done(
    await system.move(item.key, { parent: null, name: 'Plan 2.md' }, item.revision, signal),
  );
  expect(renamed).toMatchObject({ key: item.key, place: { name: 'Plan 2.md' } });
  expect((await bytesOf(renamed)).toString()).toBe('one');
  const entry = entryAt(fake.archive, 'Plan 2.md');
  expect(entry).toMatchObject({ name: 'Plan 2', versions: [{ ext: 'txt' }, { ext: 'md' }] });
  noLocks(fake);
});

// Two of one name

test('two documents with the same name in one folder are both listed', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const root = rootOf(fake.archive);
  for (const text of ['one', 'two'])
    fake.archive.addVersion(fake.archive.add(root.id, 'plan', false), 'txt', Buffer.from(text));
  fake.archive.addVersion(fake.archive.add(root.id, 'plan', false), 'pdf', Buffer.from('three'));
  const items = await listed(system);
  expect(pathsOf(items)).toEqual(['plan.pdf', 'plan.txt', 'plan.txt']);
  expect(await system.find({ by: 'place', parent: null, name: 'plan.txt' }, signal)).toHaveLength(2);
  expect(await system.find({ by: 'place', parent: null, name: 'plan.pdf' }, signal)).toHaveLength(1);
  expect(await system.find({ by: 'place', parent: null, name: 'plan' }, signal)).toEqual([]);
  expect(await system.create(randomUUID(), fileDraft(null, 'plan.txt', ''), signal)).toMatchObject({
    code: 'name-taken',
  });
  expect(await made(system, fileDraft(null, 'plan', 'no extension'))).toMatchObject({ isFolder: false });
});

// References

test('an item is listed at its own place, and a reference to it is neither listed nor changed', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const [a, b] = [await made(system, folderDraft(null, 'A')), await made(system, folderDraft(null, 'B'))];
  const file = await made(system, fileDraft(a.key, 'plan.txt', 'one'));
  const entry = entryAt(fake.archive, 'A/plan.txt');
  const folder = entryAt(fake.archive, 'B');
  entry.references.add(folder.id).add(rootId);
  expect(pathsOf(await listed(system))).toEqual(['A', 'A/plan.txt', 'B']);
  expect((await present(system, file.key)).place).toEqual({ parent: a.key, name: 'plan.txt' });
  expect(await system.find({ by: 'parent', parent: b.key }, signal)).toEqual([]);
  expect(await system.find({ by: 'place', parent: b.key, name: 'plan.txt' }, signal)).toEqual([]);
  // ELO does not take the folder for empty, and we do not empty it.
  const empty = await present(system, b.key);
  expect(await system.delete(b.key, empty.revision, signal)).toMatchObject({ code: 'not-empty' });
  expect([...entry.references]).toEqual([folder.id, rootId]);
  const now = await present(system, file.key);
  expect((await system.delete(file.key, now.revision, signal)).kind).toBe('done');
  expect(entry.isDeleted).toBe(true);
  noLocks(fake);
});

test('an item that is only referenced from the folder of the pair is not part of it', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const elsewhere = fake.archive.add(rootId, 'other', true);
  const entry = fake.archive.add(elsewhere.id, 'plan', false);
  fake.archive.addVersion(entry, 'txt', Buffer.from('one'));
  entry.references.add(rootOf(fake.archive).id);
  expect(await listed(system)).toEqual([]);
  expect(await fetched(system, entry.guid)).toBeNull();
});

// Locks

test('an item that someone else has locked is not changed, and no content is sent for it', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  entryAt(fake.archive, 'plan.txt').lockedBy = 'Weber';
  fake.http.calls.length = 0;
  const place = { parent: null, name: 'Plan.txt' };
  for (const written of [
    await system.update(file.key, contentPatch('two'), file.revision, signal),
    await system.move(file.key, place, file.revision, signal),
    await system.delete(file.key, file.revision, signal),
  ])
    expect(written).toMatchObject({ kind: 'refused', code: 'locked' });
  expect(functionsOf(fake)).not.toContain('checkinDocBegin');
  expect(entryAt(fake.archive, 'plan.txt')).toMatchObject({ lockedBy: 'Weber', versions: [{}] });
  // To read it is allowed.
  expect((await bytesOf(await present(system, file.key))).toString()).toBe('one');
});

test('a lock that a killed call of ours left behind is released when the item is read', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  const entry = entryAt(fake.archive, 'plan.txt');
  entry.lockedBy = fake.user;
  expect((await present(system, file.key)).revision).toBe(file.revision);
  expect(entry.lockedBy).toBeNull();
  // Or by the next write.
  entry.lockedBy = fake.user;
  expect((await system.update(file.key, contentPatch('two'), file.revision, signal)).kind).toBe('done');
  expect(entry.lockedBy).toBeNull();
});

test('no write leaves a lock behind, and none takes the lock of someone else', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const folder = await made(system, folderDraft(null, 'A'));
  const file = await made(system, fileDraft(folder.key, 'plan.txt', 'one'));
  await system.update(file.key, contentPatch('two'), 'another revision', signal);
  const two = done(await system.update(file.key, contentPatch('two'), file.revision, signal));
  await system.delete(folder.key, folder.revision, signal);
  const three = done(await system.move(file.key, { parent: null, name: 'b.txt' }, two.revision, signal));
  noLocks(fake);
  for (const fits of [isWrite, ({ path }: { path: string }) => path === '/ix-Archiv/ix']) {
    fake.http.faults.push({ fits, answer: { status: 500 } });
    await expect(system.update(file.key, contentPatch('four'), three.revision, signal)).rejects.toMatchObject(
      {
        kind: 'unavailable',
      },
    );
    noLocks(fake);
  }
  await system.delete(file.key, three.revision, signal);
  noLocks(fake);
  const locks = fake.requests.flatMap(({ text }) =>
    [...text.matchAll(/"(?:un)?lockZ":\{"bset":"(\d+)"\}/g)].map(([, bits]) => bits),
  );
  expect(new Set(locks)).toEqual(new Set(['0', '1']));
});

// Contents

test('a new content makes a new version with a comment, and the old version stays in ELO', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  done(await system.update(file.key, contentPatch('two'), file.revision, signal));
  const { versions } = entryAt(fake.archive, 'plan.txt');
  expect(versions.map(({ bytes, comment }) => [bytes.toString(), comment])).toEqual([
    ['one', 'ePack'],
    ['two', 'ePack'],
  ]);
  // An item that was read can still be opened.
  expect((await bytesOf(file)).toString()).toBe('one');
});

test('an upload that breaks off is not visible, whatever the cause', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  const isUpload = ({ method, path }: { method: string; path: string }) =>
    method === 'POST' && path === '/ix-Archiv/ix';
  const attempts = [
    { fits: isUpload, losesAnswer: true },
    { fits: isUpload, answer: { status: 403 } },
    { fits: isUpload, answer: { status: 401 } },
    { fits: isUpload, answer: { status: 200, html: '' } },
    { fits: isUpload, answer: { status: 507 } },
  ] as const;
  for (const attempt of attempts) {
    fake.http.faults.push({ ...attempt });
    await expect(system.create(randomUUID(), fileDraft(null, 'b.txt', 'b'), signal)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    fake.http.faults.push({ ...attempt });
    await expect(system.update(file.key, contentPatch('b'), file.revision, signal)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  }
  expect(await outsiderOf(fake.archive).paths()).toEqual(['plan.txt']);
  expect(currentVersion(entryAt(fake.archive, 'plan.txt'))?.bytes.toString()).toBe('one');
});

test('a content that differs from the listed one is an error', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  expect(file.content).toMatchObject({ size: 3, hash: 'md5:f97c5d29941bfb1b2fdab0874906ab82' });
  const isDownload = ({ method }: { method: string }) => method === 'GET';
  for (const bytes of ['two', 'on', 'one more']) {
    fake.http.faults.push({ fits: isDownload, answer: { status: 200, bytes: Buffer.from(bytes) } });
    await expect(bytesOf(file)).rejects.toMatchObject({ kind: 'unavailable' });
  }
  fake.http.faults.push({ fits: isDownload, breaksAnswer: true });
  await expect(bytesOf(file)).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a document without a file, or one that ELO encrypts, is left out with the reason', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const root = rootOf(fake.archive);
  fake.archive.add(root.id, 'empty', false);
  const secret = fake.archive.add(root.id, 'secret', false);
  secret.encryptionSet = 4;
  fake.archive.addVersion(secret, 'txt', Buffer.from('x'));
  const items = await listed(system);
  expect(items.map(({ faults }) => faults)).toEqual([
    [{ field: 'content', problem: { code: 'without-file' } }],
    [{ field: 'content', problem: { code: 'encrypted' } }],
  ]);
});

// Where the password goes

test('addresses from ELO are only called at the server of the settings', async () => {
  const fake = await fakes.start({ innerUrl: 'http://192.0.2.1:9090/ix-Archiv' });
  const { system, outside } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  expect((await bytesOf(file)).toString()).toBe('one');
  const recorded = JSON.stringify(outside.observed);
  expect(recorded).toContain('checkinDocEnd');
  expect(recorded).not.toContain('geheim & lang');
  expect(recorded).not.toContain(Buffer.from(`epack:${fake.password}`).toString('base64'));
  expect(outside.observed.filter(({ path }) => path.includes('ticket'))).toEqual([]);
});

// Listings

test('folders of many pages are listed completely, and their searches are closed', async () => {
  const fake = await fakes.start({ pageMost: 2 });
  const { system } = await openElo(fake);
  for (let number = 0; number < 9; number++) await outsiderOf(fake.archive).write(`f${number}.txt`, 'x');
  expect(await listed(system)).toHaveLength(9);
  expect(functionsOf(fake)).toContain('findClose');
});

test('a search that the server has forgotten is started again, and nothing is missed', async () => {
  const fake = await fakes.start({ pageMost: 2 });
  const { system } = await openElo(fake);
  for (let number = 0; number < 9; number++) await outsiderOf(fake.archive).write(`f${number}.txt`, 'x');
  const names = new Set<string>();
  let isWhole = false;
  let pages = 0;
  for await (const page of system.list(null, signal)) {
    for (const { place } of page.items) names.add(place?.name ?? '');
    isWhole = page.isWhole;
    if (++pages === 2) fake.forgetSearches();
  }
  expect(isWhole).toBe(true);
  expect(names.size).toBe(9);
});

test('a search that is forgotten several times, or broken off by the server, is no complete listing', async () => {
  const fake = await fakes.start({ pageMost: 2 });
  const { system } = await openElo(fake);
  for (let number = 0; number < 9; number++) await outsiderOf(fake.archive).write(`f${number}.txt`, 'x');
  const isNext = ({ path }: { path: string }) => path.endsWith('/findNextSords');
  fake.http.faults.push({ fits: isNext, times: 3, before: () => fake.forgetSearches() });
  await expect(listed(system)).rejects.toMatchObject({ kind: 'unavailable' });
  const isFirst = ({ path }: { path: string }) => path.endsWith('/findFirstSords');
  const result = { searchId: '1', sords: [], moreResults: false, breakTimeout: true };
  fake.http.faults.push({ fits: isFirst, answer: { status: 200, json: { result } } });
  await expect(listed(system)).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a missing folder of the pair does not count as empty, and is not created', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake, { root: 'Akten/2026' });
  const before = fake.archive.entries.size;
  await expect(listed(system)).rejects.toMatchObject({ kind: 'root-missing' });
  await expect(system.create(randomUUID(), folderDraft(null, 'A'), signal)).rejects.toMatchObject({
    kind: 'root-missing',
  });
  expect(fake.archive.entries.size).toBe(before);
  const year = fake.archive.add(rootOf(fake.archive).id, '2026', true);
  expect(await listed(system)).toEqual([]);
  fake.archive.remove(year);
  await expect(listed(system)).rejects.toMatchObject({ kind: 'root-missing' });
});

test('the whole archive can be the folder of a pair', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake, { root: '' });
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  const folder = (await listed(system)).find(({ place }) => place?.name === 'Akten');
  const inner = await made(system, fileDraft(folder?.key ?? '', 'inner.txt', 'x'));
  expect(pathsOf(await listed(system))).toEqual(['Akten', 'Akten/inner.txt', 'elsewhere.txt', 'plan.txt']);
  expect((await present(system, file.key)).place).toEqual({ parent: null, name: 'plan.txt' });
  expect((await present(system, inner.key)).place?.parent).toBe(folder?.key);
});

// Changes

test.each([['by its own clock', true] as const, ['by the header Date', false] as const])(
  'later changes, creations and deletions are listed, %s, which is a year ahead',
  async (_, knowsServerTime) => {
    const fake = await fakes.start({ knowsServerTime });
    fake.http.clockOffsetMs = 365 * 24 * 3_600_000;
    const { system } = await openElo(fake);
    const outsider = outsiderOf(fake.archive);
    for (const name of ['a.txt', 'b.txt', 'c.txt']) await outsider.write(name, name);
    for (const entry of fake.archive.entries.values()) entry.TStamp = '2020.01.01.00.00.00';
    const { cursor } = await told(system, null);
    expect((await told(system, cursor)).items).toEqual([]);
    const gone = entryAt(fake.archive, 'b.txt').guid;
    await outsider.write('a.txt', 'other');
    await outsider.remove('b.txt');
    await outsider.write('d.txt', 'd');
    const { items } = await told(system, cursor);
    expect(items.filter(({ isActive }) => isActive).map(({ place }) => place?.name)).toEqual([
      'a.txt',
      'd.txt',
    ]);
    expect(items.filter(({ isActive }) => !isActive).map(({ key }) => key)).toEqual([gone]);
  },
);

test('changes are still found after a clock that was ahead is corrected', async () => {
  const fake = await fakes.start();
  fake.http.clockOffsetMs = 365 * 24 * 3_600_000;
  const { system } = await openElo(fake);
  const { cursor } = await told(system, null);
  fake.http.clockOffsetMs = 0;
  await outsiderOf(fake.archive).write('a.txt', 'a');
  const { items } = await told(system, cursor);
  expect(items.map(({ place }) => place?.name)).toContain('a.txt');
});

test('an item that leaves the folder of the pair is listed as deleted, and a folder that enters it is listed with its contents', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const outsider = outsiderOf(fake.archive);
  await outsider.makeFolder('A');
  await outsider.write('A/in A.txt', 'x');
  const elsewhere = fake.archive.add(rootId, 'other', true);
  const moving = fake.archive.add(elsewhere.id, 'B', true);
  const deep = fake.archive.add(moving.id, 'deep', true);
  fake.archive.addVersion(fake.archive.add(deep.id, 'in B', false), 'txt', Buffer.from('y'));
  for (const entry of fake.archive.entries.values()) entry.TStamp = '2020.01.01.00.00.00';
  const { cursor, items: before } = await told(system, null);
  const a = entryAt(fake.archive, 'A');
  Object.assign(a, { parentId: elsewhere.id, TStamp: fake.archive.stamp() });
  Object.assign(moving, { parentId: rootOf(fake.archive).id, TStamp: fake.archive.stamp() });
  const { items } = await told(system, cursor);
  expect(items.filter(({ isActive }) => !isActive).map(({ key }) => key)).toEqual([a.guid]);
  expect(pathsOf(items.filter(({ isActive }) => isActive))).toEqual(['B', 'B/deep', 'B/deep/in B.txt']);
  // The engine asks for what lay in the folder that is gone.
  const inner = before.find(({ place }) => place?.name === 'in A.txt')?.key ?? '';
  expect(system.capabilities.deletions).toBe('tops');
  expect(await fetched(system, inner)).toBeNull();
});

test('a cursor that cannot be read counts as expired', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  for (const cursor of ['', 'x', '{"at":"yesterday"}', '{"at":"2026.99.30.00.00.00"}'])
    await expect(told(system, cursor)).rejects.toMatchObject({ kind: 'cursor-expired' });
});

// Creation

test('a new item has the key of its creation as its GUID, and is found by it even after a move', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const key = randomUUID();
  fake.http.faults.push({ fits: isWrite, losesAnswer: true });
  await expect(system.create(key, fileDraft(null, 'plan.txt', 'one'), signal)).rejects.toMatchObject({
    kind: 'unavailable',
  });
  await outsiderOf(fake.archive).move('plan.txt', 'moved by someone.txt');
  const again = done(await system.create(key, fileDraft(null, 'plan.txt', 'one'), signal));
  expect(again).toMatchObject({
    key: `(${key.toUpperCase()})`,
    place: { parent: null, name: 'moved by someone.txt' },
  });
  expect(await outsiderOf(fake.archive).paths()).toEqual(['moved by someone.txt']);
  expect((await system.find({ by: 'origin', key }, signal)).map((item) => item.key)).toEqual([again.key]);
});

test('an item that was created with a key and then deleted is created again with another GUID', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const key = randomUUID();
  const first = done(await system.create(key, folderDraft(null, 'A'), signal));
  await outsiderOf(fake.archive).remove('A');
  const second = done(await system.create(key, folderDraft(null, 'A'), signal));
  expect(second.key).not.toBe(first.key);
  expect(await outsiderOf(fake.archive).paths()).toEqual(['A/']);
});

test.each([
  ['kept', 'found'],
  ['ignored', 'plain'],
  ['refused', 'plain'],
] as const)('after ELO %s our GUID, the capability for creations is %s', async (guids, creates) => {
  const fake = await fakes.start({ guids });
  const { system } = await openElo(fake);
  expect(system.capabilities.creates).toBe('plain');
  for (const name of ['a.txt', 'b.txt']) await made(system, fileDraft(null, name, name));
  expect(system.capabilities.creates).toBe(creates);
  expect([...(await outsiderOf(fake.archive).paths())].sort()).toEqual(['a.txt', 'b.txt']);
});

test('new entries get the keywording forms of the settings', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake, { folderMask: 'Ordner', documentMask: 'Freie Eingabe' });
  await made(system, folderDraft(null, 'A'));
  await made(system, fileDraft(null, 'a.txt', 'a'));
  const wished = fake.requests
    .filter(({ path }) => /\/create(?:Sord|Doc)$/.test(path))
    .map(({ text }) => /"maskId":"([^"]*)"/.exec(text)?.[1]);
  expect(wished).toEqual(['Ordner', 'Freie Eingabe']);
});

test('index fields are read and written with the content, and the other fields stay as they are', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake, { fields: ['AKTE', 'TAGS'] });
  const draft = { ...fileDraft(null, 'a.txt', 'a'), fields: { AKTE: '12/2026', TAGS: '["a","b"]' } };
  const file = await made(system, draft);
  expect(file.fields).toEqual({ AKTE: '12/2026', TAGS: '["a","b"]' });
  const { objKeys } = entryAt(fake.archive, 'a.txt');
  expect(objKeys.get('TAGS')).toEqual(['a', 'b']);
  objKeys.set('OTHER', ['stays']);
  const patch = { fields: { AKTE: '13/2026' }, whole: {}, content: null };
  const updated = done(await system.update(file.key, patch, file.revision, signal));
  expect(updated.fields).toEqual({ AKTE: '13/2026', TAGS: '["a","b"]' });
  expect(updated.revision).not.toBe(file.revision);
  expect(objKeys.get('OTHER')).toEqual(['stays']);
  noLocks(fake);
});

// Refusals

const exception = (code: number) => ({
  status: 200,
  json: { exception: `[TICKET:x][ELOIX:${code}]so says ELO[NO-DETAILS]` },
});

test.each([
  [1000, 'unavailable'],
  [1002, 'unavailable'],
  [2002, 'unavailable'],
  [2003, 'unavailable'],
  [9000, 'unavailable'],
  [3008, 'unauthorized'],
])('the error %i stops all calls: %s', async (code, kind) => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  fake.http.faults.push({ answer: exception(code) });
  await expect(fetched(system, `(${randomUUID().toUpperCase()})`)).rejects.toMatchObject({
    kind,
    message: 'so says ELO',
  });
});

test.each([
  [5024, 'forbidden'],
  [5005, 'duplicate'],
  [6000, 'invalid'],
])('the error %i on a write refuses only that item: %s', async (code, refusal) => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  fake.http.faults.push({ fits: isWrite, answer: exception(code) });
  expect(await system.create(randomUUID(), folderDraft(null, 'A'), signal)).toEqual({
    kind: 'refused',
    code: refusal,
    reason: 'so says ELO',
    why: { code: 'refused-by-system', values: { said: 'so says ELO' } },
  });
  const file = await made(system, fileDraft(null, 'a.txt', 'a'));
  fake.http.faults.push({ fits: isWrite, answer: exception(code) });
  expect(await system.update(file.key, contentPatch('b'), file.revision, signal)).toMatchObject({
    code: refusal,
  });
});

test('a session that has ended is no error, and the call is made once more', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  fake.http.faults.push({ answer: exception(2001) });
  expect(await listed(system)).toEqual([]);
  fake.http.faults.push({ answer: exception(2001), times: 2 });
  await expect(listed(system)).rejects.toMatchObject({ kind: 'unavailable' });
});

test.each([['status 401', { status: 401 }] as const, ['the error 3008', exception(3008)] as const])(
  'after %s no further call is made, so that ELO does not lock the account',
  async (_, answer) => {
    const fake = await fakes.start();
    const { system } = await openElo(fake);
    fake.http.faults.push({ answer, times: 100 });
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(listed(system)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.http.calls).toHaveLength(1);
  },
);

test('an item that our user may no longer read does not count as deleted, and is not changed', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  entryAt(fake.archive, 'plan.txt').isHidden = true;
  expect(await listed(system)).toEqual([]);
  const item = await fetched(system, file.key);
  expect(item).toMatchObject({ isActive: true, faults: [{ field: 'rights' }] });
});

test('a folder of the pair that our user must not read does not count as empty', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  rootOf(fake.archive).isHidden = true;
  await expect(listed(system)).rejects.toMatchObject({ kind: 'root-missing' });
  expect(await system.probe(signal)).toMatchObject({ ok: false, findings: [{ code: 'root-missing' }] });
});

test('a user without the right to ask for the server’s clock and version can still list', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const isInfo = ({ path }: { path: string }) => path.endsWith('/getServerInfo');
  await outsiderOf(fake.archive).write('a.txt', 'a');
  fake.http.faults.push({ fits: isInfo, answer: exception(5024), times: 2 });
  expect(await listed(system)).toHaveLength(1);
  expect(await system.probe(signal)).toMatchObject({ ok: true, version: null });
});

test('a server that is restarting is unavailable, whatever page it shows', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  for (const answer of [
    { status: 404, html: '<h1>404</h1>' },
    { status: 503 },
    { status: 200, html: '<h1>starting</h1>' },
  ]) {
    fake.http.faults.push({ answer });
    await expect(listed(system)).rejects.toMatchObject({ kind: 'unavailable' });
  }
});

// Probe

test('a probe reports the version and the rights of our user, and writes nothing', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const before = fake.archive.entries.size;
  fake.http.clockOffsetMs = -3_600_000;
  const probe = await (await openElo(fake)).system.probe(signal);
  expect(probe).toMatchObject({ ok: true, version: '23.01.000.042' });
  expect(probe.findings.map(({ code }) => code)).toEqual(['creation-keys-unknown', 'clock-differs']);
  expect(fake.archive.entries.size).toBe(before);
  expect(fake.requests.filter(isWrite).filter((request) => !isLock(request))).toEqual([]);
  fake.archive.remove(rootOf(fake.archive));
  expect(await system.probe(signal)).toMatchObject({
    ok: false,
    findings: [{ level: 'error', code: 'root-missing' }, { code: 'clock-differs' }],
  });
});

test('a probe with a wrong password reports it, and makes one call', async () => {
  const fake = await fakes.start();
  const { system } = await openElo({ ...fake, password: 'another' });
  expect(await system.probe(signal)).toMatchObject({ ok: false, findings: [{ code: 'unauthorized' }] });
  expect(fake.http.calls).toHaveLength(1);
});

test('a new content for an item that is deleted at that moment is stale, and leaves no lock', async () => {
  const fake = await fakes.start();
  const { system } = await openElo(fake);
  const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
  fake.http.faults.push({
    fits: isLock,
    before: () => fake.archive.remove(entryAt(fake.archive, 'plan.txt')),
  });
  const patch = { fields: {}, whole: {}, content: contentOf('two') };
  expect(await system.update(file.key, patch, file.revision, signal)).toEqual({ kind: 'stale', item: null });
  noLocks(fake);
});
