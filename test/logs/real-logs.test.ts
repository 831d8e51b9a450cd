import { readFileSync } from 'node:fs';
import { realData } from '../setup/real-data';
import { createLogDatabase, type LogDatabase } from './log-database';

const whereThereIs = (file: string | null) => (file === null ? describe.skip : describe);
const linesOf = (file: string | null) =>
  file === null ? [] : readFileSync(file, 'utf8').trim().split(/\r?\n/);

let log: LogDatabase;
beforeAll(async () => (log = await createLogDatabase()));
afterAll(() => log.drop());
beforeEach(() => log.empty('Tbsondes'));

const coldRoom = realData('probes', 'coldroom.csv');

whereThereIs(coldRoom)('half a year of a cold room: 4 probes, hourly, local times of London', () => {
  const hours = linesOf(coldRoom)
    .slice(1)
    .map((line) => line.split(','));
  const readings = hours.flatMap(([at = '', ...temperatures], hour) =>
    temperatures.map((temperature, probe) => ({
      id: 4 * hour + probe + 1,
      probe: `temp${probe + 1}`,
      at,
      temperature,
    })),
  );
  const csv = `Id,ProbeId,MeasuredAt,Temperature\r\n${readings
    .map(({ id, probe, at, temperature }) => [id, probe, at, temperature].join(','))
    .join('\r\n')}`;

  test('arrives complete, its empty cells as nulls, its times right', async () => {
    const counts = await log.load('Tbsondes', csv, { timezone: 'Europe/London' });
    expect(counts).toEqual({ inserted: readings.length, duplicates: 0, rejected: 0, rejections: [] });
    const rows = await log.rows('Tbsondes', 'id::int, probe_id as probe, temperature, measured_at as at');
    expect(rows.map(({ at: _, ...row }) => row)).toEqual(
      readings.map(({ id, probe, temperature }) => ({
        id,
        probe,
        temperature: temperature === '' ? null : Number(temperature),
      })),
    );
    expect(rows.filter(({ temperature }) => temperature === null)).toHaveLength(171);

    // The log has a reading for each hour that passed, so the times are those of the first one and every hour after it.
    const firstHour = Date.parse('2018-07-01T00:00:00Z');
    const probe1 = rows.filter(({ probe }) => probe === 'temp1').map(({ at }) => (at as Date).toISOString());
    expect(probe1).toEqual(hours.map((_, hour) => new Date(firstHour + hour * 3_600_000).toISOString()));
  });

  test('is all duplicates when it is sent again, in one piece or in two', async () => {
    await log.load('Tbsondes', csv, { timezone: 'Europe/London' });
    const again = await log.load('Tbsondes', csv, { timezone: 'Europe/London' });
    expect(again).toMatchObject({ inserted: 0, duplicates: readings.length, rejected: 0 });
    const [header = '', ...lines] = csv.split('\r\n');
    // From the second of the two hours that are written alike.
    const second = lines.findIndex((line) => line.includes('28/10/2018 01:00')) + 4;
    const rest = await log.load('Tbsondes', [header, ...lines.slice(second)].join('\n'), {
      timezone: 'Europe/London',
    });
    expect(rest).toMatchObject({ inserted: 0, duplicates: lines.length - second, rejected: 0 });
    // Without the first of those two hours.
    const fewer = lines.filter((_, at) => at < second - 4 || at >= second);
    const some = await log.load('Tbsondes', [header, ...fewer].join('\n'), { timezone: 'Europe/London' });
    expect(some).toMatchObject({ inserted: 0, duplicates: lines.length - 4, rejected: 0 });
    // Each of the two in the place of the other is another row: their temperatures differ.
    const swapped = lines.slice(second - 4, second).map((line, probe) => {
      const [, ...cells] = (lines[second + probe] ?? '').split(',');
      return [line.split(',')[0], ...cells].join(',');
    });
    const other = await log.load('Tbsondes', [header, ...swapped].join('\n'), { timezone: 'Europe/London' });
    expect(other.rejections.every(({ code }) => code === 'id-conflict')).toBe(true);
    expect(other.rejected).toBeGreaterThan(0);
  });
});

describe.each(['ruuvi-fridge.csv', 'ruuvi-freezer.csv'])('a day of a Bluetooth probe: %s', (name) => {
  const file = realData('probes', name);
  const [header = '', ...lines] = linesOf(file);
  const renamed = header
    .replace('timestamp', 'MeasuredAt')
    .replace('rssi', 'SignalDbm')
    .replace('measurement sequence number', 'Sequence');
  const csv = `Id,ProbeId,${renamed}\n${lines.map((line, n) => `${n + 1},ruuvi,${line}\n`).join('')}`;

  (file === null ? test.skip : test)(
    'arrives complete, what the table does not declare in extra',
    async () => {
      expect(await log.load('Tbsondes', csv, { timezone: 'America/New_York' })).toMatchObject({
        inserted: lines.length,
        rejected: 0,
      });
      const rows = await log.rows('Tbsondes', '*');
      const names = header.split(',');
      const expected = lines.map((line) => {
        const cells = new Map(line.split(',').map((cell, n) => [names[n] ?? '', cell]));
        const number = (column: string) => Number(cells.get(column));
        const undeclared = [
          'pressure',
          'acceleration x',
          'acceleration y',
          'acceleration z',
          'voltage',
          'movement counter',
        ];
        return {
          measured_at: new Date(cells.get('timestamp')?.replace('+0200', '+02:00') ?? ''),
          temperature: number('temperature'),
          humidity: number('humidity'),
          signal_dbm: number('rssi'),
          sequence: String(number('measurement sequence number')),
          extra: Object.fromEntries(undeclared.map((column) => [column, cells.get(column)])),
        };
      });
      expect(rows).toEqual(expected.map((row) => expect.objectContaining(row) as unknown));
      expect(await log.load('Tbsondes', csv, { timezone: 'America/New_York' })).toMatchObject({
        duplicates: lines.length,
      });
    },
  );
});
