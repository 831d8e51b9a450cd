import { randomUUID } from 'node:crypto';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import type { FileStore } from '../../shared/files/file-store';
import { archiveKeyOf, packageKeyOf, unpackedPrefixOf } from '../../shared/files/layout';
import { createSyncStore } from '../../shared/stores/syncs/sync-store';
import { removeOrphanFiles } from '../../worker/upkeep/retention';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';

let database: TestDatabase;
let solutionId: number;
const folder = createTestFolder();
const files: FileStore = createDiskFileStore(folder.path);

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  const { rows } = await database.db.raw<{ rows: { id: number }[] }>(
    `with kitchen as (insert into account (name) values (gen_random_uuid()::text) returning id)
     insert into solution (account_id, mail, name, secret_hash)
     select id, gen_random_uuid()::text, 'Kitchen', '-' from kitchen returning id`,
  );
  solutionId = rows[0]?.id ?? 0;
});
afterAll(async () => {
  await database.drop();
  folder.remove();
});

/** An upload whose archive is here and whose unpacking is under way. */
async function receive(archiveKey?: string): Promise<string> {
  const id = randomUUID();
  await database.db('sync').insert({
    id,
    solution_id: solutionId,
    channel: 'synchro',
    state: 'receiving',
    receiving_until: database.db.raw(`now() + interval '1 minute'`),
  });
  await files.write(archiveKey ?? archiveKeyOf(id), Buffer.from('zip'));
  await files.write(`${unpackedPrefixOf(id)}/xml/Fridges.xml`, Buffer.from('xml'));
  if (archiveKey !== undefined) await database.db('sync').where({ id }).update({ archive_key: archiveKey });
  return id;
}

async function filesOf(id: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of files.list('')) if (key.includes(id)) found.push(key);
  return found;
}

const hourPasses = () => database.db.raw(`update sync_gone set at = at - interval '61 minutes'`);
const sweep = () => removeOrphanFiles({ db: database.db, files });

describe('the files of an upload without a row', () => {
  test('are removed by a retention round, if the process that removed the row was killed', async () => {
    const id = await receive();
    expect(await createSyncStore(database.db).removeReceiving(id)).toBe(true);
    await hourPasses();
    expect(await sweep()).toBe(1);
    expect(await filesOf(id)).toEqual([]);
    expect(await sweep()).toBe(0);
  });

  test('stay for an hour, because the upload may still be in progress; those of a running upload stay', async () => {
    const alive = await receive();
    const given = await receive();
    await createSyncStore(database.db).removeReceiving(given);
    expect(await sweep()).toBe(0);
    expect(await filesOf(given)).toHaveLength(2);
    await hourPasses();
    expect(await sweep()).toBe(1);
    expect(await filesOf(given)).toEqual([]);
    expect(await filesOf(alive)).toHaveLength(2);
  });

  test('are removed with its solution, like its packages and resumable uploads', async () => {
    const upload = `tus/${solutionId}-synchro-${randomUUID()}`;
    const id = await receive(upload);
    await files.write(`${upload}.json`, Buffer.from('{}'));
    await files.write(packageKeyOf(id, 1), Buffer.from('zip'));
    await database.db('solution').where({ id: solutionId }).delete();
    await hourPasses();
    expect(await sweep()).toBe(1);
    expect(await filesOf(id)).toEqual([]);
    expect(await filesOf(upload)).toEqual([]);
  });

  test('are never those of another sync: an upload belongs to one', async () => {
    const upload = `tus/${solutionId}-synchro-${randomUUID()}`;
    await receive(upload);
    await expect(receive(upload)).rejects.toMatchObject({ constraint: 'sync_archive' });
  });

  test('are removed in one round, however many wait', async () => {
    await database.db.raw(
      `insert into sync_gone (sync_id) select gen_random_uuid() from generate_series(1, 450)`,
    );
    await hourPasses();
    expect(await sweep()).toBe(450);
  });
});
