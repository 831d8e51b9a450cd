import type { Db } from '../../shared/db/database';
import type { SliceHold } from '../../shared/db/slice-guard';
import { createLinkStore } from '../../shared/stores/pairs/link-store';
import type { NamedPair, PairSliceStore } from '../../shared/stores/pairs/pair-slice-store';
import type { RecordPairSettings } from '../../shared/systems/pair-settings';
import type { TargetLink, TargetLinks } from '../pipeline/shared-words';
import { otherSide, type Side } from '../pipeline/sides';
import type { PairLinkWords } from './words';

/** The links of other pairs to which fields of a pair refer. */
export interface LinkTargets {
  /** The links for each field, by its shared name. */
  readonly byField: Readonly<Record<string, TargetLinks>>;
  /** Names of pairs to which fields refer and that do not exist. */
  readonly missing: ReadonlySet<string>;
}

/** A field may refer to its own pair; its links are among these, too. */
export async function findLinkTargets(
  store: Pick<PairSliceStore, 'pairsNamed'>,
  { own, fields }: { readonly own: string; readonly fields: RecordPairSettings['fields'] },
  linksOf: (pair: NamedPair) => TargetLinks,
): Promise<LinkTargets> {
  const named = fields.flatMap(({ name, link }) => (link === null || link === own ? [] : [{ name, link }]));
  if (named.length === 0) return { byField: {}, missing: new Set() };
  const pairs = await store.pairsNamed(named.map(({ link }) => link));
  const byName = new Map(pairs.map((pair) => [pair.name, linksOf(pair)]));
  const byField = named.flatMap(({ name, link }): [string, TargetLinks][] => {
    const links = byName.get(link);
    return links === undefined ? [] : [[name, links]];
  });
  const missing = named.flatMap(({ link }) => (byName.has(link) ? [] : [link]));
  return { byField: Object.fromEntries(byField), missing: new Set(missing) };
}

/** The links of another pair, with the sides named as in this pair. They are only read. */
export function createTargetLinks(db: Db, hold: SliceHold, { id, isSwapped }: NamedPair): TargetLinks {
  const store = createLinkStore<PairLinkWords>(db, id, hold);
  const sideOf = (side: Side): Side => (isSwapped ? otherSide(side) : side);
  const ours = (found: ReadonlyMap<string, TargetLink>): ReadonlyMap<string, TargetLink> =>
    isSwapped
      ? new Map(
          [...found].map(([name, link]) => [
            name,
            { ...link, ends: { here: link.ends.there, there: link.ends.here } },
          ]),
        )
      : found;
  return {
    id: String(id),
    byKeys: async (side, keys) => ours(await store.byKeys(sideOf(side), keys)),
    byIds: async (ids) => ours(await store.byIds(ids)),
    goneAmong: (side, keys) => store.goneAmong(sideOf(side), keys),
    sideOf,
  };
}
