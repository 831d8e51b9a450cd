import { execFile } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openFolder } from '../../worker/systems/file-tree/file-tree';
import type { PathEntry, PathTree } from '../../worker/systems/tree/path-tree';
import { temporaryName } from '../../worker/systems/tree/temporary-names';
import { contentOf, noise } from './document-contract';
import { testOutside } from './outside';

const { signal } = new AbortController();
const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let folder: string;
let tree: PathTree;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'epack-folder-'));
  tree = await openFolder(folder, testOutside());
});
afterEach(async () => {
  // Its paths may be longer than one call takes.
  await run('chmod', ['-R', 'u+rwx', folder]);
  await run('rm', ['-rf', folder]);
});

const at = (path: string) => join(folder, path);
const wish = { origin: '8b3c6a52-0000-4000-8000-000000000001', modifiedAt: null };

async function listed(): Promise<Map<string, PathEntry>> {
  const found = new Map<string, PathEntry>();
  for await (const page of tree.list(signal)) for (const entry of page) found.set(entry.path, entry);
  return found;
}

async function there(path: string): Promise<PathEntry> {
  const entry = await tree.look(path, signal);
  if (entry === null) throw new Error(`${path} is not there`);
  return entry;
}

async function readWhole(entry: PathEntry): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of await tree.read(entry, signal)) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('an entry that is neither a file nor a folder', () => {
  test('is neither followed nor listed, and a probe reports where it is', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'epack-outside-'));
    await writeFile(join(outside, 'secret.txt'), 'secret');
    await mkdir(at('A'));
    await symlink(outside, at('A/link'));
    await symlink(join(outside, 'secret.txt'), at('secret.txt'));
    await symlink(folder, at('A/loop'));
    await run('mkfifo', [at('pipe')]);
    await writeFile(Buffer.concat([Buffer.from(`${folder}/x`), Buffer.from([0xff])]), 'no text');
    expect([...(await listed()).keys()]).toEqual(['A']);
    expect(await tree.look('A/link/secret.txt', signal)).toBeNull();
    expect(await tree.look('secret.txt', signal)).toBeNull();
    const { ok, findings } = await tree.probe(signal);
    expect(ok).toBe(true);
    expect(
      findings.filter(({ level }) => level === 'warning').map(({ code, about }) => [code, about?.length]),
    ).toEqual([
      ['links-left-out', 3],
      ['no-files-left-out', 1],
      ['names-left-out', 1],
    ]);
    await rm(outside, { recursive: true });
  });

  test('keeps its name, and nothing is written through it or in its place', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'epack-outside-'));
    await symlink(outside, at('link'));
    await symlink(join(outside, 'new.txt'), at('dangling'));
    for (const path of ['link', 'dangling']) {
      expect(await tree.makeFile(path, contentOf('x'), wish, signal)).toMatchObject({ code: 'name-taken' });
      expect(await tree.makeFolder(path, wish, signal)).toMatchObject({ code: 'name-taken' });
    }
    expect(await tree.makeFile('link/new.txt', contentOf('x'), wish, signal)).toMatchObject({
      code: 'no-folder',
    });
    expect(await readdir(outside)).toEqual([]);
    await rm(outside, { recursive: true });
  });

  test('that replaces a folder during a write does not redirect that write', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'epack-outside-'));
    await mkdir(at('A'));
    const content = {
      ...contentOf('x'),
      open: async () =>
        (async function* () {
          await rename(at('A'), at('B'));
          await symlink(outside, at('A'));
          yield Buffer.from('x');
        })(),
    };
    await tree.makeFile('A/new.txt', content, wish, signal);
    expect(await readdir(outside)).toEqual([]);
    expect(await readdir(at('B'))).toEqual(['new.txt']);
    await rm(outside, { recursive: true });
  });
});

describe('temporary names', () => {
  test('are not listed, and those of a dead process are removed by the next listing', async () => {
    await mkdir(at('A'));
    const dead = temporaryName().replace(/-\d+-\d+-\d+$/, '-4194304-1-1');
    const mine = temporaryName();
    for (const name of [dead, mine]) await writeFile(at(`A/${name}`), 'half');
    expect([...(await listed()).keys()]).toEqual(['A']);
    expect(await readdir(at('A'))).toEqual([mine]);
  });

  test('of another machine are removed once they have not been written to for a long time', async () => {
    const [young, old] = ['1', '2'].map((number) =>
      temporaryName().replace(/epack-.{8}-(.*)-\d+$/, `epack-00000000-$1-${number}`),
    );
    for (const name of [young ?? '', old ?? '']) await writeFile(at(name), `of ${hostname()}`);
    const longAgo = new Date(Date.now() - 4_000_000);
    await utimes(at(old ?? ''), longAgo, longAgo);
    await listed();
    expect(await readdir(folder)).toEqual([young]);
  });

  test('are refused as names of items', () => {
    const name = temporaryName();
    expect(tree.traits.names.fitting(name)).toBe(`_${name}`);
  });
});

test('a listing of many files shows each of them as a look at it does, and nothing else', async () => {
  const files = Array.from(
    { length: 1_500 },
    (_, number) => `${number % 2 === 0 ? 'A' : 'B/C'}/${number} é.txt`,
  );
  await mkdir(at('A'));
  await mkdir(at('B/C'), { recursive: true });
  for (const path of files) await writeFile(at(path), path);
  await utimes(at(files[1_498] ?? ''), new Date(-1_234_567), new Date(-1_234_567));
  for (const path of ['A', 'B/C']) {
    await symlink(folder, at(`${path}/link`));
    await run('mkfifo', [at(`${path}/pipe`)]);
    await writeFile(Buffer.concat([Buffer.from(`${folder}/${path}/`), Buffer.from([0x66, 0xff])]), 'no text');
    await writeFile(at(`${path}/${temporaryName()}`), 'being written');
  }
  const found = await listed();
  expect([...found.keys()].sort()).toEqual(['A', 'B', 'B/C', ...files].sort());
  for (const [path, entry] of found) expect(entry).toEqual(await there(path));
});

describe('a file', () => {
  test('is visible under its name only once it is complete, and never if it breaks off', async () => {
    const seen: (string[] | null)[] = [];
    const content = {
      ...contentOf(''),
      open: async () =>
        (async function* () {
          for (const part of ['one', 'two']) {
            yield Buffer.from(part);
            seen.push((await readdir(folder)).filter((name) => !name.startsWith('.~')));
          }
          if (seen.length > 2) throw new Error('cut');
        })(),
    };
    expect((await tree.makeFile('plan.txt', content, wish, signal)).kind).toBe('done');
    expect(seen).toEqual([[], []]);
    await expect(tree.makeFile('other.txt', content, wish, signal)).rejects.toThrow('cut');
    expect(await readdir(folder)).toEqual(['plan.txt']);
  });

  test('keeps its permissions when its content is replaced, and gets the given time', async () => {
    await writeFile(at('plan.txt'), 'one');
    await chmod(at('plan.txt'), 0o640);
    const modifiedAt = new Date(1_600_000_000_000);
    const written = await tree.replaceFile(
      await there('plan.txt'),
      { ...contentOf('two'), modifiedAt },
      signal,
    );
    expect(written.kind).toBe('done');
    const { mode, mtime } = await stat(at('plan.txt'));
    expect([mode & 0o777, mtime]).toEqual([0o640, modifiedAt]);
  });

  test('that was rewritten with the same size and time has another revision', async () => {
    await writeFile(at('plan.txt'), 'one');
    await utimes(at('plan.txt'), 1_000, 1_000);
    const before = await there('plan.txt');
    await writeFile(at('next'), 'two');
    await utimes(at('next'), 1_000, 1_000);
    await rename(at('next'), at('plan.txt'));
    expect((await there('plan.txt')).revision).not.toBe(before.revision);
  });

  test('that has two names is listed as two files, and stays two files', async () => {
    await writeFile(at('a.txt'), 'one');
    await link(at('a.txt'), at('b.txt'));
    expect([...(await listed()).keys()].sort()).toEqual(['a.txt', 'b.txt']);
    const written = await tree.replaceFile(await there('a.txt'), contentOf('two'), signal);
    expect(written.kind).toBe('done');
    expect((await readFile(at('b.txt'))).toString()).toBe('one');
  });

  test('whose move was interrupted while it had two names has one name again', async () => {
    await writeFile(at('a.txt'), 'one');
    const entry = await there('a.txt');
    await link(at('a.txt'), at('b.txt'));
    expect((await tree.move(entry, 'b.txt', signal)).kind).toBe('done');
    expect(await readdir(folder)).toEqual(['b.txt']);
  });

  test('can lie deeper than the longest path allows, and its name can be shortened to fit', async () => {
    expect(tree.traits.names.fitting('x'.repeat(255))).toBeNull();
    expect(tree.traits.names.fitting(`${'ü'.repeat(200)}.txt`)).toBe(`${'ü'.repeat(125)}.txt`);
    let path = '';
    for (let depth = 0; depth < 20; depth++) {
      path = path === '' ? 'x'.repeat(250) : `${path}/${'x'.repeat(250)}`;
      expect((await tree.makeFolder(path, wish, signal)).kind).toBe('done');
    }
    expect((await tree.makeFile(`${path}/plan.txt`, contentOf('deep'), wish, signal)).kind).toBe('done');
    expect((await listed()).size).toBe(21);
    expect(await readWhole(await there(`${path}/plan.txt`))).toBe('deep');
  });
});

describe('missing permissions', () => {
  test('make a listing end with an error if a folder cannot be read, after the rest is listed', async () => {
    await mkdir(at('closed'));
    await writeFile(at('closed/inner.txt'), 'x');
    await writeFile(at('plan.txt'), 'x');
    await chmod(at('closed'), 0);
    const seen: string[] = [];
    const listing = asNobody(async () => {
      for await (const page of tree.list(signal)) seen.push(...page.map(({ path }) => path));
    });
    await expect(listing).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(listing).rejects.toThrow('closed');
    expect(seen.sort()).toEqual(['closed', 'plan.txt']);
  });

  test('make a write refused, and a file that cannot be read unavailable', async () => {
    await mkdir(at('closed'));
    await writeFile(at('plan.txt'), 'x');
    await chmod(at('closed'), 0o555);
    await chmod(at('plan.txt'), 0);
    const written = await asNobody(() => tree.makeFile('closed/new.txt', contentOf('x'), wish, signal));
    expect(written).toMatchObject({ code: 'forbidden' });
    const entry = await there('plan.txt');
    await expect(asNobody(() => tree.read(entry, signal))).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

const nobody = 65_534;

/** Root may do everything. */
async function asNobody<T>(what: () => Promise<T>): Promise<T> {
  if (!isRoot) return what();
  await chmod(folder, 0o755);
  process.seteuid?.(nobody);
  try {
    return await what();
  } finally {
    process.seteuid?.(0);
  }
}

describe('a disk', () => {
  // A mount needs root, and not every machine lets even root.
  let isMounted = false;
  beforeEach(async () => {
    await mkdir(at('small'));
    isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', at('small')]).then(
      () => true,
      () => false,
    );
  });
  afterEach(async () => {
    if (isMounted) await run('umount', [at('small')]);
  });

  test('whose quota is used up says so, although Node has no name for that error', async () => {
    const used = Object.assign(new Error('Unknown system error -122: write'), {
      code: 'Unknown system error -122',
      errno: -122,
    });
    const content = { ...contentOf('one'), open: () => Promise.reject(used) };
    await expect(tree.makeFile('a.txt', content, wish, signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'a.txt cannot be written: the quota of the disk is used up',
    });
    expect(await readdir(folder)).toEqual(['small']);
  });

  test('that is full keeps no partial file, and the write is reported and tried again later', async () => {
    if (!isMounted) return;
    const small = await openFolder(at('small'), testOutside());
    await writeFile(at('small/plan.txt'), 'one');
    const large = contentOf(noise(1_000_000));
    const made = small.makeFile('large.bin', large, wish, signal);
    await expect(made).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(made).rejects.toThrow('no space is left');
    const entry = await small.look('plan.txt', signal);
    if (entry === null) throw new Error('it is gone');
    await expect(small.replaceFile(entry, large, signal)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await readdir(at('small'))).toEqual(['plan.txt']);
    expect((await readFile(at('small/plan.txt'))).toString()).toBe('one');
  });

  test('that is unmounted while the tree is open counts as a missing root, and nothing is written below it', async () => {
    if (!isMounted) return;
    const small = await openFolder(at('small'), testOutside());
    expect((await small.makeFile('plan.txt', contentOf('one'), wish, signal)).kind).toBe('done');
    await run('umount', [at('small')]);
    isMounted = false;
    await expect(small.makeFile('new.txt', contentOf('x'), wish, signal)).rejects.toMatchObject({
      kind: 'root-missing',
    });
    await expect(small.look('plan.txt', signal)).rejects.toMatchObject({ kind: 'root-missing' });
    expect(await readdir(at('small'))).toEqual([]);
  });
});

test('a probe leaves nothing behind, and reports the free space', async () => {
  const { ok, findings } = await tree.probe(signal);
  expect(ok).toBe(true);
  expect(findings.map(({ code }) => code)).toContain('space');
  expect(await readdir(folder)).toEqual([]);
  const missing = await openFolder(at('nothing'), testOutside());
  expect(await missing.probe(signal)).toMatchObject({ ok: false });
  expect(await readdir(folder)).toEqual([]);
});
