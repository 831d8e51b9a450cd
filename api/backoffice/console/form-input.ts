import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { FormFields } from '../../../shared/stores/staff/kept-form-store';

// The fields that a form sends. A browser sends every field of it, even unchanged ones, and changes values: line breaks
// become CRLF, an absent value becomes an empty text, a box without a tick is not sent at all. So each form contains
// what it showed in a hidden field, and only fields that differ from it count as changed.

/** The hidden field of every form besides the token. */
export const shownField = '_shown';
/** The page that shows the form. */
export const pageField = '_page';
/** The kept form that it was filled in from. */
export const keptField = '_kept';

/** The values that a form shows, by the names of its inputs. Passwords are not included. */
export interface ShownFields {
  readonly texts: ReadonlyMap<string, string>;
  /** The ticked values of boxes of one name. */
  readonly boxes: ReadonlyMap<string, readonly string[]>;
  readonly hidden: readonly string[];
}

/** For the hidden field: texts as digests, which are short however long a text is. */
export const writeShown = ({ texts, boxes, hidden }: ShownFields): string =>
  JSON.stringify({
    texts: Object.fromEntries([...texts].map(([name, text]) => [name, digestOf(text) + lineBreakOf(text)])),
    boxes: Object.fromEntries(boxes),
    hidden,
  });

/** The fields of a form or a query that are filled in. Empty fields are left out. */
export function blankless(fields: unknown): Record<string, unknown> {
  return Object.fromEntries(entriesOf(fields).filter(([, value]) => value !== ''));
}

/** The values of the ticked boxes with a name: none, one or several. */
export function listOf(fields: unknown, name: string): string[] {
  const value = entriesOf(fields).find(([key]) => key === name)?.[1];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one) => typeof one === 'string');
}

/** A hidden field of ours; null: it did not come. */
export function textOfField(fields: unknown, name: string): string | null {
  const value = entriesOf(fields).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : null;
}

/** The fields whose names begin so, without that beginning. For a form that makes something new: all of them count. */
export function fieldsAfter(fields: unknown, prefix: string): Record<string, string> {
  return Object.fromEntries(
    entriesOf(fields).flatMap(([name, value]) =>
      name.startsWith(prefix) && typeof value === 'string'
        ? [[name.slice(prefix.length), value] as const]
        : [],
    ),
  );
}

/**
 * The changed fields among those with this prefix, without the prefix, with the line breaks that the text had before.
 * If the form does not contain what it showed, all fields count.
 */
export function touchedTexts(fields: unknown, prefix = ''): Record<string, string> {
  const shown = readShown(fields);
  return Object.fromEntries(
    Object.entries(fieldsAfter(fields, prefix)).flatMap(([name, text]) => {
      const before = shown?.texts[prefix + name];
      if (before?.startsWith(digestOf(text)) === true) return [];
      return [[name, withLineBreaks(text, before)] as const];
    }),
  );
}

/**
 * The new set of ticked boxes: `before`, plus what was ticked and minus what was unticked. Boxes that the form did not
 * show stay. If the form does not contain what it showed, exactly the sent ones.
 */
export function tickedAfter(fields: unknown, name: string, before: readonly string[]): string[] {
  const given = listOf(fields, name);
  const shown = readShown(fields)?.boxes[name];
  if (shown === undefined) return given;
  const kept = before.filter((one) => given.includes(one) || !shown.includes(one));
  return [...kept, ...given.filter((one) => !shown.includes(one) && !kept.includes(one))];
}

/** Whether a single box is ticked now. Undefined: it was not changed. */
export function touchedTick(fields: unknown, name: string): boolean | undefined {
  const isTicked = listOf(fields, name).length > 0;
  const shown = readShown(fields)?.boxes[name];
  return shown !== undefined && shown.length > 0 === isTicked ? undefined : isTicked;
}

/**
 * The fields of a form that are kept while its author signs in again, without passwords. Null: the form does not
 * contain what it showed.
 */
export function keepableFields(fields: unknown): FormFields | null {
  const shown = readShown(fields);
  if (shown === null) return null;
  const names = [...Object.keys(shown.texts), ...Object.keys(shown.boxes), ...shown.hidden, shownField];
  const kept = names.flatMap((name) => {
    const values = listOf(fields, name);
    const [only] = values;
    return only === undefined ? [] : [[name, values.length === 1 ? only : values] as const];
  });
  return kept.length > 1 ? Object.fromEntries(kept) : null;
}

const shownShape = z.object({
  texts: z.record(z.string(), z.string()),
  boxes: z.record(z.string(), z.array(z.string())),
  hidden: z.array(z.string()),
});

function readShown(fields: unknown): z.output<typeof shownShape> | null {
  const written = textOfField(fields, shownField);
  if (written === null) return null;
  try {
    return shownShape.safeParse(JSON.parse(written)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The same for a text and for what a browser makes of its line breaks. */
function digestOf(text: string): string {
  const plain = text.replace(/\r\n?/g, '\n');
  return createHash('sha256').update(plain).digest('base64url').slice(0, 22);
}

/** Stands behind the digest. */
const lineBreaks: Readonly<Record<string, string>> = { n: '\n', r: '\r', w: '\r\n' };

const lineBreakOf = (text: string) => (text.includes('\r\n') ? 'w' : /\r(?![^]*\n)/.test(text) ? 'r' : 'n');

function withLineBreaks(text: string, before: string | undefined): string {
  const lineBreak = lineBreaks[before?.at(-1) ?? 'n'] ?? '\n';
  return text.replace(/\r\n?|\n/g, lineBreak);
}

/** Names and values of all that is text, a name as often as it was sent. */
export function textFields(fields: unknown): [string, string][] {
  return entriesOf(fields).flatMap(([name]) =>
    listOf(fields, name).map((value): [string, string] => [name, value]),
  );
}

const entriesOf = (fields: unknown): [string, unknown][] =>
  typeof fields === 'object' && fields !== null ? Object.entries(fields) : [];
