import { createPairStatisticsStore } from '../../shared/stores/pairs/pair-statistics-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';

// The planner reads whole tables where it believes that they are empty.

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test('a table that has just grown is counted before autovacuum looks at it', async () => {
  const { db } = database;
  await db.raw(`insert into listed_key (listing, key) select 1, n::text from generate_series(1, 2000) n`);
  const statistics = createPairStatisticsStore(db);
  for (let counted = 0; counted !== 2000;) {
    await statistics.refresh();
    const { rows } = await db.raw<{ rows: { counted: number }[] }>(
      `select reltuples::int as counted from pg_class where oid = 'listed_key'::regclass`,
    );
    counted = rows[0]?.counted ?? 0;
  }
});
