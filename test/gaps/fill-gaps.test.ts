import { createLogMarkStore } from '../../shared/stores/logs/log-mark-store';
import { copyWith, put } from '../client/copies';
import { programOf, type RealServer, startRealServer } from '../client/real-server';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

const oil = (...ids: readonly number[]) =>
  `Id,OilName\n${ids.map((id) => `${id},Friteuse ${id}\n`).join('')}`;

async function gapsOf(id: string): Promise<unknown> {
  return Object.fromEntries(await createLogMarkStore(real.server.db).gaps(Number(id)));
}

describe('a solution whose log has holes on the server', () => {
  test('gets the missing ids, sends the rows that it has, and reports those that it never had', async () => {
    const copy = await copyWith({ 'csv/Tboil.csv': oil(1, 2, 6, 9, 10) });
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    const first = await solution.sync('synchro');
    expect(first.report?.gaps).toEqual({
      Tboil: {
        missing: '5',
        ranges: [
          ['3', '5'],
          ['7', '8'],
        ],
      },
    });

    // A backup of the device was brought back: rows that the server never saw, below those that it did.
    put(copy.dir, { 'csv/Tboil.csv': oil(1, 2, 4, 6, 9, 10) });
    const second = await solution.sync('synchro');
    expect(second.sent.contents.rows).toEqual({ Tboil: 1 });
    expect(second.report?.logs['Tboil']).toEqual({ inserted: 1, duplicates: 0, rejected: 0 });
    expect(second.report?.gaps?.['Tboil']?.ranges).toEqual([
      ['3', '3'],
      ['5', '5'],
    ]);

    const third = await solution.sync('synchro');
    expect(third.report?.ignored).toEqual([]);
    expect(third.report).not.toHaveProperty('gaps');
    expect(await gapsOf(enrolled.id)).toEqual({});
    const fourth = await solution.sync('synchro');
    expect(fourth.sent.bytes).toBeLessThan(third.sent.bytes);
  });

  test('gets the ids again if its answer was refused', async () => {
    const copy = await copyWith({ 'csv/Tboil.csv': oil(1, 4) });
    const solution = programOf(real, await real.enrol(), copy);
    await solution.sync('synchro');
    const { owed } = copy.state().channels.synchro;
    expect(owed.gaps).toEqual({ Tboil: [['2', '3']] });
    put(copy.dir, { 'csv/Tboil.csv': `${oil(1, 4)}3,Friteuse 3,too many\n2,Friteuse 2\n` });
    const { report } = await solution.sync('synchro');
    expect(report?.logs['Tboil']).toEqual({ inserted: 1, duplicates: 0, rejected: 1 });
    // It is in quarantine, where staff see it.
    expect(report).not.toHaveProperty('gaps');
  });

  test('does not get the gaps of another channel', async () => {
    const copy = await copyWith({
      'csv/Tboil.csv': oil(1, 3),
      'csv/Tbsondes.csv': 'Id,Temperature\n5,1\n7,2\n',
    });
    const solution = programOf(real, await real.enrol(), copy);
    await solution.sync('synchro');
    expect((await solution.sync('sondes')).report?.gaps).toEqual({
      Tbsondes: { missing: '1', ranges: [['6', '6']] },
    });
    expect((await solution.sync('messagerie')).report).not.toHaveProperty('gaps');
  });
});
