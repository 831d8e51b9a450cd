import { onServer, signIn, syncTo2 } from '../v4/on-server';
import { unzip, zipOf } from '../v4/archive';
import type { SolutionClient } from '../setup/solution-client';
import type { SyncReport } from '../../shared/domain/report';

const server = onServer({}, { worker: true });

async function sync(client: SolutionClient, files: Record<string, string>): Promise<SyncReport> {
  await syncTo2(client, zipOf(files));
  const report =
    unzip((await client.download()).body)
      .get('report.json')
      ?.toString() ?? '';
  await client.confirm();
  return JSON.parse(report) as SyncReport;
}

const holes = { 'csv/Tboil.csv': 'Id,OilName\n1,a\n20,b\n' };

describe('solution.json', () => {
  test('is not required: a solution without one gets its gaps too, and may send the rows at any time', async () => {
    const client = await signIn(server());
    expect((await sync(client, holes)).gaps).toEqual({ Tboil: { missing: '18', ranges: [['2', '19']] } });
    expect((await sync(client, {})).gaps).toEqual({ Tboil: { missing: '18', ranges: [['2', '19']] } });
    expect((await client.lastIdLogs()).json['Tboil']).toBe('20');
    const rows = Array.from({ length: 20 }, (_, place) => `${place + 1},${place === 0 ? 'a' : 'b'}\n`).join(
      '',
    );
    const { logs, gaps } = await sync(client, { 'csv/Tboil.csv': `Id,OilName\n${rows}` });
    expect(logs['Tboil']).toEqual({ inserted: 18, duplicates: 2, rejected: 0 });
    expect(gaps).toBeUndefined();
  });

  test('closes gaps, by texts or by numbers; other members are ignored', async () => {
    const client = await signIn(server());
    await sync(client, holes);
    const said = {
      absent: {
        tboil: [
          ['2', '4'],
          [10, 12],
        ],
        Tbnothing: [['1', '2']],
      },
      drift: ['Nothing'],
      more: 1,
    };
    const { gaps, ignored, rejections, drift } = await sync(client, {
      'Solution.JSON': JSON.stringify(said),
    });
    expect(gaps?.['Tboil']?.ranges).toEqual([
      ['5', '9'],
      ['13', '19'],
    ]);
    expect([ignored, rejections, drift]).toEqual([[], [], undefined]);
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no ranges', '{"absent": {"Tboil": [["5"]]}}'],
    ['a range backwards', '{"absent": {"Tboil": [["5", "4"]]}}'],
    ['an id that is none', '{"absent": {"Tboil": [["-1", "4"]]}}'],
    ['an id of 64 bits', '{"absent": {"Tboil": [["1", "9223372036854775807"]]}}'],
    ['what is no list', '{"drift": "Fridges"}'],
    ['too much', `{"drift": [${'"Fridges",'.repeat(1_000)}"Fridges"]}`],
  ])('with %s in it is rejected alone; the rest of the package is applied', async (_what, text) => {
    const client = await signIn(server());
    const report = await sync(client, { ...holes, 'solution.json': text });
    expect(report.rejections).toMatchObject([{ file: 'solution.json', code: 'bad-statement' }]);
    expect(report.logs['Tboil']).toEqual({ inserted: 2, duplicates: 0, rejected: 0 });
    expect(report.gaps?.['Tboil']?.missing).toBe('18');
  });
});
