import { createQuotaStore } from '../../shared/stores/solutions/quota-store';
import { removeExpiredFiles } from '../../worker/upkeep/retention';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { fridgeLog, zipOf } from '../v4/archive';
import { fullSync, onServer, signIn, storedFiles } from '../v4/on-server';

const server = onServer(
  { EPACK_QUOTA_OPEN_QUARANTINE: '5', EPACK_QUOTA_EXTRA_COLUMNS: '3' },
  { worker: true },
);

const badRows = (from: number, count: number) =>
  ['Id,Temp', ...Array.from({ length: count }, (_, row) => `${from + row},warm`), ''].join('\r\n');

const badEntities = `<ArrayOfDefFridges>${Array.from(
  { length: 8 },
  (_, at) => `<DefFridges><Id>${at + 1}</Id><TempMax>warm ${at}</TempMax></DefFridges>`,
).join('')}</ArrayOfDefFridges>`;

const quarantineOf = (solutionId: number) =>
  server()
    .db('quarantine')
    .where({ solution_id: solutionId, state: 'open' })
    .orderBy('id')
    .select<{ code: string; seen_count: number }[]>('code', 'seen_count');

describe('items in quarantine beyond their bound', () => {
  test('are counted in one item, the rest of the upload is applied, and the report says all of it', async () => {
    const client = await signIn(server());
    await fullSync(
      client,
      zipOf({ 'csv/Tbfridge.csv': badRows(10, 8), 'csv/Tbtracking.csv': 'Id\r\n1\r\n' }),
    );
    const items = await quarantineOf(client.id);
    expect(items.map(({ code }) => code)).toEqual([...Array<string>(5).fill('bad-value'), 'quarantine-full']);
    expect(items.at(-1)).toMatchObject({ seen_count: 3 });
    expect((await client.sync()).json['report']).toMatchObject({
      logs: { Tbfridge: { inserted: 0, rejected: 8 }, Tbtracking: { inserted: 1 } },
    });
    // The next ones make no item more.
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': badRows(100, 4) }));
    expect(await quarantineOf(client.id)).toHaveLength(6);
    expect((await quarantineOf(client.id)).at(-1)).toMatchObject({ seen_count: 7 });
  });

  test('keep their upload, until staff have decided the item that counts them', async () => {
    const client = await signIn(server());
    const full = await fullSync(client, zipOf({ 'csv/Tbfridge.csv': badRows(10, 8) }));
    const fits = await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1000) }));
    const { db, config } = server();
    await db('sync')
      .where({ solution_id: client.id })
      .update({ received_at: db.raw(`now() - interval '90 days'`) });
    const sweep = () =>
      removeExpiredFiles({ db, files: createDiskFileStore(config.filesDir), retentionDays: 30 });
    const isStored = async (sync: string) =>
      (await storedFiles(server())).some((file) => file.startsWith(`uploads/${sync}/`));
    await sweep();
    expect([await isStored(full), await isStored(fits)]).toEqual([true, false]);
    await db('quarantine').where({ solution_id: client.id }).update({ state: 'discarded' });
    await sweep();
    expect(await isStored(full)).toBe(false);
  });

  test('count even if the same item is already open, and leave no room for others', async () => {
    const client = await signIn(server());
    for (let sync = 0; sync < 2; sync += 1) await fullSync(client, zipOf({ 'xml/Fridges.xml': badEntities }));
    const items = await quarantineOf(client.id);
    expect(items.map(({ seen_count: count }) => count)).toEqual([2, 2, 2, 2, 2, 6]);
  });

  test('have the room that staff give to the solution', async () => {
    const client = await signIn(server());
    await createQuotaStore(server().db).setOfSolution(client.id, {
      syncsPerDay: null,
      bytesPerDay: null,
      openUploads: null,
      openUploadBytes: null,
      openQuarantine: 100,
      extraColumns: null,
    });
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': badRows(10, 8) }));
    expect(await quarantineOf(client.id)).toHaveLength(8);
  });
});

describe('columns that a log does not declare', () => {
  const rows = (id: number, columns: readonly string[]) =>
    [['Id', ...columns].join(','), [id, ...columns.map(() => 'x')].join(','), ''].join('\r\n');
  const stored = (solutionId: number) =>
    server().db('tbfridge').where({ solution_id: solutionId }).orderBy('id').pluck('id');

  test('are bounded over all files of a solution; a file with more is refused whole, and kept', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': rows(1, ['One', 'Two']) }));
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': rows(2, ['Two', 'Three']) }));
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': rows(3, ['Four']) }));
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': rows(4, ['One', 'Three']) }));
    expect(await stored(client.id)).toEqual(['1', '2', '4']);
    expect((await quarantineOf(client.id)).map(({ code }) => code)).toEqual(['too-many-columns']);
    expect((await createQuotaStore(server().db).ofSolution(client.id))?.used.extraColumns).toBe(3);
  });

  test('may not have names that would fill the log', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': rows(1, ['N'.repeat(101)]) }));
    expect(await stored(client.id)).toEqual([]);
    expect((await quarantineOf(client.id)).map(({ code }) => code)).toEqual(['too-many-columns']);
  });
});
