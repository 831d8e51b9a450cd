import { appendRows } from '../../client/local-copy/append-rows';
import { managerMessages, readMessages } from '../../client/local-copy/messages';
import { call } from '../setup/solution-client';
import { copyWith, put, textIn } from './copies';
import { programOf, type RealServer, staffHeaders, startRealServer } from './real-server';

let real: RealServer;
let staff: Record<string, string>;

beforeAll(async () => {
  real = await startRealServer();
  staff = await staffHeaders(real);
});
afterAll(() => real.stop());

const messagesAt = (id: string) => `${real.server.url}/api/solutions/${id}/messages`;

async function tell(id: string, subject: string): Promise<void> {
  const body = JSON.stringify({ subject, body: 'Please read.' });
  expect((await call(messagesAt(id), { method: 'POST', headers: staff, body })).status).toBe(201);
}

/** By subject: when the solution read it. */
async function readingsOf(id: string): Promise<Record<string, unknown>> {
  const { json } = await call(messagesAt(id), { headers: staff });
  const items = json['items'] as unknown as { subject: string; readAt: string | null }[];
  return Object.fromEntries(items.map(({ subject, readAt }) => [subject, readAt]));
}

const readAt = new Date('2026-11-20T10:00:00.000Z');

describe('a solution’s messages', () => {
  test('are listed, and the manager learns which were read, once', async () => {
    const copy = await copyWith();
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await tell(enrolled.id, 'First');
    await tell(enrolled.id, 'Second');
    await solution.sync('messagerie');
    const listed = await managerMessages(copy);
    expect(listed.map(({ subject, kind }) => [subject, kind])).toEqual([
      ['Second', 'message'],
      ['First', 'message'],
    ]);
    const [second, first] = listed;
    expect(await readMessages(copy, readAt, [first?.id ?? '', '-99'])).toEqual([first?.id]);
    expect(await readMessages(copy, new Date(), [first?.id ?? ''])).toEqual([]);

    const told = await solution.sync('messagerie');
    expect(told.sent.contents.rows).toEqual({ Tbmessagerie: 1 });
    expect(told.report?.logs['Tbmessagerie']).toEqual({ inserted: 0, duplicates: 1, rejected: 0 });
    expect(await readingsOf(enrolled.id)).toEqual({ First: readAt.toISOString(), Second: null });
    expect((await solution.sync('messagerie')).sent.contents.rows).toEqual({});

    expect(await readMessages(copy, readAt)).toEqual([second?.id]);
    await solution.sync('messagerie');
    expect(await readingsOf(enrolled.id)).toMatchObject({ Second: readAt.toISOString() });
  });

  test('go both ways: what the kitchen writes has ids of its own', async () => {
    const copy = await copyWith();
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await tell(enrolled.id, 'From staff');
    await solution.sync('messagerie');
    const written = { Sender: 'Zoé', Subject: 'From the kitchen', Body: 'All well.' };
    expect(await appendRows(copy, 'Tbmessagerie', [], [written])).toEqual([1n]);
    await readMessages(copy, readAt);
    const { report } = await solution.sync('messagerie');
    expect(report?.logs['Tbmessagerie']).toEqual({ inserted: 1, duplicates: 1, rejected: 0 });
    expect(await real.backoffice.countLogs(enrolled.id, 'Tbmessagerie')).toBe(1);
    expect((await managerMessages(copy)).map(({ subject }) => subject)).toEqual(['From staff']);
  });

  test('that are sent again after they were read stay read, and add no row', async () => {
    const copy = await copyWith();
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await tell(enrolled.id, 'Once');
    await solution.sync('messagerie');
    await readMessages(copy, readAt);
    const before = textIn(copy.dir, 'csv/Tbmessagerie.csv');
    await real.server
      .db('manager_message')
      .where({ solution_id: Number(enrolled.id) })
      .update({ delivered_at: null, told_in: null });
    // Without its receipt: as if it had been told before the receipt came.
    await copy.changeChannel('messagerie', { owed: { gaps: {}, drift: [], receipts: [] } });
    const { failed, carried } = await solution.sync('messagerie');
    expect([failed, carried]).toEqual([[], 1]);
    expect(textIn(copy.dir, 'csv/Tbmessagerie.csv')).toBe(before);
  });

  test('of a table that somebody else wrote get the column that says so', async () => {
    const copy = await copyWith({ 'csv/Tbmessagerie.csv': 'Id;Subject\n3;ours\n-2;theirs\n' });
    expect(await readMessages(copy, readAt)).toEqual(['-2']);
    expect(textIn(copy.dir, 'csv/Tbmessagerie.csv')).toBe(
      `Id;Subject;ReadAt\n3;ours\n-2;theirs;${readAt.toISOString()}\n`,
    );
    put(copy.dir, { 'csv/Tbmessagerie.csv': 'Id;Subject\n' });
    expect(await readMessages(copy, readAt)).toEqual([]);
  });
});
