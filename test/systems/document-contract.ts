import { createHash, randomUUID } from 'node:crypto';
import type { Content, Draft, Item, Page, Patch, Place, System, Written } from '../../worker/pipeline/system';
import { Trouble } from '../../worker/pipeline/trouble';

const { signal } = new AbortController();

/** A system of documents, and what a test needs to do to it. Each `open` gives an empty one. */
export interface DocumentStage {
  readonly system: System;
  /** Someone else who works with the same tree. */
  readonly outsider: DocumentOutsider;
  /** The faults that a test can cause. Null: it cannot cause any. */
  readonly faults: DocumentFaults | null;
}

/** Paths go from the root of the pair, with `/` between names. */
export interface DocumentOutsider {
  makeFolder(path: string): Promise<void>;
  /** Makes a file, or writes another content into it. */
  write(path: string, bytes: string | Buffer): Promise<void>;
  read(path: string): Promise<Buffer>;
  move(from: string, to: string): Promise<void>;
  /** With all that lies in it. */
  remove(path: string): Promise<void>;
  /** All that is there, temporary names and what a listing leaves out included. A folder ends with a slash. */
  paths(): Promise<readonly string[]>;
}

export interface DocumentFaults {
  /** The next write is carried out, and its answer is lost. Null: it has no answers that could be lost. */
  readonly loseAnswer: (() => void) | null;
  /** The next listing ends in the middle with an error. Null: that cannot be brought about. */
  readonly breakListing: (() => void) | null;
  /** Someone does that right before the next write is carried out. Null: nobody can come between. */
  readonly beforeWrite: ((run: () => Promise<void>) => void) | null;
}

/** The contract of every system of documents. A system declares in its capabilities what it cannot do. */
export function describeDocumentSystem(name: string, open: () => Promise<DocumentStage>): void {
  describe(`the contract of a system of documents: ${name}`, () => {
    itMakesItems(open);
    itKeepsContents(open);
    itMovesItems(open);
    itDeletesItems(open);
    itRefusesNames(open);
    itListsTrees(open);
    itFindsItems(open);
    itComparesRevisions(open);
    itSettlesWhatWasInterrupted(open);
  });
}

type Open = () => Promise<DocumentStage>;

// Creation

function itMakesItems(open: Open): void {
  test('a folder and a file in it are created, and shown as requested', async () => {
    const { system, outsider } = await open();
    const folder = await made(system, folderDraft(null, 'Akten'));
    expect(folder).toMatchObject({ isActive: true, isFolder: true, place: { parent: null, name: 'Akten' } });
    const file = await made(system, fileDraft(folder.key, 'plan.txt', 'one'));
    expect(file).toMatchObject({ isFolder: false, place: { parent: folder.key, name: 'plan.txt' } });
    expect(await bytesOf(file)).toEqual(Buffer.from('one'));
    expect((await outsider.read('Akten/plan.txt')).toString()).toBe('one');
    expect([...(await outsider.paths())].sort()).toEqual(['Akten/', 'Akten/plan.txt']);
    expect(await fetched(system, 'nothing')).toBeNull();
  });

  test('a created item is fetched and listed with the revision of its response', async () => {
    const { system } = await open();
    // Each is looked at before the next is made: a folder may change when something is put into it.
    const expectRevision = async (item: Item): Promise<void> => {
      expect((await present(system, item.key)).revision).toBe(item.revision);
      const items = await listed(system);
      expect(items.find(({ key }) => key === item.key)?.revision).toBe(item.revision);
    };
    const folder = await made(system, folderDraft(null, 'Akten'));
    await expectRevision(folder);
    await expectRevision(await made(system, fileDraft(folder.key, 'plan.txt', 'one')));
  });

  test('an empty file is a file', async () => {
    const { system, outsider } = await open();
    const file = await made(system, fileDraft(null, 'empty.txt', ''));
    expect(file.content?.size).toBe(0);
    expect(await bytesOf(file)).toEqual(Buffer.alloc(0));
    expect(await outsider.read('empty.txt')).toEqual(Buffer.alloc(0));
  });

  test('a name that is taken is refused, and the item that has it is unchanged', async () => {
    const { system, outsider } = await open();
    await made(system, fileDraft(null, 'plan.txt', 'one'));
    await made(system, folderDraft(null, 'Akten'));
    for (const draft of [
      fileDraft(null, 'plan.txt', 'two'),
      folderDraft(null, 'plan.txt'),
      fileDraft(null, 'Akten', 'two'),
      folderDraft(null, 'Akten'),
    ])
      expect(await create(system, draft)).toMatchObject({ kind: 'refused', code: 'name-taken' });
    expect((await outsider.read('plan.txt')).toString()).toBe('one');
    expect([...(await outsider.paths())].sort()).toEqual(['Akten/', 'plan.txt']);
  });

  test('a deleted folder accepts no item', async () => {
    const { system, outsider } = await open();
    const folder = await made(system, folderDraft(null, 'Akten'));
    await outsider.remove('Akten');
    for (const draft of [fileDraft(folder.key, 'plan.txt', 'one'), folderDraft(folder.key, 'F')])
      expect(await create(system, draft)).toMatchObject({ kind: 'refused', code: 'no-folder' });
    expect(await outsider.paths()).toEqual([]);
  });
}

// Contents

function itKeepsContents(open: Open): void {
  test('a content of many chunks arrives complete, with its size', async () => {
    const { system, outsider } = await open();
    const bytes = noise(3_000_001);
    const file = await made(system, fileDraft(null, 'large.bin', bytes));
    expect(file.content?.size).toBe(bytes.length);
    expect(digest(await bytesOf(file))).toBe(digest(bytes));
    expect(digest(await outsider.read('large.bin'))).toBe(digest(bytes));
  });

  test('a hash that the system reports is the hash of the bytes', async () => {
    const { system } = await open();
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    const again = await present(system, file.key);
    for (const { content } of [file, again])
      if (content?.hash?.startsWith('sha256:') === true) expect(content.hash).toBe(`sha256:${digest('one')}`);
  });

  test('a new content replaces the old one, with the same key and another revision', async () => {
    const { system, outsider } = await open();
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    const updated = done(await system.update(file.key, contentPatch('other'), file.revision, signal));
    expect(updated.key).toBe(file.key);
    expect(updated.revision).not.toBe(file.revision);
    expect((await bytesOf(await present(system, file.key))).toString()).toBe('other');
    expect((await outsider.read('plan.txt')).toString()).toBe('other');
    expect(await outsider.paths()).toEqual(['plan.txt']);
  });

  test('a content that breaks off is not visible under its name', async () => {
    const { system, outsider } = await open();
    await expect(create(system, brokenDraft('plan.txt'))).rejects.toThrow();
    const file = await made(system, fileDraft(null, 'other.txt', 'one'));
    const update = system.update(file.key, { ...contentPatch(''), content: broken }, file.revision, signal);
    await expect(update).rejects.toThrow();
    expect((await outsider.read('other.txt')).toString()).toBe('one');
    expect(await outsider.paths()).not.toContain('plan.txt');
    expect((await listed(system)).map(({ place }) => place?.name)).toEqual(['other.txt']);
  });

  test('a content that someone else wrote is read, whatever was there before', async () => {
    const { system, outsider } = await open();
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    await outsider.write('plan.txt', 'two, and longer');
    const items = await listed(system);
    expect(items).toHaveLength(1);
    expect(items[0]?.key).toBe(file.key);
    expect(items[0]?.revision).not.toBe(file.revision);
    expect((await bytesOf(await present(system, file.key))).toString()).toBe('two, and longer');
  });

  test('a file that changes after it was read first is an error, and never a mixture of both contents', async () => {
    const { system, outsider } = await open();
    const first = noise(2_000_000);
    await outsider.write('large.bin', first);
    const [listedOne] = await listed(system);
    const file = await present(system, listedOne?.key ?? '');
    await outsider.write('large.bin', noise(2_000_000));
    const read = async () => digest(await bytesOf(file));
    await expect(
      read().then((found) => {
        if (found !== digest(first)) throw new Error('it is another content');
        // A system that keeps old contents may return the one that was looked at.
        throw new Trouble('unavailable', 'it is the content that was looked at');
      }),
    ).rejects.toBeInstanceOf(Trouble);
  });
}

// Moves

function itMovesItems(open: Open): void {
  test('a renamed or moved file keeps its key and its content', async () => {
    const { system, outsider } = await open();
    const folder = await made(system, folderDraft(null, 'Akten'));
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    const renamed = await moved(system, file, { parent: null, name: 'Plan 2.txt' });
    const last = await moved(system, renamed, { parent: folder.key, name: 'Plan 2.txt' });
    expect(last).toMatchObject({ key: file.key, place: { parent: folder.key, name: 'Plan 2.txt' } });
    expect(last.revision).not.toBe(file.revision);
    expect(await present(system, file.key)).toMatchObject({ revision: last.revision, place: last.place });
    expect((await outsider.read('Akten/Plan 2.txt')).toString()).toBe('one');
    expect([...(await outsider.paths())].sort()).toEqual(['Akten/', 'Akten/Plan 2.txt']);
  });

  test('a moved folder takes its contents along, and they keep their keys', async () => {
    const { system, outsider } = await open();
    const [a, b] = [await made(system, folderDraft(null, 'A')), await made(system, folderDraft(null, 'B'))];
    const inner = await made(system, folderDraft(a.key, 'inner'));
    const file = await made(system, fileDraft(inner.key, 'plan.txt', 'one'));
    await moved(system, await present(system, a.key), { parent: b.key, name: 'A2' });
    expect((await outsider.read('B/A2/inner/plan.txt')).toString()).toBe('one');
    expect(await present(system, file.key)).toMatchObject({ place: { parent: inner.key, name: 'plan.txt' } });
    const keys = (await listed(system)).map(({ key }) => key);
    expect([...keys].sort()).toEqual([a, b, inner, file].map(({ key }) => key).sort());
  });

  test('a rename can change only the case', async () => {
    const { system, outsider } = await open();
    for (const draft of [fileDraft(null, 'readme.txt', 'one'), folderDraft(null, 'akten')]) {
      const item = await made(system, draft);
      const name = `${item.place?.name.slice(0, 1).toUpperCase()}${item.place?.name.slice(1)}`;
      const after = await moved(system, item, { parent: null, name });
      expect(after.place?.name).toBe(name);
      expect((await present(system, item.key)).place?.name).toBe(name);
    }
    expect([...(await outsider.paths())].sort()).toEqual(['Akten/', 'Readme.txt']);
  });

  test('a move to a taken place is refused, and both items stay', async () => {
    const { system, outsider } = await open();
    const file = await made(system, fileDraft(null, 'a.txt', 'one'));
    const folder = await made(system, folderDraft(null, 'F'));
    await made(system, fileDraft(null, 'b.txt', 'two'));
    await made(system, folderDraft(null, 'G'));
    for (const item of [file, folder])
      for (const name of ['b.txt', 'G'])
        expect(await system.move(item.key, { parent: null, name }, item.revision, signal)).toMatchObject({
          kind: 'refused',
          code: 'name-taken',
        });
    expect([...(await outsider.paths())].sort()).toEqual(['F/', 'G/', 'a.txt', 'b.txt']);
    expect((await outsider.read('b.txt')).toString()).toBe('two');
  });

  test('a folder cannot be moved into itself or into a deleted folder', async () => {
    const { system, outsider } = await open();
    const folder = await made(system, folderDraft(null, 'A'));
    const inner = await made(system, folderDraft(folder.key, 'B'));
    const other = await made(system, folderDraft(null, 'C'));
    const into = (parent: string) =>
      system.move(folder.key, { parent, name: 'A' }, folder.revision, signal).then(codeOf);
    expect([await into(folder.key), await into(inner.key)]).toEqual(['cycle', 'cycle']);
    await outsider.remove('C');
    expect(await into(other.key)).toBe('no-folder');
    expect([...(await outsider.paths())].sort()).toEqual(['A/', 'A/B/']);
  });

  test('an item that someone else moved keeps its key if the system can know this, and is never listed twice', async () => {
    const { system, outsider } = await open();
    const folder = await made(system, folderDraft(null, 'A'));
    await made(system, fileDraft(folder.key, 'plan.txt', 'a content that no other file has'));
    await outsider.move('A/plan.txt', 'plan 2.txt');
    const items = await listed(system);
    expect(items.map(({ place }) => place?.name).sort()).toEqual(['A', 'plan 2.txt']);
    expect(new Set(items.map(({ key }) => key)).size).toBe(2);
    await outsider.move('A', 'B');
    expect((await listed(system)).map(({ place }) => place?.name).sort()).toEqual(['B', 'plan 2.txt']);
  });
}

// Deletions

function itDeletesItems(open: Open): void {
  test('a file and an empty folder can be deleted, and their names are free again', async () => {
    const { system, outsider } = await open();
    for (const draft of [fileDraft(null, 'plan.txt', 'one'), folderDraft(null, 'Akten')]) {
      const item = await made(system, draft);
      expect(done(await system.delete(item.key, item.revision, signal)).isActive).toBe(false);
      expect((await fetched(system, item.key))?.isActive ?? false).toBe(false);
      const anew = await made(system, draft);
      expect(anew.key).not.toBe(item.key);
    }
    expect([...(await outsider.paths())].sort()).toEqual(['Akten/', 'plan.txt']);
  });

  test('the deletion of a folder that is not empty is refused with that reason', async () => {
    const { system, outsider } = await open();
    const folder = await made(system, folderDraft(null, 'Akten'));
    await outsider.write('Akten/plan.txt', 'someone has just put it here');
    expect(await system.delete(folder.key, folder.revision, signal).then(codeOf)).toBe('not-empty');
    expect([...(await outsider.paths())].sort()).toEqual(['Akten/', 'Akten/plan.txt']);
  });

  test('a deleted item is not deleted again', async () => {
    const { system, outsider } = await open();
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    await outsider.remove('plan.txt');
    expect((await system.delete(file.key, file.revision, signal)).kind).toBe('stale');
    expect((await system.update(file.key, contentPatch('two'), file.revision, signal)).kind).toBe('stale');
    const elsewhere = { parent: null, name: 'other.txt' };
    expect((await system.move(file.key, elsewhere, file.revision, signal)).kind).toBe('stale');
    expect((await system.delete('nothing', 'r', signal)).kind).toBe('stale');
    expect(await outsider.paths()).toEqual([]);
  });
}

// Names

const impossibleNames = ['', '.', '..', 'a/b', '../plan.txt', 'a\u0000b'];

function itRefusesNames(open: Open): void {
  test.each(impossibleNames.map((name) => [name]))('the name %j leads to no other place', async (name) => {
    const { system, outsider } = await open();
    const { tree } = system.capabilities;
    if (tree === null) throw new Error('it has no places');
    const fitting = tree.fitting(name);
    expect(fitting).not.toBeNull();
    expect(tree.fitting(fitting ?? '')).toBeNull();
    for (const draft of [fileDraft(null, name, 'one'), folderDraft(null, name)])
      expect(await create(system, draft)).toMatchObject({ kind: 'refused', code: 'bad-name' });
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    expect(await system.move(file.key, { parent: null, name }, file.revision, signal)).toMatchObject({
      kind: 'refused',
      code: 'bad-name',
    });
    expect(await outsider.paths()).toEqual(['plan.txt']);
    await made(system, fileDraft(null, fitting ?? '', 'fitted'));
  });

  test('a name in any script is stored as it is, or in the form that the system declares', async () => {
    const { system } = await open();
    const { tree } = system.capabilities;
    const composed = ['é.txt', '漢字 %20&+#é.txt', "it's a [name] (1).txt", 'ünïcødé 😀'].map((name) =>
      name.normalize('NFC'),
    );
    for (const name of composed) {
      if (tree?.fitting(name) !== null) continue;
      const file = await made(system, fileDraft(null, name, name));
      const written = tree.form === 'any' ? name : name.normalize(tree.form);
      expect(file.place?.name).toBe(written);
      expect((await present(system, file.key)).place?.name).toBe(written);
      expect((await bytesOf(await present(system, file.key))).toString()).toBe(name);
    }
  });

  test('a name in another Unicode form is another name or the same one, as the system declares', async () => {
    const { system, outsider } = await open();
    const { tree } = system.capabilities;
    await made(system, fileDraft(null, 'é.txt'.normalize('NFC'), 'composed'));
    const second = await create(system, fileDraft(null, 'é.txt'.normalize('NFD'), 'decomposed'));
    if (tree?.form === 'any') expect(second.kind).toBe('done');
    else expect(codeOf(second)).toBe('name-taken');
    expect(await outsider.paths()).toHaveLength(tree?.form === 'any' ? 2 : 1);
  });

  test('a name in another case is another name or the same one, as the system declares', async () => {
    const { system } = await open();
    await made(system, fileDraft(null, 'readme.txt', 'one'));
    const second = await create(system, fileDraft(null, 'README.txt', 'two'));
    if (system.capabilities.tree?.isCaseBlind === true) expect(codeOf(second)).toBe('name-taken');
    else expect(second.kind).toBe('done');
  });
}

// Listings

function itListsTrees(open: Open): void {
  test('a listing contains each item once, and a folder before its contents', async () => {
    const { system, outsider } = await open();
    await outsider.makeFolder('B');
    await outsider.makeFolder('B/A');
    await outsider.makeFolder('B/A/empty');
    for (const path of ['z.txt', 'B/one.txt', 'B/A/two.txt']) await outsider.write(path, path);
    const items = await listed(system);
    expect(pathsOf(items)).toEqual(['B', 'B/A', 'B/A/empty', 'B/A/two.txt', 'B/one.txt', 'z.txt']);
    const seen = new Set<string>();
    for (const { key, place } of items) {
      if (place?.parent) expect(seen).toContain(place.parent);
      expect(seen).not.toContain(key);
      seen.add(key);
    }
    expect(items.filter(({ isFolder }) => isFolder)).toHaveLength(3);
  });

  test('a listing without changes returns the same keys and revisions', async () => {
    const { system, outsider } = await open();
    await outsider.makeFolder('A');
    for (const path of ['z.txt', 'A/one.txt']) await outsider.write(path, path);
    const told = async () => (await listed(system)).map(({ key, revision }) => `${key} ${revision}`).sort();
    const first = await told();
    expect(await told()).toEqual(first);
    expect([...(await outsider.paths())].sort()).toEqual(['A/', 'A/one.txt', 'z.txt']);
  });

  test('a listing of an empty tree is complete', async () => {
    const { system } = await open();
    expect(await listed(system)).toEqual([]);
  });

  test('a listing that breaks off is an error, and never counts as complete', async () => {
    const { system, outsider, faults } = await open();
    if (!faults?.breakListing) return;
    await outsider.makeFolder('A');
    await outsider.write('A/one.txt', 'one');
    faults.breakListing();
    const pages: Page[] = [];
    const listing = async () => {
      for await (const page of system.list(null, signal)) pages.push(page);
    };
    await expect(listing()).rejects.toBeInstanceOf(Trouble);
    expect(pages.filter(({ isWhole }) => isWhole)).toEqual([]);
  });
}

function itFindsItems(open: Open): void {
  test('an item is found by its place, and the contents of a folder are found by that folder', async () => {
    const { system, outsider } = await open();
    const folder = await made(system, folderDraft(null, 'A'));
    const file = await made(system, fileDraft(folder.key, 'one.txt', 'one'));
    const inner = await made(system, folderDraft(folder.key, 'inner'));
    await made(system, fileDraft(inner.key, 'deep.txt', 'deep'));
    const at = async (parent: string | null, name: string) =>
      (await system.find({ by: 'place', parent, name }, signal)).map(({ key }) => key);
    const within = async (parent: string | null) =>
      (await system.find({ by: 'parent', parent }, signal)).map(({ key }) => key).sort();
    expect(await at(null, 'A')).toEqual([folder.key]);
    expect(await at(folder.key, 'one.txt')).toEqual([file.key]);
    expect(await at(null, 'one.txt')).toEqual([]);
    expect(await within(null)).toEqual([folder.key]);
    expect(await within(folder.key)).toEqual([file.key, inner.key].sort());
    // An item that was never listed is found as well.
    await outsider.write('A/new.txt', 'new');
    const [found] = await system.find({ by: 'place', parent: folder.key, name: 'new.txt' }, signal);
    expect(found?.place).toEqual({ parent: folder.key, name: 'new.txt' });
    expect(await within(folder.key)).toHaveLength(3);
    expect((await listed(system)).map(({ key }) => key)).toContain(found?.key);
  });

  test('an item is found by the key that it was created with, unless the system says that it cannot do this', async () => {
    const { system } = await open();
    if (system.capabilities.creates === 'plain') return;
    const key = randomUUID();
    const item = done(await system.create(key, fileDraft(null, 'plan.txt', 'one'), signal));
    const found = await system.find({ by: 'origin', key }, signal);
    expect(found.map((one) => one.key)).toEqual([item.key]);
    expect(await system.find({ by: 'origin', key: randomUUID() }, signal)).toEqual([]);
  });
}

// Others who write

function itComparesRevisions(open: Open): void {
  test('an item that someone changed since it was read is not overwritten, moved or deleted', async () => {
    const { system, outsider } = await open();
    if (system.capabilities.writes !== 'conditional') return;
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    await outsider.write('plan.txt', 'someone else wrote this');
    expect((await system.update(file.key, contentPatch('two'), file.revision, signal)).kind).toBe('stale');
    expect((await system.delete(file.key, file.revision, signal)).kind).toBe('stale');
    expect((await outsider.read('plan.txt')).toString()).toBe('someone else wrote this');
    expect(await outsider.paths()).toEqual(['plan.txt']);
  });

  test('a write that expects an earlier revision is stale', async () => {
    const { system } = await open();
    if (system.capabilities.writes !== 'conditional') return;
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    const updated = done(await system.update(file.key, contentPatch('other'), file.revision, signal));
    expect((await system.update(file.key, contentPatch('three'), file.revision, signal)).kind).toBe('stale');
    expect((await system.delete(file.key, file.revision, signal)).kind).toBe('stale');
    expect((await present(system, file.key)).revision).toBe(updated.revision);
  });

  test('a change that someone makes while a new content is uploaded is not lost', async () => {
    const { system, outsider, faults } = await open();
    if (!faults?.beforeWrite) return;
    const file = await made(system, fileDraft(null, 'plan.txt', 'one'));
    faults.beforeWrite(() => outsider.write('plan.txt', 'in between'));
    const written = await system.update(file.key, contentPatch('two'), file.revision, signal);
    expect(written.kind).toBe('stale');
    const contents = await Promise.all((await outsider.paths()).map((path) => outsider.read(path)));
    expect(contents.map(String)).toContain('in between');
  });
}

// What was interrupted

function itSettlesWhatWasInterrupted(open: Open): void {
  test('an item whose creation had no response is found, and not created twice', async () => {
    const { system, outsider, faults } = await open();
    if (!faults?.loseAnswer) return;
    for (const draft of [fileDraft(null, 'plan.txt', 'one'), folderDraft(null, 'Akten')]) {
      const key = randomUUID();
      faults.loseAnswer();
      await expect(system.create(key, draft, signal)).rejects.toMatchObject({ kind: 'unavailable' });
      const found = await foundAgain(system, key, draft);
      expect(found).toHaveLength(1);
      if (system.capabilities.creates !== 'keyed') continue;
      const again = await system.create(key, draft, signal);
      expect(again).toMatchObject({ kind: 'done', item: { key: found[0]?.key } });
    }
    expect([...(await outsider.paths())].sort()).toEqual(['Akten/', 'plan.txt']);
  });

  test('a creation that is requested twice makes one item', async () => {
    const { system, outsider } = await open();
    const key = randomUUID();
    const draft = fileDraft(null, 'plan.txt', 'one');
    const first = done(await system.create(key, draft, signal));
    const again = await system.create(key, draft, signal);
    if (again.kind === 'done') expect(again.item.key).toBe(first.key);
    else expect(codeOf(again)).toBe('name-taken');
    expect(await outsider.paths()).toEqual(['plan.txt']);
  });
}

const foundAgain = (system: System, key: string, { place }: Draft): Promise<readonly Item[]> =>
  system.capabilities.creates === 'plain' && place !== null
    ? system.find({ by: 'place', ...place }, signal)
    : system.find({ by: 'origin', key }, signal);

// What the tests have in common

export const contentOf = (bytes: string | Buffer): Content => {
  const buffer = Buffer.from(bytes);
  return {
    size: buffer.length,
    hash: `sha256:${digest(buffer)}`,
    open: async () =>
      (async function* () {
        for (let start = 0; start < buffer.length; start += pieceBytes)
          yield buffer.subarray(start, start + pieceBytes);
      })(),
  };
};

const pieceBytes = 65_536;

/** It promises more bytes than it gives. */
const broken: Content = {
  size: 1_000_000,
  hash: null,
  open: async () =>
    (async function* () {
      yield noise(300_000);
      throw new Error('the other side went away');
    })(),
};

export const fileDraft = (parent: string | null, name: string, bytes: string | Buffer): Draft => ({
  fields: {},
  place: { parent, name },
  isFolder: false,
  content: contentOf(bytes),
});

export const folderDraft = (parent: string | null, name: string): Draft => ({
  fields: {},
  place: { parent, name },
  isFolder: true,
  content: null,
});

const brokenDraft = (name: string): Draft => ({ ...fileDraft(null, name, ''), content: broken });

export const contentPatch = (bytes: string | Buffer): Patch => ({
  fields: {},
  whole: {},
  content: contentOf(bytes),
});

const create = (system: System, draft: Draft): Promise<Written> => system.create(randomUUID(), draft, signal);

/** As it is once it is fetched, where the answer does not show it. */
export const made = async (system: System, draft: Draft): Promise<Item> =>
  shown(system, done(await create(system, draft)));

const moved = async (system: System, item: Item, place: Place): Promise<Item> =>
  shown(system, done(await system.move(item.key, place, item.revision, signal)));

const shown = async (system: System, item: Item): Promise<Item> =>
  system.capabilities.answers === 'stored' && item.content !== undefined ? item : present(system, item.key);

export function done(written: Written): Item {
  if (written.kind !== 'done') throw new Error(`not done: ${JSON.stringify(written)}`);
  return written.item;
}

const codeOf = (written: Written) => (written.kind === 'refused' ? written.code : written.kind);

export const fetched = async (system: System, key: string): Promise<Item | null> =>
  (await system.fetch([key], signal)).get(key) ?? null;

export async function present(system: System, key: string): Promise<Item> {
  const item = await fetched(system, key);
  if (item === null) throw new Error(`there is no ${key}`);
  return item;
}

/** The living items of a whole listing. */
export async function listed(system: System): Promise<Item[]> {
  const items = new Map<string, Item>();
  let isWhole = false;
  for await (const page of system.list(null, signal)) {
    for (const item of page.items) items.set(item.key, item);
    isWhole = page.isWhole;
  }
  expect(isWhole).toBe(true);
  return [...items.values()].filter(({ isActive }) => isActive);
}

export async function bytesOf({ content }: Item): Promise<Buffer> {
  if (!content) throw new Error('it has no content');
  const parts: Uint8Array[] = [];
  for await (const part of await content.open(signal)) parts.push(part);
  return Buffer.concat(parts);
}

/** Paths from the root, sorted. */
export function pathsOf(items: readonly Item[]): string[] {
  const byKey = new Map(items.map((item) => [item.key, item]));
  const pathOf = ({ place }: Item): string => {
    const folder = place?.parent ? byKey.get(place.parent) : undefined;
    return folder === undefined ? (place?.name ?? '') : `${pathOf(folder)}/${place?.name ?? ''}`;
  };
  return items.map(pathOf).sort();
}

export const digest = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that do not repeat, the same for the same number of them unless `seed` differs. */
export function noise(bytes: number, seed: string = randomUUID()): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0, number = 0; at < bytes; at += 64, number++)
    blocks.push(createHash('sha512').update(`${seed} ${number}`).digest());
  return Buffer.concat(blocks).subarray(0, bytes);
}
