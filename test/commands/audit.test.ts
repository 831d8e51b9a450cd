import { createAuditStore } from '../../shared/stores/staff/audit-store';
import { sealAuditTrail } from '../../worker/upkeep/seal-audit-trail';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { epack } from './epack';

describe('epack audit verify', () => {
  let database: TestDatabase;
  let folder: TestFolder;
  beforeAll(async () => {
    database = await createTestDatabase();
    folder = createTestFolder();
  });
  afterAll(async () => {
    await database.drop();
    folder.remove();
  });

  const verify = () =>
    epack(['audit', 'verify'], { DATABASE_URL: database.url, EPACK_DATA_DIR: folder.path });

  test('says that the trail is whole, and names the first row that was altered', async () => {
    const { db } = database;
    for (const actor of ['one', 'two', 'three', 'four']) {
      await createAuditStore(db).add([
        { actor, action: 'flag.set', solutionId: null, address: '192.0.2.7', before: null, after: { actor } },
      ]);
    }
    await sealAuditTrail({ db, log: { info: () => undefined } });
    const whole = await verify();
    expect([whole.exitCode, whole.err]).toEqual([0, '']);

    // The application's role cannot; whoever owns the tables gives themselves the right.
    await expect(db.raw(`update audit set actor = 'nobody'`)).rejects.toThrow(/permission denied/);
    await db.raw(`grant update on audit to current_user; alter table audit disable trigger user`);
    await db.raw(`update audit set actor = 'nobody' where actor in ('two', 'four')`);
    const altered = await verify();
    const [first, last] = (await db('audit')
      .where({ actor: 'nobody' })
      .orderBy('id')
      .pluck('id')) as string[];
    expect(altered.exitCode).toBe(1);
    expect(`${altered.out}${altered.err}`).toMatch(new RegExp(`Row ${first ?? 'none'}\\b`));
    expect(`${altered.out}${altered.err}`).not.toMatch(new RegExp(`Row ${last ?? 'none'}\\b`));
  });
});
