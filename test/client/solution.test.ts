import { Readable } from 'node:stream';
import type { Enrolled } from '../../client/backoffice';
import { createKitchen } from '../../client/kitchen';
import { keepReadings, keepSettings } from '../../client/kitchen/keep-readings';
import type { Outgoing, OutgoingBody } from '../../client/http/exchange';
import { editSettings, fieldText, withField } from '../../client/local-copy/edit-settings';
import { type LocalCopy, openLocalCopy, xmlFile } from '../../client/local-copy/local-copy';
import { readSettings } from '../../client/local-copy/settings-file';
import { deepDifferencesOf, differencesOf } from '../../client/simulation/verification';
import { Killed } from '../../client/simulation/bad-network';
import { channels } from '../../shared/domain/channel';
import { classFile, copyWith, fridge, put } from './copies';
import { networkWith, programOf, type RealServer, startRealServer } from './real-server';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

const from = new Date('2026-11-16T05:00:00Z');

/** A copy with two days of a kitchen. */
async function kitchenCopy(seed = 'a') {
  const copy = await copyWith();
  const kitchen = createKitchen({ seed, from, probes: 2 });
  await keepSettings(copy, kitchen);
  await keepReadings(copy, kitchen.advanceTo(new Date(from.getTime() + 2 * 86_400_000)));
  return { copy, kitchen };
}

async function field(copy: LocalCopy, className: string, id: string, name: string): Promise<string | null> {
  const element = (await readSettings(xmlFile(copy.dir, className)))?.find((one) => one.id === id);
  return element === undefined ? null : fieldText(element, name);
}

async function allDifferences(copy: LocalCopy, enrolled: Enrolled): Promise<string[]> {
  const solution = programOf(real, enrolled, copy);
  const simulated = { enrolled, copy, solution };
  return [...(await differencesOf(simulated)), ...(await deepDifferencesOf(simulated, real.backoffice))];
}

describe('a solution on a real server', () => {
  test('brings all that it has to the server, channel by channel, and finds nothing to send the next time', async () => {
    const { copy } = await kitchenCopy();
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    for (const channel of channels) {
      const { outcome, report, sent } = await solution.sync(channel);
      expect([channel, outcome, report?.rejections]).toEqual([channel, 'processed', []]);
      expect(sent.bytes).toBeGreaterThan(100);
    }
    expect(await allDifferences(copy, enrolled)).toEqual([]);
    expect(solution.events.filter(({ kind }) => kind === 'logged-in')).toHaveLength(1);
    for (const channel of channels) {
      const { sent, report } = await solution.sync(channel);
      expect([sent.contents.rows, sent.contents.photos]).toEqual([{}, 0]);
      const changed = Object.values(report?.params ?? {}).filter(
        ({ inserted, updated }) => inserted + updated > 0,
      );
      expect(changed).toEqual([]);
    }
  });

  test('sends only what is new, and takes what staff changed', async () => {
    const { copy, kitchen } = await kitchenCopy('b');
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    const [fridge] = await real.backoffice.parameters(enrolled.id, 'Fridges');
    if (fridge === undefined) throw new Error('no fridge');
    await real.backoffice.changeParameter(enrolled.id, 'Fridges', fridge.id, {
      ...fridge.fields,
      TempMax: 3,
    });
    await keepReadings(copy, kitchen.advanceTo(new Date(from.getTime() + 3 * 86_400_000)));
    const { report, carried, failed } = await solution.sync('synchro');
    expect({ carried, failed }).toEqual({ carried: 1, failed: [] });
    expect(await field(copy, 'Fridges', fridge.id, 'TempMax')).toBe('3');
    expect(report?.logs['Tbfridge']?.duplicates).toBe(0);
    expect(await allDifferences(copy, enrolled)).toEqual(
      expect.not.arrayContaining([expect.stringContaining('Fridges')]),
    );
  });

  test('an edit during its sync is not overwritten: both sides are compared again', async () => {
    const { copy } = await kitchenCopy('c');
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    const [fridge] = await real.backoffice.parameters(enrolled.id, 'Fridges');
    if (fridge === undefined) throw new Error('no fridge');
    await real.backoffice.changeParameter(enrolled.id, 'Fridges', fridge.id, {
      ...fridge.fields,
      TempMax: 3,
    });
    const edit = () =>
      editSettings(copy, 'Fridges', (elements) =>
        elements.map((one) => (one.id === fridge.id ? withField(one, 'Name', 'Renommée') : one)),
      );
    let edited: Promise<boolean> | null = null;
    const busy = programOf(real, enrolled, copy, {
      onEvent: ({ kind }) => {
        if (kind === 'accepted') edited ??= edit();
      },
    });
    const { failed } = await busy.sync('synchro');
    expect(failed).toEqual([expect.objectContaining({ file: 'xml/Fridges-u.xml', id: fridge.id })]);
    expect(await field(copy, 'Fridges', fridge.id, 'Name')).toBe('Renommée');
    await solution.sync('synchro');
    await solution.sync('synchro');
    expect(await field(copy, 'Fridges', fridge.id, 'Name')).toBe('Renommée');
    expect(await field(copy, 'Fridges', fridge.id, 'TempMax')).toBe('3');
    const there = (await real.backoffice.parameters(enrolled.id, 'Fridges')).find(
      ({ id }) => id === fridge.id,
    );
    expect(there?.fields).toMatchObject({ Name: 'Renommée', TempMax: 3 });
  });

  test('an entity that it deletes is deleted on both sides', async () => {
    const copy = await copyWith();
    await keepSettings(copy, createKitchen({ seed: 'd', from }));
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    const [first] = (await readSettings(xmlFile(copy.dir, 'Origins'))) ?? [];
    await editSettings(copy, 'Origins', ([gone, ...others]) =>
      gone === undefined ? [] : [withField(gone, 'IsActive', 'false'), ...others],
    );
    await solution.sync('synchro');
    expect((await readSettings(xmlFile(copy.dir, 'Origins')))?.some(({ id }) => id === first?.id)).toBe(
      false,
    );
    expect(await allDifferences(copy, enrolled)).toEqual([]);
  });

  test('a large archive is sent as a resumable upload, which goes on after a kill', async () => {
    const { copy } = await kitchenCopy('e');
    const enrolled = await real.enrol();
    const offsets: number[] = [];
    const isPatch = ({ method }: Outgoing) => method === 'PATCH';
    const killing = networkWith(real.exchange, isPatch, async (good, outgoing) => {
      const { body } = await good({ ...outgoing, body: await firstHalfOf(outgoing) });
      body.resume();
      throw new Killed();
    });
    const solution = programOf(real, enrolled, copy, {
      resumableAboveBytes: 1000,
      exchange: (outgoing) => {
        if (isPatch(outgoing)) offsets.push(Number(outgoing.headers['Upload-Offset']));
        return killing(outgoing);
      },
    });
    await expect(solution.sync('synchro')).rejects.toThrow(Killed);
    const upload = copy.state().channels.synchro.upload;
    expect(upload?.resumeAt).toMatch(/^\/v4\/synchro\/uploads\//);
    const { earlier, outcome } = await solution.sync('synchro');
    expect([...earlier.map((one) => one.outcome), outcome]).toEqual(['processed', 'processed']);
    expect(earlier[0]?.report?.rejections).toEqual([]);
    // The half that had arrived is not sent again; the last one is the next sync's own.
    expect(offsets).toEqual([0, Math.floor((upload?.bytes ?? 0) / 2), 0]);
  });

  describe('whose program is killed at any exchange', () => {
    const exchanges = [
      'GET statut',
      'GET lastIdLogs',
      'GET listSyncParams',
      'POST datas',
      'GET datas',
      'POST confirm',
      'GET sync',
    ];
    const cases = exchanges.flatMap((exchange) => [
      [exchange, 'before the server hears it', false] as const,
      [exchange, 'after the server has done it', true] as const,
    ]);

    test.each(cases)('%s, %s: the next run ends as if nothing had been', async (exchange, _when, isHeard) => {
      const [verb, noun] = exchange.split(' ');
      const copy = await copyWith({
        'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Chambre froide 1'), fridge('2', 'Cave')),
        'csv/Tboil.csv': 'Id,OilName\n1,Friteuse 1\n2,Friteuse 2\n',
      });
      const enrolled = await real.enrol();
      const killing = networkWith(
        real.exchange,
        ({ method, path: asked }) => method === verb && asked.split('?')[0] === `/v4/synchro/${noun ?? ''}`,
        async (good, outgoing) => {
          if (isHeard) (await good(outgoing)).body.resume();
          throw new Killed();
        },
      );
      await expect(programOf(real, enrolled, copy, { exchange: killing }).sync('synchro')).rejects.toThrow(
        Killed,
      );
      await copy.close();
      const next = await openLocalCopy(copy.dir, { flush: false });
      const { outcome } = await programOf(real, enrolled, next).sync('synchro');
      expect(outcome).toBe('processed');
      const solution = programOf(real, enrolled, next);
      expect(await solution.statut('synchro')).toBe(0);
      expect((await solution.highestIds('synchro')).get('Tboil')).toBe(2n);
      expect(await real.backoffice.countLogs(enrolled.id, 'Tboil')).toBe(2);
      expect(await real.backoffice.parameters(enrolled.id, 'Fridges')).toHaveLength(2);
      expect(next.state().channels.synchro).toMatchObject({ upload: null, carriedOut: null, download: null });
    });
  });

  test('a token that the server no longer accepts is renewed during the sync', async () => {
    const { copy } = await kitchenCopy('f');
    const enrolled = await real.enrol();
    await copy.changeState((state) => ({
      ...state,
      token: { value: 'from-another-life', renewAfter: '2099-01-01T00:00:00.000Z' },
    }));
    expect((await programOf(real, enrolled, copy).sync('messagerie')).outcome).toBe('processed');
  });

  test('a wrong secret is reported in the words of the server', async () => {
    const enrolled = await real.enrol();
    const solution = programOf(real, { ...enrolled, secret: 'wrong' }, await copyWith());
    await expect(solution.sync('synchro')).rejects.toMatchObject({ code: 'bad-credentials' });
  });

  test('rows that the server refuses are reported and do not stop the others', async () => {
    const copy = await copyWith({
      'csv/Tboil.csv':
        'Id,MeasuredAt,OilName,PolarPercent\n1,2026-11-20 07:31:00,Friteuse 1,12\n2,gestern,Friteuse 1,13\n',
    });
    const { report } = await programOf(real, await real.enrol(), copy).sync('synchro');
    expect(report?.logs['Tboil']).toEqual({ inserted: 1, duplicates: 0, rejected: 1 });
    expect(report?.rejections).toEqual([expect.objectContaining({ file: 'csv/Tboil.csv', id: '2' })]);
  });

  test('a photo that the server cannot read is reported once, and not sent again', async () => {
    const copy = await copyWith({ 'photos/broken.jpg': 'no photo' });
    const solution = programOf(real, await real.enrol(), copy);
    const { report } = await solution.sync('photos');
    expect(report?.rejections).toEqual([expect.objectContaining({ file: 'photos/broken.jpg' })]);
    expect((await solution.sync('photos')).sent.contents.photos).toBe(0);
    put(copy.dir, { 'photos/broken.jpg': 'another attempt' });
    expect((await solution.sync('photos')).sent.contents.photos).toBe(1);
  });

  test('an archive that the server refuses is not sent again by the next run', async () => {
    const copy = await copyWith({ 'csv/Tboil.csv': 'Id,OilName\n1,Friteuse\n' });
    const enrolled = await real.enrol();
    const spoiling = networkWith(
      real.exchange,
      ({ method, path: asked }) => method === 'POST' && asked.endsWith('/datas'),
      (good, outgoing) => {
        // The digest is left out, or the server would find the damage by it.
        const headers = Object.fromEntries(
          Object.entries(outgoing.headers).filter(([name]) => name !== 'Content-Digest'),
        );
        return good({ ...outgoing, headers, body: { bytes: 6, open: () => streamOf('no zip') } });
      },
    );
    const solution = programOf(real, enrolled, copy, { exchange: spoiling });
    await expect(solution.sync('synchro')).rejects.toMatchObject({ code: 'not-a-zip' });
    expect(copy.state().channels.synchro.upload).toBeNull();
    expect((await solution.sync('synchro')).report?.logs['Tboil']?.inserted).toBe(1);
  });
});

function streamOf(bytes: string | Buffer): Readable {
  return Readable.from([Buffer.from(bytes)], { objectMode: false });
}

async function firstHalfOf({ body }: Outgoing): Promise<OutgoingBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of (body?.open() ?? Readable.from([])) as AsyncIterable<Buffer>) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  const half = all.subarray(0, Math.floor(all.length / 2));
  return { bytes: half.length, open: () => streamOf(half) };
}
