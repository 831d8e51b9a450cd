import { createMessageService } from '../../api/backoffice/services/messages';
import { createSolutionService } from '../../api/backoffice/services/solutions';
import { createFlagService } from '../../api/backoffice/services/flags';
import { openStoreAccess } from '../../shared/stores/store-access';
import { commandLineCaller } from '../../shared/domain/staff';
import { parseCsv } from '../../shared/formats/csv-table';
import { createSolutionClient, type SolutionClient } from '../setup/solution-client';
import { unzip, zipOf } from '../v4/archive';
import { enrol, fullSync, onServer, syncTo2, tokenOf } from '../v4/on-server';

const server = onServer({}, { worker: true });

type Enrolled = Awaited<ReturnType<typeof enrol>>;
type Client = SolutionClient & { readonly id: number };

const on = async (enrolled: Enrolled, mac = enrolled.mac): Promise<Client> => ({
  ...createSolutionClient(server().url, await tokenOf(server(), { ...enrolled, mac })).on('messagerie'),
  id: enrolled.id,
});

/** As staff do it when a tablet is replaced. */
async function newTablet(enrolled: Enrolled): Promise<Client> {
  await createSolutionService(openStoreAccess(server().db)).update(commandLineCaller, enrolled.id, {
    mac: null,
  });
  return on(enrolled, 'aa:bb:cc:dd:ee:ff');
}

const service = () => createMessageService({ ...openStoreAccess(server().db), language: 'en' });
const send = (client: Client, subject: string) =>
  service().send(commandLineCaller, client.id, { subject, body: 'Please read.' });
const sentTo = async (client: Client) =>
  (await service().list(commandLineCaller, client.id, { limit: 100, after: null })).items;
const receipt = (id: string, readAt = '') =>
  zipOf({ 'csv/Tbmessagerie.csv': `Id,Subject,ReadAt\n${id},,${readAt}\n` });

async function subjectsTold(client: SolutionClient, op: 'i' | 'r' = 'i'): Promise<string[]> {
  const file = unzip((await client.download()).body).get(`csv/Tbmessagerie-${op}.csv`);
  if (file === undefined) return [];
  const { header, rows } = parseCsv(file.toString('utf8'));
  return rows.map((row) => row[header.indexOf('Subject')] ?? '');
}

/** The old tablet has received two messages; one of them was read there, and a third could not be taken. */
async function kitchenWithMessages(): Promise<Enrolled> {
  const enrolled = await enrol(server());
  const old = await on(enrolled);
  const read = await send(old, 'Read');
  await send(old, 'Unread');
  await fullSync(old, zipOf());
  await fullSync(old, receipt(read.id, '2026-11-20 08:00:00'));
  const refused = await send(old, 'Refused');
  for (let time = 1; time <= 5; time++) {
    await syncTo2(old, zipOf());
    await old.confirm({ failed: [{ file: 'csv/Tbmessagerie-i.csv', id: refused.id, reason: 'disk full' }] });
  }
  return enrolled;
}

test('a new tablet gets unread messages of the old one again, once', async () => {
  const enrolled = await kitchenWithMessages();
  const tablet = await newTablet(enrolled);
  await syncTo2(tablet, zipOf());
  expect(await subjectsTold(tablet)).toEqual(['Unread', 'Refused']);
  await tablet.confirm();
  await syncTo2(tablet, zipOf());
  expect(await subjectsTold(tablet)).toEqual([]);
  expect((await sentTo(tablet)).every(({ deliveredAt }) => deliveredAt !== null)).toBe(true);
});

test('unconfirmed messages are sent again, and an earlier upload of the old tablet makes no difference', async () => {
  const enrolled = await enrol(server());
  const old = await on(enrolled);
  await send(old, 'Unread');
  await fullSync(old, zipOf());
  await syncTo2(old, zipOf());
  const tablet = await newTablet(enrolled);
  await tablet.confirm();
  await syncTo2(tablet, zipOf());
  await createFlagService(openStoreAccess(server().db)).set(
    commandLineCaller,
    { solutionId: tablet.id, channel: 'messagerie' },
    'reset-status',
  );
  await syncTo2(tablet, zipOf());
  expect(await subjectsTold(tablet)).toEqual(['Unread']);
});

test('an upload of settings before does not prevent the messages', async () => {
  const enrolled = await kitchenWithMessages();
  const tablet = await newTablet(enrolled);
  await fullSync(tablet.on('synchro'), zipOf());
  await syncTo2(tablet, zipOf());
  expect(await subjectsTold(tablet)).toEqual(['Unread', 'Refused']);
});

test('a copy of the old tablet that holds them says so, and loses and changes nothing', async () => {
  const enrolled = await kitchenWithMessages();
  const tablet = await newTablet(enrolled);
  const unread = (await sentTo(tablet)).find(({ subject }) => subject === 'Unread');
  const read = (await sentTo(tablet)).find(({ subject }) => subject === 'Read');
  await fullSync(tablet, receipt(read?.id ?? ''));
  await fullSync(tablet, receipt(unread?.id ?? '', '2026-11-21 08:00:00'));
  const byName = new Map((await sentTo(tablet)).map((one) => [one.subject, one]));
  expect(byName.get('Read')?.readAt).toEqual(new Date('2026-11-20T07:00:00Z'));
  expect(byName.get('Unread')?.readAt).toEqual(new Date('2026-11-21T07:00:00Z'));
});

test('with replace-from-manager it gets all messages, as they were read', async () => {
  const enrolled = await kitchenWithMessages();
  const tablet = await newTablet(enrolled);
  await createFlagService(openStoreAccess(server().db)).set(
    commandLineCaller,
    { solutionId: tablet.id, channel: 'messagerie' },
    'replace-from-manager',
  );
  await tablet.lastIdLogs();
  await syncTo2(tablet, zipOf());
  expect(await subjectsTold(tablet, 'r')).toEqual(['Read', 'Unread', 'Refused']);
  await tablet.confirm();
  expect((await sentTo(tablet)).every(({ deliveredAt }) => deliveredAt !== null)).toBe(true);
  await syncTo2(tablet, zipOf());
  expect(await subjectsTold(tablet)).toEqual([]);
});
