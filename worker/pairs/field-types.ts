import type { PairFieldTypeStore } from '../../shared/stores/pairs/pair-field-type-store';
import type { Side } from '../pipeline/sides';
import type { System } from '../pipeline/system';
import { Trouble } from '../pipeline/trouble';
import type { FieldTypes, RemoteSystem } from '../systems/remote-system';

export type CheckFieldTypes = (side: Side, types: FieldTypes) => Promise<void>;

/**
 * Compares what the fields of a side are with what they were, and keeps what they are. Throws `fields` where one has
 * become another one or is required from now on: whoever resumes the pair has seen it, and is not told again.
 */
export async function compareFieldTypes(
  store: PairFieldTypeStore,
  side: Side,
  now: FieldTypes,
): Promise<void> {
  const before = await store.known(side);
  const isNews = Object.entries(now).some(([name, { type, isRequired }]) => {
    const known = before.get(name);
    return known?.type !== type || known.isRequired !== isRequired;
  });
  if (!isNews) return;
  await store.keep(side, now);
  const changes = Object.entries(now).flatMap(([name, { type, isRequired }]) => {
    const known = before.get(name);
    if (known === undefined) return [];
    if (known.type !== type) return [`${name} was ${known.type} and is now ${type}`];
    return isRequired && !known.isRequired ? [`${name} is required now`] : [];
  });
  if (changes.length > 0) throw new Trouble('fields', changes.join('; '));
}

/** Nothing is read or written before the fields are known to be what they were. Once for all calls of a slice. */
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
      // What could not be asked is asked again.
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
