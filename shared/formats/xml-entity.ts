import type { Markup } from '../domain/merge-copy';

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
  /** Sentence for a person. */
  readonly reason: string;
  /** Its element as it was written; of one that is too large, the beginning. */
  readonly raw: string;
}

export type EntityProblemCode = 'missing-id' | 'bad-id' | 'bad-value' | 'bad-entity' | 'too-large';

/** The fields that every class has. */
export const sharedFields: ReadonlySet<string> = new Set(['Id', 'idServer', 'Ts', 'IsActive']);

/** Decimal digits as a rule; any token of up to 64 characters is taken. */
export function isEntityId(id: string): boolean {
  return /^[^\s\p{Cc}]{1,64}$/u.test(id);
}

/** What was found of an entity whose element is being read. */
export interface OpenEntity {
  /** Position of its element in the document. */
  readonly start: number;
  readonly line: number;
  readonly fields: Map<string, FieldText>;
  /** Position of each field's last element. */
  readonly elements: Map<string, { readonly start: number; readonly end: number }>;
  readonly repeated: Set<string>;
  fieldCount: number;
  hasLooseText: boolean;
  isTooLarge: boolean;
  /** The beginning of an entity that is too large to be kept. */
  excerpt: string | null;
}

export const newEntity = (start: number, line: number): OpenEntity => ({
  start,
  line,
  fields: new Map(),
  elements: new Map(),
  repeated: new Set(),
  fieldCount: 0,
  hasLooseText: false,
  isTooLarge: false,
  excerpt: null,
});

/** A list without an element of its own: all its elements, one after another, are the field. */
export function repeatField(open: OpenEntity, name: string, before: string, element: string): void {
  const value = open.fields.get(name);
  const soFar = open.repeated.has(name) && typeof value === 'object' && value !== null ? value.xml : before;
  open.repeated.add(name);
  open.fields.set(name, { xml: soFar + element });
}

/** Judges an entity whose element has been read to its end. */
export function closeEntity(open: OpenEntity, raw: string): ReadEntity | EntityProblem {
  const id = sharedText(open, 'Id');
  const problem = problemOf(open, id);
  if (problem !== null)
    return { kind: 'problem', id: id?.slice(0, 64) ?? null, line: open.line, ...problem, raw };
  return {
    kind: 'entity',
    id: id ?? '',
    idServer: sharedText(open, 'idServer'),
    ts: sharedText(open, 'Ts'),
    isActive: activeFrom(sharedText(open, 'IsActive')) ?? true,
    fields: Object.fromEntries([...open.fields].filter(([name]) => !sharedFields.has(name))),
    line: open.line,
    raw,
  };
}

function problemOf(open: OpenEntity, id: string | null): { code: EntityProblemCode; reason: string } | null {
  if (open.isTooLarge) return { code: 'too-large', reason: 'The entity is too large.' };
  const twice = [...open.repeated].find((name) => sharedFields.has(name));
  if (twice !== undefined) return { code: 'bad-entity', reason: `${twice} is there more than once.` };
  if (open.hasLooseText) return { code: 'bad-entity', reason: 'There is text between its fields.' };
  if (id === null) return { code: 'missing-id', reason: 'The entity has no Id.' };
  if (!isEntityId(id))
    return { code: 'bad-id', reason: 'An Id is a token of up to 64 characters without blanks.' };
  const isActive = activeFrom(sharedText(open, 'IsActive'));
  return isActive === null ? { code: 'bad-value', reason: 'IsActive: neither true nor false.' } : null;
}

/** Null where it is absent, empty or more than text. */
function sharedText(open: OpenEntity, name: string): string | null {
  const value = open.fields.get(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** Active where nothing is said; null where it is neither. */
function activeFrom(text: string | null): boolean | null {
  switch (text?.toLowerCase()) {
    case undefined:
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
