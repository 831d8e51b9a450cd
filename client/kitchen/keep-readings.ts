import { findLogTable, type LogTable } from '../../shared/catalog/log-tables';
import { findParameterClass } from '../../shared/catalog/parameter-classes';
import { writeEntities } from '../../shared/formats/xml-writer';
import { appendRows, type NewRow } from '../local-copy/append-rows';
import { fileBytes } from '../local-copy/durable-files';
import { csvFile, type LocalCopy, photoFile, xmlFile } from '../local-copy/local-copy';
import { headerLine, rowOf, rewriteTable } from '../local-copy/table-file';
import type { Kitchen } from '../kitchen';
import type { Reading, ReadingValue } from './planner';
import { drawPhoto } from './draw-photo';
import { wallTime } from './wall-clock';

/** The number of written rows. */
export interface Kept {
  readonly rows: number;
  readonly photos: number;
}

/** Writes a kitchen's settings into a local copy that has none yet. */
export async function keepSettings(copy: LocalCopy, kitchen: Kitchen): Promise<number> {
  return copy.exclusively(async () => {
    let written = 0;
    for (const [className, entities] of kitchen.settings()) {
      const parameterClass = findParameterClass(className);
      if (parameterClass === undefined) throw new Error(`the catalogue has no class ${className}`);
      if ((await fileBytes(xmlFile(copy.dir, className))) !== null) continue;
      await copy.files.write(xmlFile(copy.dir, className), writeEntities(parameterClass, entities));
      written += entities.length;
    }
    return written;
  });
}

/** Writes readings into a local copy, and draws the photos that were taken with them. */
export async function keepReadings(copy: LocalCopy, readings: readonly Reading[]): Promise<Kept> {
  const byTable = new Map<string, Reading[]>();
  for (const reading of readings) {
    const same = byTable.get(reading.table);
    if (same === undefined) byTable.set(reading.table, [reading]);
    else same.push(reading);
  }
  return copy.exclusively(async () => {
    let photos = 0;
    for (const [name, rows] of byTable) photos += await keepTable(copy, name, rows);
    return { rows: readings.length, photos };
  });
}

/** @returns how many photos. */
async function keepTable(copy: LocalCopy, name: string, readings: readonly Reading[]): Promise<number> {
  const table = findLogTable(name);
  if (table === undefined) throw new Error(`the catalogue has no table ${name}`);
  const photographed = readings.map((reading, place) =>
    reading.photo === null ? null : photoName(reading, place),
  );
  const rows = readings.map((reading, place) => rowFrom(reading, table, photographed[place] ?? null));
  const ids = await appendRows(
    copy,
    table.name,
    table.columns.map((column) => column.name),
    rows,
  );
  let photos = 0;
  for (const [place, reading] of readings.entries()) {
    const photo = photographed[place];
    if (typeof photo !== 'string' || reading.photo === null) continue;
    await keepPhoto(copy, photo, reading, String(ids[place]));
    photos += 1;
  }
  return photos;
}

/** e.g. `20261120-083012-Tbtracking-3.jpg`. */
function photoName({ at, table }: Reading, place: number): string {
  const time = wallTime(at).replaceAll(/[-:]/g, '').replace(' ', '-');
  return `${time}-${table}-${place + 1}.jpg`;
}

function rowFrom({ values }: Reading, { columns, channel }: LogTable, photo: string | null): NewRow {
  const isProbe = channel === 'sondes';
  const cells = columns.map(({ name }): [string, string] => [name, written(values[name] ?? null, isProbe)]);
  return { ...Object.fromEntries(cells), ...(photo === null ? {} : { PhotoName: photo }) };
}

/** As V4 solutions write it: local time without an offset. Probes do not know the time zone and send UTC. */
function written(value: ReadingValue, isProbe: boolean): string {
  if (value === null) return '';
  if (value instanceof Date) return isProbe ? value.toISOString() : wallTime(value);
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}

async function keepPhoto(
  copy: LocalCopy,
  name: string,
  { at, table, photo }: Reading,
  logId: string,
): Promise<void> {
  await copy.files.write(photoFile(copy.dir, name), await drawPhoto(name, photo ?? ''));
  const row = rowOf([name, wallTime(at), table, logId], ',');
  await copy.files.write(csvFile(copy.dir, 'Photos'), withRow(csvFile(copy.dir, 'Photos'), row));
}

async function* withRow(file: string, row: Buffer): AsyncGenerator<Buffer> {
  let isBegun = false;
  const rows = rewriteTable(file, 'Name', {
    header: (was) => was,
    row: (before) => Buffer.from(before.raw()),
  });
  for await (const piece of rows) {
    isBegun = true;
    yield Buffer.isBuffer(piece) ? piece : headerLine(piece);
  }
  if (!isBegun) yield headerLine({ columns: ['Name', 'TakenAt', 'Table', 'LogId'], delimiter: ',' });
  yield Buffer.concat([row, Buffer.from('\n')]);
}
