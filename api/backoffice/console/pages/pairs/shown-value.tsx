import type { VNode } from 'preact';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { Words } from '../../words';

/** A value of a record as it is held, whatever it is. */
export function ShownValue({ words, value }: { words: Words; value: unknown }): VNode {
  if (value === null || value === undefined) return <span class="soft">–</span>;
  if (value === '') return <span class="soft">{words.pairs.emptyText}</span>;
  return <span class="value">{valueOf(words, value)}</span>;
}

/** Documents have the same few fields everywhere, and these have names for people. */
export function FieldLabel({ words, name }: { words: Words; name: string }): VNode {
  const known: Readonly<Record<string, string>> = words.pairs.documentFields;
  return Object.hasOwn(known, name) ? <>{known[name]}</> : <code>{name}</code>;
}

/** True if someone has to decide about this field. The place of a document is its name and its folder. */
export const isDisputed = (fields: readonly string[], name: string): boolean =>
  fields.includes(name) || (fields.includes('place') && (name === 'name' || name === 'parent'));

/** The earlier value, crossed out, and the new one. A new record has no earlier value. */
export const ValueChange = ({
  words,
  before,
  after,
  isNew,
}: {
  words: Words;
  before: unknown;
  after: unknown;
  isNew: boolean;
}): VNode => (
  <>
    {!isNew && (
      <>
        <del>
          <ShownValue words={words} value={before} />
        </del>{' '}
        →{' '}
      </>
    )}
    <ins>
      <ShownValue words={words} value={after} />
    </ins>
  </>
);

function valueOf(words: Words, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return visibleLines(value);
    case 'boolean':
      return value ? words.yes : words.no;
    case 'number':
    case 'bigint':
      return String(value);
    default:
      return visibleLines(JSON.stringify(value));
  }
}

/** As `visibleText`, with its line breaks, and no more than a page can show. */
export function visibleLines(text: string, longest = 400): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return shown
    .split(/\r\n?|\n/)
    .map(visibleText)
    .join('\n');
}
