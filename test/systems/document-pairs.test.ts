import { chmod, cp, mkdir, readdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderPair, openFolderPair } from './folder-pair';

let pairs: FolderPair[] = [];
afterEach(async () => {
  for (const pair of pairs) await pair.end();
  pairs = [];
});

async function open(settings: object = {}): Promise<FolderPair> {
  const pair = await openFolderPair(settings);
  pairs.push(pair);
  return pair;
}

describe.each(['hash', 'revision'] as const)('two folders, compared by %s', (compare) => {
  const settings = { content: { compare } };

  test('a creation, change, move or deletion on either side is made on the other, and the next run changes nothing', async () => {
    const { here, there, run, trees, rest } = await open(settings);
    await here.write('A/plan.txt', 'one');
    await here.write('A/inner/empty.txt', '');
    await there.write('B/brief.txt', 'two');
    await there.makeFolder('leer');
    expect(await run()).toEqual({ created: 7 });
    const all = {
      'A/': '',
      'A/inner/': '',
      'A/inner/empty.txt': '',
      'A/plan.txt': 'one',
      'B/': '',
      'B/brief.txt': 'two',
      'leer/': '',
    };
    expect(await trees()).toEqual({ here: all, there: all });
    await rest();
    await here.write('B/brief.txt', 'two, changed here');
    await there.move('A', 'Akten');
    await there.remove('leer');
    expect(await run()).toMatchObject({ updated: 1, moved: 1, deleted: 1 });
    const then = {
      'Akten/': '',
      'Akten/inner/': '',
      'Akten/inner/empty.txt': '',
      'Akten/plan.txt': 'one',
      'B/': '',
      'B/brief.txt': 'two, changed here',
    };
    expect(await trees()).toEqual({ here: then, there: then });
    await rest();
  });
});

test('files that exist on both sides are matched by their place, and both contents are kept if they differ', async () => {
  const { here, there, run, trees, rest } = await open();
  for (const folder of [here, there]) {
    await folder.write('A/same.txt', 'the same on both sides');
    await folder.write('A/other.txt', `what ${folder === here ? 'here' : 'there'} had`);
  }
  await run();
  await rest();
  const name = Object.keys((await trees()).here).find((path) => path.includes('conflict'));
  expect(name).toMatch(/^A\/other \(conflict \d{4}-\d\d-\d\d\)\.txt$/);
  const all = {
    'A/': '',
    [name ?? '']: 'what there had',
    'A/other.txt': 'what here had',
    'A/same.txt': 'the same on both sides',
  };
  expect(await trees()).toEqual({ here: all, there: all });
});

describe('a file that both sides changed', () => {
  async function changed(settings: object) {
    const pair = await open(settings);
    await pair.here.write('plan.txt', 'one');
    await pair.rest();
    await pair.here.write('plan.txt', 'changed here');
    await pair.there.write('plan.txt', 'changed there');
    await pair.run();
    return pair;
  }

  test('is kept under its own name and as a conflict copy with the date', async () => {
    const { trees, rest } = await changed({});
    await rest();
    const { here, there } = await trees();
    expect(here).toEqual(there);
    expect(Object.values(here).sort()).toEqual(['changed here', 'changed there']);
    expect(here['plan.txt']).toBe('changed here');
  });

  test.each(['here', 'there'])('gets the content of %s if the pair says so', async (winner) => {
    const { trees, rest } = await changed({ conflict: { content: winner } });
    await rest();
    const tree = { 'plan.txt': `changed ${winner}` };
    expect(await trees()).toEqual({ here: tree, there: tree });
  });

  test('waits for a decision if the pair says so', async () => {
    const { trees, pair } = await changed({ conflict: { content: 'manual' } });
    expect(await trees()).toEqual({
      here: { 'plan.txt': 'changed here' },
      there: { 'plan.txt': 'changed there' },
    });
    expect(await pair.rows('select kind, fields from link_conflict where state = $$open$$')).toEqual([
      { kind: 'fields', fields: ['content'] },
    ]);
  });
});

describe('a file that a pair leaves out', () => {
  const leaveOut = ['**/.git/**', '**/~$*', '*.tmp'];

  test('is neither copied, listed nor deleted', async () => {
    const { here, there, trees, rest, run } = await open({ leaveOut });
    await here.write('A/plan.txt', 'one');
    await here.write('A/.git/config', 'mine');
    await here.write('A/~$plan.txt', 'open');
    await here.write('note.tmp', 'x');
    await there.write('A/.git/config', 'theirs');
    await rest();
    expect((await trees()).there).toEqual({
      'A/': '',
      'A/.git/': '',
      'A/.git/config': 'theirs',
      'A/plan.txt': 'one',
    });
    await there.remove('A/.git');
    await run();
    expect((await trees()).here['A/.git/config']).toBe('mine');
    await rest();
  });

  test('stays if its folder is deleted on the other side, and the folder is created there again', async () => {
    const { here, there, trees, rest } = await open({ leaveOut });
    await here.write('A/plan.txt', 'one');
    await here.write('A/.git/config', 'mine');
    await rest();
    await there.remove('A');
    await rest();
    expect((await trees()).here).toEqual({ 'A/': '', 'A/.git/': '', 'A/.git/config': 'mine' });
    expect((await trees()).there).toEqual({ 'A/': '' });
  });

  test('is not deleted when the pair begins to leave it out', async () => {
    const { here, trees, rest, pair } = await open();
    for (let number = 0; number < 12; number++) await here.write(`A/.git/${number}`, 'x');
    await here.write('A/plan.txt', 'one');
    await rest();
    await pair.rows(
      `update pair set config = jsonb_set(config, '{leaveOut}', '["**/.git/**"]'), config_version = config_version + 1`,
    );
    await rest();
    await rest();
    const { here: ours, there: theirs } = await trees();
    expect(Object.keys(ours)).toHaveLength(15);
    expect(theirs).toEqual(ours);
  });
});

describe('limits', () => {
  test('a file larger than the limit waits for an approval, or is skipped, and the others go on', async () => {
    for (const above of ['approval', 'skip']) {
      const { here, run, trees, pair } = await open({ limits: { file: { bytes: 5, above } } });
      await here.write('large.txt', '123456');
      await here.write('small.txt', '12345');
      await run();
      expect((await trees()).there).toEqual({ 'small.txt': '12345' });
      const approvals = await pair.rows('select kind, entities from pair_approval');
      expect(approvals).toEqual(above === 'approval' ? [{ kind: 'changes', entities: 1 }] : []);
      if (above === 'skip') continue;
      await pair.rows(`update pair_approval set state = 'approved', decided_at = now(), decided_by = 'anna'`);
      await run();
      expect((await trees()).there['large.txt']).toBe('123456');
    }
  });

  test('more entries than the limit wait for an approval', async () => {
    const { here, run, trees, pair } = await open({ limits: { entries: { count: 3 } } });
    for (let number = 0; number < 8; number++) await here.write(`${number}.txt`, 'x');
    await run();
    expect(Object.keys((await trees()).there)).toHaveLength(3);
    expect(await pair.rows('select kind, entities from pair_approval')).toEqual([
      { kind: 'changes', entities: 5 },
    ]);
  });

  test('many deletions wait for one approval, and nothing is deleted before it', async () => {
    const deletions = { count: 2, share: 0.2, emptiedFrom: 5 };
    const { here, run, trees, pair, rest } = await open({ limits: { deletions } });
    for (let number = 0; number < 8; number++) await here.write(`A/${number}.txt`, `content ${number}`);
    await rest();
    for (const number of [0, 1, 2, 3]) await here.remove(`A/${number}.txt`);
    await run();
    await run();
    expect(Object.keys((await trees()).there)).toHaveLength(9);
    expect(await pair.rows('select kind, state from pair_approval')).toEqual([
      { kind: 'deletions', state: 'open' },
    ]);
    await pair.rows(`update pair_approval set state = 'approved', decided_at = now(), decided_by = 'anna'`);
    await rest();
    expect((await trees()).there).toEqual((await trees()).here);
    expect(Object.keys((await trees()).there)).toHaveLength(5);
  });
});

describe('the root of a side', () => {
  test('that does not exist ends the run, and is not created', async () => {
    const { here, there, pair, run, trees } = await open();
    await here.write('plan.txt', 'one');
    await run();
    await there.write('new.txt', 'new');
    await rename(here.path, `${here.path}.away`);
    const { failure, state } = await pair.run();
    expect(failure).toMatch(/^here: root-missing: /);
    expect(state).toBe('ended');
    await expect(readdir(here.path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(Object.keys(await there.tree())).toEqual(['new.txt', 'plan.txt']);
    await rename(`${here.path}.away`, here.path);
    await run();
    expect((await trees()).here).toEqual({ 'new.txt': 'new', 'plan.txt': 'one' });
  });

  test('that another folder has replaced, as below a mount, does not count as an empty tree', async () => {
    const { here, there, pair, run, rest } = await open();
    await here.write('plan.txt', 'one');
    await run();
    await rename(here.path, `${here.path}.away`);
    await mkdir(here.path);
    for (let time = 0; time < 2; time++) {
      expect((await pair.run()).failure).toMatch(/^here: root-missing: /);
      // A process that was started since knows no more than the database.
      await pair.restart();
    }
    expect(await here.tree()).toEqual({});
    expect(await there.tree()).toEqual({ 'plan.txt': 'one' });
    await rename(`${here.path}.away`, `${here.path}/mounted`);
    await cp(`${here.path}/mounted`, here.path, { recursive: true });
    await rm(`${here.path}/mounted`, { recursive: true });
    // It was restored: what was in it is there.
    expect((await pair.run()).failure).toBeNull();
    await rest();
    expect(await there.tree()).toEqual({ 'plan.txt': 'one' });
  });
});

test('a pair in the mode plan writes nothing, and its plan is carried out once it is approved', async () => {
  const { here, there, pair, trees, rest } = await open({ mode: 'plan' });
  await here.write('A/plan.txt', 'one');
  await there.write('B.txt', 'two');
  const [plan] = await pair.rows<{ id: string }>(
    `insert into pair_plan (pair_id, config_version) select id, config_version from pair returning id`,
  );
  await pair.settle();
  expect(await trees()).toEqual({ here: { 'A/': '', 'A/plan.txt': 'one' }, there: { 'B.txt': 'two' } });
  const [made] = await pair.rows<{ state: string; counts: object }>('select state, counts from pair_plan');
  expect(made).toEqual({ state: 'ready', counts: { created: 3 } });
  await pair.rows(`update pair_plan set state = 'approved', decided_at = now(), decided_by = 'anna'`);
  await pair.rows(`update pair set mode = 'run'`);
  await pair.rows(
    `insert into pair_run (pair_id, kind, plan_id) select id, 'plan', ${plan?.id ?? '0'} from pair`,
  );
  await pair.settle();
  const all = { 'A/': '', 'A/plan.txt': 'one', 'B.txt': 'two' };
  expect(await trees()).toEqual({ here: all, there: all });
  await rest();
});

describe('a side that lies in the folder of the other one', () => {
  test('by another path pauses the pair with a sentence, and nothing is written', async () => {
    const { here, there, pair, trees } = await open();
    await here.write('A/plan.txt', 'one');
    await there.remove('.');
    await symlink(join(here.path, 'A'), there.path);
    await pair.run();
    const [paused] = await pair.rows<{ paused_reason: string }>('select paused_reason from pair');
    expect(paused?.paused_reason).toContain('lies in the folder of the other side');
    expect((await trees()).here).toEqual({ 'A/': '', 'A/plan.txt': 'one' });
  });

  test('is found by the probe of either system, which pauses the pair before its first run', async () => {
    const { here, there, pair } = await open();
    await here.write('A/plan.txt', 'one');
    const apart = await pair.probe('b');
    expect(apart.findings.map(({ code }) => code)).not.toContain('folders-overlap');
    await there.remove('.');
    await symlink(join(here.path, 'A'), there.path);
    for (const system of ['a', 'b'])
      expect(await pair.probe(system)).toMatchObject({
        ok: false,
        findings: expect.arrayContaining([
          expect.objectContaining({ code: 'folders-overlap', pair: 'akten', level: 'error' }),
        ]) as unknown,
      });
    const [paused] = await pair.rows<{ paused_reason: string }>('select paused_reason from pair');
    expect(paused?.paused_reason).toContain('lies in the folder of the other side');
  });
});

test('the time of a file goes along, to the millisecond', async () => {
  const { here, there, run } = await open();
  for (let number = 0; number < 20; number++) {
    await here.write(`${number}.txt`, 'x');
    await utimes(join(here.path, `${number}.txt`), new Date(), 1_700_000_000 + number / 7);
  }
  await run();
  const times = async (folder: string) =>
    Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const { mtimeMs } = await stat(join(folder, `${number}.txt`));
        return Math.floor(mtimeMs);
      }),
    );
  expect(await times(there.path)).toEqual(await times(here.path));
});

test('a run tells how many documents it left unchanged', async () => {
  const { here, pair } = await open();
  for (let number = 0; number < 5; number++) await here.write(`A/${number}.txt`, 'x');
  expect(await pair.run()).toMatchObject({ counts: { created: 6 }, unchanged: 0 });
  expect(await pair.run()).toMatchObject({ counts: {}, unchanged: 6 });
  await here.write('A/1.txt', 'changed');
  await here.remove('A/2.txt');
  expect(await pair.run()).toMatchObject({ counts: { updated: 1, deleted: 1 }, unchanged: 4 });
});

test('files that are equal on both sides do not use up the limit of changes', async () => {
  const { here, there, run, pair } = await open({ limits: { entries: { count: 3 } } });
  for (const folder of [here, there])
    for (let number = 0; number < 8; number++) await folder.write(`${number}.txt`, 'x');
  await run();
  for (let number = 0; number < 2; number++) await here.write(`${number}.txt`, 'changed');
  expect(await run()).toEqual({ updated: 2 });
  expect(await pair.rows('select 1 from pair_approval')).toEqual([]);
});

test('an edit that keeps the size and sets the time back is copied by a pair that compares hashes', async () => {
  const { here, run, trees } = await open({ content: { compare: 'hash' } });
  const file = join(here.path, 'plan.txt');
  await here.write('plan.txt', 'one');
  const time = new Date(1_700_000_000_000);
  await utimes(file, time, time);
  await run();
  await here.write('plan.txt', 'two');
  await utimes(file, time, time);
  expect(await run()).toEqual({ updated: 1 });
  expect((await trees()).there).toEqual({ 'plan.txt': 'two' });
  // A file that was only touched is read, and nothing is written.
  await chmod(file, 0o640);
  expect(await run()).toEqual({});
});

test('the plan of a new file is one creation', async () => {
  const { here, pair } = await open();
  await here.write('plan.txt', 'one');
  await pair.rows(
    `insert into pair_plan (pair_id, config_version) select id, config_version from pair where id = ${pair.pairId}`,
  );
  await pair.settle();
  expect(await pair.rows('select verdict, operations from plan_item')).toEqual([
    { verdict: 'created', operations: [{ side: 'there', op: 'create' }] },
  ]);
});
