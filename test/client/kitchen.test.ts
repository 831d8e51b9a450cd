import { createKitchen } from '../../client/kitchen';
import { keepReadings, keepSettings } from '../../client/kitchen/keep-readings';
import type { Reading } from '../../client/kitchen/planner';
import { readSettings } from '../../client/local-copy/settings-file';
import { xmlFile } from '../../client/local-copy/local-copy';
import { fieldText } from '../../client/local-copy/edit-settings';
import { findLogTable, logTables } from '../../shared/catalog/log-tables';
import { parameterClasses } from '../../shared/catalog/parameter-classes';
import { contentsOf, copyWith, textIn } from './copies';

const from = new Date('2026-10-19T04:00:00Z');
const hours = (count: number) => new Date(from.getTime() + count * 3_600_000);
const days = (count: number) => hours(24 * count);

function readingsOf(seed: string, until: Date, probes = 2): readonly Reading[] {
  return createKitchen({ seed, from, probes }).advanceTo(until);
}

describe('a kitchen', () => {
  test('does the same at every run, in whatever steps time passes', () => {
    const atOnce = readingsOf('a', days(3));
    const kitchen = createKitchen({ seed: 'a', from, probes: 2 });
    const stepwise: Reading[] = [];
    for (let minutes = 7; minutes < 3 * 1440; minutes += 61) {
      stepwise.push(...kitchen.advanceTo(new Date(from.getTime() + minutes * 60_000)));
    }
    stepwise.push(...kitchen.advanceTo(days(3)));
    expect(stepwise).toEqual(atOnce);
    expect(readingsOf('b', days(1))).not.toEqual(readingsOf('a', days(1)));
  });

  test('fills every log table within a fortnight', () => {
    const filled = new Set(readingsOf('a', days(14)).map(({ table }) => table));
    expect([...filled].sort()).toEqual(logTables.map(({ name }) => name).sort());
  });

  test('has settings of every class that a solution edits', async () => {
    const copy = await copyWith();
    await keepSettings(copy, createKitchen({ seed: 'a', from }));
    for (const { name, direction, columns } of parameterClasses) {
      const elements = (await readSettings(xmlFile(copy.dir, name))) ?? [];
      expect([name, elements.length > 0]).toEqual([name, direction !== 'manager']);
      for (const element of elements) {
        const written = columns.map((column) => fieldText(element, column.name));
        expect([name, written.includes(null)]).toEqual([name, false]);
      }
    }
  });

  test('measures only what can be a true reading, in declared columns', () => {
    const troubles = readingsOf('c', days(10)).flatMap(({ table, values }) => {
      const columns = new Map(findLogTable(table)?.columns.map((column) => [column.name, column]));
      return Object.entries(values).flatMap(([name, value]) => {
        const column = columns.get(name);
        if (column === undefined) return [`${table}.${name} is not declared`];
        if (typeof value !== 'number') return [];
        const isPossible = value >= (column.min ?? -Infinity) && value <= (column.max ?? Infinity);
        return isPossible ? [] : [`${table}.${name} is ${value}`];
      });
    });
    expect(troubles).toEqual([]);
  });

  test('keeps its cold rooms cold, opens their doors, and drains the batteries of its probes', () => {
    const probes = readingsOf('d', days(14), 20).filter(({ table }) => table === 'Tbsondes');
    const of = (start: string, column: string) =>
      probes
        .filter(({ values }) => String(values['ProbeId']).startsWith(start))
        .map(({ values }) => Number(values[column]));
    const meat = of('S01', 'Temperature').sort((one, other) => one - other);
    expect(meat[Math.floor(meat.length / 2)]).toBeGreaterThan(1);
    expect(meat[Math.floor(meat.length / 2)]).toBeLessThan(3.5);
    expect(meat.at(-1)).toBeGreaterThan(3);
    const freezer = of('S05', 'Temperature').sort((one, other) => one - other);
    expect(freezer[Math.floor(freezer.length * 0.9)]).toBeLessThan(-18);
    const battery = of('S05', 'BatteryPercent');
    expect(battery.at(-1)).toBeLessThan(battery[0] ?? 0);
    // Every five minutes, but for what nobody heard.
    expect(meat.length).toBeGreaterThan(14 * 288 * 0.97);
  });

  test('writes what it measures into a local copy, with the photos and what they belong to', async () => {
    const copy = await copyWith();
    const kitchen = createKitchen({ seed: 'a', from, probes: 1 });
    const { photos } = await keepReadings(copy, kitchen.advanceTo(days(3)));
    await keepReadings(copy, kitchen.advanceTo(days(4)));
    const files = contentsOf(copy.dir);
    const pictures = Object.entries(files).filter(([name]) => name.startsWith('photos/'));
    expect(photos).toBeGreaterThan(0);
    expect(pictures.length).toBeGreaterThanOrEqual(photos);
    for (const [, bytes] of pictures) expect(bytes.slice(0, 3)).toBe('\xff\xd8\xff');
    const listed = textIn(copy.dir, 'csv/Photos.csv').trim().split('\n').slice(1);
    expect(listed).toHaveLength(pictures.length);
    const [name = '', , table = '', logId = ''] = (listed[0] ?? '').split(',');
    const row = textIn(copy.dir, `csv/${table}.csv`)
      .split('\n')
      .find((line) => line.startsWith(`${logId},`));
    expect(row).toContain(name);
    const ids = textIn(copy.dir, 'csv/Tbsondes.csv')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0]);
    expect(ids).toEqual(ids.map((_, place) => String(place + 1)));
  });
});
