import { existsSync } from 'node:fs';
import path from 'node:path';
import { logTables } from '../../shared/catalog/log-tables';
import { jobKinds } from '../../shared/domain/job-kind';
import { jobPolicies } from '../../worker/jobs/kinds';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { allPages, pageOf, root } from './markdown';

/** The cells of the rows of a page's tables that begin with a name in code. */
const rowsOf = (page: string): string[][] =>
  pageOf(page)
    .text.split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const code = (text: string) => `\`${text}\``;

test('docs/architecture/background-work.md lists every kind of job, and when it comes due', () => {
  const wanted = jobKinds.map((kind) => {
    const { cron } = jobPolicies[kind];
    return [code(kind), cron === null ? 'on request' : code(cron)];
  });
  expect(rowsOf('docs/architecture/background-work.md')).toEqual(wanted);
});

describe('docs/architecture/tables.md', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('lists every table but those of the logs', async () => {
    const { rows } = await database.db.raw<{ rows: { name: string }[] }>(
      `select relname as name from pg_class
       where relkind in ('r', 'p') and relnamespace = current_schema()::regnamespace and relname not like 'knex%'
       order by relname collate "C"`,
    );
    const logs = new Set(logTables.map(({ table }) => table));
    const wanted = rows.map(({ name }) => name).filter((name) => !logs.has(name));
    expect(rowsOf('docs/architecture/tables.md').map(([table]) => table)).toEqual(wanted.map(code));
  });

  test('names only folders that exist', () => {
    const rooms = rowsOf('docs/architecture/tables.md').map(([, room = '']) => room.replaceAll('`', ''));
    expect(rooms.filter((room) => !existsSync(path.join(root, room)))).toEqual([]);
  });
});

test.each(allPages().filter(({ name }) => name.startsWith('docs/architecture/')))(
  '$name names files and rooms that there are',
  ({ text }) => {
    const named = [
      ...text.matchAll(/`((?:api|worker|shared|commands|client|test|docs|migrations|bench)\/[\w./-]*)`/g),
    ];
    const absent = named.map(([, file = '']) => file).filter((file) => !existsSync(path.join(root, file)));
    expect(absent).toEqual([]);
  },
);
