import { Readable } from 'node:stream';
import { inTransaction } from '../../shared/db/database';
import { loadLogFile } from '../../worker/solution-sync/logs/load-log-file';
import { readTimesAnew } from '../../worker/solution-sync/logs/read-times-anew';
import { logTable } from '../logs/log-database';
import { startBackoffice, type TestBackoffice } from './backoffice';
import { pageVisitor } from './page-visitor';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

/** A solution with readings of 07:31 on the clock of Paris. */
async function kitchenInParis(mail: string): Promise<string> {
  const made = await backoffice.admin.call('POST', '/api/solutions', { mail, name: 'Le Petit Zinc' });
  const id = String(made.at('id'));
  const csv = ['Id,MeasuredAt,OilName', '1,2026-11-20 07:31:00,A', '2,2026-11-20 07:31:00,A', ''].join('\n');
  const input = {
    solutionId: Number(id),
    timezone: 'Europe/Paris',
    table: logTable('Tboil'),
    file: { name: 'csv/Tboil.csv', open: () => Promise.resolve(Readable.from([Buffer.from(csv)])) },
  };
  await inTransaction(backoffice.db, (transaction) =>
    loadLogFile(transaction, input, () => Promise.reject(new Error('refused'))),
  );
  return id;
}

test('a change of the time zone returns how many readings were read in the old one, and a call has them read again', async () => {
  const { admin } = backoffice;
  const id = await kitchenInParis('rest@example.org');
  const path = `/api/solutions/${id}`;
  expect((await admin.call('PATCH', path, { name: 'Le Zinc' })).at('otherZoneReadings')).toBeUndefined();
  const changed = await admin.call('PATCH', path, { timezone: 'Indian/Reunion' });
  expect(changed.at('otherZoneReadings')).toEqual({
    timezone: 'Indian/Reunion',
    readable: '2',
    zones: [{ timezone: 'Europe/Paris', readings: '2' }],
    unreadable: '0',
    underWay: null,
  });

  const asked = await admin.call('POST', `${path}/other-zone-readings`);
  expect(asked.status).toBe(202);
  expect(asked.at('underWay')).toMatchObject({
    timezone: 'Indian/Reunion',
    askedBy: admin.email,
    readings: '0',
  });
  await admin.call('POST', `${path}/other-zone-readings`);
  const jobs = await backoffice.db('job').where({ kind: 'logs.read-times-anew' });
  expect(jobs).toHaveLength(1);

  await readTimesAnew(backoffice.db);
  expect((await admin.call('GET', `${path}/other-zone-readings`)).json).toMatchObject({
    readable: '0',
    underWay: null,
  });
  expect((await admin.call('GET', `${path}/logs/Tboil`)).at('items', 0, 'MeasuredAt')).toBe(
    '2026-11-20T03:31:00.000Z',
  );
  const trail = await admin.call('GET', `/api/audit?solution=${id}&action=log.read-anew-asked`);
  expect(trail.at('items', 0)).toMatchObject({ after: { timezone: 'Indian/Reunion', readings: '2' } });
  expect(trail.at('items', 1)).toBeUndefined();
});

test('the settings of a solution show it in both languages, with a button for those who may', async () => {
  const { admin } = backoffice;
  const id = await kitchenInParis('console@example.org');
  const page = `/solutions/${id}/settings`;
  const visitor = pageVisitor(backoffice, admin);
  expect((await visitor.look(page)).text).not.toContain('read-times-anew');
  await visitor.submit(page, { timezone: 'Indian/Reunion' });
  expect((await visitor.look(page)).text).toContain('2 stored readings have their times in Europe/Paris');
  expect((await visitor.look(page, 'fr')).text).toContain('2 relevés enregistrés sont datés');
  const account = (await admin.call('GET', `/api/solutions/${id}`)).at('account', 'id');
  const viewer = await backoffice.signIn('viewer', [String(account)]);
  const seen = (await pageVisitor(backoffice, viewer).look(page)).text;
  expect(seen).toContain('2 stored readings have their times in Europe/Paris');
  expect(seen).not.toContain('read-times-anew');
  expect((await viewer.call('POST', `/api/solutions/${id}/other-zone-readings`)).status).toBe(403);

  const answer = await visitor.submit(`/solutions/${id}/read-times-anew`);
  expect(answer).toEqual({ status: 303, to: `${page}?done=read-anew` });
  expect((await visitor.look(page)).text).toContain('They are being read again');
  await readTimesAnew(backoffice.db);
  expect((await visitor.look(page)).text).not.toContain('in Europe/Paris');
});
