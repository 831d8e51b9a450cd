import type { SyncReport } from '../shared/domain/report';
import type { UploadContents } from './local-copy/sync-state';
import { messageOf } from './local-copy/system-error';
import { SolutionError } from './solution-error';

// The texts that the commands show to people.

export function megabytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** e.g. `812 settings in 46 classes, 1,204 readings in 31 tables`. */
export function whatIsIn({ entities, rows, photos }: UploadContents): string {
  const parts = [
    ...counted(entities, 'setting', ['class', 'classes']),
    ...counted(rows, 'reading', ['table', 'tables']),
    ...(photos === 0 ? [] : [plural(photos, 'photo')]),
  ];
  return parts.length === 0 ? 'nothing new' : parts.join(', ');
}

/** The same without the groups, for a table. */
export function howMuchIsIn({ entities, rows, photos }: UploadContents): string {
  const counts: [number, string][] = [
    [sum(entities), 'setting'],
    [sum(rows), 'reading'],
    [photos, 'photo'],
  ];
  const parts = counts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
  return parts.length === 0 ? 'nothing new' : parts.join(', ');
}

function counted(
  thingsOf: Readonly<Record<string, number>>,
  thing: string,
  [group, manyGroups]: readonly [string, string],
): string[] {
  const things = sum(thingsOf);
  const groups = Object.keys(thingsOf).length;
  return things === 0
    ? []
    : [`${plural(things, thing)} in ${groups === 1 ? `1 ${group}` : `${groups} ${manyGroups}`}`];
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** The result of what was sent, in one line. */
export function whatBecameOfIt({ outcome, reason, params, logs, photos, rejections }: SyncReport): string {
  if (outcome === 'failed') return `failed: ${reason ?? 'the server could not process it'}`;
  const settings = Object.values(params);
  const tables = Object.values(logs);
  const total = <T>(rows: readonly T[], count: (row: T) => number) =>
    rows.reduce((so, row) => so + count(row), 0);
  const stored = total(tables, (one) => one.inserted);
  const added = total(settings, (one) => one.inserted);
  const said: [number, string][] = [
    [added, `${plural(added, 'setting')} new`],
    among(
      'changed',
      total(settings, (one) => one.updated),
    ),
    among(
      'deleted',
      total(settings, (one) => one.deleted),
    ),
    among(
      'unchanged',
      total(settings, (one) => one.unchanged),
    ),
    among(
      'in conflict',
      total(settings, (one) => one.conflicts),
    ),
    among(
      'waiting for approval',
      total(settings, (one) => one.held),
    ),
    [stored, `${plural(stored, 'reading')} stored`],
    among(
      'known already',
      total(tables, (one) => one.duplicates),
    ),
    [photos.inserted, `${plural(photos.inserted, 'photo')} stored`],
    among('refused', rejections.length),
  ];
  const parts = said.filter(([count]) => count > 0).map(([, words]) => words);
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

const among = (what: string, count: number): [number, string] => [
  count,
  `${count.toLocaleString('en')} ${what}`,
];

/** One line for any error that stopped a command. */
export function reasonOf(error: unknown): string {
  if (error instanceof SolutionError) return `${error.message} [${error.code}]`;
  return messageOf(error);
}

/** Columns as wide as their contents. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)];
}
