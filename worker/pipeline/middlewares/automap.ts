import { fieldOf } from '../../../shared/domain/merge-copy';
import { type Entry, settle, startAnew } from '../entry';
import { type Mapping, type Mappings, otherSide, type PerSide, type Side } from '../mappings';
import type { Middleware } from '../pipeline';
import type { Item, Match, System } from '../system';

export interface AutomapSettings {
  readonly systems: PerSide<System>;
  readonly mappings: Mappings;
  /** What the other side mentioned in this run need not be fetched. */
  readonly mentioned: (side: Side, key: string) => Item | undefined;
  /** Items that are alike in all of these are one entity. None: only keys and places tell. */
  readonly matchFields: readonly string[];
}

/** Finds the other side's item: by key, then by match fields, then by place. Several candidates are a conflict. */
export function automap(settings: AutomapSettings): Middleware {
  return async (entry, next) => {
    const { side, mention } = entry;
    const mapping = await settings.mappings.byKey(side, mention.key);
    if (mapping !== null) {
      await look(settings, entry, mapping);
      return next();
    }
    const mayMatch = mention.isActive && isFindable(settings, mention);
    const candidates = mayMatch ? await findCandidates(settings, entry) : [];
    const [candidate] = candidates;
    if (candidates.length > 1) {
      settle(entry, 'conflict', `${candidates.length} items of the other side could be the same entity`);
      return;
    }
    if (candidate === undefined) show(entry, null);
    else if (!(await join(settings, entry, candidate))) return;
    return next();
  };
}

async function look({ systems, mentioned }: AutomapSettings, entry: Entry, mapping: Mapping): Promise<void> {
  const side = otherSide(entry.side);
  const key = mapping.keys[side];
  entry.mapping = mapping;
  entry.agreed = mapping.agreed;
  show(entry, key === null ? null : (mentioned(side, key) ?? (await systems[side].fetch(key))));
}

function show(entry: Entry, other: Item | null): void {
  const own = { item: entry.mention, state: null };
  const others = { item: other, state: null };
  entry.views = entry.side === 'here' ? { here: own, there: others } : { here: others, there: own };
}

const isFindable = ({ matchFields }: AutomapSettings, { origin, place }: Item) =>
  origin !== null || place !== null || matchFields.length > 0;

async function findCandidates(settings: AutomapSettings, entry: Entry): Promise<readonly Item[]> {
  const creator = await free(settings, entry, await creatorOf(settings, entry));
  if (creator.length > 0) return creator;
  const byFields = await find(settings, entry, fieldMatch(settings, entry));
  return byFields.length > 0 ? byFields : find(settings, entry, await placeMatch(settings, entry));
}

/** What it was created for, in a run that never learned of it. */
async function creatorOf(settings: AutomapSettings, { side, mention }: Entry): Promise<Item[]> {
  if (mention.origin === null) return [];
  const creator = await settings.systems[otherSide(side)].fetch(mention.origin);
  return creator === null ? [] : [creator];
}

async function find(settings: AutomapSettings, entry: Entry, match: Match | null): Promise<Item[]> {
  if (match === null) return [];
  return free(settings, entry, await settings.systems[otherSide(entry.side)].find(match));
}

/** Those that are nobody else's. */
async function free(settings: AutomapSettings, entry: Entry, found: readonly Item[]): Promise<Item[]> {
  const side = otherSide(entry.side);
  const owners = await Promise.all(found.map(({ key }) => settings.mappings.byKey(side, key)));
  return found.filter(
    ({ isFolder, isActive }, index) =>
      isActive && isFolder === entry.mention.isFolder && (owners[index]?.keys[entry.side] ?? null) === null,
  );
}

/** An item without a value to match by matches nothing. */
function fieldMatch({ matchFields }: AutomapSettings, { mention }: Entry): Match | null {
  const values = matchFields.map((name) => [name, fieldOf(mention.fields, name)] as const);
  if (values.length === 0 || values.some(([, value]) => value === null)) return null;
  return { by: 'fields', fields: Object.fromEntries(values) };
}

async function placeMatch(
  { systems, mappings }: AutomapSettings,
  { side, mention }: Entry,
): Promise<Match | null> {
  const { place } = mention;
  if (place === null || !systems[otherSide(side)].capabilities.tree) return null;
  if (place.parent === null) return { by: 'place', parent: null, name: place.name };
  const parent = (await mappings.byKey(side, place.parent))?.keys[otherSide(side)] ?? null;
  return parent === null ? null : { by: 'place', parent, name: place.name };
}

/** False: another entry was faster, and has it. */
async function join({ mappings }: AutomapSettings, entry: Entry, candidate: Item): Promise<boolean> {
  const { side, mention } = entry;
  const keys =
    side === 'here'
      ? { here: mention.key, there: candidate.key }
      : { here: candidate.key, there: mention.key };
  const known = await mappings.byKey(otherSide(side), candidate.key);
  const mapping = await mappings.save(known, {
    keys,
    agreed: null,
    revisions: { here: null, there: null },
  });
  if (mapping.keys[side] !== mention.key) {
    startAnew(entry, 'its counterpart was mapped to another item');
    return false;
  }
  entry.mapping = mapping;
  entry.agreed = mapping.agreed;
  show(entry, candidate);
  return true;
}
