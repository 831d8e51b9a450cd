import { createLogDatabase, type LogDatabase } from '../logs/log-database';

let log: LogDatabase;
beforeAll(async () => {
  log = await createLogDatabase();
});
afterAll(() => log.drop());

const oils = ['Id,MeasuredAt,OilName', '1,2026-11-20 07:31:00,A', '2,2026-11-20 08:31:00,A', ''].join('\n');

test('rows that are sent again after the time zone was put right are duplicates, and what they hold otherwise is not', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oils, { solutionId, timezone: 'Europe/Paris' });
  await log.db('solution').where({ id: solutionId }).update({ timezone: 'Europe/Paris' });
  await log.db('solution').where({ id: solutionId }).update({ timezone: 'Indian/Reunion' });
  const again = await log.load('Tboil', oils, { solutionId, timezone: 'Indian/Reunion' });
  expect(again).toMatchObject({ inserted: 0, duplicates: 2, rejected: 0 });
  const other = await log.load('Tboil', oils.replace('07:31', '07:32'), {
    solutionId,
    timezone: 'Indian/Reunion',
  });
  expect(other.rejections).toMatchObject([{ code: 'id-conflict', rowId: '1' }]);
});
