import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Enrolled } from '../../client/backoffice';
import { openLocalCopy } from '../../client/local-copy/local-copy';
import { Killed } from '../../client/simulation/bad-network';
import type { Channel } from '../../shared/domain/channel';
import type { Flag } from '../../shared/domain/flag';
import { call, type Json, textOf } from '../setup/solution-client';
import { appendRows } from '../../client/local-copy/append-rows';
import { jpeg } from '../photos/pictures';
import { eventually } from '../queue/eventually';
import { classFile, copyWith, fridge, put, textIn } from './copies';
import { programOf, type RealServer, staffHeaders, startRealServer } from './real-server';

let real: RealServer;
let staff: Record<string, string>;

beforeAll(async () => {
  real = await startRealServer();
  staff = await staffHeaders(real);
});
afterAll(() => real.stop());

async function setFlag({ id }: Enrolled, channel: Channel, flag: Flag): Promise<void> {
  const path = `/api/solutions/${id}/channels/${channel}/flags/${flag}`;
  const { status } = await call(real.server.url + path, { method: 'PUT', headers: staff });
  expect(status).toBe(204);
}

async function ask(path: string, body?: object): Promise<Json> {
  const answer = await call(real.server.url + path, {
    headers: staff,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return answer.json;
}

const flagsOf = async ({ id }: Enrolled) => (await ask(`/api/solutions/${id}`))['flags'];

const small = {
  'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Chambre froide 1'), fridge('2', 'Cave')),
  'csv/Tboil.csv': 'Id,OilName,PolarPercent\n1,Friteuse 1,12\n2,Friteuse 2,13\n',
};

describe('staff ask for a special synchronisation', () => {
  test('replace-from-manager: everything is replaced except rows measured since the upload', async () => {
    const copy = await copyWith(small);
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    put(copy.dir, { 'csv/Tboil.csv': 'Id,OilName,PolarPercent\n2,damaged here,99\n' });
    await setFlag(enrolled, 'synchro', 'replace-from-manager');
    let measured: Promise<unknown> | null = null;
    const busy = programOf(real, enrolled, copy, {
      onEvent: ({ kind }) => {
        if (kind === 'accepted') {
          measured ??= copy.exclusively(() =>
            appendRows(copy, 'Tboil', [], [{ OilName: 'new', PolarPercent: '9' }]),
          );
        }
      },
    });
    const { failed } = await busy.sync('synchro');
    expect(failed).toEqual([]);
    const rows = textIn(copy.dir, 'csv/Tboil.csv')
      .trim()
      .split('\n')
      .map((line) => line.split(',').filter((cell) => cell !== ''));
    expect(rows.slice(1)).toEqual([
      ['1', 'Friteuse 1', '12'],
      ['2', 'Friteuse 2', '13'],
      ['3', 'new', '9'],
    ]);
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('Cave');
    const { report } = await solution.sync('synchro');
    expect(report?.logs['Tboil']).toEqual({ inserted: 1, duplicates: 0, rejected: 0 });
    expect(report?.params['Fridges']).toMatchObject({ unchanged: 2, updated: 0 });
  });

  test('resend-logs: all rows are sent again, and known already', async () => {
    const copy = await copyWith(small);
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    await setFlag(enrolled, 'synchro', 'resend-logs');
    expect((await solution.sync('synchro')).report?.logs['Tboil']).toEqual({
      inserted: 0,
      duplicates: 2,
      rejected: 0,
    });
  });

  test('resend-params: lost settings come back, and the readings stay as they are', async () => {
    const copy = await copyWith(small);
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    put(copy.dir, { 'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Chambre froide 1')) });
    await setFlag(enrolled, 'synchro', 'resend-params');
    const { failed } = await solution.sync('synchro');
    expect(failed).toEqual([]);
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('Cave');
    expect(textIn(copy.dir, 'csv/Tboil.csv')).toBe(small['csv/Tboil.csv']);
    expect(await flagsOf(enrolled)).toEqual([]);
  });

  test('replace-from-solution: settings at once, readings after an approval; then both go on together', async () => {
    const copy = await copyWith(small);
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    await real.backoffice.changeParameter(enrolled.id, 'Fridges', '1', { Name: 'Changed by staff' });
    put(copy.dir, { 'csv/Tboil.csv': 'Id,OilName,PolarPercent\n1,Set up anew,10\n' });
    await setFlag(enrolled, 'synchro', 'replace-from-solution');
    await solution.sync('synchro');
    expect(await real.backoffice.parameters(enrolled.id, 'Fridges')).toMatchObject([
      { id: '1', fields: { Name: 'Chambre froide 1' } },
      { id: '2' },
    ]);
    expect(await real.backoffice.countLogs(enrolled.id, 'Tboil')).toBe(2);
    const waiting = await ask(`/api/approvals?solution=${enrolled.id}`);
    expect(waiting['items']).toMatchObject([{ class: 'Tboil', logRows: { deleted: 1, replaced: 1 } }]);
    const approval = textOf(waiting['items']?.[0]?.['id']);
    await ask(`/api/approvals/${approval}`, { decision: 'approve' });
    await eventually('the readings are replaced', async () => {
      return (await real.backoffice.countLogs(enrolled.id, 'Tboil')) === 1;
    });
    await copy.exclusively(() => appendRows(copy, 'Tboil', [], [{ OilName: 'next', PolarPercent: '11' }]));
    const { report } = await solution.sync('synchro');
    expect(report?.logs['Tboil']).toEqual({ inserted: 1, duplicates: 0, rejected: 0 });
  });

  test('rebuild-photo-index: what the server has lost is sent again', async () => {
    const copy = await copyWith();
    mkdirSync(path.join(copy.dir, 'photos'));
    for (const shade of [1, 2])
      writeFileSync(path.join(copy.dir, 'photos', `p${shade}.jpg`), await jpeg(shade));
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    expect((await solution.sync('photos')).report?.photos.inserted).toBe(2);
    const folder = path.join(real.server.config.filesDir, 'photos', enrolled.id);
    rmSync(path.join(folder, readdirSync(folder)[0] ?? ''));
    await setFlag(enrolled, 'photos', 'rebuild-photo-index');
    expect((await solution.sync('photos')).sent.contents.photos).toBe(0);
    expect(await flagsOf(enrolled)).toEqual([]);
    const again = await solution.sync('photos');
    expect([again.sent.contents.photos, again.report?.photos.inserted]).toEqual([1, 1]);
  });

  test.each([
    ['sondes', { 'csv/Tbsondes.csv': 'Id,ProbeId,MeasuredAt,Temperature\n1,P1,2026-11-20 07:31:00,3.5\n' }],
    ['messagerie', { 'csv/Tbmessagerie.csv': 'Id,Sender,Kind,Subject,Body\n1,Anaïs,message,Frigo,Chaud\n' }],
    ['photos', {}],
  ] as const)('on %s as well: each is honoured once and done with', async (channel, files) => {
    const copy = await copyWith(files);
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync(channel);
    for (const flag of [
      'replace-from-manager',
      'replace-from-solution',
      'resend-logs',
      'resend-params',
    ] as const) {
      await setFlag(enrolled, channel, flag);
      const { outcome, failed, report } = await solution.sync(channel);
      expect([flag, outcome, failed, report?.rejections]).toEqual([flag, 'processed', [], []]);
      expect(await flagsOf(enrolled)).toEqual([]);
    }
    expect((await ask(`/api/approvals?solution=${enrolled.id}`))['items']).toEqual([]);
  });

  test('reset-status in the middle of a sync: it is abandoned, and the next one brings everything', async () => {
    const copy = await copyWith(small);
    const enrolled = await real.enrol();
    await real.server.stopWorker();
    const waiting = programOf(real, enrolled, copy, {
      pollSeconds: 1,
      onEvent: ({ kind }) => {
        if (kind === 'accepted') void setFlag(enrolled, 'synchro', 'reset-status');
      },
    });
    expect((await waiting.sync('synchro')).outcome).toBe('abandoned');
    await real.server.startWorker();
    const { outcome, report } = await programOf(real, enrolled, copy).sync('synchro');
    expect([outcome, report?.logs['Tboil']?.inserted]).toEqual(['processed', 2]);
  });
});

describe('a solution whose server needs no confirmation', () => {
  test('carries its instructions out even if it dies right after it has fetched them', async () => {
    const copy = await copyWith(small);
    const enrolled = await real.enrol();
    const { status } = await call(`${real.server.url}/api/solutions/${enrolled.id}`, {
      method: 'PATCH',
      headers: staff,
      body: JSON.stringify({ confirmation: 'on-download' }),
    });
    expect(status).toBe(200);
    await programOf(real, enrolled, copy).sync('synchro');
    await real.backoffice.changeParameter(enrolled.id, 'Fridges', '1', {
      Name: 'Chambre froide 1',
      TempMax: 2,
    });
    const dying = programOf(real, enrolled, copy, {
      onEvent: ({ kind }) => {
        if (kind === 'fetched') throw new Killed();
      },
    });
    await expect(dying.sync('synchro')).rejects.toThrow(Killed);
    await copy.close();
    const next = await openLocalCopy(copy.dir);
    await programOf(real, enrolled, next).sync('synchro');
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('<TempMax>2</TempMax>');
  });
});
