import type { Content } from '../../worker/pipeline/system';
import type { PathEntry, PathTree } from '../../worker/systems/tree/path-tree';
import { carefulTraits, findingOf, traitsIn } from '../../worker/systems/webdav/server-traits';
import { contentOf, noise } from './document-contract';
import { type DavHabits, startWebdavFake, type WebdavFake } from './fakes/webdav-fake';
import { startHttpFake } from './fakes/http-fake';
import type { TestOutside } from './outside';
import { openDav } from './webdav';

const { signal } = new AbortController();
let fakes: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const fake of fakes) await fake.close();
  fakes = [];
});

interface Opened {
  readonly fake: WebdavFake;
  readonly tree: PathTree;
  readonly outside: TestOutside;
}

async function open(habits: Partial<DavHabits> = {}, root = ''): Promise<Opened> {
  const fake = await startWebdavFake(habits);
  fakes.push(fake);
  const address = { url: `${fake.url}/dav/`, user: 'us', password: 'a secret' };
  // An honest one has been probed, as an operator does.
  const found = Object.keys(habits).length === 0 ? [honest] : undefined;
  return { fake, ...(await openDav(address, root, found)) };
}

const honest = findingOf({
  ...carefulTraits,
  precondition: 'if',
  putsOnlyNew: true,
  foldersOnlyNew: true,
  movesOnlyToFree: true,
  isAtomic: true,
  keepsProperties: true,
  locks: true,
  refusesControls: false,
});

test('a server that follows the standard has no problems', async () => {
  const { tree } = await open();
  const { findings, ok } = await tree.probe(signal);
  expect(ok).toBe(true);
  expect(findings).toEqual([honest]);
});

const wish = { origin: '0b0e6d2e-1111-4444-8888-000000000001', modifiedAt: null };

async function listed(tree: PathTree): Promise<PathEntry[]> {
  const found: PathEntry[] = [];
  for await (const page of tree.list(signal)) found.push(...page);
  return found;
}

async function look(tree: PathTree, path: string): Promise<PathEntry> {
  const entry = await tree.look(path, signal);
  if (entry === null) throw new Error(`${path} is not there`);
  return entry;
}

async function textOf(tree: PathTree, path: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of await tree.read(await look(tree, path), signal)) parts.push(part);
  return Buffer.concat(parts).toString();
}

const make = (tree: PathTree, path: string, text: string) =>
  tree.makeFile(path, contentOf(text), wish, signal);

// Listings

test.each(['elsewhere', 'absolute', 'unencoded'] as const)(
  'a listing contains the same items if a server writes its addresses in another form: %s',
  async (listings) => {
    const { fake, tree } = await open({}, 'Akten');
    fake.makeFolder('Akten');
    fake.makeFolder('Akten/A & B');
    fake.write('Akten/A & B/été 1.txt', 'one');
    fake.habits.listings = listings;
    expect((await listed(tree)).map(({ path }) => path)).toEqual(['A & B', 'A & B/été 1.txt']);
    expect(await textOf(tree, 'A & B/été 1.txt')).toBe('one');
  },
);

test.each(['cut', 'outside', 'upwards', 'entities'] as const)(
  'a listing that cannot be trusted is an error, and never counts as complete: %s',
  async (listings) => {
    const { fake, tree } = await open();
    fake.write('a.txt', 'one');
    fake.habits.listings = listings;
    await expect(listed(tree)).rejects.toMatchObject({ kind: 'unavailable' });
  },
);

test('a root that does not exist or is a file does not count as an empty tree', async () => {
  const { fake, tree } = await open({}, 'Akten');
  const missing = { kind: 'root-missing' };
  await expect(listed(tree)).rejects.toMatchObject(missing);
  await expect(tree.children('', signal)).rejects.toMatchObject(missing);
  await expect(tree.look('a.txt', signal)).rejects.toMatchObject(missing);
  await expect(make(tree, 'a.txt', 'one')).rejects.toMatchObject(missing);
  fake.write('Akten', 'a file');
  await expect(listed(tree)).rejects.toMatchObject(missing);
  expect(fake.paths()).toEqual(['Akten']);
});

test('a folder that is deleted during a listing is left out, and a folder that must not be read ends the listing', async () => {
  const { fake, tree } = await open();
  for (const folder of ['A', 'B']) fake.makeFolder(folder);
  const ofB = ({ path }: { path: string }) => path === '/dav/B/';
  fake.faults.push({ fits: ofB, answer: { status: 404 } });
  expect((await listed(tree)).map(({ path }) => path)).toEqual(['A', 'B']);
  fake.faults.push({ fits: ofB, answer: { status: 403 } });
  await expect(listed(tree)).rejects.toMatchObject({ kind: 'invalid', message: 'our user may not read B' });
  fake.faults.push({ answer: { status: 403 } });
  await expect(listed(tree)).rejects.toMatchObject({ kind: 'unauthorized' });
});

test('a temporary file of a killed process is never listed, and is removed', async () => {
  const { fake, tree } = await open();
  const left = '.~epack-00000000-1-1-1';
  fake.write(left, 'a part');
  fake.write('a.txt', 'one');
  expect((await listed(tree)).map(({ path }) => path)).toEqual(['a.txt']);
  expect(fake.paths()).toEqual(['a.txt']);
});

test('the next listing removes files that a probe or a broken upload left while the server was unavailable', async () => {
  const { fake, tree } = await open({ isHeedless: true });
  const away = { fits: ({ method }: { method: string }) => method === 'DELETE', answer: { status: 502 } };
  const cut = { fits: ({ method }: { method: string }) => method === 'PUT', losesAnswer: true };
  const left: unknown = expect.stringMatching(/^\.~epack-/);
  fake.faults.push(cut, away);
  await expect(make(tree, 'a.txt', 'one')).rejects.toMatchObject({ kind: 'unavailable' });
  expect(fake.paths()).toEqual([left, left]);
  expect(await listed(tree)).toEqual([]);
  expect(fake.paths()).toEqual([]);

  await make(tree, 'a.txt', 'one');
  fake.faults.push(cut, away);
  await expect(make(tree, 'b.txt', 'two')).rejects.toMatchObject({ kind: 'unavailable' });
  expect(fake.paths()).toEqual(['a.txt', left]);
  expect((await listed(tree)).map(({ path }) => path)).toEqual(['a.txt']);
  expect(fake.paths()).toEqual(['a.txt']);
});

// Servers that lie

test('a server that stores nothing is recognised by a probe and by every write', async () => {
  const { fake, tree } = await open();
  await make(tree, 'a.txt', 'one');
  fake.habits.storesNothing = true;
  await expect(make(tree, 'b.txt', 'two')).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(
    tree.replaceFile(await look(tree, 'a.txt'), contentOf('longer'), signal),
  ).rejects.toMatchObject({ kind: 'unavailable' });
  const probe = await tree.probe(signal);
  expect(probe.ok).toBe(false);
  expect(probe.findings).toMatchObject([{ level: 'error', code: 'invalid' }]);
  expect(fake.paths()).toEqual(['a.txt']);
});

test('a server whose tags never change, or that ignores conditions, is read right before each write', async () => {
  for (const habits of [{ tags: 'fixed' }, { isHeedless: true }] as const) {
    const { tree } = await open(habits);
    const { findings } = await tree.probe(signal);
    expect(traitsIn(findings)).toMatchObject({ precondition: 'none' });
    if ('tags' in habits) expect(findings.map(({ code }) => code)).toContain('no-revisions');
    await make(tree, 'a.txt', 'one');
    const first = await look(tree, 'a.txt');
    expect(await tree.replaceFile(first, contentOf('longer'), signal)).toMatchObject({ kind: 'done' });
    expect(await tree.replaceFile(first, contentOf('third one'), signal)).toMatchObject({ kind: 'stale' });
    expect(await tree.makeFile('a.txt', contentOf('x'), wish, signal)).toMatchObject({ code: 'name-taken' });
    expect(await textOf(tree, 'a.txt')).toBe('longer');
    expect(tree.traits.writes).toBe('checked');
  }
});

test('a probe finds the name rules, the hashes and the free space, and later runs use its findings', async () => {
  const habits = {
    isCaseBlind: true,
    form: 'NFD',
    badCharacters: ':?',
    tags: 'md5',
    quota: 50_000_000,
  } as const;
  const { fake, tree } = await open(habits);
  const { findings, version } = await tree.probe(signal);
  expect(version).toBe('fake');
  expect(fake.paths()).toEqual([]);
  const known = (await openDav({ url: `${fake.url}/dav/`, user: 'us', password: 'x' }, '', findings)).tree;
  const { names } = known.traits;
  expect(names).toMatchObject({ isCaseBlind: true, form: 'NFD' });
  expect(names.fitting('a:b?.txt')).toBe('a_b_.txt');
  expect(await make(known, 'a:b.txt', 'x')).toMatchObject({ code: 'bad-name' });
  await make(known, 'a.txt', 'one');
  const before = fake.calls.length;
  expect((await look(known, 'a.txt')).hash).toBe('md5:f97c5d29941bfb1b2fdab0874906ab82');
  expect(fake.calls).toHaveLength(before + 1);
});

test('a response that is larger than allowed when unpacked is cut off', async () => {
  const { fake, tree } = await open();
  await make(tree, 'a.txt', 'one');
  fake.habits.bombBytes = 50_000_000;
  await expect(textOf(tree, 'a.txt')).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a server that redirects to another host gets no password there', async () => {
  const stranger = await startHttpFake(() => ({ status: 200, json: {} }));
  const { fake, tree } = await open();
  fakes.push(stranger);
  fake.write('a.txt', 'one');
  const entry = await look(tree, 'a.txt');
  const answer = { status: 302, headers: { location: `${stranger.url}/dav/a.txt` } };
  for (const run of [
    () => listed(tree),
    () => tree.read(entry, signal),
    () => tree.move(entry, 'b.txt', signal),
  ]) {
    fake.faults.push({ answer });
    await expect(run()).rejects.toMatchObject({ kind: 'invalid' });
  }
  expect(stranger.calls).toEqual([]);
});

test('the recorded calls contain no password', async () => {
  const { tree, outside } = await open();
  await make(tree, 'a.txt', 'one');
  const recorded = JSON.stringify(outside.observed);
  expect(recorded).not.toContain('a secret');
  expect(recorded).not.toContain(Buffer.from('us:a secret').toString('base64'));
  expect(outside.observed.map(({ operation }) => operation)).toContain('create');
});

test('ownCloud and Nextcloud: ids, checksums and times are used, and a copy with our key is another item', async () => {
  const { fake, tree } = await open({ isOwncloud: true });
  const { findings } = await tree.probe(signal);
  expect(traitsIn(findings)).toMatchObject({ hashes: 'checksums', keepsProperties: false, locks: false });
  const known = (await openDav({ url: `${fake.url}/dav/`, user: 'us', password: 'x' }, '', findings)).tree;
  const modifiedAt = new Date('2021-02-03T04:05:06.789Z');
  await known.makeFile('a.txt', contentOf('one'), { ...wish, modifiedAt }, signal);
  const entry = await look(known, 'a.txt');
  expect(entry).toMatchObject({
    hash: 'sha1:fe05bcdcdc4928012781a5f1a2a77cbb5398e106',
    modifiedAt: new Date('2021-02-03T04:05:06Z'),
  });
  fake.copy('a.txt', 'copy.txt');
  fake.move('a.txt', 'moved.txt');
  expect((await look(known, 'moved.txt')).identity).toBe(entry.identity);
  expect((await look(known, 'copy.txt')).identity).not.toBe(entry.identity);
  for (const one of await listed(known)) expect(one).toMatchObject({ origin: null });
});

// Writes

test('a content that breaks off leaves nothing behind, and a content of the wrong size is refused', async () => {
  const { fake, tree } = await open();
  const cut: Content = {
    size: 500_000,
    hash: null,
    open: async () =>
      (async function* () {
        yield noise(200_000);
        throw new Error('the other side went away');
      })(),
  };
  await expect(tree.makeFile('a.bin', cut, wish, signal)).rejects.toThrow('the other side went away');
  await expect(tree.makeFile('a.bin', { ...contentOf('one'), size: 4 }, wish, signal)).rejects.toMatchObject({
    kind: 'unavailable',
  });
  expect(fake.paths()).toEqual([]);
});

test('a full server, a locked file and an unavailable server are tried again, each with its own reason', async () => {
  const { fake, tree } = await open();
  await make(tree, 'a.txt', 'one');
  fake.habits.quota = 10;
  await expect(make(tree, 'b.txt', 'more than ten bytes')).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'the server has no room left, or our user has none (507)',
  });
  const entry = await look(tree, 'a.txt');
  for (const status of [423, 424, 500, 502]) {
    fake.faults.push({ fits: ({ method }) => method === 'DELETE', answer: { status } });
    await expect(tree.remove(entry, signal)).rejects.toMatchObject({ kind: 'unavailable' });
  }
  fake.faults.push({ answer: { status: 503, headers: { 'retry-after': '7' } } });
  await expect(tree.remove(entry, signal)).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 });
  expect(fake.paths()).toEqual(['a.txt']);
});

test('a permanent refusal of the server is reported with its code', async () => {
  const { fake, tree } = await open();
  await make(tree, 'a.txt', 'one');
  const entry = await look(tree, 'a.txt');
  const isPut = ({ method }: { method: string }) => method === 'PUT';
  for (const [status, code] of [
    [403, 'forbidden'],
    [413, 'too-large'],
    [414, 'bad-name'],
    [422, 'invalid'],
  ] as const) {
    fake.faults.push({ fits: isPut, answer: { status } });
    expect(await make(tree, 'b.txt', 'two')).toMatchObject({ kind: 'refused', code });
    fake.faults.push({ fits: isPut, answer: { status } });
    expect(await tree.replaceFile(entry, contentOf('two'), signal)).toMatchObject({ kind: 'refused', code });
  }
  expect(fake.paths()).toEqual(['a.txt']);
});

test('a file that is created in a folder during its deletion is not deleted with it', async () => {
  const { fake, tree } = await open();
  await tree.makeFolder('A', wish, signal);
  const folder = await look(tree, 'A');
  fake.faults.push({ fits: ({ method }) => method === 'LOCK', before: () => fake.write('A/new.txt', 'one') });
  expect(await tree.remove(folder, signal)).toMatchObject({ kind: 'refused', code: 'not-empty' });
  expect(fake.paths()).toEqual(['A/', 'A/new.txt']);
  fake.remove('A/new.txt');
  expect(await tree.remove(folder, signal)).toEqual({ kind: 'done' });
  expect(fake.paths()).toEqual([]);
});

test('a rename that changes only the case succeeds on a server that ignores case', async () => {
  const { fake, tree } = await open({ isCaseBlind: true });
  await make(tree, 'readme.txt', 'one');
  const entry = await look(tree, 'readme.txt');
  expect(await tree.move(entry, 'README.txt', signal)).toMatchObject({ entry: { path: 'README.txt' } });
  expect(fake.paths()).toEqual(['README.txt']);
});

// Reading

test('a transfer that breaks off continues at that position, as long as the file is the same', async () => {
  const { fake, tree } = await open();
  const bytes = noise(1_000_000);
  fake.write('large.bin', bytes);
  const isGet = ({ method }: { method: string }) => method === 'GET';
  const read = async () => {
    const parts: Uint8Array[] = [];
    for await (const part of await tree.read(await look(tree, 'large.bin'), signal)) parts.push(part);
    return Buffer.concat(parts);
  };
  fake.faults.push({ fits: isGet, breaksAnswer: true }, { fits: isGet, breaksAnswer: true });
  expect((await read()).equals(bytes)).toBe(true);
  expect(fake.calls.filter((call) => call.startsWith('GET'))).toHaveLength(3);
  fake.faults.push(
    { fits: isGet, breaksAnswer: true },
    { fits: isGet, before: () => fake.write('large.bin', noise(1_000_000)) },
  );
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a file that changes while it is read is an error, even if the server shows no tag', async () => {
  const { fake, tree } = await open({ tags: 'none' });
  fake.write('large.bin', noise(1_000_000));
  const pieces = await tree.read(await look(tree, 'large.bin'), signal);
  fake.write('large.bin', noise(999_999));
  const read = async () => {
    for await (const piece of pieces) if (piece.length === 0) throw new Error('an empty piece');
  };
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
});
