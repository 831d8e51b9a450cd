import type { Markup } from '../domain/merge-copy';
import type { Reason } from '../domain/reason';
import { because } from '../domain/reason-english';
import { isUnsetTime } from './unset-time';

/** As it was written: text, null for `xsi:nil`, markup where there is more than text. */
export type FieldText = string | null | Markup;

export interface ReadEntity {
  readonly kind: 'entity';
  readonly id: string;
  readonly idServer: string | null;
  readonly ts: string | null;
  readonly isActive: boolean;
  /** All fields but the four that every class has. Undecoded. */
  readonly fields: Readonly<Record<string, FieldText>>;
  /** Where its element begins, the first line being 1. */
  readonly line: number;
  /** Its element as it was written. */
  readonly raw: string;
}

/** An entity that cannot be taken; those around it can. */
export interface EntityProblem {
  readonly kind: 'problem';
  readonly id: string | null;
  readonly line: number;
  readonly code: EntityProblemCode;
  /** A sentence in English, for programs. */
  readonly reason: string;
  /** The same, to be told to people in their language. */
  readonly why: Reason;
  /** Its element as it was written; of one that is too large, the beginning. */
  readonly raw: string;
}

export type EntityProblemCode = 'missing-id' | 'bad-id' | 'bad-value' | 'bad-entity' | 'too-large';

/** True: a field that every class has. Its name compares without case. */
export const isSharedField = (name: string): boolean => sharedNames.has(name.toLowerCase());

/** Decimal digits as a rule; any token of up to 64 characters is taken. */
export function isEntityId(id: string): boolean {
  return /^[^\s\p{Cc}]{1,64}$/u.test(id);
}

/**
 * The current contents of an entity whose element is being read. It is made for speed, because a file can have a
 * million fields.
 */
export interface OpenEntity {
  /** Position of its element in the document. */
  readonly start: number;
  readonly line: number;
  /** The texts of the fields that every class has. */
  readonly shared: { Id: string | null; idServer: string | null; Ts: string | null; IsActive: string | null };
  /** One of those that came twice. */
  repeated: string | null;
  /** All others, and in their order the positions behind the opening tag and behind the element of each. */
  readonly fields: Record<string, FieldText>;
  readonly openTagEnds: number[];
  readonly ends: number[];
  hasLooseText: boolean;
  /** Something in it is no XML, and does not touch what stands around the entity. */
  fault: Reason | null;
  isTooLarge: boolean;
  /** The beginning of an entity that is too large to be kept. */
  excerpt: string | null;
}

export const newEntity = (start: number, line: number): OpenEntity => ({
  start,
  line,
  shared: { Id: null, idServer: null, Ts: null, IsActive: null },
  repeated: null,
  fields: {},
  openTagEnds: [],
  ends: [],
  hasLooseText: false,
  fault: null,
  isTooLarge: false,
  excerpt: null,
});

type SharedName = keyof OpenEntity['shared'];

const sharedNames: ReadonlyMap<string, SharedName> = new Map([
  ['id', 'Id'],
  ['idserver', 'idServer'],
  ['ts', 'Ts'],
  ['isactive', 'IsActive'],
]);

/** False: it is not one of the fields that every class has. */
export function takeShared(open: OpenEntity, name: string, value: FieldText): boolean {
  const known = sharedName(name);
  if (known === undefined) return false;
  if (open.shared[known] !== null) open.repeated = known;
  open.shared[known] = typeof value === 'string' ? value.trim() : '';
  return true;
}

/** In another case they are rare, and have two or eight letters: most names need no look-up. */
function sharedName(name: string): SharedName | undefined {
  switch (name) {
    case 'Id':
    case 'idServer':
    case 'Ts':
    case 'IsActive':
      return name;
    default:
      return name.length === 2 || name.length === 8 ? sharedNames.get(name.toLowerCase()) : undefined;
  }
}

/** `__proto__` is a name like any other; as an assignment it would not make a field. */
export function setField(fields: Record<string, FieldText>, name: string, value: FieldText): void {
  if (name !== '__proto__') fields[name] = value;
  else Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Judges an entity whose element has been read to its end. */
export function closeEntity(open: OpenEntity, raw: string): ReadEntity | EntityProblem {
  const { line, shared } = open;
  const active = activeFrom(shared.IsActive);
  const found = problemOf(open, active);
  if (found !== null) return { kind: 'problem', id: shared.Id?.slice(0, 64) ?? null, line, ...found, raw };
  return {
    kind: 'entity',
    id: shared.Id ?? '',
    idServer: shared.idServer === '' ? null : shared.idServer,
    ts: shared.Ts === null || shared.Ts === '' || isUnsetTime(shared.Ts) ? null : shared.Ts,
    isActive: active ?? true,
    fields: open.fields,
    line,
    raw,
  };
}

function problemOf(
  { isTooLarge, fault, repeated, hasLooseText, shared: { Id: id } }: OpenEntity,
  active: boolean | null,
): Pick<EntityProblem, 'code' | 'reason' | 'why'> | null {
  if (isTooLarge) return problem('too-large', { code: 'entity-too-large', values: {} });
  if (fault !== null) return problem('bad-entity', fault);
  if (repeated !== null) return problem('bad-entity', { code: 'field-twice', values: { field: repeated } });
  if (hasLooseText) return problem('bad-entity', { code: 'text-between-fields', values: {} });
  if (id === null || id === '') return problem('missing-id', { code: 'entity-without-id', values: {} });
  if (!isEntityId(id)) return problem('bad-id', { code: 'entity-id-wrong', values: {} });
  return active === null ? problem('bad-value', { code: 'is-active-wrong', values: {} }) : null;
}

const problem = (code: EntityProblemCode, why: Reason) => ({ code, ...because(why) });

/** Active where nothing is said; null where it is neither. */
function activeFrom(text: string | null): boolean | null {
  switch (text?.toLowerCase()) {
    case undefined:
    case '':
    case 'true':
    case '1':
      return true;
    case 'false':
    case '0':
      return false;
    default:
      return null;
  }
}
