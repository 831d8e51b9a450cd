import { openConnection } from '../../shared/db/connection';

/** Makes a table of numbers in the database. */
export const createReadings = (url: string): Promise<number[]> =>
  query(url, 'create table if not exists reading (id int primary key)');

/** Commits one number. */
export const addReading = (url: string, id: number): Promise<number[]> =>
  query(url, `insert into reading values (${id})`);

export const allReadings = (url: string): Promise<number[]> =>
  query(url, 'select id from reading order by id');

/** One statement on a connection of its own; the column `id` of its rows. */
export async function query(url: string, sql: string): Promise<number[]> {
  const client = await openConnection(url, 'epack-test');
  try {
    const { rows } = await client.query<{ id: number }>(sql);
    return rows.map((row) => row.id);
  } finally {
    await client.end().catch(() => undefined);
  }
}
