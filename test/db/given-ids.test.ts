import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { keepGivenIds } from '../../shared/db/given-ids';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = createTestFolder().path;
});
afterAll(() => database.drop());

const stand = async (name: string) => {
  const { rows } = await database.db.raw<{ rows: { last_value: string }[] }>('select last_value from ??', [
    name,
  ]);
  return Number(rows[0]?.last_value);
};
const put = (name: string, value: number) =>
  database.db.raw('select setval(cast(? as regclass), ?)', [name, value]);
const messages = 'manager_message_id_seq';

test('a database that was put back by other means gives no id out again, upwards and downwards', async () => {
  await put('quarantine_id_seq', 5_000);
  await put('solution_id_seq', 700);
  await put(messages, -900);
  expect(await keepGivenIds(database.db, folder)).toEqual([]);

  await put('quarantine_id_seq', 4_000);
  await put('solution_id_seq', 701);
  await put(messages, -800);
  expect(await keepGivenIds(database.db, folder)).toEqual([
    { name: messages, given: '-900', found: '-800' },
    { name: 'quarantine_id_seq', given: '5000', found: '4000' },
  ]);
  expect(await stand('quarantine_id_seq')).toBe(10_005_000);
  expect(await stand('solution_id_seq')).toBe(701);
  expect(await stand(messages)).toBe(-10_000_900);
  expect(await keepGivenIds(database.db, folder)).toEqual([]);
});

test('a damaged file stops nothing, and is written again', async () => {
  const file = path.join(folder, 'given-ids.json');
  writeFileSync(file, '{"quarantine_id_seq": "9');
  expect(await keepGivenIds(database.db, folder)).toEqual([]);
  expect(readFileSync(file, 'utf8')).toContain('"quarantine_id_seq":"10005000"');
});
