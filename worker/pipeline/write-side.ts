import { type Copy, type Fields, type FieldValue, sameCopy } from '../../shared/domain/merge-copy';
import { type Entry, type Operation, settle, startAnew } from './entry';
import { type Mappings, otherSide, type PerSide, type Side } from './mappings';
import { samePlace, type State } from './state';
import type { Draft, Item, Place, System, Written } from './system';

export interface WriteSettings {
  readonly systems: PerSide<System>;
  readonly mappings: Mappings;
  /** Fields whose value is the key of another item. */
  readonly links: readonly string[];
  /** The fields that are synchronised; null: all. */
  readonly prototype: readonly string[] | null;
}

export type Accepted = Extract<Written, { kind: 'done' | 'deferred' }>;

/**
 * Brings one side to what was decided: what is there is moved and updated, what is not is created, and what shall not
 * be is deleted. Null: it did not come about, and the entry says why.
 */
export async function writeSide(
  settings: WriteSettings,
  entry: Entry,
  side: Side,
  result: State,
  agreed: Copy | null,
): Promise<Accepted | null> {
  const system = settings.systems[side];
  const { item } = entry.views[side];
  if (!result.isActive) {
    if (item === null) return { kind: 'deferred' };
    return attempt(entry, side, 'delete', () =>
      guarded(system, item, () => system.delete(item.key, item.revision, agreed)),
    );
  }
  const draft = await draftOf(settings, entry, side, result, agreed);
  if (draft === null) return null;
  if (item?.isActive === true) return adapt(system, entry, side, item, draft);
  const created = await attempt(entry, side, 'create', () => system.create(wishedKey(entry, side), draft));
  // A creation whose answer was lost answers the item as it was then.
  return created?.kind === 'done' ? adapt(system, entry, side, created.item, draft) : created;
}

/** The move first: an item whose folder is about to go is safe then, whatever becomes of the rest. */
async function adapt(
  system: System,
  entry: Entry,
  side: Side,
  item: Item,
  draft: Draft,
): Promise<Accepted | null> {
  const { place } = draft;
  let last: Accepted | null = { kind: 'done', item };
  let now = item;
  if (place !== null && !samePlace(item.place, place)) {
    const move = () => guarded(system, item, () => system.move(item.key, place, item.revision));
    last = await attempt(entry, side, 'move', move);
    if (last === null) return null;
    if (last.kind === 'done') now = last.item;
  }
  if (sameCopy({ isActive: true, fields: draft.fields }, item)) return last;
  const update = () => guarded(system, now, () => system.update(now.key, draft, now.revision));
  return attempt(entry, side, 'update', update);
}

async function attempt(
  entry: Entry,
  side: Side,
  op: Operation['op'],
  write: () => Promise<Written>,
): Promise<Accepted | null> {
  const written = await write();
  switch (written.kind) {
    case 'stale':
      startAnew(entry, 'it was changed again and again while it was synchronised');
      return null;
    case 'refused':
      settle(entry, 'failed', written.reason);
      return null;
    case 'done':
    case 'deferred':
      entry.operations.push({ side, op });
      return written;
  }
}

/** A system that cannot compare revisions is asked just before. */
async function guarded(system: System, item: Item, write: () => Promise<Written>): Promise<Written> {
  if (system.capabilities.conditionalWrite) return write();
  const now = await system.fetch(item.key);
  return now?.revision === item.revision ? write() : { kind: 'stale' };
}

/** The other side's key: a creation whose answer was lost makes the same item once more. */
const wishedKey = ({ views, mention }: Entry, side: Side): string =>
  views[side].item?.key ?? views[otherSide(side)].item?.key ?? mention.key;

/** In the words of that side. Null: its folder is not there. */
async function draftOf(
  settings: WriteSettings,
  entry: Entry,
  side: Side,
  result: State,
  agreed: Copy | null,
): Promise<Draft | null> {
  const { views } = entry;
  const isFolder = (views[otherSide(side)].item ?? views[side].item)?.isFolder === true;
  const isPlain = result.place === null && settings.links.length === 0 && settings.prototype === null;
  if (isPlain) return { fields: result.fields, place: null, isFolder, agreed };
  const place = await ownPlace(settings, side, result.place);
  if (place === 'unknown') {
    settle(entry, 'failed', 'its folder is not there');
    return null;
  }
  const fields = await ownFields(settings, side, result.fields, views[side].item?.fields ?? {});
  return { fields, place, isFolder, agreed };
}

async function ownPlace(
  { systems, mappings }: WriteSettings,
  side: Side,
  place: Place | null,
): Promise<Place | null | 'unknown'> {
  if (place === null || !systems[side].capabilities.tree) return null;
  if (place.parent === null) return place;
  const parent = (await mappings.byId(place.parent))?.keys[side] ?? null;
  return parent === null ? 'unknown' : { parent, name: place.name };
}

/** Links by that side's keys, and beside them what is not synchronised, as it is. */
async function ownFields(
  { mappings, links, prototype }: WriteSettings,
  side: Side,
  shared: Fields,
  present: Fields,
): Promise<Fields> {
  if (links.length === 0 && prototype === null) return shared;
  const own: Record<string, FieldValue> = prototype === null ? {} : { ...present };
  for (const [name, value] of Object.entries(shared))
    own[name] =
      links.includes(name) && typeof value === 'string'
        ? ((await mappings.byId(value))?.keys[side] ?? null)
        : value;
  return own;
}
