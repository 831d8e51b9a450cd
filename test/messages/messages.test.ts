import { parseCsv } from '../../shared/formats/csv-table';
import { createMessageService } from '../../api/backoffice/services/messages';
import { createFlagService } from '../../api/backoffice/services/flags';
import type { Flag } from '../../shared/domain/flag';
import { commandLineCaller } from '../../shared/domain/staff';
import type { Language } from '../../shared/domain/language';
import { unzip, zipOf } from '../v4/archive';
import { fullSync, onServer, signIn, syncTo2 } from '../v4/on-server';
import type { SolutionClient } from '../setup/solution-client';
import { openStoreAccess } from '../../shared/stores/store-access';

const server = onServer({}, { worker: true });

type Client = SolutionClient & { readonly id: number };
type Row = Record<string, string>;

const kitchen = (): Promise<Client> => signIn(server(), 'messagerie');

const messageService = (language: Language = 'en') =>
  createMessageService({ ...openStoreAccess(server().db), language });

const send = (client: Client, subject = 'Recall', body = 'Lot 12, "ham";\nplease throw away') =>
  messageService().send(commandLineCaller, client.id, { subject, body });

const setFlag = (client: Client, flag: Flag) =>
  createFlagService(openStoreAccess(server().db)).set(
    commandLineCaller,
    { solutionId: client.id, channel: 'messagerie' },
    flag,
  );

const sentTo = async (client: Client) =>
  (await messageService().list(commandLineCaller, client.id, { limit: 100, after: null })).items;

/** The rows of a file of the package at hand; null: it holds no such file. */
async function told(client: SolutionClient, op: 'i' | 'r' = 'i'): Promise<Row[] | null> {
  const file = unzip((await client.download()).body).get(`csv/Tbmessagerie-${op}.csv`);
  if (file === undefined) return null;
  const { header, rows } = parseCsv(file.toString('utf8'));
  return rows.map((row) => Object.fromEntries(header.map((name, cell) => [name, row[cell] ?? ''])));
}

const upload = (csv: string) => zipOf({ 'csv/Tbmessagerie.csv': csv });

describe('a message of the manager', () => {
  test('is sent with the next package, and not again once it is confirmed', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    await syncTo2(client, zipOf());
    expect(await told(client)).toMatchObject([
      {
        Id: id,
        Kind: 'message',
        Sender: 'command line',
        Subject: 'Recall',
        Body: 'Lot 12, "ham";\nplease throw away',
        ReadAt: '',
      },
    ]);
    expect((await client.confirm()).status).toBe(200);
    expect((await sentTo(client))[0]).toMatchObject({
      id,
      deliveredAt: expect.any(Date) as Date,
      failures: 0,
    });
    await syncTo2(client, zipOf());
    expect(await told(client)).toBeNull();
  });

  test('is sent again with the next package if the channel was reset before the confirmation', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    await syncTo2(client, zipOf());
    await setFlag(client, 'reset-status');
    await syncTo2(client, zipOf());
    expect(await told(client)).toMatchObject([{ Id: id }]);
  });

  test('that was written while a package waited is not confirmed with it', async () => {
    const client = await kitchen();
    await syncTo2(client, zipOf());
    const { id } = await send(client);
    await client.confirm();
    expect((await sentTo(client))[0]).toMatchObject({ id, deliveredAt: null });
    await syncTo2(client, zipOf());
    expect(await told(client)).toMatchObject([{ Id: id }]);
  });

  test('that the solution could not take is sent again, with the reason, and parked after five failures', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    const other = await send(client, 'Another');
    for (let time = 1; time <= 5; time++) {
      await syncTo2(client, zipOf());
      expect((await told(client))?.map((row) => row['Id'])).toEqual(time === 1 ? [id, other.id] : [id]);
      const failed = [{ file: 'csv/Tbmessagerie-i.csv', id, reason: `disk full ${time}` }];
      await client.confirm({ failed });
    }
    expect(await sentTo(client)).toMatchObject([
      { id: other.id, isParked: false, deliveredAt: expect.any(Date) as Date },
      { id, isParked: true, deliveredAt: null, failures: 5, failureReason: 'disk full 5' },
    ]);
    await syncTo2(client, zipOf());
    expect(await told(client)).toBeNull();
  });

  test('has an Id below zero, where no row of the solution ever is', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    expect(Number(id)).toBeLessThan(-1);
    await fullSync(client, upload('Id,Subject,Body\n1,Hello,We are out of salt\n'));
    expect((await client.lastIdLogs()).json).toEqual({ Tbmessagerie: '1' });
  });
});

describe('receipts of the solution', () => {
  test('a receipt marks the message as read, and adds no row to the log', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    await fullSync(client, zipOf());
    const sync = await fullSync(
      client,
      upload(
        `Id,Sender,Subject,Body,ReadAt\n1,Chef,Hello,"We are out of salt",\n${id},,Recall,,2026-11-20 08:00:00\n`,
      ),
    );
    expect((await sentTo(client))[0]?.readAt).toEqual(new Date('2026-11-20T07:00:00Z'));
    const { report } = (await client.sync()).json;
    expect(report).toMatchObject({
      sync,
      logs: { Tbmessagerie: { inserted: 1, duplicates: 1, rejected: 0 } },
      rejections: [],
    });
    expect(
      await server().db('tbmessagerie').where({ solution_id: client.id }).select('id', 'subject'),
    ).toEqual([{ id: '1', subject: 'Hello' }]);
    expect((await client.lastIdLogs()).json).toEqual({ Tbmessagerie: '1' });
  });

  test('the first reading counts, whatever comes after it', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    const receipt = (at: string) => upload(`Id,ReadAt\n${id},${at}\n`);
    await fullSync(client, receipt('2026-11-20 08:00:00'));
    await fullSync(client, receipt('2026-11-21 08:00:00'));
    await fullSync(client, receipt(''));
    expect((await sentTo(client))[0]?.readAt).toEqual(new Date('2026-11-20T07:00:00Z'));
  });

  test('a receipt shows that the message arrived, even if no package was ever confirmed', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    await fullSync(client, upload(`Id,ReadAt\n${id},\n`));
    expect((await sentTo(client))[0]).toMatchObject({ readAt: null, deliveredAt: expect.any(Date) as Date });
  });

  test("a receipt for another solution's message is refused, and changes nothing there", async () => {
    const [mine, theirs] = [await kitchen(), await kitchen()];
    const { id } = await send(theirs);
    await fullSync(mine, upload(`Id,ReadAt\n${id},2026-11-20 08:00:00\n`));
    expect((await sentTo(theirs))[0]?.readAt).toBeNull();
    expect((await mine.sync()).json['report']).toMatchObject({
      logs: { Tbmessagerie: { inserted: 0, duplicates: 0, rejected: 1 } },
      rejections: [{ code: 'unknown-message', id, line: 2 }],
    });
  });

  test('a row with the same Id and other content is not a receipt', async () => {
    const client = await kitchen();
    const { id } = await send(client, 'URGENT lot B');
    const read = '2026-11-20 08:00:00';
    await fullSync(client, upload(`Id,Subject,ReadAt\n${id},Lot A,${read}\n`));
    await fullSync(client, upload(`Id,Subject,Body,ReadAt\n${id},URGENT lot B,other,${read}\n`));
    await fullSync(client, upload(`Id,SentAt,ReadAt\n${id},2020-01-01T00:00:00Z,${read}\n`));
    expect((await client.sync()).json['report']?.['rejections']).toMatchObject([{ code: 'unknown-message' }]);
    expect((await sentTo(client))[0]).toMatchObject({ readAt: null });
    const body = '"Lot 12, ""ham"";\r\n please throw away"';
    await fullSync(client, upload(`Id,Subject,Body,ReadAt\n${id}, URGENT lot B ,${body},${read}\n`));
    expect((await sentTo(client))[0]).toMatchObject({ readAt: new Date('2026-11-20T07:00:00Z') });
  });

  test('a receipt with an invalid time is refused', async () => {
    const client = await kitchen();
    const { id } = await send(client);
    await fullSync(client, upload(`Id,ReadAt\n${id},yesterday\n`));
    expect((await client.sync()).json['report']).toMatchObject({ rejections: [{ id }] });
    expect((await sentTo(client))[0]?.readAt).toBeNull();
  });
});

test('replace-from-manager sends both sides’ messages as one table', async () => {
  const client = await kitchen();
  await fullSync(client, upload('Id,Subject,Body,Mood\n7,Hello,We are out of salt,grumpy\n'));
  const delivered = await send(client, 'First');
  await fullSync(client, zipOf());
  const due = await send(client, 'Second');
  await messageService().sendAnalyses(commandLineCaller, client.id, [tartare]);
  await setFlag(client, 'replace-from-manager');
  await syncTo2(client, zipOf());
  expect(await told(client)).toBeNull();
  expect(await told(client, 'r')).toMatchObject([
    { Id: '7', Subject: 'Hello', Mood: 'grumpy', Verdict: '' },
    { Id: delivered.id, Subject: 'First' },
    { Id: due.id, Subject: 'Second' },
    { Kind: 'analysis', Verdict: 'acceptable', Mood: '' },
  ]);
  await client.confirm();
  await syncTo2(client, zipOf());
  expect(await told(client)).toBeNull();
});

const tartare = {
  sample: 'Steak tartare',
  germ: 'E. coli',
  operator: '=' as const,
  value: 60,
  unit: 'UFC/g',
  limitSatisfactory: 50,
  limitAcceptable: 500,
  sampledAt: new Date('2026-11-18T09:30:00Z'),
  comment: 'Batch 4',
};

test('a lab result is sent with its verdict', async () => {
  const client = await kitchen();
  await messageService().sendAnalyses(commandLineCaller, client.id, [tartare]);
  await syncTo2(client, zipOf());
  expect(await told(client)).toMatchObject([
    {
      Kind: 'analysis',
      MeasuredAt: '2026-11-18T09:30:00.000Z',
      IsConform: 'true',
      Subject: 'Steak tartare, E. coli: acceptable',
      Body: 'Measured: 60 UFC/g (m = 50, M = 500). Verdict: acceptable.\nBatch 4',
      Sample: 'Steak tartare',
      Germ: 'E. coli',
      Operator: '=',
      Value: '60',
      Unit: 'UFC/g',
      LimitSatisfactory: '50',
      LimitAcceptable: '500',
      Verdict: 'acceptable',
    },
  ]);
});

test('the text of a lab result is in the language of the installation; its columns are the same in all languages', async () => {
  const client = await kitchen();
  const result = { ...tartare, operator: '>' as const, value: 2500.5, comment: null };
  await messageService('fr').sendAnalyses(commandLineCaller, client.id, [result]);
  await syncTo2(client, zipOf());
  expect(await told(client)).toMatchObject([
    {
      Subject: 'Steak tartare, E. coli : non satisfaisant',
      Body: 'Mesure : > 2500,5 UFC/g (m = 50, M = 500). Conclusion : non satisfaisant.',
      Value: '2500.5',
      Verdict: 'unsatisfactory',
    },
  ]);
});
