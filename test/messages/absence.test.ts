import { type Staff, signInStaff } from '../photos/staff';
import { parseCsv } from '../../shared/formats/csv-table';
import { call } from '../setup/solution-client';
import { unzip, zipOf } from '../v4/archive';
import { onServer, signIn, syncTo2 } from '../v4/on-server';

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

test('a germ that a laboratory found absent is received as CSV, sent in a package, and shown in the console', async () => {
  const client = await signIn(server(), 'messagerie');
  const csv = 'sample;germ;value;unit;m;M\r\nSteak haché;Salmonella;Absence dans 25 g;;;\r\n';
  const sent = await call(`${server().url}/api/solutions/${client.id}/analyses`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${admin.token}`, 'Content-Type': 'text/csv' },
    body: csv,
  });
  expect(sent.status).toBe(201);

  await syncTo2(client, zipOf());
  const file =
    unzip((await client.download()).body)
      .get('csv/Tbmessagerie-i.csv')
      ?.toString('utf8') ?? '';
  const { header, rows } = parseCsv(file);
  const [row = []] = rows;
  const cell = (name: string) => row[header.indexOf(name)];
  expect(
    ['Germ', 'Operator', 'Value', 'Unit', 'LimitSatisfactory', 'LimitAcceptable', 'Verdict'].map(cell),
  ).toEqual(['Salmonella', 'absence', '25', 'g', '', '', 'satisfactory']);

  const page = await call(`${server().url}/solutions/${client.id}/messages`, {
    headers: { accept: 'text/html', cookie: `epack_session=${admin.token}` },
  });
  expect(page.text).toContain('Measured: not detected in 25 g. Verdict: satisfactory.');
});
