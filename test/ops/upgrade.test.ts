import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { migrate } from '../../shared/db/database';
import { freePort } from '../../shared/embedded/free-port';
import { createProcesses, type Processes } from '../faults/on-processes';
import { eventually } from '../queue/eventually';
import { call, createSolutionClient } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { fullSync, reach2, signIn } from '../v4/on-server';

/**
 * The change that a next version may make to the schema while this one still runs: it adds. (docs/operations.md,
 * "Upgrade".) Here this build is the old version: its processes meet a schema that has more in it than they know.
 */
const nextVersion = `
  insert into knex_migrations (name, batch, migration_time) values ('29991231_99_next_version.js', 99, now());
  create table next_version (id int generated always as identity primary key, solution_id int references solution on delete cascade);
  create function next_version_note() returns trigger language plpgsql as $$
    begin insert into next_version (solution_id) values (new.solution_id); return null; end $$;
  create trigger next_version_note after insert on sync for each row execute function next_version_note();
`;

const tables = [
  'solution',
  'channel_status',
  'sync',
  'job',
  'param',
  'tbfridge',
  'log_mark',
  'photo',
  'instruction',
  'queue_message',
];

describe('during a rolling upgrade', () => {
  let server: Processes;
  beforeEach(async () => {
    server = await createProcesses();
  });
  afterEach(() => server.end());

  test('the old version works on the new schema, and uploads that had begun continue', async () => {
    await server.startApi();
    const worker = await server.startWorker();
    await eventually('the server is ready', async () => (await call(`${server.url}/readyz`)).status === 200);
    const client = await signIn(server);
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
    await worker.stop();
    await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(2) }));

    await server.db.raw(nextVersion);
    for (const table of tables) {
      await server.db.raw(
        `alter table ${table} add column next_note text, add column next_count int not null default 7`,
      );
    }

    await server.startWorker();
    await reach2(client);
    await client.confirm();
    await fullSync(
      client,
      zipOf({
        'csv/Tbfridge.csv': fridgeLog(3),
        'xml/Fridges.xml': '<ArrayOfDefFridges></ArrayOfDefFridges>',
      }),
    );
    await fullSync(client.on('photos'), zipOf());
    expect((await client.lastIdLogs()).json['Tbfridge']).toBe('3');
    expect((await call(`${server.url}/readyz`)).status).toBe(200);
    const rows = await server.db('tbfridge').where({ solution_id: client.id }).orderBy('id');
    expect(rows.map(({ id, next_count: count }: { id: string; next_count: number }) => [id, count])).toEqual([
      ['1', 7],
      ['2', 7],
      ['3', 7],
    ]);
  });

  test('to go back, the old version is started again: it has nothing to migrate, and reports no problem', async () => {
    await server.db.raw(nextVersion);
    expect(await migrate(server.db)).toEqual([]);
  });

  test('two APIs serve one solution at the same time: each knows status, token and uploads of the other', async () => {
    const port = await freePort();
    const [first] = [await server.startApi(), await server.startWorker()];
    const other = await server.startApi({ PORT: String(port) });
    const url = `http://127.0.0.1:${port}`;
    await eventually('both are ready', async () =>
      (await Promise.all([server.url, url].map((one) => call(`${one}/readyz`)))).every(
        ({ status }) => status === 200,
      ),
    );
    const client = await signIn(server);
    const beside = createSolutionClient(url, client.token);
    const poll = beside.statut('?wait=30&not=0');
    await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
    expect((await poll).text).toMatch(/"[12]"/);
    await reach2(beside);
    await first.stop();
    expect((await beside.download()).status).toBe(200);
    expect((await beside.confirm()).json).toEqual({ statut: '0' });
    await fullSync(beside, zipOf({ 'csv/Tbfridge.csv': fridgeLog(2) }));
    await other.stop();
  });
});

describe('migrations', () => {
  const folder = path.resolve(__dirname, '../../migrations');
  /** The schema of the first release; what came before it met no running version. */
  const firstRelease = '20261121_99';

  /**
   * Where the version before stumbles all the same, and why. Photos of one name are no longer one: a worker of the version
   * before cannot store photos any more. It puts such a sync back, and a worker of this version does it
   * (docs/operations.md, Upgrade).
   */
  const stumblingBlocks = ['20261130_30_names_of_photos.js'];

  test('of the versions after the first only add, so that the previous version still works', () => {
    const later = readdirSync(folder).filter(
      (name) => name > firstRelease && !stumblingBlocks.includes(name),
    );
    for (const name of later) {
      expect({ name, narrowed: narrowedBy(readFileSync(path.join(folder, name), 'utf8')) }).toEqual({
        name,
        narrowed: [],
      });
    }
  });

  test.each([
    ['alter table sync drop column attempts', ['drop column']],
    ['alter table sync rename column attempts to tries', ['rename column']],
    ['alter table sync alter column attempts type text', ['alter column attempts type']],
    ['alter table sync alter attempts set not null', ['set not null']],
    ['alter table server_key drop constraint server_key_pkey', ['drop constraint']],
    ['alter table sync add column note text not null', ['add column note text not null']],
    ['alter table sync add column note text, add column n int not null default 0', []],
    // Values that a check refused may exist from now on, so a reader must expect unknown ones.
    ['alter table job drop constraint job_lane_check', []],
    ['create table note (id int not null)', []],
    ['-- contract: unused since 0.3\n drop table note', []],
  ])('%s', (sql, narrowed) => {
    expect(narrowedBy(`exports.up = () => \`${sql}\`; exports.down = () => 'drop table x'`)).toEqual(
      narrowed,
    );
  });
});

/**
 * The statements of a migration that can break a version without it. A contraction says since which version nobody
 * reads the column.
 */
function narrowedBy(text: string): string[] {
  const up = text.slice(text.indexOf('exports.up'), text.indexOf('exports.down'));
  if (/-- contract: unused since \d+\.\d+/.test(up)) return [];
  const removed =
    /\b(drop (table|column|constraint(?! \w+_check\d*\b))|rename (to|column|constraint)|set not null|alter column \w+ type)\b/gi;
  const added = [...up.matchAll(/add column [^,;`]*/gi)].map(([one]) => one.trim());
  return [
    ...[...up.matchAll(removed)].map(([one]) => one),
    ...added.filter((one) => /not null/i.test(one) && !/default|generated/i.test(one)),
  ];
}
