import { fieldOf, type Fields, type FieldValue, sameValue } from '../../shared/domain/merge-copy';
import type { Side } from '../pipeline/sides';
import type { Item, Page, System, ValueFault, Written } from '../pipeline/system';
import { createFieldWords, type FieldWords, type WordsSettings } from './field-words';
import { refusal } from '../pipeline/refusal';

export interface Mapping extends Omit<WordsSettings, 'side'> {
  /** What is known of the server's fields, by their shared names: `yes`: it keeps what it is sent. */
  readonly kept: Readonly<Record<string, Kept>>;
  /** Called whenever a write shows something other than what is known. */
  readonly learned: (finding: FieldFinding) => void;
}

/** `no`: after a write, the server showed another value than it was sent. It ignores or changes the field. */
export type Kept = 'yes' | 'no';

export interface FieldFinding {
  readonly side: Side;
  /** Its shared name. */
  readonly field: string;
  readonly kept: Kept;
  /** In shared words. */
  readonly sent: FieldValue;
  readonly shown: FieldValue;
}

/**
 * A system whose records are translated into the words of the pair. After a write, it knows what the server stored: if
 * the answer does not show it, and not every sent field is known to be kept, the item is read again.
 */
export function mappedSystem(inner: System, side: Side, mapping: Mapping): System {
  const words = createFieldWords({ ...mapping, side });
  const verification = createVerification(inner, side, words, mapping);
  const { answers } = inner.capabilities;

  return {
    capabilities: { ...inner.capabilities, answers: 'stored' },
    async *list(since, signal) {
      for await (const page of inner.list(since, signal)) yield sharedPage(words, page);
    },
    async fetch(keys, signal) {
      const found = await inner.fetch(keys, signal);
      return new Map([...found].map(([key, item]) => [key, sharedItem(words, item)]));
    },
    async find(match, signal) {
      if (match.by !== 'fields')
        return (await inner.find(match, signal)).map((item) => sharedItem(words, item));
      const { fields, faults } = words.toSearch(match.fields);
      if (faults.length > 0) return [];
      return (await inner.find({ ...match, fields }, signal)).map((item) => sharedItem(words, item));
    },
    async create(key, draft, signal) {
      const { fields, faults } = words.toOwn(draft.fields);
      const [fault] = faults;
      if (fault !== undefined) return refusedValue(fault);
      const written = await inner.create(key, { ...draft, fields }, signal);
      const readsBack = answers !== 'stored';
      return verification.verify(sharedWritten(words, written), draft.fields, readsBack, signal);
    },
    async update(key, patch, expected, signal) {
      const changed = words.toOwn(patch.fields);
      const [fault] = changed.faults;
      if (fault !== undefined) return refusedValue(fault);
      if (Object.keys(changed.fields).length === 0 && patch.content === null)
        return unchanged(inner, words, key, signal);
      // What has no word there was there before: the system that replaces records keeps it as it is.
      const whole = words.toOwn(patch.whole).fields;
      const sent = { fields: changed.fields, whole, content: patch.content };
      const written = await inner.update(key, sent, expected, signal);
      const isShown = answers === 'stored' || (answers === 'sent' && verification.areKept(patch.fields));
      return verification.verify(sharedWritten(words, written), patch.fields, !isShown, signal);
    },
    move: async (key, place, expected, signal) =>
      sharedWritten(words, await inner.move(key, place, expected, signal)),
    delete: async (key, expected, signal) => sharedWritten(words, await inner.delete(key, expected, signal)),
  };
}

const refusedValue = ({ field, problem }: ValueFault): Written => ({
  ...refusal('invalid', { code: 'value-unfit', values: { field, problem } }),
  fields: [field],
});

/** All that was to be written is of the kind that this side is not told. */
async function unchanged(
  inner: System,
  words: FieldWords,
  key: string,
  signal: AbortSignal,
): Promise<Written> {
  const item = (await inner.fetch([key], signal)).get(key);
  return item === undefined ? { kind: 'stale', item: null } : { kind: 'done', item: sharedItem(words, item) };
}

function sharedPage(words: FieldWords, { items, ...page }: Page): Page {
  return { ...page, items: items.map((item) => sharedItem(words, item)) };
}

function sharedItem(words: FieldWords, item: Item): Item {
  if (!item.isActive) return item;
  const { fields, faults } = words.toShared(item.fields);
  return faults.length === 0 ? { ...item, fields } : { ...item, fields, faults };
}

function sharedWritten(words: FieldWords, written: Written): Written {
  switch (written.kind) {
    case 'done':
      return { ...written, item: sharedItem(words, written.item) };
    case 'deferred':
      return written;
    case 'stale':
      if (written.item === undefined || written.item === null) return written;
      return { ...written, item: sharedItem(words, written.item) };
    case 'refused': {
      const { holders } = written;
      if (holders === undefined) return written;
      return { ...written, holders: holders.map((item) => sharedItem(words, item)) };
    }
  }
}

// What the server made of it

interface Verification {
  /** Judges what an answer shows, or what is read back. */
  verify(written: Written, sent: Fields, readsBack: boolean, signal: AbortSignal): Promise<Written>;
  /** Every one of these fields was seen to be kept. */
  areKept(sent: Fields): boolean;
}

function createVerification(
  inner: System,
  side: Side,
  words: FieldWords,
  { kept, learned }: Mapping,
): Verification {
  const known = new Map(Object.entries(kept));

  function learn(sent: Fields, item: Item): void {
    for (const [field, value] of Object.entries(sent)) {
      if (!words.writtenNames.has(field) || value === null) continue;
      const shown = fieldOf(item.fields, field);
      const now: Kept = sameValue(value, shown) ? 'yes' : 'no';
      if (known.get(field) === now) continue;
      known.set(field, now);
      learned({ side, field, kept: now, sent: value, shown });
    }
  }

  return {
    async verify(written, sent, readsBack, signal) {
      if (written.kind !== 'done' || !written.item.isActive) return written;
      const { item } = written;
      if (!readsBack) {
        learn(sent, item);
        return written;
      }
      const found = (await inner.fetch([item.key], signal)).get(item.key);
      // What someone has changed since is no answer to this write: it shows as a change when it is listed.
      const isOther = found?.revision !== item.revision && item.revision !== '' && written.isAssumed !== true;
      if (found === undefined || isOther) return written;
      const shown = sharedItem(words, found);
      learn(sent, shown);
      return { kind: 'done', item: shown };
    },
    areKept: (sent) =>
      Object.keys(sent).every((field) => !words.writtenNames.has(field) || known.get(field) === 'yes'),
  };
}
