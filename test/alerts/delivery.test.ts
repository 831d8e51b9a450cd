import { unzip, zipOf } from '../v4/archive';
import { edit } from '../v4/edits';
import { fullSync, onServer, signIn, syncTo2 } from '../v4/on-server';
import { eventually } from '../queue/eventually';

const server = onServer({}, { worker: true });

const readings = (probe: string, startMs: number, ...temperatures: number[]) =>
  [
    'Id,ProbeId,MeasuredAt,Temperature',
    ...temperatures.map(
      (temp, index) => `${index + 1},${probe},${new Date(startMs + index * 600_000).toISOString()},${temp}`,
    ),
    '',
  ].join('\n');

test('an alert that a sync on sondes finds is sent on messagerie once', async () => {
  const sondes = await signIn(server(), 'sondes');
  await edit(server(), sondes.id, 'Fridges', 'f1', {
    Name: 'Chambre froide',
    ProbeId: 'P1',
    TempMin: 0,
    TempMax: 4,
  });
  const csv = readings('P1', Date.now() - 3_600_000, 3, 7, 7, 7, 8, 7);
  await fullSync(sondes, zipOf({ 'csv/Tbsondes.csv': csv }));
  await fullSync(sondes, zipOf({ 'csv/Tbsondes.csv': csv }));
  await eventually('the alert is there', async () => {
    const alerts = await server().db('probe_alert').where({ solution_id: sondes.id });
    return alerts.length === 1;
  });
  const messagerie = sondes.on('messagerie');
  await syncTo2(messagerie, zipOf());
  const told = unzip((await messagerie.download()).body)
    .get('csv/Tbmessagerie-i.csv')
    ?.toString('utf8');
  expect(told?.match(/probe-alert/g)).toHaveLength(1);
  expect(told).toMatch(/Chambre froide \(P1\): too warm/);
  expect(told).toMatch(/Above its upper limit of 4 °C since .*\. Highest: 8 °C\./);
  await messagerie.confirm();
  await syncTo2(messagerie, zipOf());
  expect([...unzip((await messagerie.download()).body).keys()]).toEqual(['report.json', 'manifest.json']);
});

test('a silent probe is found without any upload', async () => {
  const sondes = await signIn(server(), 'sondes');
  await fullSync(sondes, zipOf({ 'csv/Tbsondes.csv': readings('gone', Date.now() - 13 * 3_600_000, 3) }));
  await server().stopWorker();
  await server().startWorker();
  await eventually('the alert is there', async () => {
    const alerts = await server().db('probe_alert').where({ solution_id: sondes.id });
    return alerts.length === 1;
  });
});
