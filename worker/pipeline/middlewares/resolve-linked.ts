import type { Fields } from '../../../shared/domain/merge-copy';
import type { Calls } from '../calls';
import { type Found, type Resolved, settle } from '../entry';
import { type PerSide, type Side, sides } from '../sides';
import type { Middleware, Next } from '../pipeline';
import { isPlain, plainState, sharedState, type Unresolved, type Words } from '../shared-words';
import type { State } from '../state';
import type { Item } from '../system';

export interface ResolveLinkedSettings {
  readonly systems: PerSide<Calls>;
  readonly words: Words;
}

/**
 * Translates both copies into shared words: a folder or a linked item is named by the id of its link. If it has no link
 * yet, the entry waits for it.
 */
export function resolveLinked(settings: ResolveLinkedSettings): Middleware<Found, Resolved> {
  return (entry, next) => {
    const { here, there } = entry.items;
    if (isRefused(entry)) return Promise.resolve();
    if (!isPlain(settings.words, here) || !isPlain(settings.words, there))
      return resolve(settings, entry, next);
    const states = { here: plainState(here), there: plainState(there) };
    return next(Object.assign(entry, { states, bases: basesOf(entry, []), leftOut: [] }));
  };
}

/**
 * True if a value cannot be translated into the words of the other side. Without it, the copy would mean that there is
 * no value.
 */
function isRefused(entry: Found): boolean {
  for (const side of sides) {
    const [fault] = entry.items[side]?.faults ?? [];
    if (fault === undefined) continue;
    entry.blocked = { side, code: 'invalid' };
    settle(entry, 'failed', { code: 'value-unfit', values: fault });
    return true;
  }
  return false;
}

async function resolve(settings: ResolveLinkedSettings, entry: Found, next: Next<Resolved>): Promise<void> {
  const items = {
    here: await withContent(settings, 'here', entry.items.here),
    there: await withContent(settings, 'there', entry.items.there),
  };
  const ours = await sharedState(settings.words, 'here', items.here);
  const theirs = await sharedState(settings.words, 'there', items.there);
  const leftOut: string[] = [];
  for (const [side, { unresolved }] of [
    ['here', ours],
    ['there', theirs],
  ] as const)
    if (!goesOn(entry, side, unresolved, leftOut)) return;
  const states = { here: without(ours.state, leftOut), there: without(theirs.state, leftOut) };
  return next(Object.assign(entry, { items, states, bases: basesOf(entry, leftOut), leftOut }));
}

/** False: it waits. */
function goesOn(entry: Found, side: Side, unresolved: readonly Unresolved[], leftOut: string[]): boolean {
  for (const { key, field, target } of unresolved) {
    const awaited = { side: target?.sideOf(side) ?? side, key, field, elsewhere: target?.id ?? null };
    if (field === null || !entry.pass.withoutLinks) {
      entry.waitsFor = awaited;
      return false;
    }
    leftOut.push(field);
    if (target !== null) entry.leftFor = awaited;
  }
  return true;
}

/** Fetches the content if the listing has left it out. */
async function withContent(
  { systems }: ResolveLinkedSettings,
  side: Side,
  item: Item | null,
): Promise<Item | null> {
  if (systems[side].capabilities.content === null || item?.isActive !== true) return item;
  return item.isFolder || item.content !== undefined ? item : await systems[side].fetch(item.key);
}

function basesOf({ link }: Found, leftOut: readonly string[]): PerSide<State | null> {
  const { here, there } = link?.ends ?? { here: null, there: null };
  return { here: here && without(here.seen, leftOut), there: there && without(there.seen, leftOut) };
}

function without(state: State, names: readonly string[]): State {
  if (names.length === 0) return state;
  const fields: Fields = Object.fromEntries(
    Object.entries(state.fields).filter(([name]) => !names.includes(name)),
  );
  return { ...state, fields };
}
