import { describeWithPrograms } from '../setup/programs';
import { type DavPair, type DavPairSettings, openDavPair } from './dav-pair';
import { type DavServer, davServerKinds, startDavServer } from './webdav-servers';

let servers: Readonly<Record<string, DavServer>> = {};
let pairs: DavPair[] = [];

const controlNames = ['new\nline', 'tab\tand bell\u0007', 'ends\u001f\u007f'];
/** rclone writes control characters and its own quoting with these. */
const quotedNames = ['quoted \u201b'];

const oddNames = [
  'a:b*c?d"e<f>g|h\\i',
  '%41 %2F %00 %zz 100%',
  "#?&+;=@,$!~'()[]{}^`",
  'trailing dot.',
  'trailing blank ',
  ' leading blank',
  '...',
  '漢字 😀 e\u0301',
  'NUL',
  '.hidden',
  '\u202egnp.exe',
  '\ufeffbom',
  'ﬁ \u212b ẞ ſ İ',
];

describeWithPrograms(['apache2', 'rclone'], 'documents on WebDAV servers', () => {
  beforeAll(async () => {
    for (const kind of davServerKinds) servers = { ...servers, [kind]: await startDavServer(kind) };
  });
  afterEach(async () => {
    for (const pair of pairs) await pair.end();
    pairs = [];
  });
  afterAll(async () => {
    for (const server of Object.values(servers)) await server.kill();
  });

  test.each([
    ['a folder and apache', null, 'apache'],
    ['a folder and apache with digests', null, 'apache with digests'],
    ['a folder and rclone', null, 'rclone'],
    ['rclone and apache', 'rclone', 'apache'],
  ] as const)(
    'a creation, change, move or deletion on either side is made on the other, and the next run changes nothing: %s',
    async (_names, ours, theirs) => {
      const pair = await open(theirs, {}, ours);
      const { here, there, run } = pair;
      await here.write('A/plan é&%.txt', 'one');
      await here.write('A/inner/empty.txt', '');
      await there.write('B/brief.txt', 'two');
      expect(await run()).toMatchObject({ created: 6 });
      await expectEqual(pair, {
        'A/': '',
        'A/inner/': '',
        'A/inner/empty.txt': '',
        'A/plan é&%.txt': 'one',
        'B/': '',
        'B/brief.txt': 'two',
      });
      await here.write('B/brief.txt', 'two, changed here');
      await there.move('A/plan é&%.txt', 'Plan.txt');
      await here.remove('A/inner');
      expect(await run()).toMatchObject({ updated: 1, moved: 1 });
      await pair.rest();
      await expectEqual(pair, { 'A/': '', 'B/': '', 'B/brief.txt': 'two, changed here', 'Plan.txt': 'one' });
    },
  );

  describe('moves', () => {
    const before = {
      'A/B/deep.txt': 'deep',
      'A/one.txt': 'one',
      'C/D/E/far.txt': 'far',
      'C/two.txt': 'two',
    };
    /** Both sides move folders into each other's, and edit files in the folders that the other one moves. */
    async function edit({ here, there, rest }: DavPair): Promise<void> {
      await here.move('A', 'Z/A2');
      await here.write('Z/A2/one.txt', 'one, changed here');
      await here.write('Z/A2/B/new.txt', 'new here');
      await there.write('A/B/deep.txt', 'deep, changed there');
      await there.move('C/D', 'D2');
      await there.write('D2/E/far.txt', 'far, changed there');
      await there.write('D2/new there.txt', 'new there');
      await here.move('C', 'C2');
      await rest();
    }

    test.each(['apache', 'rclone'] as const)(
      'folders that both sides move arrive with the edits that were made in them: a folder and %s',
      async (kind) => {
        const pair = await equal(kind, before);
        await edit(pair);
        await expectEqual(pair, {
          'C2/': '',
          'C2/two.txt': 'two',
          'D2/': '',
          'D2/E/': '',
          'D2/E/far.txt': 'far, changed there',
          'D2/new there.txt': 'new there',
          'Z/': '',
          'Z/A2/': '',
          'Z/A2/B/': '',
          'Z/A2/B/deep.txt': 'deep, changed there',
          'Z/A2/B/new.txt': 'new here',
          'Z/A2/one.txt': 'one, changed here',
        });
      },
    );

    test('a server that shows no identity of a moved folder loses nothing either', async () => {
      const pair = await equal('apache', before, {}, 'rclone');
      await edit(pair);
      const { here, there } = await pair.trees();
      expect(there).toEqual(here);
      expect(
        Object.values(here)
          .filter((bytes) => bytes !== '')
          .sort(),
      ).toEqual([
        'deep, changed there',
        'far, changed there',
        'new here',
        'new there',
        'one, changed here',
        'two',
      ]);
    });

    test('swapped names, and renames that change only the case, reach the other side', async () => {
      const files = { 'F/x': 'X', 'G/y': 'YY', a: 'A', b: 'BBB', 'akten/readme.txt': 'one' };
      const pair = await equal('apache', files);
      for (const [side, one, other] of [
        [pair.here, 'a', 'b'],
        [pair.there, 'F', 'G'],
      ] as const) {
        await side.move(one, 'tmp');
        await side.move(other, one);
        await side.move('tmp', other);
      }
      await pair.here.move('akten/readme.txt', 'akten/README.txt');
      await pair.there.move('akten', 'Akten');
      await pair.rest();
      await expectEqual(pair, {
        'Akten/': '',
        'Akten/README.txt': 'one',
        'F/': '',
        'F/y': 'YY',
        'G/': '',
        'G/x': 'X',
        a: 'BBB',
        b: 'A',
      });
    });
  });

  test.each(['apache', 'rclone'] as const)(
    'a file that both sides changed is kept under its own name and as a conflict copy: a folder and %s',
    async (kind) => {
      const pair = await equal(kind, { 'A/plan.txt': 'one' });
      for (const time of ['first', 'second']) {
        await pair.here.write('A/plan.txt', `${time} here`);
        await pair.there.write('A/plan.txt', `${time} there`);
        await pair.rest();
      }
      const { here, there } = await pair.trees();
      expect(there).toEqual(here);
      expect(here['A/plan.txt']).toBe('second here');
      expect(Object.values(here).sort()).toEqual(['', 'first there', 'second here', 'second there']);
    },
  );

  describe('deletions', () => {
    test('a deletion does not win over a change, and a folder is not deleted with a file that is new in it', async () => {
      const pair = await equal('apache', { 'A/file.txt': 'one', 'B/gone.txt': 'gone', 'C/x.txt': 'x' });
      await pair.here.remove('A');
      await pair.there.write('A/file.txt', 'changed there');
      await pair.there.remove('B');
      await pair.here.write('B/new.txt', 'new here');
      await pair.there.remove('C');
      await pair.rest();
      await expectEqual(pair, {
        'A/': '',
        'A/file.txt': 'changed there',
        'B/': '',
        'B/new.txt': 'new here',
      });
    });

    test('many deletions wait for one approval, and nothing is deleted before it', async () => {
      const files = Object.fromEntries([0, 1, 2, 3, 4, 5].map((number) => [`A/${number}.txt`, `${number}`]));
      const limits = { deletions: { count: 2, share: 0.2, emptiedFrom: 5 } };
      const pair = await equal('apache', files, { limits });
      for (const number of [0, 1, 2, 3]) await pair.there.remove(`A/${number}.txt`);
      for (let runs = 0; runs < 2; runs++) await pair.run();
      expect(Object.keys(await pair.here.tree())).toHaveLength(7);
      expect(await pair.pair.rows('select kind, state from pair_approval')).toEqual([
        { kind: 'deletions', state: 'open' },
      ]);
      await pair.pair.rows(
        `update pair_approval set state = 'approved', decided_at = now(), decided_by = 'anna'`,
      );
      await pair.rest();
      await expectEqual(pair, { 'A/': '', 'A/4.txt': '4', 'A/5.txt': '5' });
    });
  });

  test('a plan writes nothing on the server, and is carried out once it is approved', async () => {
    const pair = await open('apache', { mode: 'plan' });
    const worked = pair.pair;
    await pair.here.write('A/plan.txt', 'one');
    await pair.there.write('B.txt', 'two');
    const [plan] = await worked.rows<{ id: string }>(
      `insert into pair_plan (pair_id, config_version) select id, config_version from pair returning id`,
    );
    await worked.settle();
    expect(await pair.trees()).toEqual({
      here: { 'A/': '', 'A/plan.txt': 'one' },
      there: { 'B.txt': 'two' },
    });
    expect(await worked.rows('select state, counts from pair_plan')).toEqual([
      { state: 'ready', counts: { created: 3 } },
    ]);
    await worked.rows(`update pair_plan set state = 'approved', decided_at = now(), decided_by = 'anna'`);
    await worked.rows(`update pair set mode = 'run'`);
    await worked.rows(
      `insert into pair_run (pair_id, kind, plan_id) select id, 'plan', ${plan?.id ?? '0'} from pair`,
    );
    await pair.rest();
    await expectEqual(pair, { 'A/': '', 'A/plan.txt': 'one', 'B.txt': 'two' });
  });

  test('a copy that somebody makes on the server has the key of its original, and is an item of its own', async () => {
    const pair = await equal('apache', { 'A/plan.txt': 'one', 'A/other.txt': 'other' });
    const { here, there, run } = pair;
    await there.copy('A/plan.txt', 'A/copy.txt');
    await there.copy('A', 'B');
    await there.move('B/copy.txt', 'copy 2.txt');
    await pair.rest();
    const files = {
      'A/': '',
      'A/copy.txt': 'one',
      'A/other.txt': 'other',
      'A/plan.txt': 'one',
      'B/': '',
      'B/other.txt': 'other',
      'B/plan.txt': 'one',
      'copy 2.txt': 'one',
    };
    await expectEqual(pair, files);
    expect(
      await pair.pair.rows(
        'select side, count(distinct key)::int as keys from link_end group by side order by side',
      ),
    ).toEqual([
      { side: 'here', keys: 8 },
      { side: 'there', keys: 8 },
    ]);
    // Each of them is known wherever it goes.
    await there.write('A/copy.txt', 'copy, changed');
    await there.move('A/plan.txt', 'plan.txt');
    await there.copy('plan.txt', 'A/other.txt');
    expect(await run()).toEqual({ updated: 2, moved: 1 });
    await there.move('B/plan.txt', 'B/B plan.txt');
    await there.move('A', 'C');
    expect(await run()).toEqual({ moved: 2 });
    await here.move('B', 'D');
    await here.remove('plan.txt');
    await pair.rest();
    await expectEqual(pair, {
      'C/': '',
      'C/copy.txt': 'copy, changed',
      'C/other.txt': 'one',
      'D/': '',
      'D/B plan.txt': 'one',
      'D/other.txt': 'other',
      'copy 2.txt': 'one',
    });
  });

  describe('names', () => {
    test.each([
      ['apache', [...oddNames, ...controlNames, ...quotedNames]],
      ['rclone', oddNames],
    ] as const)('odd names keep every character in both directions: a folder and %s', async (kind, names) => {
      const pair = await open(kind);
      for (const [at, name] of names.entries()) {
        const side = at % 2 === 0 ? pair.here : pair.there;
        await side.write(`${name}/${name}`, `content of ${name}`);
      }
      await pair.rest();
      await expectEqual(
        pair,
        treeWith(names, (name) => name),
      );
      for (const name of names) await pair.there.move(name, `${name}x`);
      await pair.rest();
      await expectEqual(
        pair,
        treeWith(names, (name) => `${name}x`),
      );
    });

    test('names that rclone would change are adapted there, and stay as they are here', async () => {
      const pair = await open('rclone');
      const names = [...controlNames, ...quotedNames];
      for (const name of names) await pair.here.write(`${name}/${name}`, `content of ${name}`);
      await pair.rest();
      // It reads its folder anew, and then shows the names as it keeps them.
      await serverOf('rclone').kill();
      await serverOf('rclone').start();
      await pair.rest();
      expect(await pair.here.tree()).toEqual(treeWith(names, (name) => name));
      expect(Object.values(await pair.there.tree()).sort()).toEqual(
        Object.values(await pair.here.tree()).sort(),
      );
    });

    test('names that differ in their case only are kept under different names on a server that ignores case', async () => {
      const server = await startDavServer('rclone', ['--vfs-case-insensitive']);
      servers = { ...servers, 'case-blind': server };
      const pair = await open('case-blind');
      await pair.here.write('akten/README.txt', 'upper');
      await pair.here.write('akten/readme.txt', 'lower');
      await pair.here.write('akten/plan.txt', 'plan');
      await pair.rest();
      const { here, there } = await pair.trees();
      expect(there).toEqual(here);
      expect(Object.values(here).sort()).toEqual(['', 'lower', 'plan', 'upper']);
      await pair.here.move('akten/plan.txt', 'akten/PLAN.txt');
      await pair.there.move('akten', 'A');
      await pair.rest();
      const after = await pair.trees();
      expect(after.there).toEqual(after.here);
      expect(after.here).toMatchObject({ 'A/': '', 'A/PLAN.txt': 'plan' });
    });

    test('a file that would configure the server gets another name there, whatever is in it', async () => {
      const pair = await open('apache');
      const files = { 'A/.HTaccess': 'Deny from all', 'A/.htaccess': 'Nonsense', 'A/web.config': '<x/>' };
      for (const [path, bytes] of Object.entries(files)) await pair.here.write(path, bytes);
      await pair.here.write('.DAV/props', 'not for Apache');
      await pair.here.write('.davfs.tmpX', 'left by another Apache');
      await pair.rest();
      expect(await pair.here.tree()).toEqual({
        '.DAV/': '',
        '.DAV/props': 'not for Apache',
        '.davfs.tmpX': 'left by another Apache',
        'A/': '',
        ...files,
      });
      expect(await pair.there.tree()).toEqual({
        'A/': '',
        'A/_.HTaccess': 'Deny from all',
        'A/_.htaccess': 'Nonsense',
        'A/_web.config': '<x/>',
        '_.DAV/': '',
        '_.DAV/props': 'not for Apache',
        '_.davfs.tmpX': 'left by another Apache',
      });
      await pair.here.write('A/.htaccess', 'Nonsense again');
      await pair.rest();
      expect(await pair.there.tree()).toMatchObject({ 'A/_.htaccess': 'Nonsense again' });
    });

    test('two Unicode forms of one name are one file if the contents agree, and two files if they differ', async () => {
      const pair = await open('apache');
      const [one, other] = ['Übergröße.txt', 'é.txt'];
      await pair.here.write(`Ä/${one}`.normalize('NFC'), 'one');
      await pair.there.write(`Ä/${one}`.normalize('NFD'), 'one');
      await pair.here.write(other.normalize('NFC'), 'one');
      await pair.there.write(other.normalize('NFD'), 'other');
      await pair.rest();
      const { here, there } = await pair.trees();
      for (const tree of [here, there])
        expect(Object.values(tree).sort()).toEqual(['', 'one', 'one', 'other']);
      await pair.there.write(`Ä/${one}`.normalize('NFD'), 'two');
      await pair.rest();
      expect((await pair.here.tree())[`Ä/${one}`.normalize('NFC')]).toBe('two');
    });
  });
});

const treeWith = (names: readonly string[], folderOf: (name: string) => string): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => [
      [`${folderOf(name)}/`, ''],
      [`${folderOf(name)}/${name}`, `content of ${name}`],
    ]),
  );

function serverOf(kind: string): DavServer {
  const server = servers[kind];
  if (server === undefined) throw new Error(`there is no server ${kind}`);
  return server;
}

async function open(there: string, settings: object = {}, here: string | null = null): Promise<DavPair> {
  const sides: DavPairSettings = { there: serverOf(there), pair: settings };
  const pair = await openDavPair(here === null ? sides : { ...sides, here: serverOf(here) });
  pairs.push(pair);
  return pair;
}

/** Both sides hold the same files. */
async function equal(
  there: string,
  files: Readonly<Record<string, string>>,
  settings: object = {},
  here: string | null = null,
): Promise<DavPair> {
  const pair = await open(there, settings, here);
  for (const [path, bytes] of Object.entries(files)) await pair.here.write(path, bytes);
  await pair.rest();
  expect(await pair.there.tree()).toEqual(await pair.here.tree());
  return pair;
}

async function expectEqual({ trees }: DavPair, tree: Readonly<Record<string, string>>): Promise<void> {
  expect(await trees()).toEqual({ here: tree, there: tree });
}
