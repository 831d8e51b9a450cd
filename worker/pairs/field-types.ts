import type { PairFieldTypeStore } from '../../shared/stores/pairs/pair-field-type-store';
import type { Side } from '../pipeline/sides';
import type { System } from '../pipeline/system';
import { Trouble } from '../pipeline/trouble';
import type { FieldType, FieldTypes, RemoteSystem } from '../systems/remote-system';

export type CheckFieldTypes = (side: Side, types: FieldTypes) => Promise<void>;

/** How the type of a field has changed. */
export interface FieldChange {
  /** The name of the field in the system. */
  readonly field: string;
  readonly kind: 'retyped' | 'required';
  /** Without a full stop: `birthdate was date and is now char`. */
  readonly sentence: string;
}

/**
 * Compares the present types of the fields of a side with the stored ones, and stores the present ones. Throws `fields`
 * if a field has another type or has become required. In that case, the stored types stay until someone resumes the
 * pair.
 */
export async function compareFieldTypes(
  store: PairFieldTypeStore,
  side: Side,
  now: FieldTypes,
): Promise<void> {
  const before = await store.known(side);
  const changes = fieldChanges(before, now);
  if (changes.length > 0) throw new Trouble('fields', sentenceOf(changes));
  const isNews = Object.entries(now).some(([name, { type, isRequired }]) => {
    const known = before.get(name);
    return known?.type !== type || known.isRequired !== isRequired;
  });
  if (isNews) await store.keep(side, now);
}

/** A field that was not known before does not count as changed. */
export const fieldChanges = (before: ReadonlyMap<string, FieldType>, now: FieldTypes): FieldChange[] =>
  Object.entries(now).flatMap(([field, { type, isRequired }]): FieldChange[] => {
    const known = before.get(field);
    if (known === undefined) return [];
    if (known.type !== type)
      return [{ field, kind: 'retyped', sentence: `${field} was ${known.type} and is now ${type}` }];
    if (isRequired && !known.isRequired)
      return [{ field, kind: 'required', sentence: `${field} is required now` }];
    return [];
  });

export const sentenceOf = (changes: readonly FieldChange[]): string =>
  changes.map(({ sentence }) => sentence).join('; ');

/** Checks that the types of the fields are unchanged before anything is read or written, once in each slice. */
export function withFieldTypes(inner: RemoteSystem, side: Side, check: CheckFieldTypes): System {
  const { fieldTypes: ask } = inner;
  if (ask === undefined) return inner;
  let checked: Promise<void> | null = null;
  const compare = async (signal: AbortSignal) => check(side, await ask(signal));

  async function first(signal: AbortSignal): Promise<void> {
    checked ??= compare(signal);
    try {
      await checked;
    } catch (error) {
      // If the types could not be read, the next call reads them again.
      if (!(error instanceof Trouble && error.kind === 'fields')) checked = null;
      throw error;
    }
  }

  return {
    capabilities: inner.capabilities,
    async *list(since, signal) {
      await first(signal);
      yield* inner.list(since, signal);
    },
    async fetch(keys, signal) {
      await first(signal);
      return inner.fetch(keys, signal);
    },
    async find(match, signal) {
      await first(signal);
      return inner.find(match, signal);
    },
    async create(key, draft, signal) {
      await first(signal);
      return inner.create(key, draft, signal);
    },
    async update(key, patch, expected, signal) {
      await first(signal);
      return inner.update(key, patch, expected, signal);
    },
    move: (key, place, expected, signal) => inner.move(key, place, expected, signal),
    async delete(key, expected, signal) {
      await first(signal);
      return inner.delete(key, expected, signal);
    },
  };
}
