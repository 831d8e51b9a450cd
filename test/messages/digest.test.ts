import { createMessageService } from '../../api/backoffice/services/messages';
import { createFlagService } from '../../api/backoffice/services/flags';
import { commandLineCaller } from '../../shared/domain/staff';
import { parseCsv } from '../../shared/formats/csv-table';
import { eventually } from '../queue/eventually';
import type { SolutionClient } from '../setup/solution-client';
import { unzip, zipOf } from '../v4/archive';
import { edit } from '../v4/edits';
import { fullSync, onServer, signIn, syncTo2 } from '../v4/on-server';
import { openStoreAccess } from '../../shared/stores/store-access';

const server = onServer({ EPACK_LANGUAGE: 'fr' }, { worker: true });

type Client = SolutionClient & { readonly id: number };
type Row = Record<string, string>;

const hourMs = 3_600_000;
const probes = 6;

/** Each probe was too warm twice, and the first one is again: an alert that goes on, and 12 that are over: 25 messages. */
async function kitchenAfterThreeWeeks(): Promise<Client> {
  const client = await signIn(server(), 'messagerie');
  const rows: string[] = [];
  for (let number = 1; number <= probes; number++) {
    const fridge = { Name: `Chambre ${number}`, ProbeId: `P${number}`, TempMin: 0, TempMax: 4 };
    await edit(server(), client.id, 'Fridges', `f${number}`, fridge);
    for (let hour = 0; hour < 12; hour++) {
      const isWarm = [1, 2, 5, 6].includes(hour) || (number === 1 && hour >= 10);
      const at = new Date(Date.now() - (12 - hour) * hourMs).toISOString();
      rows.push(`P${number},${at},${isWarm ? 9 : 3}`);
    }
  }
  const csv = ['Id,ProbeId,MeasuredAt,Temperature', ...rows.map((row, place) => `${place + 1},${row}`), ''];
  await fullSync(client.on('sondes'), zipOf({ 'csv/Tbsondes.csv': csv.join('\n') }));
  await eventually('all alerts are judged', async () => (await automatic(client)).length === 25);
  return client;
}

const service = () => createMessageService({ ...openStoreAccess(server().db), language: 'fr' });
const sentTo = async ({ id }: Client) =>
  (await service().list(commandLineCaller, id, { limit: 100, after: null })).items;
const automatic = async (client: Client) =>
  (await sentTo(client)).filter(({ kind }) => kind === 'probe-alert');
const members = async (client: Client) => (await sentTo(client)).filter(({ digestId }) => digestId !== null);

async function told(client: SolutionClient, op: 'i' | 'r' = 'i'): Promise<Row[]> {
  const file = unzip((await client.download()).body).get(`csv/Tbmessagerie-${op}.csv`);
  if (file === undefined) return [];
  const { header, rows } = parseCsv(file.toString('utf8'));
  return rows.map((row) => Object.fromEntries(header.map((name, cell) => [name, row[cell] ?? ''])));
}

test('many messages about probes go down as one, in the kitchen’s language; those that people wrote stay single', async () => {
  const client = await kitchenAfterThreeWeeks();
  const written = await service().send(commandLineCaller, client.id, { subject: 'Rappel', body: 'Lot 12' });
  await syncTo2(client, zipOf());
  const [single, digest, ...more] = await told(client);
  expect(more).toEqual([]);
  expect(single).toMatchObject({ Id: written.id, Kind: 'message', Subject: 'Rappel' });
  expect(digest).toMatchObject({
    Kind: 'probe-alert',
    Subject: 'Sondes : 13 alertes, dont 1 toujours en cours',
    IsConform: 'false',
  });
  const body = digest?.['Body'] ?? '';
  expect(body).toMatch(
    /^Toujours en cours \(1\) :\n- Chambre 1 \(P1\) : trop chaud\. Au-dessus de sa limite haute de 4 °C depuis le /,
  );
  expect(body).toMatch(/\n\nTerminées \(12\) :\n/);
  expect(
    body.match(/^- Chambre \d \(P\d\) : trop chaud\. Du .* au .*, au-dessus de sa limite haute/gm),
  ).toHaveLength(12);

  await service().send(commandLineCaller, client.id, { subject: 'Autre', body: 'Lot 13' });
  await client.confirm();
  expect((await members(client)).map(({ deliveredAt }) => deliveredAt !== null)).toEqual(
    Array(25).fill(true),
  );
  await syncTo2(client, zipOf());
  expect((await told(client)).map((row) => row['Subject'])).toEqual(['Autre']);
});

test('a digest that failed is sent again as the same message, and is parked with all its alerts', async () => {
  const client = await kitchenAfterThreeWeeks();
  await syncTo2(client, zipOf());
  const [digest] = await told(client);
  const id = digest?.['Id'] ?? '';
  const failed = [{ file: 'csv/Tbmessagerie-i.csv', id, reason: 'disk full' }];
  await client.confirm({ failed });
  for (let time = 2; time <= 5; time++) {
    await syncTo2(client, zipOf());
    expect(await told(client)).toEqual([digest]);
    await client.confirm({ failed });
  }
  expect(new Set((await automatic(client)).map(({ isParked }) => isParked))).toEqual(new Set([true]));
  await syncTo2(client, zipOf());
  expect(await told(client)).toEqual([]);
});

test('a receipt of the digest marks all its alerts as read; a device keeps the messages that it already has', async () => {
  const client = await kitchenAfterThreeWeeks();
  const first = (await automatic(client)).at(-1)?.id ?? '';
  await syncTo2(client, zipOf());
  const id = (await told(client))[0]?.['Id'] ?? '';
  await client.confirm();
  const receipts = `Id,ReadAt\n${first},2026-11-20 07:00:00\n${id},2026-11-20 08:00:00\n`;
  await fullSync(client, zipOf({ 'csv/Tbmessagerie.csv': receipts }));
  expect((await client.sync()).json['report']).toMatchObject({ rejections: [] });
  const readAt = new Map((await members(client)).map((one) => [one.id, one.readAt?.toISOString()]));
  expect(readAt.get(first)).toBe('2026-11-20T06:00:00.000Z');
  readAt.delete(first);
  expect(new Set(readAt.values())).toEqual(new Set(['2026-11-20T07:00:00.000Z']));
});

test('replace-from-manager sends the digest, and not its alerts a second time', async () => {
  const client = await kitchenAfterThreeWeeks();
  await createFlagService(openStoreAccess(server().db)).set(
    commandLineCaller,
    { solutionId: client.id, channel: 'messagerie' },
    'replace-from-manager',
  );
  await client.lastIdLogs();
  await syncTo2(client, zipOf());
  const rows = await told(client, 'r');
  expect(rows.map((row) => row['Subject'])).toEqual(['Sondes : 13 alertes, dont 1 toujours en cours']);
  await client.confirm();
  expect((await members(client)).every(({ deliveredAt }) => deliveredAt !== null)).toBe(true);
  await syncTo2(client, zipOf());
  expect(await told(client)).toEqual([]);
});

test('of more than forty alerts a digest lists forty, those that go on first, and counts the others', async () => {
  const client = await signIn(server(), 'messagerie');
  await server().db.raw(
    `with alert as (
       insert into probe_alert (solution_id, probe_id, kind, fridge_name, limit_value, delay_minutes, worst_value, since,
         opened_at, closed_at)
       select :id, 'P' || n, 'high', 'Chambre ' || n, 4, 30, 9, now() - make_interval(hours => n), now() - make_interval(hours => n),
         case when n > 3 then now() end
       from generate_series(1, 46) as n returning id
     )
     insert into manager_message (solution_id, kind, sender, subject, body, alert_id)
     select :id, 'probe-alert', 'ePack', 'trop chaud', 'Trop chaud.', id from alert`,
    { id: client.id },
  );
  await syncTo2(client, zipOf());
  const [digest, ...more] = await told(client);
  expect(more).toEqual([]);
  expect(digest).toMatchObject({ Subject: 'Sondes : 46 alertes, dont 3 toujours en cours' });
  const body = digest?.['Body'] ?? '';
  expect(body.match(/^- Chambre \d+ /gm)).toHaveLength(40);
  expect(body).toMatch(/^Toujours en cours \(3\) :\n- Chambre 1 \(P1\)/);
  expect(body).toContain('\n\nTerminées (43) :\n- Chambre 4 (P4)');
  expect(body).toMatch(/\n\nEt 6 autres\.$/);
});
