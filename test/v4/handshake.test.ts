import { logTablesOf } from '../../shared/catalog/log-tables';
import { parameterClasses } from '../../shared/catalog/parameter-classes';
import { createFlagStore } from '../../shared/stores/solutions/flag-store';
import type { Channel } from '../../shared/domain/channel';
import type { Flag } from '../../shared/domain/flag';
import type { SolutionClient } from '../setup/solution-client';
import { fridgeLog, zipOf } from './archive';
import { expectProblem, fullSync, onServer, signIn, syncTo2 } from './on-server';

const server = onServer({}, { worker: true });

const setFlag = (client: SolutionClient & { id: number }, channel: Channel, flag: Flag) =>
  createFlagStore(server().db).set([client.id], channel, flag, 'staff@example.org');

describe('GET /v4/{channel}/lastIdLogs', () => {
  test('returns every log table of the channel with "-1" for a solution that has sent nothing', async () => {
    for (const channel of ['synchro', 'sondes', 'messagerie', 'photos'] as const) {
      const client = await signIn(server(), channel);
      const answer = await client.lastIdLogs();
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual(Object.fromEntries(logTablesOf(channel).map(({ name }) => [name, '-1'])));
    }
  });

  test('of synchro there are 38, Tbmessagerie is on messagerie, Tbsondes on sondes', async () => {
    const client = await signIn(server());
    expect(Object.keys((await client.lastIdLogs()).json)).toHaveLength(38);
    expect(Object.keys((await client.on('messagerie').lastIdLogs()).json)).toEqual(['Tbmessagerie']);
    expect(Object.keys((await client.on('sondes').lastIdLogs()).json)).toEqual(['Tbsondes']);
    expect((await client.on('photos').lastIdLogs()).json).toEqual({});
  });

  test('returns the highest known Id, as a string, also beyond the range of a number', async () => {
    const client = await signIn(server());
    const csv = 'Id,Temp\r\n9007199254740993,3\r\n5,3\r\n';
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': csv, 'csv/Tboil.csv': 'Id,Temp\n12,170\n' }));
    const { json } = await client.lastIdLogs();
    expect(json).toMatchObject({ Tbfridge: '9007199254740993', Tboil: '12', Tbcooking: '-1' });
  });

  test('covers rows that went to quarantine', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': 'Id,Temp\r\n1,3\r\n8,no number\r\n' }));
    expect((await client.lastIdLogs()).json['Tbfridge']).toBe('8');
  });

  test('does not go back when older rows follow', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(50) }));
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(20) }));
    expect((await client.lastIdLogs()).json['Tbfridge']).toBe('50');
  });

  test('needs status 0: else 403 wrong-status, with the member statut', async () => {
    await server().stopWorker();
    const client = await signIn(server());
    await client.postForm(zipOf());
    const answer = await client.lastIdLogs();
    expectProblem(answer, 403, 'wrong-status');
    expect(answer.json['statut']).toBe('1');
    expect((await client.on('sondes').lastIdLogs()).status).toBe(200);
    await server().startWorker();
  });

  test('the flags resend-logs and replace-from-solution make it answer -1, until the sync that honours them is confirmed', async () => {
    for (const flag of ['resend-logs', 'replace-from-solution'] as const) {
      const client = await signIn(server());
      await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(3) }));
      await setFlag(client, 'synchro', flag);
      expect((await client.lastIdLogs()).json['Tbfridge']).toBe('-1');
      await syncTo2(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3) }));
      await client.confirm();
      expect((await client.lastIdLogs()).json['Tbfridge']).toBe('3');
    }
  });
});

describe('GET /v4/{channel}/listSyncParams', () => {
  test('returns the files that the solution must send: those of the classes that it may edit', async () => {
    const { status, json } = await (await signIn(server())).listSyncParams();
    expect(status).toBe(200);
    const wanted = parameterClasses.filter(({ direction }) => direction !== 'manager');
    expect(json).toEqual(wanted.map(({ name }) => `${name}.xml`));
    expect(json).toEqual(expect.arrayContaining(['Actions.xml', 'Fridges.xml']));
    expect(json).not.toContain('Company.xml');
  });

  test('the other channels have no parameters', async () => {
    const client = await signIn(server());
    for (const channel of ['sondes', 'messagerie', 'photos'] as const) {
      expect((await client.on(channel).listSyncParams()).json).toEqual([]);
    }
  });

  test('the flag replace-from-solution asks for all classes', async () => {
    const client = await signIn(server());
    await setFlag(client, 'synchro', 'replace-from-solution');
    expect((await client.listSyncParams()).json).toEqual(parameterClasses.map(({ name }) => `${name}.xml`));
  });

  test('needs status 0: else 403 wrong-status', async () => {
    const client = await signIn(server());
    await syncTo2(client, zipOf());
    const answer = await client.listSyncParams();
    expectProblem(answer, 403, 'wrong-status');
    expect(answer.json['statut']).toBe('2');
  });
});
