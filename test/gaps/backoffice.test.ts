import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

test('staff see what is missing in the logs of their solutions, and not of others', async () => {
  const { solution } = await newKitchen(backoffice);
  expect((await admin.call('GET', `/api/solutions/${solution}/gaps`)).at('items')).toEqual([]);
  await backoffice.db('log_mark').insert([
    { solution_id: solution, table_name: 'tbsondes', highest_id: 9, received: '{[1,4),[6,10)}' },
    { solution_id: solution, table_name: 'tboil', highest_id: 9, received: '{[1,10)}' },
    { solution_id: solution, table_name: 'tbfridge', highest_id: 30, received: '{[1,2),[11,31)}' },
  ]);
  expect((await admin.call('GET', `/api/solutions/${solution}/gaps`)).at('items')).toEqual([
    { table: 'Tbfridge', channel: 'synchro', missing: '9', ranges: [['2', '10']] },
    { table: 'Tbsondes', channel: 'sondes', missing: '2', ranges: [['4', '5']] },
  ]);
  expect((await admin.call('GET', '/api/solutions/999999/gaps')).status).toBe(404);
});
