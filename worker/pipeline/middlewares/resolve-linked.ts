import type { Fields, FieldValue } from '../../../shared/domain/merge-copy';
import { type Entry, startAnew } from '../entry';
import type { Mappings, Side } from '../mappings';
import type { Middleware, Next } from '../pipeline';
import { deletedState, type State } from '../state';
import type { Item, Place } from '../system';

export interface ResolveLinkedSettings {
  readonly mappings: Mappings;
  /** Fields whose value is the key of another item. */
  readonly links: readonly string[];
  /** The fields that are synchronised; null: all. */
  readonly prototype: readonly string[] | null;
}

/**
 * Puts both copies into words that the sides share: a folder or a linked item is named by its mapping. One that has
 * none yet comes first: the entry starts anew.
 */
export function resolveLinked(settings: ResolveLinkedSettings): Middleware {
  return (entry, next) => {
    const { here, there } = entry.views;
    if (!isPlain(settings, here.item) || !isPlain(settings, there.item))
      return resolve(settings, entry, next);
    entry.views = {
      here: { item: here.item, state: plainState(here.item) },
      there: { item: there.item, state: plainState(there.item) },
    };
    return next();
  };
}

/** Nothing in it is named otherwise on the other side. */
const isPlain = ({ links, prototype }: ResolveLinkedSettings, item: Item | null) =>
  item === null || !item.isActive || (item.place === null && links.length === 0 && prototype === null);

const plainState = (item: Item | null): State | null => (item?.isActive === false ? deletedState : item);

async function resolve(settings: ResolveLinkedSettings, entry: Entry, next: Next): Promise<void> {
  const { here, there } = entry.views;
  const ours = await stateOf(settings, 'here', here.item);
  const theirs = await stateOf(settings, 'there', there.item);
  if (ours === 'unresolved' || theirs === 'unresolved') {
    startAnew(entry, 'its folder, or an item that it is linked to, is not synchronised yet');
    return;
  }
  entry.views = { here: { item: here.item, state: ours }, there: { item: there.item, state: theirs } };
  return next();
}

async function stateOf(
  settings: ResolveLinkedSettings,
  side: Side,
  item: Item | null,
): Promise<State | null | 'unresolved'> {
  if (item === null || isPlain(settings, item)) return plainState(item);
  const fields = await sharedFields(settings, side, item.fields);
  const place = await sharedPlace(settings, side, item.place);
  if (fields === null || place === 'unresolved') return 'unresolved';
  return { isActive: true, fields, place };
}

/** Null: a link leads to an item without a mapping. */
async function sharedFields(
  { mappings, links, prototype }: ResolveLinkedSettings,
  side: Side,
  fields: Fields,
): Promise<Fields | null> {
  const shared: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (prototype !== null && !prototype.includes(name)) continue;
    if (!links.includes(name) || typeof value !== 'string') {
      shared[name] = value;
      continue;
    }
    const target = await mappings.byKey(side, value);
    if (target === null) return null;
    shared[name] = target.id;
  }
  return shared;
}

async function sharedPlace(
  { mappings }: ResolveLinkedSettings,
  side: Side,
  place: Place | null,
): Promise<Place | null | 'unresolved'> {
  if (place === null || place.parent === null) return place;
  const folder = await mappings.byKey(side, place.parent);
  return folder === null ? 'unresolved' : { parent: folder.id, name: place.name };
}
