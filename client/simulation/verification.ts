import { logTablesOf } from '../../shared/catalog/log-tables';
import { parameterClassesOf } from '../../shared/catalog/parameter-classes';
import { channels } from '../../shared/domain/channel';
import type { Backoffice, Enrolled } from '../backoffice';
import { fieldText } from '../local-copy/edit-settings';
import { csvFile, type LocalCopy, photoIndexFile, xmlFile } from '../local-copy/local-copy';
import { photoNames } from '../local-copy/photos';
import { readSettings, type SettingElement } from '../local-copy/settings-file';
import { scanTable } from '../local-copy/table-file';
import type { Solution } from '../solution';

/** A solution that is to be compared with the server. */
export interface Compared {
  readonly enrolled: Pick<Enrolled, 'id' | 'mail'>;
  readonly copy: LocalCopy;
  readonly solution: Pick<Solution, 'statut' | 'highestIds'>;
}

/** The differences between a solution and the server, one sentence each: statuses, highest ids, photos. */
export async function differencesOf({ enrolled, copy, solution }: Compared): Promise<string[]> {
  const found: string[] = [];
  const differ = (what: string) => found.push(`${enrolled.mail}: ${what}`);
  for (const channel of channels) {
    const statut = await solution.statut(channel);
    if (statut !== 0) {
      differ(`${channel} has status ${statut}`);
      continue;
    }
    for (const [table, there] of await solution.highestIds(channel)) {
      const { highest } = await localRows(csvFile(copy.dir, table));
      if (there !== highest) differ(`${table} goes up to ${highest} here and to ${there} on the server`);
    }
  }
  const indexed = new Set<string>();
  await scanTable(photoIndexFile(copy.dir), 'Name', ({ key }) => indexed.add(key));
  const names = await photoNames(copy);
  for (const name of names) if (!indexed.has(name)) differ(`the server lacks the photo ${name}`);
  if (indexed.size !== names.length) differ(`${names.length} photos here, ${indexed.size} on the server`);
  return found;
}

/** The same in detail, through the backoffice: every row is counted, and every setting is compared field by field. */
export async function deepDifferencesOf(
  { enrolled, copy }: Compared,
  backoffice: Backoffice,
): Promise<string[]> {
  const found: string[] = [];
  const differ = (what: string) => found.push(`${enrolled.mail}: ${what}`);
  for (const { name } of channels.flatMap((channel) => logTablesOf(channel))) {
    const { count } = await localRows(csvFile(copy.dir, name));
    const there = await backoffice.countLogs(enrolled.id, name);
    if (there !== count) differ(`${name} has ${count} rows here and ${there} on the server`);
  }
  for (const { name, direction, columns } of parameterClassesOf('synchro')) {
    if (direction === 'manager') continue;
    const local = (await readSettings(xmlFile(copy.dir, name))) ?? [];
    const managed = new Map((await backoffice.parameters(enrolled.id, name)).map((one) => [one.id, one]));
    for (const element of local) {
      if (!isActive(element)) differ(`${name} ${element.id ?? '?'} is deleted and still here`);
      const there = managed.get(element.id ?? '');
      if (there?.isActive !== true) differ(`${name} ${element.id ?? '?'} is missing on the server`);
      for (const column of columns) {
        const [here, other] = [fieldText(element, column.name) ?? '', textOf(there?.fields[column.name])];
        if (here !== other)
          differ(`${name} ${element.id ?? '?'} ${column.name} is "${here}" here, "${other}" there`);
      }
    }
    const ids = new Set(local.map(({ id }) => id));
    for (const { id, isActive: lives } of managed.values()) {
      if (lives && !ids.has(id)) differ(`${name} ${id} is on the server only`);
    }
  }
  return found;
}

function isActive(element: SettingElement): boolean {
  return fieldText(element, 'IsActive') !== 'false';
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

async function localRows(file: string): Promise<{ count: number; highest: bigint }> {
  let count = 0;
  let highest = -1n;
  await scanTable(file, 'Id', ({ key }) => {
    // Rows from the server (messages, alerts) have ids below 0.
    if (!/^\d{1,19}$/.test(key)) return;
    count += 1;
    if (BigInt(key) > highest) highest = BigInt(key);
  });
  return { count, highest };
}
