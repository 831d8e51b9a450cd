import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Db, migrate, openDatabase } from '../../shared/db/database';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../shared/embedded/embedded-postgres';
import { createTestFolder } from '../setup/folder';
import { onServer } from '../setup/template-database';

// The script that makes the role of the server in docker-compose.yml, run by the superuser of a real PostgreSQL. There, a
// role `epack` exists already; this one has another name.
const script = readFileSync(path.resolve(__dirname, '../../docs/operations/database-role.sh'), 'utf8');
const name = 'epack_in_compose';
const password = randomBytes(12).toString('hex');
const statements = (/<<'SQL'\n(.*?)^SQL$/ms.exec(script)?.[1] ?? '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('\\set'))
  .map((line) => line.replaceAll(/\bepack\b/g, name).replace(":'password'", `'${password}'`));

let postgres: EmbeddedPostgres;
let db: Db;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres({
    dataDir: path.join(createTestFolder().path, 'data'),
    ephemeral: true,
  });
  const superuser = new URL(postgres.url);
  superuser.username = 'postgres';
  superuser.pathname = '/postgres';
  for (const statement of statements) await onServer(superuser.href, statement);
  const own = new URL(postgres.url);
  own.username = name;
  own.password = password;
  own.pathname = `/${name}`;
  db = openDatabase({ url: own.href, maxConnections: 2, applicationName: 'epack-test' });
});
afterAll(async () => {
  await db.destroy();
  await postgres.stop();
});

describe('the role that the server works as in docker-compose.yml', () => {
  test('makes the whole schema in its database', async () => {
    await migrate(db);
    const result = await db.raw<{ rows: { owner: string }[] }>(
      `select distinct tableowner as owner from pg_tables where schemaname = 'public'`,
    );
    expect(result.rows).toEqual([{ owner: name }]);
  });

  test.each([
    ['becomes no superuser', `alter role ${name} superuser`],
    ['makes no other role', `create role ${name}_other`],
    ['makes no other database', `create database ${name}_other`],
    ['runs no program on the machine of the database', `copy (select 1) to program 'true'`],
    ['reads no file there', `select pg_read_file('/etc/passwd')`],
    ['takes no trigger off by a setting', `set session_replication_role = replica`],
    ['alters no row of the audit trail', `update audit set actor = 'nobody'`],
    ['removes no row of the audit trail', 'delete from audit'],
    ['empties no audit trail', 'truncate audit'],
  ])('%s', async (_, statement) => {
    // 42501: insufficient_privilege.
    await expect(db.raw(statement)).rejects.toMatchObject({ code: '42501' });
  });
});
