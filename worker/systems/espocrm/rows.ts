import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalText, fieldOf, type Fields, type FieldValue } from '../../../shared/domain/merge-copy';
import type { Item } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';

/** A record as EspoCRM sends it: attributes of all kinds. */
export type Row = Readonly<Record<string, unknown>> & { readonly id: string };

const row = z.looseObject({ id: z.string().min(1) });
const rowList = z.looseObject({ list: z.array(row) });
const rows = z.array(row);

/** Throw `unavailable` if the value is not a record, for example because a proxy replied instead of the server. */
export const readRow = (json: unknown): Row => read(row, json);
export const readRows = (json: unknown): readonly Row[] => read(rowList, json).list;

/** The existing records of a 409 `duplicate`. */
export const readHolders = (json: unknown): readonly Row[] => rows.safeParse(json).data ?? [];

function read<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Trouble('unavailable', 'the answer does not have the form of a record');
}

export interface RowShape {
  /** The attributes that are read. */
  readonly fields: readonly string[];
  readonly syncKeyField: string | null;
  /** True: `versionNumber` changes with every state. */
  readonly isVersioned: boolean;
}

/** A record in which null attributes may be missing, as in the response to a creation. */
export function itemOf(shape: RowShape, record: Row): Item {
  const fields: Record<string, FieldValue> = {};
  for (const name of shape.fields) fields[name] = valueOf(record[name]);
  const origin = shape.syncKeyField === null ? null : valueOf(record[shape.syncKeyField]);
  return {
    key: record.id,
    revision: revisionOf(shape, record, fields),
    isActive: true,
    fields,
    place: null,
    isFolder: false,
    origin: typeof origin === 'string' && origin !== '' ? origin : null,
  };
}

/** Null if the revision is not a version number of the server: `h:` marks a digest of the fields. */
export const versionOf = (revision: string): string | null =>
  revision.startsWith('v:') ? revision.slice(2) : null;

/** `modifiedAt` has whole seconds, so two changes within one second would look equal. */
function revisionOf({ isVersioned }: RowShape, record: Row, fields: Fields): string {
  const version = record['versionNumber'];
  // It is null until the record is saved for the first time after the control was switched on.
  if (isVersioned && typeof version === 'number') return `v:${version}`;
  return `h:${createHash('sha256')
    .update(canonicalText({ isActive: true, fields }))
    .digest('base64url')}`;
}

/** Lists and groups are shown as JSON. */
function valueOf(value: unknown): FieldValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}

/** The fields as they are sent: a list that was shown as JSON becomes a list again. */
export function jsonOf(fields: Fields, isList: (name: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(fields).map((name) => {
      const value = fieldOf(fields, name);
      return [name, typeof value === 'string' && isList(name) ? listIn(value) : value];
    }),
  );
}

function listIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}
