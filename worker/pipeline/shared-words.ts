import type { Fields, FieldValue } from '../../shared/domain/merge-copy';
import type { KnownLinks, LinkState } from './links';
import type { PerSide, Side } from './sides';
import { contentMark, deletedState, type State } from './state';
import type { Item, Place } from './system';

/** Links that fields of this pair name, and that are kept elsewhere. Sides are those of this pair. */
export interface TargetLinks {
  readonly id: string;
  byKeys(side: Side, keys: readonly string[]): Promise<ReadonlyMap<string, TargetLink>>;
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, TargetLink>>;
  /** Those of the keys that were linked once, and whose items are gone. */
  goneAmong(side: Side, keys: readonly string[]): Promise<readonly string[]>;
  /** What that side of this pair is called there. */
  sideOf(side: Side): Side;
}

export interface TargetLink {
  readonly id: string;
  readonly state: LinkState;
  readonly ends: PerSide<{ readonly key: string } | null>;
}

export interface Words {
  readonly links: KnownLinks;
  /** Fields whose value is the key of another item. */
  readonly linkFields: readonly string[];
  /** Of those whose items are kept equal elsewhere. */
  readonly targets?: Readonly<Record<string, TargetLinks>>;
  /** The fields that are synchronised; null: all. */
  readonly prototype: readonly string[] | null;
}

/** A folder, or the target of a linked field, that has no link yet. */
export interface Unresolved {
  readonly key: string;
  /** Null: the folder. */
  readonly field: string | null;
  /** Null: it is kept equal here. */
  readonly target: TargetLinks | null;
}

export interface Shared {
  readonly state: State;
  /** The folders and fields that are missing in the state because their targets have no link. */
  readonly unresolved: readonly Unresolved[];
}

/** True if the item contains no folder and no linked field, so that it needs no translation. */
export const isPlain = ({ linkFields, prototype }: Words, item: Item | null): boolean =>
  item === null ||
  !item.isActive ||
  (item.place === null && !item.content && linkFields.length === 0 && prototype === null);

/** Of a plain item. */
export const plainState = (item: Item | null): State =>
  item?.isActive === true ? { isActive: true, fields: item.fields, place: null } : deletedState;

/** Translates an item into words that both sides share. */
export async function sharedState(words: Words, side: Side, item: Item | null): Promise<Shared> {
  if (item === null || isPlain(words, item)) return { state: plainState(item), unresolved: [] };
  const { fields, unresolved } = await sharedFields(words, side, item.fields);
  const place = await sharedPlace(words, side, item.place);
  if (place === 'unresolved') unresolved.push({ key: item.place?.parent ?? '', field: null, target: null });
  const mark = contentMark(item);
  const state = { isActive: true, fields, place: place === 'unresolved' ? null : place };
  return { state: mark === undefined ? state : { ...state, content: mark }, unresolved };
}

async function sharedFields(
  { links, linkFields, targets, prototype }: Words,
  side: Side,
  fields: Fields,
): Promise<{ fields: Fields; unresolved: Unresolved[] }> {
  const shared: Record<string, FieldValue> = {};
  const unresolved: Unresolved[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (prototype !== null && !prototype.includes(name)) continue;
    if (!linkFields.includes(name) || typeof value !== 'string') {
      shared[name] = value;
      continue;
    }
    const elsewhere = targets?.[name] ?? null;
    const found = (await (elsewhere ?? links).byKeys(side, [value])).get(value);
    if (found !== undefined) shared[name] = found.id;
    if (found !== undefined && found.state !== 'creating') continue;
    // What names nothing any more is no value on the other side.
    const isGone = found === undefined && (await elsewhere?.goneAmong(side, [value]))?.length === 1;
    if (isGone) shared[name] = null;
    else unresolved.push({ key: value, field: name, target: elsewhere });
  }
  return { fields: shared, unresolved };
}

async function sharedPlace(
  { links }: Words,
  side: Side,
  place: Place | null,
): Promise<Place | null | 'unresolved'> {
  if (place === null || place.parent === null) return place;
  const folder = (await links.byKeys(side, [place.parent])).get(place.parent);
  return folder === undefined ? 'unresolved' : { parent: folder.id, name: place.name };
}

/** Translates a place into one side's own words. `unknown`: the folder does not exist there. */
export async function ownPlace(
  { links }: Words,
  side: Side,
  place: Place | null,
): Promise<Place | null | 'unknown'> {
  if (place === null || place.parent === null) return place;
  const parent = (await links.byIds([place.parent])).get(place.parent)?.ends[side]?.key;
  return parent === undefined ? 'unknown' : { parent, name: place.name };
}

/** Links by that side's keys. */
export async function ownFields(
  { links, linkFields, targets }: Words,
  side: Side,
  shared: Fields,
): Promise<Fields> {
  if (linkFields.length === 0) return shared;
  const own: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(shared))
    own[name] =
      linkFields.includes(name) && typeof value === 'string'
        ? ((await (targets?.[name] ?? links).byIds([value])).get(value)?.ends[side]?.key ?? null)
        : value;
  return own;
}
