import type { Calls } from '../calls';
import { type Compared, type Decided, type Entry, settle } from '../entry';
import { type KnownLinks } from '../links';
import { otherSide, type PerSide, type Side, sides } from '../sides';
import type { Middleware } from '../pipeline';
import type { Decision, NamePolicies } from '../policies';
import { ownPlace, type Words } from '../shared-words';
import { samePlace, type State } from '../state';
import type { Item, Place } from '../system';

export interface GiveWaySettings {
  readonly systems: PerSide<Calls>;
  readonly links: KnownLinks;
  readonly words: Words;
  /** Entries whose changes are not made yet, by the id of their link. */
  readonly wanting: (linkId: string) => Entry | undefined;
  /** The side whose item keeps the name if two items want the same one. */
  readonly winner: (entry: Decided) => Side;
  readonly namePolicies: NamePolicies;
  /** What someone decided about this very dispute; null: nobody has. */
  readonly decided: (entry: Compared, disputed: readonly string[]) => Decision | null;
  readonly noticed: (side: Side, key: string, item: Item | null) => void;
}

/** From this pass on. Before, the item that has the name may still move away by itself. */
const firstToGiveWay = 2;

/**
 * Handles a name that is still taken after all others had their turn. If the other item is about to leave the name,
 * this one gets a temporary name. If the other item stays, the loser gets another name on both sides.
 */
export function giveWay(settings: GiveWaySettings): Middleware<Decided> {
  return async (entry, next) => {
    await next(entry);
    const { blocked, pass } = entry;
    if (blocked?.code !== 'name-taken' || pass.number < firstToGiveWay) return;
    const { side } = blocked;
    const wanted = entry.results[side].place;
    const place = await ownPlace(settings.words, side, wanted);
    if (wanted === null || place === null || place === 'unknown') return;
    const [holder] = await settings.systems[side].find({ by: 'place', ...place });
    if (holder === undefined) return;
    const owner = (await settings.links.byKeys(side, [holder.key])).get(holder.key);
    const other = owner === undefined ? undefined : settings.wanting(owner.id);
    // It is about to be deleted.
    if (other?.results !== undefined && !other.results[side].isActive) return;
    if (leaves(other, side, wanted)) await stepAside(settings, entry, side, { wanted, place });
    else if (loses(settings, entry, { side, isLinked: owner !== undefined, other }))
      getAnotherName(settings, entry, side, holder);
  };
}

function leaves(other: Entry | undefined, side: Side, place: Place): boolean {
  const goesTo = other?.results?.[side].place ?? null;
  return goesTo !== null && !samePlace(goesTo, place);
}

/** Who holds the name that an entry wants. */
interface Rival {
  readonly side: Side;
  readonly isLinked: boolean;
  readonly other: Entry | undefined;
}

/**
 * If two items want the same name, a new item gives way to an existing one. Otherwise the winner's side keeps the name.
 */
function loses({ winner }: GiveWaySettings, entry: Decided, { side, isLinked, other }: Rival): boolean {
  // It is where it wants to be.
  if (isLinked && other === undefined) return true;
  const isNew = neverAgreed(entry);
  const isOtherNew = other === undefined || neverAgreed(other);
  if (isNew !== isOtherNew) return isNew;
  const from = isNew ? entry.side : otherSide(side);
  return from !== winner(entry);
}

function getAnotherName(
  { namePolicies, decided }: GiveWaySettings,
  entry: Decided,
  side: Side,
  holder: Item,
): void {
  if (namePolicies.clash === 'suffix' || decided(entry, ['place']) !== null) {
    entry.nextNameNumber = entry.pass.nameNumber === 0 ? 2 : entry.pass.nameNumber + 1;
    return;
  }
  const candidates = { here: [], there: [], [side]: [holder.key] };
  entry.conflict = { kind: 'name', fields: ['place'], resolution: null, candidates };
  settle(entry, 'conflict', { code: 'name-taken-undecided', values: {} });
}

const neverAgreed = ({ bases }: Entry): boolean => sides.every((side) => bases?.[side]?.isActive !== true);

/** Gives the item a temporary name and stores it. */
async function stepAside(
  { systems, links, noticed }: GiveWaySettings,
  entry: Decided,
  side: Side,
  { wanted, place }: { readonly wanted: Place; readonly place: Place },
): Promise<void> {
  const { link } = entry;
  const item = entry.items[side];
  const end = link?.ends[side] ?? null;
  if (link === null || end === null || item?.isActive !== true) return;
  const name = `~${link.id}`;
  if (item.place?.name === name) return;
  const written = await systems[side].move(item.key, { parent: place.parent, name }, item.revision);
  if (written.kind !== 'done') return;
  noticed(side, item.key, written.item);
  const seen: State = { ...end.seen, place: { parent: wanted.parent, name } };
  // Only the place is stored, because the other changes are not known to the other side yet.
  const revision = end.revision === item.revision ? written.item.revision : null;
  entry.link = await links.finish(link, {
    ends: { ...link.ends, [side]: { key: item.key, revision, seen } },
    state: link.state,
    intent: null,
    event: {
      operations: [{ side, op: 'move' }],
      verdict: null,
      before: entry.states,
      after: { ...entry.states, [side]: { ...entry.states[side], place: seen.place } },
      items: null,
    },
  });
}
