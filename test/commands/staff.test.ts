import { createTestDatabase, type TestDatabase } from '../setup/database';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { epack } from './epack';

describe('epack user add and epack solution add', () => {
  let database: TestDatabase;
  let folder: TestFolder;
  let environment: Record<string, string>;
  beforeAll(async () => {
    database = await createTestDatabase();
    folder = createTestFolder();
    environment = { DATABASE_URL: database.url, EPACK_DATA_DIR: folder.path };
  });
  afterAll(async () => {
    await database.drop();
    folder.remove();
  });

  const solutionAdd = (...options: string[]) => epack(['solution', 'add', ...options], environment);
  const userAdd = (...options: string[]) => epack(['user', 'add', ...options], environment);

  test.each([
    [['--mail', 'a@b', '--name', 'Cuisine', '--timezone', 'Mars/Phobos'], 'timezone: is no time zone'],
    [['--mail', 'bad', '--name', 'Cuisine'], 'mail: is no e-mail address'],
    [['--mail', 'a@b', '--name', '  '], 'name: is empty'],
    [['--mail', 'a@b', '--name', 'x'.repeat(201)], 'name: has more than 200 characters'],
  ])('a solution with impossible values is refused: %j', async (options, reason) => {
    const { exitCode, err } = await solutionAdd('--account', 'Nobody', ...options);
    expect([exitCode, err]).toEqual([1, expect.stringContaining(reason)]);
    expect(err).not.toContain('invalid-fields');
    // Nor was an account made for it.
    expect(await database.db('account').where({ name: 'Nobody' })).toEqual([]);
  });

  test('a solution without any proof of identity is refused, and each half of these settings is accepted', async () => {
    const add = (mail: string, ...options: string[]) =>
      solutionAdd('--mail', mail, '--name', 'Old', '--account', 'Unproven', ...options);
    const both = await add('both@b', '--login-policy', 'mac', '--mac', 'ignore');
    expect([both.exitCode, both.err]).toEqual([1, expect.stringContaining('mac: ')]);
    expect(await database.db('account').where({ name: 'Unproven' })).toEqual([]);
    expect((await add('mac@b', '--login-policy', 'mac')).exitCode).toBe(0);
    expect((await add('any@b', '--mac', 'ignore')).exitCode).toBe(0);
    expect((await add('x@b', '--login-policy', 'none')).err).toBe('A login policy is secret or mac.\n');
    expect((await add('x@b', '--mac', '00:11')).exitCode).toBe(1);
    const kept = await database
      .db('solution')
      .whereLike('mail', '%@b')
      .orderBy('mail')
      .select('mail', 'login_policy', 'mac');
    expect(kept).toEqual([
      { mail: 'any@b', login_policy: 'secret', mac: 'ignore' },
      { mail: 'mac@b', login_policy: 'mac', mac: null },
    ]);
    await database.db('channel_status').delete();
    await database.db('solution').delete();
  });

  test('blanks around values are removed, and a new account is reported', async () => {
    const first = await solutionAdd('--mail', ' cuisine@b ', '--name', ' Cuisine ', '--account', 'Martin');
    expect(first.out).toMatch(/^account "Martin" made\nid \d+\nmail cuisine@b\nsecret \S+\n$/);
    const second = await solutionAdd('--mail', 'bar@b', '--name', 'Bar', '--account', 'Martin');
    expect(second.out).toMatch(/^id \d+\nmail bar@b\nsecret \S+\n$/);
    expect(await database.db('solution').orderBy('id').pluck('name')).toEqual(['Cuisine', 'Bar']);
    const again = await solutionAdd('--mail', 'bar@b', '--name', 'Bar');
    expect([again.exitCode, again.err]).toEqual([1, 'This solution exists already.\n']);
  });

  test('a user gets a password of its own, whatever the first admin has, or the one that is given', async () => {
    const settings = { ...environment, EPACK_ADMIN_EMAIL: 'admin@b', EPACK_ADMIN_PASSWORD: 'of-the-admin' };
    const drawn = await epack(['user', 'add', '--email', 'drawn@b'], settings);
    expect(drawn.out).toMatch(/^added drawn@b, password \S{8,}\n$/);
    expect(drawn.out).not.toContain('of-the-admin');
    const given = await epack(
      ['user', 'add', '--email', 'given@b', '--password-stdin'],
      environment,
      'chosen-by-someone\n',
    );
    expect([given.exitCode, given.out]).toEqual([0, 'added given@b\n']);
    const short = await epack(
      ['user', 'add', '--email', 'short@b', '--password-stdin'],
      environment,
      'abc\n',
    );
    expect([short.exitCode, short.err]).toEqual([1, 'The password must have 12 to 1024 characters.\n']);
    expect((await userAdd('--email', 'notanemail')).err).toBe('email: is no e-mail address\n');
  });

  test('a manager sees the accounts that it is given; without one that is said', async () => {
    await database.db('account').insert([{ name: 'Durand' }, { name: 'Petit' }]);
    const sees = await userAdd(
      '--email',
      'm@b',
      '--role',
      'manager',
      '--account',
      'Durand',
      '--account',
      'Petit',
    );
    expect([sees.exitCode, sees.err]).toEqual([0, '']);
    const names = await database
      .db('user_account')
      .join('account', 'account.id', 'account_id')
      .orderBy('name')
      .pluck('name');
    expect(names).toEqual(['Durand', 'Petit']);
    expect((await userAdd('--email', 'v@b', '--role', 'viewer')).err).toMatch(/^v@b sees no account yet/);
    const unknown = await userAdd('--email', 'w@b', '--role', 'viewer', '--account', 'Typo');
    expect([unknown.exitCode, unknown.err]).toEqual([1, 'There is no account "Typo".\n']);
  });
});
