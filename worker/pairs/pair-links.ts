import {
  concernsOneLink,
  type KeptLink,
  type LinkChange,
  type LinkEventRow,
  type LinkStore,
  type StoredLink,
} from '../../shared/stores/pairs/link-store';
import {
  type Absent,
  type Link,
  type LinkEvent,
  type Links,
  LinkTaken,
  type WholeListing,
} from '../pipeline/links';
import { type PerSide, perSide, type Side } from '../pipeline/sides';
import { Trouble } from '../pipeline/trouble';
import { joinCalls } from '../systems/join-calls';
import { currentEntity } from './call-scope';
import { changedFields } from './changed-fields';
import { contentsOf } from './contents-of';
import type { PairLinkWords } from './words';

export interface PairLinksDeps {
  readonly store: LinkStore<PairLinkWords>;
  /** True: a whole listing of that side continues from an earlier slice. */
  readonly goesOn: (side: Side) => boolean;
  /** Called when a whole listing begins, with its id. */
  readonly listing: (side: Side, id: string) => void;
  /** Called when a complete listing has ended. The items that it mentioned are known until this resolves. */
  readonly listed: (side: Side, id: string) => Promise<void>;
}

/**
 * The links of one pair on PostgreSQL. A caller that has lost the slice gets `lease-lost`, and nothing is written.
 * Entities that are processed at the same time share statements and commits (docs/decisions/077).
 */
export function createPairLinks(deps: PairLinksDeps): Links {
  const { store } = deps;
  const shared = sharedStatements(store);
  return {
    byKeys: (side, keys) => shared.byKeys[side](keys),
    byIds: (ids) => shared.byIds(ids),
    bySyncKey: (syncKey) => store.bySyncKey(syncKey),
    partedFrom: (side, key) => shared.partedFrom[side](key),
    begin: (link, ends, intent) =>
      keep(shared, link, { ends, intent, state: link?.state ?? 'creating', event: null }),
    finish: (link, { ends, state, intent, event }) =>
      keep(shared, link, { ends, intent, state, event: eventRow(event) }),
    screen: (side, items) => store.screen(side, items),
    async *childrenOf(id, side) {
      for (let after: string | null = null; ;) {
        const page: StoredLink<PairLinkWords>[] = await store.childrenOf(id, side, after, pageSize);
        yield* page;
        after = page.at(-1)?.id ?? null;
        if (page.length < pageSize) return;
      }
    },
    // Links with an intent get jobs (link-job-store.ts, addForIntents), and a slice processes them like other jobs.
    async *withIntent() {},
    openListing: (side) => openListing(deps, side),
  };
}

const pageSize = 500;

type Stored = StoredLink<PairLinkWords>;
type FindLinks = (names: readonly string[]) => Promise<ReadonlyMap<string, Stored>>;

interface SharedStatements {
  readonly byKeys: PerSide<FindLinks>;
  readonly byIds: FindLinks;
  readonly partedFrom: PerSide<(key: string) => Promise<ReadonlySet<string>>>;
  readonly keep: (change: LinkChange<PairLinkWords>) => Promise<KeptLink<PairLinkWords>>;
}

const sharedStatements = (store: LinkStore<PairLinkWords>): SharedStatements => ({
  byKeys: perSide((side) => findTogether((keys) => store.byKeys(side, keys))),
  byIds: findTogether((ids) => store.byIds(ids)),
  partedFrom: perSide((side) =>
    joinCalls({
      run: async (keys: readonly string[]) => {
        const parted = await store.partedFrom(side, [...new Set(keys)]);
        return keys.map((key) => new Set(parted.get(key)));
      },
    }),
  ),
  keep: joinCalls({ run: (changes) => store.keep(changes), isOfOne: concernsOneLink, most: 500 }),
});

/** Each caller gets the links that it asked for. */
function findTogether(find: FindLinks): FindLinks {
  return joinCalls({
    run: async (asks: readonly (readonly string[])[]) => {
      const found = await find([...new Set(asks.flat())]);
      return asks.map((names) => {
        const entries = names.flatMap((name): [string, Stored][] => {
          const link = found.get(name);
          return link === undefined ? [] : [[name, link]];
        });
        return new Map(entries);
      });
    },
  });
}

async function keep(
  shared: SharedStatements,
  known: Link | null,
  change: Omit<LinkChange<PairLinkWords>, 'known'>,
): Promise<Link> {
  const kept = await shared.keep({ known, ...change });
  switch (kept.kind) {
    case 'lost':
      throw leaseLost();
    case 'taken':
      throw new LinkTaken(known?.id ?? 'new');
    case 'kept': {
      const entity = currentEntity();
      if (entity !== null && kept.eventId !== null) {
        entity.eventId = kept.eventId;
        entity.recordedCalls = entity.calls.length;
      }
      return kept.link;
    }
  }
}

export const leaseLost = () => new Trouble('lease-lost', 'another worker has taken this pair over');

/** Null: nothing happened that the timeline should show. */
function eventRow({ operations, verdict, before, after, items }: LinkEvent): LinkEventRow | null {
  const entity = currentEntity();
  const isNews =
    operations.length > 0 || entity?.eventId !== null || (verdict !== null && verdict !== 'unchanged');
  if (entity === null || !isNews) return null;
  return {
    id: entity.eventId,
    jobId: entity.job.id,
    runId: entity.job.runId,
    kind: 'sync',
    verdict,
    reason: null,
    why: null,
    operations,
    fields: changedFields(before, after),
    before,
    after,
    calls: entity.calls,
    contents: contentsOf(items),
  };
}

async function openListing(deps: PairLinksDeps, side: Side): Promise<WholeListing> {
  const { store } = deps;
  const open = await store.openListing(side, deps.goesOn(side));
  if (open === null) throw leaseLost();
  const { id } = open;
  deps.listing(side, id);
  return {
    async saw(keys) {
      if (!(await store.saw(side, id, keys))) throw leaseLost();
    },
    async counts() {
      const { known, absent, isLost } = await store.countListing(side, id);
      if (isLost) throw new Trouble('unavailable', 'what the listing mentioned was lost: it begins anew');
      return { known, absent };
    },
    async *absent() {
      for (let after: string | null = null; ;) {
        const page: Absent[] = await store.absentOf(side, id, after, pageSize);
        yield* page;
        after = page.at(-1)?.key ?? null;
        if (page.length < pageSize) return;
      }
    },
    async believe() {
      await deps.listed(side, id);
      if (!(await store.believe(side, id))) throw leaseLost();
    },
  };
}
