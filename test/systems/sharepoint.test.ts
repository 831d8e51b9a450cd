import { randomUUID } from 'node:crypto';
import type { Cursor, Item, Page, System } from '../../worker/pipeline/system';
import { chunksOf } from '../../worker/systems/sharepoint/chunks';
import { sharepointNames } from '../../worker/systems/sharepoint/names';
import {
  bytesOf,
  contentOf,
  contentPatch,
  digest,
  done,
  fileDraft,
  folderDraft,
  listed,
  made,
  noise,
  present,
} from './document-contract';
import type { GraphFake } from './fakes/graph-fake';
import { createRequestCheck } from './fakes/graph/request-check';
import { graphFakes, makeFolders, openSharepoint, outsiderOf, rowAt } from './sharepoint';

const { signal } = new AbortController();
const fakes = graphFakes();
afterEach(() => fakes.close());

async function pagesOf(system: System, since: Cursor | null): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of system.list(since, signal)) pages.push(page);
  return pages;
}

const itemsOf = (pages: readonly Page[]): Item[] => pages.flatMap(({ items }) => items);
const cursorOf = (pages: readonly Page[]): Cursor => pages.at(-1)?.cursor ?? '';
const create = (system: System, draft: Parameters<System['create']>[1]) =>
  system.create(randomUUID(), draft, signal);
const calls = ({ http }: GraphFake, part: string) => http.calls.filter((call) => call.includes(part));

describe('the token', () => {
  test('it is requested once for all callers of the system, and another one is requested if it is refused', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    await Promise.all([listed(system), listed(system), listed(system)]);
    expect(calls(fake, '/token')).toHaveLength(1);
    fake.expireTokens();
    await listed(system);
    expect(calls(fake, '/token')).toHaveLength(2);
  });

  test('a caller whose credentials are refused makes no further call', async () => {
    const fake = await fakes.start();
    const auth = { ...fake.auth, clientSecret: 'another' };
    const { system } = await openSharepoint(fake, { config: { auth } });
    const expected = { kind: 'unauthorized', message: expect.stringContaining('AADSTS7000215') as string };
    await expect(listed(system)).rejects.toMatchObject(expected);
    await expect(listed(system)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.http.calls).toHaveLength(1);
  });

  test('a new token that is also refused ends all calls', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    fake.http.faults.push({ fits: ({ path }) => path.includes('/sites'), times: 9, answer: { status: 401 } });
    await expect(listed(system)).rejects.toMatchObject({ kind: 'unauthorized' });
    const before = fake.http.calls.length;
    await expect(listed(system)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.http.calls).toHaveLength(before);
    fake.http.faults.splice(0);
  });

  test('neither the secret, nor a token, nor an address that opens a file is recorded', async () => {
    const fake = await fakes.start();
    const { system, outside } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'large.bin', noise(1_200_000)));
    await bytesOf(file);
    const recorded = JSON.stringify(outside.observed);
    for (const secret of [fake.auth.clientSecret, 'token-', 'tempauth'])
      expect(recorded.includes(secret)).toBe(false);
  });
});

describe('listings', () => {
  test('the last mention of an item counts, and pages can be continued by another process', async () => {
    const fake = await fakes.start();
    fake.delta.repeats = true;
    const outsider = outsiderOf(fake, '');
    await outsider.makeFolder('A');
    for (const name of ['one.txt', 'two.txt', 'A/three.txt', 'A/four.txt']) await outsider.write(name, name);
    const whole = await pagesOf((await openSharepoint(fake)).system, null);
    expect(whole.length).toBeGreaterThan(2);
    const begun = whole.slice(0, 2);
    const rest = await pagesOf((await openSharepoint(fake)).system, cursorOf(begun));
    expect(rest.map(({ isWhole }) => isWhole).filter(Boolean)).toHaveLength(1);
    const last = new Map(itemsOf([...begun, ...rest]).map((item) => [item.key, item.place?.name]));
    expect([...last.values()].sort()).toEqual(['A', 'four.txt', 'one.txt', 'three.txt', 'two.txt']);
  });

  test('only changes are listed from a cursor, and a deletion has no name', async () => {
    const fake = await fakes.start();
    const outsider = outsiderOf(fake, '');
    await outsider.makeFolder('A');
    await outsider.write('A/one.txt', 'one');
    await outsider.write('two.txt', 'two');
    const { system } = await openSharepoint(fake);
    const first = await pagesOf(system, null);
    const folder = rowAt(fake, 'A').id;
    await outsider.remove('A');
    await outsider.write('two.txt', 'another');
    const then = await pagesOf(system, cursorOf(first));
    expect(itemsOf(then).map(({ key, isActive }) => [key, isActive])).toEqual([
      [rowAt(fake, 'two.txt').id, true],
      [folder, false],
    ]);
    expect(then.some(({ isWhole }) => isWhole)).toBe(false);
    expect(itemsOf(await pagesOf(system, cursorOf(then)))).toEqual([]);
  });

  test.each(['resyncChangesApplyDifferences', 'resyncChangesUploadDifferences'] as const)(
    'a cursor that has expired with %s leads to a complete listing',
    async (code) => {
      const fake = await fakes.start();
      await outsiderOf(fake, '').write('one.txt', 'one');
      const { system } = await openSharepoint(fake);
      const first = await pagesOf(system, null);
      fake.delta.expire(code);
      await expect(pagesOf(system, cursorOf(first))).rejects.toMatchObject({ kind: 'cursor-expired' });
      expect(await listed(system)).toHaveLength(1);
    },
  );

  test('a cursor of another folder, or an invalid one, counts as expired', async () => {
    const fake = await fakes.start();
    makeFolders(fake, 'A');
    makeFolders(fake, 'B');
    const first = await pagesOf((await openSharepoint(fake, { root: 'A' })).system, null);
    const { system } = await openSharepoint(fake, { root: 'B' });
    for (const cursor of [cursorOf(first), 'https://graph.microsoft.com/', '{}'])
      await expect(pagesOf(system, cursor)).rejects.toMatchObject({ kind: 'cursor-expired' });
  });

  test('a link to another host is not followed, so our token is not given away', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const link = `${fake.storage.url}/v1.0/drives/b!drive-of-the-fake/root/delta?token=1`;
    for (const name of ['@odata.nextLink', '@odata.deltaLink']) {
      fake.http.faults.push({
        fits: ({ path }) => path.endsWith('/delta'),
        answer: { status: 200, json: { value: [], [name]: link } },
      });
      await expect(pagesOf(system, null)).rejects.toMatchObject({ kind: 'invalid' });
    }
    expect(fake.storage.calls).toEqual([]);
  });

  test('a page without a next link, and a page that links to itself, are errors', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const isDelta = ({ path }: { readonly path: string }) => path.endsWith('/delta');
    fake.http.faults.push({ fits: isDelta, answer: { status: 200, json: { value: [] } } });
    await expect(pagesOf(system, null)).rejects.toMatchObject({ kind: 'unavailable' });
    const again = `${fake.url}/v1.0/drives/b!drive-of-the-fake/root/delta?token=1`;
    fake.http.faults.push({
      fits: isDelta,
      times: 3,
      answer: { status: 200, json: { value: [], '@odata.nextLink': again } },
    });
    await expect(pagesOf(system, null)).rejects.toMatchObject({ kind: 'unavailable' });
    fake.http.faults.splice(0);
  });

  test('a notebook is left out with its contents', async () => {
    const fake = await fakes.start();
    const { library } = fake;
    const root = makeFolders(fake, 'A');
    const book = library.add({ parent: root.id, name: 'Notes', bytes: null, isPackage: true });
    library.add({ parent: book.id, name: 'Section.one', bytes: Buffer.from('1') });
    await outsiderOf(fake, 'A').write('one.txt', 'one');
    const { system } = await openSharepoint(fake, { root: 'A' });
    expect((await listed(system)).map(({ place }) => place?.name)).toEqual(['one.txt']);
    expect(await system.fetch([book.id], signal)).toEqual(new Map());
  });
});

describe('the folder of a pair', () => {
  const start = async () => {
    const fake = await fakes.start();
    makeFolders(fake, 'Akten');
    makeFolders(fake, 'Elsewhere/Deep/er');
    const outsider = outsiderOf(fake, '');
    await outsider.write('Elsewhere/a.txt', 'a');
    await outsider.write('Elsewhere/Deep/b.txt', 'b');
    await outsider.write('Elsewhere/Deep/er/c.txt', 'c');
    await outsider.write('Akten/one.txt', 'one');
    return { fake, outsider, ...(await openSharepoint(fake, { root: 'Akten' })) };
  };
  const namesOf = (pages: readonly Page[]) =>
    itemsOf(pages)
      .filter(({ isActive }) => isActive)
      .map(({ place }) => place?.name)
      .sort();

  test('an item elsewhere in the library is not found', async () => {
    const { fake, system } = await start();
    expect((await listed(system)).map(({ place }) => place)).toEqual([{ parent: null, name: 'one.txt' }]);
    const elsewhere = rowAt(fake, 'Elsewhere/a.txt').id;
    expect(await system.fetch([elsewhere], signal)).toEqual(new Map());
  });

  test('an item that is moved out of it is reported as deleted', async () => {
    const { fake, outsider, system } = await start();
    await outsider.makeFolder('Akten/F');
    await outsider.write('Akten/F/in.txt', 'in');
    const first = await pagesOf(system, null);
    await outsider.move('Akten/F', 'Elsewhere/F');
    await outsider.move('Akten/one.txt', 'Elsewhere/one.txt');
    const told = itemsOf(await pagesOf(system, cursorOf(first)));
    const [folder, file] = [rowAt(fake, 'Elsewhere/F').id, rowAt(fake, 'Elsewhere/one.txt').id];
    expect(told.map(({ key, isActive }) => [key, isActive])).toEqual([
      [folder, false],
      [file, false],
    ]);
    expect(await system.fetch([rowAt(fake, 'Elsewhere/F/in.txt').id], signal)).toEqual(new Map());
  });

  test.each(['the same process', 'another process'])(
    'a folder that is moved into it is listed with its contents, for %s',
    async (who) => {
      const { fake, outsider, system } = await start();
      const first = await pagesOf(system, null);
      await outsider.move('Elsewhere/Deep', 'Akten/Deep');
      const lister =
        who === 'the same process' ? system : (await openSharepoint(fake, { root: 'Akten' })).system;
      const pages = await pagesOf(lister, cursorOf(first));
      expect(namesOf(pages)).toEqual(['Deep', 'b.txt', 'c.txt', 'er']);
      expect(pages.at(-1)?.cursor).not.toBeNull();
    },
  );

  test('a listing that breaks off within a moved folder lists it again', async () => {
    const { fake, outsider, system } = await start();
    const first = await pagesOf(system, null);
    await outsider.move('Elsewhere/Deep', 'Akten/Deep');
    fake.http.faults.push({ fits: ({ path }) => path.endsWith('/children'), answer: { status: 500 } });
    await expect(pagesOf(system, cursorOf(first))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(namesOf(await pagesOf(system, cursorOf(first)))).toEqual(['Deep', 'b.txt', 'c.txt', 'er']);
  });

  test('a folder that leaves and returns is listed with its contents', async () => {
    const { outsider, system } = await start();
    await outsider.makeFolder('Akten/F');
    await outsider.write('Akten/F/in.txt', 'in');
    const first = await pagesOf(system, null);
    await outsider.move('Akten/F', 'Elsewhere/F');
    const second = await pagesOf(system, cursorOf(first));
    await outsider.move('Elsewhere/F', 'Akten/F again');
    expect(namesOf(await pagesOf(system, cursorOf(second)))).toEqual(['F again', 'in.txt']);
  });

  test('a folder that is renamed within it is listed without its contents, which stay in place', async () => {
    const { fake, outsider, system } = await start();
    await outsider.makeFolder('Akten/F');
    await outsider.write('Akten/F/in.txt', 'in');
    const first = await pagesOf(system, null);
    await outsider.move('Akten/F', 'Akten/G');
    expect(namesOf(await pagesOf(system, cursorOf(first)))).toEqual(['G']);
    expect(calls(fake, '/children')).toEqual([]);
  });

  test('a folder that does not exist is reported as missing, and is never created', async () => {
    const { fake, outsider, system } = await start();
    const first = await pagesOf(system, null);
    const [one] = itemsOf(first);
    await outsider.move('Akten', 'Archive');
    await expect(listed(system)).rejects.toMatchObject({ kind: 'root-missing' });
    await outsider.remove('Archive');
    await expect(listed(system)).rejects.toMatchObject({ kind: 'root-missing' });
    await expect(system.fetch([one?.key ?? ''], signal)).rejects.toMatchObject({ kind: 'root-missing' });
    await expect(create(system, fileDraft(null, 'two.txt', 'two'))).rejects.toMatchObject({
      kind: 'root-missing',
    });
    // Another folder of that name is another folder.
    makeFolders(fake, 'Akten');
    await expect(pagesOf(system, cursorOf(first))).rejects.toMatchObject({ kind: 'cursor-expired' });
  });

  test('a folder that is deleted during a write is reported as missing', async () => {
    const { outsider, system } = await start();
    const [one] = await listed(system);
    await outsider.remove('Akten');
    await expect(create(system, fileDraft(null, 'two.txt', 'two'))).rejects.toMatchObject({
      kind: 'root-missing',
    });
    await expect(system.fetch([one?.key ?? ''], signal)).rejects.toMatchObject({ kind: 'root-missing' });
  });

  test('a site, a library or a folder that does not exist is named in the error', async () => {
    const fake = await fakes.start();
    const missing = async (config: object, root = '') => {
      const { system } = await openSharepoint(fake, { config, root });
      return listed(system).then(
        () => '',
        (error: unknown) => (error instanceof Error ? error.message : ''),
      );
    };
    expect(await missing({ site: 'contoso.sharepoint.com:/sites/none' })).toContain('no site contoso');
    expect(await missing({ library: 'Documents' })).toBe(
      `the site ${fake.site} has no library "Documents", but: Formulare, Dokumente`,
    );
    expect(await missing({}, 'Nowhere')).toBe('there is no folder "Nowhere" in "Dokumente"');
  });

  test('a 404 that does not come from Graph is no deletion', async () => {
    const { fake, system } = await start();
    const [one] = await listed(system);
    fake.http.faults.push({
      fits: ({ path }) => path.includes(one?.key ?? ''),
      answer: { status: 404, html: '<h1>No route</h1>' },
    });
    await expect(system.fetch([one?.key ?? ''], signal)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('large contents', () => {
  const large = noise(327_680 * 4 + 1_000, 'large');
  const parts = ({ storage }: GraphFake) => storage.calls.filter((call) => call.startsWith('PUT'));

  test('they are sent in parts of a multiple of 320 KiB, and are visible only once they are complete', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    fake.storage.faults.push({
      fits: ({ headers }) => headers['content-range']?.startsWith('bytes 1310720-') === true,
      before: () => expect(fake.library.childrenOf(fake.library.root.id)).toEqual([]),
    });
    const file = await made(system, fileDraft(null, 'large.bin', large));
    expect(digest(rowAt(fake, 'large.bin').bytes ?? '')).toBe(digest(large));
    expect(file.content?.size).toBe(large.length);
    expect(parts(fake)).toHaveLength(5);
    expect(fake.uploads.open).toBe(0);
  });

  test.each([
    { losesAnswer: true },
    { answer: { status: 502 } },
    { answer: { status: 503, headers: { 'retry-after': '1' } } },
  ])('a part that is cut off or refused (%j) is sent again without the parts before it', async (fault) => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const isThird = ({ headers }: { readonly headers: Record<string, unknown> }) =>
      String(headers['content-range']).startsWith('bytes 655360-');
    fake.storage.faults.push({ fits: isThird, ...fault });
    await made(system, fileDraft(null, 'large.bin', large));
    expect(digest(rowAt(fake, 'large.bin').bytes ?? '')).toBe(digest(large));
    expect(calls(fake, 'createUploadSession')).toHaveLength(1);
    expect(parts(fake).length).toBeLessThanOrEqual(6);
  });

  test('a part that had already arrived and is sent again is not sent a third time', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const isSecond = ({ method, headers }: { readonly method: string; readonly headers: object }) =>
      method === 'PUT' && JSON.stringify(headers).includes('bytes 327680-');
    fake.storage.faults.push({ fits: isSecond, losesAnswer: true });
    fake.storage.faults.push({ fits: ({ method }) => method === 'GET', answer: { status: 500 } });
    await made(system, fileDraft(null, 'large.bin', large));
    expect(digest(rowAt(fake, 'large.bin').bytes ?? '')).toBe(digest(large));
    expect(parts(fake)).toHaveLength(5);
  });

  test('a lost session is started again', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const isThird = ({ headers }: { readonly headers: object }) =>
      JSON.stringify(headers).includes('bytes 655360-');
    fake.storage.faults.push({ fits: isThird, before: () => fake.uploads.expire() });
    await made(system, fileDraft(null, 'large.bin', large));
    expect(digest(rowAt(fake, 'large.bin').bytes ?? '')).toBe(digest(large));
    expect(calls(fake, 'createUploadSession')).toHaveLength(2);
  });

  test('a session that is lost several times is given up', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const isSecond = ({ headers }: { readonly headers: object }) =>
      JSON.stringify(headers).includes('bytes 327680-');
    fake.storage.faults.push({ fits: isSecond, times: 9, before: () => fake.uploads.expire() });
    await expect(create(system, fileDraft(null, 'large.bin', large))).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'the upload was lost 3 times before it was complete',
    });
    fake.storage.faults.splice(0);
  });

  test('a name that was taken in the meantime is refused with the last part, and nothing is left behind', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const outsider = outsiderOf(fake, '');
    fake.storage.faults.push({ before: () => void outsider.write('LARGE.bin', 'theirs') });
    expect(await create(system, fileDraft(null, 'large.bin', large))).toMatchObject({
      kind: 'refused',
      code: 'name-taken',
    });
    expect((await outsider.read('LARGE.bin')).toString()).toBe('theirs');
    expect(fake.uploads.open).toBe(0);
  });

  test('a change that someone makes during a large upload is not overwritten', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const outsider = outsiderOf(fake, '');
    const file = await made(system, fileDraft(null, 'large.bin', 'small yet'));
    fake.storage.faults.push({ before: () => void outsider.write('large.bin', 'in between') });
    const written = await system.update(file.key, contentPatch(large), file.revision, signal);
    expect(written).toMatchObject({ kind: 'stale', item: { key: file.key } });
    expect((await outsider.read('large.bin')).toString()).toBe('in between');
    expect(fake.uploads.open).toBe(0);
  });

  test('a large content that replaces another one is one upload that names the version', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'large.bin', 'small yet'));
    const updated = done(await system.update(file.key, contentPatch(large), file.revision, signal));
    expect(updated.key).toBe(file.key);
    expect(digest(await bytesOf(await present(system, file.key)))).toBe(digest(large));
    const late = await system.update(file.key, contentPatch(large), file.revision, signal);
    expect(late.kind).toBe('stale');
  });

  test('a file whose last response is lost is not reported as written, and is found at its place', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const isLast = ({ headers }: { readonly headers: object }) =>
      JSON.stringify(headers).includes('bytes 1310720-');
    fake.storage.faults.push({ fits: isLast, losesAnswer: true });
    const draft = fileDraft(null, 'large.bin', large);
    await expect(create(system, draft)).rejects.toMatchObject({ kind: 'unavailable' });
    const [found] = await system.find({ by: 'place', parent: null, name: 'large.bin' }, signal);
    expect(found?.content?.size).toBe(large.length);
    expect(await create(system, draft)).toMatchObject({ kind: 'refused', code: 'name-taken' });
  });

  test('a full library is reported with a reason, and the upload is tried again later', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    fake.library.habits.room = 1_000;
    for (const bytes of [noise(2_000), large])
      await expect(create(system, fileDraft(null, 'a.bin', bytes))).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('no room left') as string,
      });
    expect(fake.uploads.open).toBe(0);
    fake.library.habits.room = null;
    await made(system, fileDraft(null, 'a.bin', large));
  });

  test('a file that grows or shrinks while it is read is not stored', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    for (const size of [large.length - 1, large.length + 1, 100]) {
      const content = { ...contentOf(large), size };
      await expect(create(system, { ...fileDraft(null, 'a.bin', ''), content })).rejects.toMatchObject({
        kind: 'unavailable',
      });
    }
    expect(fake.library.childrenOf(fake.library.root.id)).toEqual([]);
    expect(fake.uploads.open).toBe(0);
  });

  test('no more than a part and a chunk of a content are in memory at a time', async () => {
    let [given, most, taken] = [0, 0, 0];
    const content = {
      size: 50 * 65_536,
      hash: null,
      open: async () =>
        (async function* () {
          for (let piece = 0; piece < 50; piece++) {
            given += 65_536;
            most = Math.max(most, given - taken);
            yield Buffer.alloc(65_536);
          }
        })(),
    };
    const sizes: number[] = [];
    for await (const chunk of chunksOf(content, 327_680, signal)) {
      sizes.push(chunk.bytes.length);
      taken += chunk.bytes.length;
    }
    expect(sizes).toEqual(Array.from({ length: 10 }, () => 327_680));
    expect(most).toBeLessThanOrEqual(327_680 + 65_536);
  });
});

describe('dates', () => {
  const at = new Date('2019-03-04T05:06:07.890Z');
  const dated = (bytes: string | Buffer) => ({ ...contentOf(bytes), modifiedAt: at });

  test.each([0, 100, 1_200_000])(
    'the date of a file of %d bytes is kept when it is created and when it is replaced',
    async (size) => {
      const fake = await fakes.start();
      const { system } = await openSharepoint(fake);
      const file = await made(system, { ...fileDraft(null, 'a.bin', ''), content: dated(noise(size)) });
      expect(rowAt(fake, 'a.bin').fileDate).toBe('2019-03-04T05:06:07Z');
      expect(file.content?.modifiedAt).toEqual(new Date('2019-03-04T05:06:07Z'));
      await outsiderOf(fake, '').write('a.bin', 'by someone else, today');
      const now = await present(system, file.key);
      const patch = { ...contentPatch(''), content: dated(noise(size)) };
      const updated = done(await system.update(file.key, patch, now.revision, signal));
      expect(rowAt(fake, 'a.bin').fileDate).toBe('2019-03-04T05:06:07Z');
      expect((await present(system, file.key)).revision).toBe(updated.revision);
    },
  );

  test('a new file has one version, with its date', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    await made(system, { ...fileDraft(null, 'a.txt', ''), content: dated('one') });
    expect(rowAt(fake, 'a.txt').version).toBe(1);
  });

  test('a date that cannot be set does not change the file', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'a.txt', 'one'));
    fake.http.faults.push({ fits: ({ method }) => method === 'PATCH', answer: { status: 412 } });
    const patch = { ...contentPatch(''), content: dated('two') };
    const updated = done(await system.update(file.key, patch, file.revision, signal));
    expect((await present(system, file.key)).revision).toBe(updated.revision);
    expect(rowAt(fake, 'a.txt').bytes?.toString()).toBe('two');
  });
});

describe('reading', () => {
  const bytes = noise(900_000, 'read');
  const start = async () => {
    const fake = await fakes.start();
    await outsiderOf(fake, '').write('read.bin', bytes);
    const { system } = await openSharepoint(fake);
    const [file] = await listed(system);
    if (file === undefined) throw new Error('nothing is listed');
    return { fake, system, file };
  };

  test('a response that breaks off is continued at that position', async () => {
    const { fake, file } = await start();
    fake.storage.faults.push({ breaksAnswer: true });
    expect(digest(await bytesOf(file))).toBe(digest(bytes));
    expect(fake.storage.calls).toHaveLength(2);
  });

  test('a content that has changed by then is not continued', async () => {
    const { fake, file } = await start();
    const row = rowAt(fake, 'read.bin');
    fake.storage.faults.push({
      breaksAnswer: true,
      before: () => setImmediate(() => fake.library.write(row, noise(900_000, 'other'))),
    });
    await expect(bytesOf(file)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('an expired address is an error, and nothing is read', async () => {
    const { fake, file } = await start();
    fake.http.faults.push({
      fits: ({ path }) => path.includes('/items/'),
      times: 9,
      before: () => undefined,
    });
    fake.storage.faults.push({ times: 9, answer: { status: 401 } });
    await expect(bytesOf(file)).rejects.toMatchObject({ kind: 'unavailable' });
    fake.http.faults.splice(0);
    fake.storage.faults.splice(0);
    expect(digest(await bytesOf(file))).toBe(digest(bytes));
  });

  test('a file with another size than announced is an error', async () => {
    const { fake, file } = await start();
    fake.storage.faults.push({ answer: { status: 200, bytes: bytes.subarray(0, 1_000) } });
    await expect(bytesOf(file)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('what SharePoint refuses', () => {
  test('a name that it does not accept is not sent, and the adapted name is accepted', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const names = [
      'a:b*c?.txt',
      '  lead.txt',
      'trail. ',
      'dots...',
      'CON',
      'com1',
      '~$plan.docx',
      'my_vti_file',
      'desktop.ini',
      '.lock',
      '',
      'a\u0001b',
      'half\ud800',
    ];
    for (const name of names) {
      const before = fake.http.calls.length;
      expect(await create(system, fileDraft(null, name, 'x'))).toMatchObject({ code: 'bad-name' });
      expect(await system.find({ by: 'place', parent: null, name }, signal)).toEqual([]);
      const fitting = sharepointNames.fitting(name) ?? '';
      expect(sharepointNames.fitting(fitting)).toBeNull();
      expect(fake.http.calls.length - before).toBeLessThanOrEqual(5);
      await made(system, fileDraft(null, fitting, 'x'));
    }
    for (const name of ['.gitignore', 'con.txt', 'ä #% & (1).txt', '100 %', '~name', 'a..b'])
      await made(system, fileDraft(null, name, 'x'));
  });

  test('a path that is too long is refused with the limit', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const one = await made(system, folderDraft(null, 'x'.repeat(200)));
    expect(await create(system, fileDraft(one.key, 'y'.repeat(200), 'x'))).toMatchObject({
      kind: 'refused',
      code: 'invalid',
      reason: expect.stringContaining('400 characters') as string,
    });
  });

  test('a file that someone has checked out is tried again later', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'plan.docx', 'one'));
    rowAt(fake, 'plan.docx').isLocked = true;
    const expected = { kind: 'unavailable', message: expect.stringContaining('423') as string };
    const { key, revision } = file;
    await expect(system.update(key, contentPatch('two'), revision, signal)).rejects.toMatchObject(expected);
    await expect(system.delete(key, revision, signal)).rejects.toMatchObject(expected);
    const place = { parent: null, name: 'other.docx' };
    await expect(system.move(key, place, revision, signal)).rejects.toMatchObject(expected);
  });

  test('a forbidden item is refused alone, and a read-only library stops everything', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    const isDelete = ({ method }: { readonly method: string }) => method === 'DELETE';
    const answer = { status: 403, json: { error: { code: 'accessDenied', message: 'Access denied' } } };
    fake.http.faults.push({ fits: isDelete, answer });
    expect(await system.delete(file.key, file.revision, signal)).toMatchObject({ code: 'forbidden' });
    fake.rights.isReadOnly = true;
    await expect(system.delete(file.key, file.revision, signal)).rejects.toMatchObject({
      kind: 'unauthorized',
    });
    await expect(create(system, folderDraft(null, 'F'))).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(fake.uploads.open).toBe(0);
    fake.rights.isReadOnly = false;
    fake.rights.forbidden.add(file.key);
    await expect(system.fetch([file.key], signal)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test.each([429, 503])('no call is made before the time that a %d names', async (status) => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    await listed(system);
    fake.http.faults.push({ answer: { status, headers: { 'retry-after': '7' } } });
    await expect(listed(system)).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 });
    const before = fake.http.calls.length;
    await expect(listed(system)).rejects.toMatchObject({ kind: 'throttled' });
    expect(fake.http.calls).toHaveLength(before);
  });

  test('a folder that is not empty is not deleted, although Graph would delete it', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const folder = await made(system, folderDraft(null, 'F'));
    await outsiderOf(fake, '').write('F/new.txt', 'new');
    const now = await present(system, folder.key);
    expect(await system.delete(folder.key, now.revision, signal)).toMatchObject({ code: 'not-empty' });
    expect(calls(fake, 'DELETE')).toEqual([]);
  });

  test('an eTag that does not match is reported as stale, for 412 as well as for 409', async () => {
    const fake = await fakes.start();
    const { system } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    const json = { error: { code: 'resourceModified', message: "ETag does not match current item's value" } };
    fake.http.faults.push({ fits: ({ method }) => method === 'PUT', answer: { status: 409, json } });
    expect((await system.update(file.key, contentPatch('two'), file.revision, signal)).kind).toBe('stale');
  });
});

describe('Office files, which SharePoint rewrites', () => {
  test('the response shows the stored content, whatever was sent', async () => {
    const fake = await fakes.start();
    fake.library.habits.enrichment = 'at-once';
    const { system } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'plan.docx', 'words'));
    expect(file.content?.size).toBeGreaterThan(5);
    const [again] = await listed(system);
    expect(again?.revision).toBe(file.revision);
    expect(again?.content?.hash).toBe(file.content?.hash);
    expect((await bytesOf(file)).toString()).toMatch(/^words<sharepoint/);
  });

  test('a later rewrite is a change of the content, and a rename is not', async () => {
    const fake = await fakes.start();
    fake.library.habits.enrichment = 'later';
    const { system } = await openSharepoint(fake);
    const file = await made(system, fileDraft(null, 'plan.docx', 'words'));
    const first = await pagesOf(system, null);
    fake.library.enrich();
    const second = await pagesOf(system, cursorOf(first));
    expect(itemsOf(second)[0]?.content?.hash).not.toBe(file.content?.hash);
    await outsiderOf(fake, '').move('plan.docx', 'Plan.docx');
    const third = await pagesOf(system, cursorOf(second));
    expect(itemsOf(third)[0]?.content?.hash).toBe(itemsOf(second)[0]?.content?.hash);
    expect(itemsOf(third)[0]?.revision).not.toBe(itemsOf(second)[0]?.revision);
  });
});

describe('a probe', () => {
  const probed = async (fake: GraphFake, opening: Parameters<typeof openSharepoint>[1] = {}) => {
    const { system } = await openSharepoint(fake, opening);
    return system.probe(signal);
  };

  test('a library with all rights has no problem, and the probe leaves nothing behind', async () => {
    const fake = await fakes.start();
    makeFolders(fake, 'Akten');
    for (const root of [null, '', 'Akten']) {
      const probe = await probed(fake, { root });
      expect(probe).toMatchObject({ ok: true, clockOffsetMs: expect.any(Number) as number });
      expect(probe.findings.map(({ code }) => code)).toEqual(['contents-rewritten']);
    }
    expect(await outsiderOf(fake, '').paths()).toEqual(['Akten/']);
    expect(fake.uploads.open).toBe(0);
  });

  test('each problem is reported', async () => {
    const fake = await fakes.start();
    const codes = async (opening: Parameters<typeof openSharepoint>[1]) =>
      (await probed(fake, opening)).findings.filter(({ level }) => level !== 'info').map(({ code }) => code);
    expect(await codes({ root: 'Nowhere' })).toEqual(['root-missing']);
    expect(await codes({ config: { library: 'None' } })).toEqual(['root-missing']);
    expect(await codes({ config: { auth: { ...fake.auth, clientSecret: 'x' } } })).toEqual(['unauthorized']);
    fake.rights.isReadOnly = true;
    expect(await codes({})).toEqual(['rights-missing']);
    fake.http.clockOffsetMs = 3_600_000;
    expect((await probed(fake)).findings.map(({ code }) => code)).toContain('clock-differs');
  });
});

test('a request that Graph does not know is found by its path, its parameters or the members of its body', () => {
  const check = createRequestCheck('/v1.0');
  const request = (method: string, url: string, json?: unknown, headers: Record<string, string> = {}) => {
    const { pathname, searchParams } = new URL(url, 'http://fake/v1.0/');
    const text = json === undefined ? '' : JSON.stringify(json);
    return check({
      method,
      path: decodeURIComponent(pathname),
      query: searchParams,
      headers,
      text,
      bytes: Buffer.from(text),
      json,
    });
  };
  const item = 'drives/d/items/i';
  expect(request('GET', `${item}?$select=id`)).toEqual([]);
  expect(request('PATCH', item, { name: 'n', parentReference: { id: 'p' } }, { 'if-match': '"1"' })).toEqual(
    [],
  );
  expect(request('GET', `${item}/things`)).toEqual(['GET /drives/d/items/i/things is no path of Graph']);
  expect(request('POST', item)).toEqual([`POST /drives/{drive-id}/items/{driveItem-id} is no call of Graph`]);
  expect(request('GET', `${item}?$selekt=id`)).toHaveLength(1);
  expect(request('GET', item, undefined, { 'if-match': '"1"' })).toHaveLength(1);
  expect(request('PATCH', item, { title: 'n' })).toHaveLength(1);
  expect(request('PATCH', item, { parentReference: { key: 'p' } })).toHaveLength(1);
  expect(request('PATCH', item, { name: 1 })).toHaveLength(1);
  expect(request('DELETE', item, { a: 1 })).toHaveLength(1);
  expect(
    request('POST', `${item}/createUploadSession`, { item: { '@microsoft.graph.conflictBehavior': 'keep' } }),
  ).toHaveLength(1);
});
