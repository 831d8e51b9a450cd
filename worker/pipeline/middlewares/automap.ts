import { fieldOf } from '../../../shared/domain/merge-copy';
import type { Calls } from '../calls';
import { isSame } from '../content';
import { candidatesFrom } from '../candidates';
import { type Found, type Mentioned, settle } from '../entry';
import { type KnownLinks, type Link } from '../links';
import { otherSide, type PerSide, type Side, sides } from '../sides';
import { folds, sameName } from '../names';
import type { Middleware } from '../pipeline';
import type { Item, Match, Place } from '../system';

export interface AutomapSettings {
  readonly systems: PerSide<Calls>;
  readonly links: KnownLinks;
  /** Items that the other side mentioned in this run, which need not be fetched. */
  readonly mentioned: (side: Side, key: string) => Item | undefined;
  readonly signal: AbortSignal;
  /** Items with equal values in all of these fields are one entity. Empty: only keys and places decide. */
  readonly matchFields: readonly string[];
}

interface Linked extends Mentioned {
  link: Link | null;
}

/**
 * Finds the other side's item: by its link, then by the key that it was created for, by match fields, or by place.
 * Several candidates on either side are a conflict. Nothing is stored until a decision was made.
 */
export function automap(settings: AutomapSettings): Middleware<Linked, Found> {
  return async (entry, next) => {
    const { link, mention } = entry;
    if (link !== null) return next(await look(settings, entry, link));
    const found = mention.isActive && isFindable(settings, mention) ? await search(settings, entry) : null;
    if (found === 'ambiguous' || entry.waitsFor !== null) return;
    return next(show(entry, found, found !== null));
  };
}

async function look({ systems, mentioned }: AutomapSettings, entry: Linked, link: Link): Promise<Found> {
  const side = otherSide(entry.side);
  const key = link.ends[side]?.key;
  const item = key === undefined ? null : (mentioned(side, key) ?? (await systems[side].fetch(key)));
  return show(entry, item, isNeverCompared(link));
}

/** Someone joined the two by hand. */
const isNeverCompared = ({ ends, intent }: Link): boolean =>
  intent === null && sides.every((side) => ends[side]?.seen.isActive === false);

function show(entry: Linked, other: Item | null, isJoined: boolean): Found {
  const { side, mention } = entry;
  const items = side === 'here' ? { here: mention, there: other } : { here: other, there: mention };
  return Object.assign(entry, { items, isJoined });
}

const isFindable = ({ matchFields }: AutomapSettings, { origin, place }: Item) =>
  origin !== null || place !== null || matchFields.length > 0;

async function search(settings: AutomapSettings, entry: Linked): Promise<Item | null | 'ambiguous'> {
  const [creator] = await free(settings, entry, await creatorOf(settings, entry));
  if (creator !== undefined) return creator;
  const match = fieldMatch(settings, entry);
  const byFields = match === null ? [] : await free(settings, entry, await find(settings, entry, match));
  const [candidate] = byFields;
  if (match === null || candidate === undefined) return (await atItsPlace(settings, entry)) ?? null;
  const rivals = await rivalsOf(settings, entry, match);
  if (byFields.length === 1 && rivals.length <= 1) return candidate;
  const alike = entry.side === 'here' ? { here: rivals, there: byFields } : { here: byFields, there: rivals };
  entry.conflict = {
    kind: 'match',
    fields: [],
    resolution: null,
    ...candidatesFrom(alike),
  };
  settle(entry, 'conflict', { code: 'several-alike', values: {} });
  return 'ambiguous';
}

async function creatorOf(settings: AutomapSettings, { side, mention }: Linked): Promise<Item[]> {
  // If the system chooses the keys of created items, a sync key leads to no item.
  if (mention.origin === null || settings.systems[side].capabilities.creates !== 'keyed') return [];
  const creator = await settings.systems[otherSide(side)].fetch(mention.origin);
  return creator === null ? [] : [creator];
}

const find = ({ systems }: AutomapSettings, { side }: Linked, match: Match) =>
  systems[otherSide(side)].find(match);

/** The items of the other side that have no link. */
async function free({ links }: AutomapSettings, entry: Linked, found: readonly Item[]): Promise<Item[]> {
  if (found.length === 0) return [];
  const owners = await links.byKeys(
    otherSide(entry.side),
    found.map(({ key }) => key),
  );
  const parted = await links.partedFrom(entry.side, entry.mention.key);
  return found.filter(
    ({ key, isFolder, isActive }) =>
      isActive &&
      isFolder === entry.mention.isFolder &&
      (owners.get(key)?.ends[entry.side] ?? null) === null &&
      !parted.has(key),
  );
}

/** Items of its own side without a link that match as well, including itself. */
async function rivalsOf(
  { systems, links }: AutomapSettings,
  { side }: Linked,
  match: Match,
): Promise<Item[]> {
  const alike = await systems[side].find(match);
  const owners = await links.byKeys(
    side,
    alike.map(({ key }) => key),
  );
  return alike.filter(({ key, isActive }) => isActive && !owners.has(key));
}

/** An item without a value to match by matches nothing. */
function fieldMatch({ matchFields }: AutomapSettings, { mention }: Linked): Match | null {
  const values = matchFields.map((name) => [name, fieldOf(mention.fields, name)] as const);
  if (values.length === 0 || values.some(([, value]) => value === null)) return null;
  return { by: 'fields', fields: Object.fromEntries(values) };
}

/** Also finds an item whose name is spelt differently but is the same name for one of the systems. */
async function atItsPlace(settings: AutomapSettings, entry: Linked): Promise<Item | undefined> {
  const { systems } = settings;
  const rules = [systems.here.capabilities.tree, systems.there.capabilities.tree];
  const place = await placeThere(settings, entry);
  if (place === null) return undefined;
  const [exact] = await free(settings, entry, await find(settings, entry, { by: 'place', ...place }));
  if (exact !== undefined) return exact;
  if (!folds(rules)) return inOtherForm(settings, entry, place);
  const around = await free(
    settings,
    entry,
    await find(settings, entry, { by: 'parent', parent: place.parent }),
  );
  return around.find((item) => item.place !== null && sameName(rules, item.place.name, place.name));
}

/**
 * Both sides tell the two Unicode forms of a name apart, and people do not: a file whose name has the other form is the same
 * one if its content is, and a folder is the same one.
 */
async function inOtherForm(
  settings: AutomapSettings,
  entry: Linked,
  { parent, name }: Place,
): Promise<Item | undefined> {
  const forms = [name.normalize('NFC'), name.normalize('NFD')].filter((form) => form !== name);
  for (const form of forms) {
    const [found] = await free(
      settings,
      entry,
      await find(settings, entry, { by: 'place', parent, name: form }),
    );
    if (found !== undefined && (await holdsTheSame(settings, entry, found))) return found;
  }
  return undefined;
}

async function holdsTheSame(
  { systems, signal }: AutomapSettings,
  { side, mention }: Linked,
  found: Item,
): Promise<boolean> {
  if (found.isFolder) return mention.isFolder;
  const withContent = async (one: Side, item: Item) =>
    (item.content === undefined ? await systems[one].fetch(item.key) : item)?.content ?? null;
  const [own, other] = [await withContent(side, mention), await withContent(otherSide(side), found)];
  return own !== null && other !== null && isSame(own, other, signal);
}

/** A place in a folder that has no link is not known yet: the entry waits for the folder, and then looks at its place. */
async function placeThere({ systems, links }: AutomapSettings, entry: Linked): Promise<Place | null> {
  const { side, mention } = entry;
  const { place } = mention;
  if (place === null || systems[otherSide(side)].capabilities.tree === null) return null;
  if (place.parent === null) return place;
  const link = (await links.byKeys(side, [place.parent])).get(place.parent);
  if (link === undefined) entry.waitsFor = { side, key: place.parent, field: null, elsewhere: null };
  const parent = link?.ends[otherSide(side)]?.key;
  return parent === undefined ? null : { parent, name: place.name };
}
