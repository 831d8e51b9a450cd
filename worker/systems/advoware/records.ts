import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalText, type Fields, type FieldValue } from '../../../shared/domain/merge-copy';
import type { Item } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';

/** A whole record as Advoware sends it: fields that are not ours are sent back unchanged. */
export type AdvowareRecord = Readonly<Record<string, unknown>>;

const record = z.record(z.string(), z.unknown());
const list = z.array(record);

export function readList(json: unknown): readonly AdvowareRecord[] {
  const parsed = list.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Trouble('unavailable', 'the answer is no list of records');
}

/** Advoware returns one record as an object, or as a list of one. Null: there is no record. */
export function readOne(json: unknown): AdvowareRecord | null {
  const several = list.safeParse(json);
  if (several.success) return several.data[0] ?? null;
  const parsed = record.safeParse(json);
  if (parsed.success) return parsed.data;
  if (json === undefined || json === null) return null;
  throw new Trouble('unavailable', 'the answer does not have the form of a record');
}

/** Null: the record has no key. */
export function keyOf(keyField: string, given: AdvowareRecord): string | null {
  const key = given[keyField];
  return typeof key === 'number' || (typeof key === 'string' && key !== '') ? String(key) : null;
}

export interface RecordShape {
  readonly keyField: string;
  readonly fields: readonly string[];
}

export function itemOf({ fields: names, keyField }: RecordShape, given: AdvowareRecord): Item {
  const key = keyOf(keyField, given);
  if (key === null) throw new Trouble('unavailable', `a record has no ${keyField}`);
  const fields: Record<string, FieldValue> = {};
  for (const name of names) fields[name] = valueOf(given[name]);
  const revision = revisionOf(given) ?? hashOf(fields);
  return { key, revision, isActive: true, fields, place: null, isFolder: false, origin: null };
}

/** `rowId` changes with every write. `geaendertAm` is not reliable. Null: the record has no `rowId`. */
export function revisionOf(given: AdvowareRecord): string | null {
  const rowId = given['rowId'];
  return typeof rowId === 'string' && rowId !== '' ? rowId : null;
}

const hashOf = (fields: Fields): string =>
  `h:${createHash('sha256')
    .update(canonicalText({ isActive: true, fields }))
    .digest('base64url')}`;

function valueOf(value: unknown): FieldValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}
