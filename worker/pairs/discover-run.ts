import { backoffMs } from '../../shared/domain/backoff';
import type { PairRun } from '../../shared/stores/pairs/pair-run-store';
import { discover, type Discovered, usualBelief } from '../pipeline/discover';
import type { Links } from '../pipeline/links';
import { type Side, sides } from '../pipeline/sides';
import type { Cursor, Item } from '../pipeline/system';
import { Trouble } from '../pipeline/trouble';
import type { Slice } from './slice';
import { leaseLost } from './pair-links';

/**
 * Lists the sides of a run, page by page, and adds jobs for what differs. A later slice continues what is not finished.
 */
export async function discoverRun(slice: Slice, links: Links, run: PairRun): Promise<void> {
  const { runs } = slice.stores;
  await runs.begin(run.id);
  const left = sides.filter((side) => !run.listed.includes(side));
  const failures: string[] = [];
  for (const side of left) {
    if (slice.isOver() || slice.hasFoundLongEnough()) return;
    const { isOver, failure, doubt, endsRun } = await listSide(slice, links, run, side);
    if (!isOver) return;
    if (failure !== null) failures.push(failure);
    const reason = failure ?? doubt;
    await runs.sideListed(run.id, side, reason === null ? null : `${side}: ${reason}`);
    if (endsRun === true) break;
  }
  if (failures.length === 0 && listsWhole(slice, run)) await runs.countUnchanged(run.id);
  await runs.allListed(run.id, null);
  if (failures.length > 0) await listAgain(slice, run);
}

/** Otherwise it is not known how many entities were looked at. */
const listsWhole = ({ systems }: Slice, { kind }: PairRun): boolean =>
  kind === 'whole' || sides.every((side) => systems[side].capabilities.changes === 'scan');

const backoff = { firstMs: 60_000, maxMs: 16 * 60_000 };

/** Lists again after 1, 2, 4, 8, 16 minutes, half of them random, unless the schedule of the pair does so earlier. */
async function listAgain({ stores }: Slice, { kind }: PairRun): Promise<void> {
  const failures = Math.max(1, await stores.runs.failuresInARow());
  await stores.slice.hasten(kind === 'whole' ? 'whole' : 'check', backoffMs(failures, backoff) / 1000);
}

interface Listed {
  readonly isOver: boolean;
  /** Why the side could not be listed; the next check lists it again. */
  readonly failure: string | null;
  /** Why items that the listing lacks do not count as deleted. */
  readonly doubt: string | null;
  /** True: the root of the side does not exist, so the other side is not listed either. */
  readonly endsRun?: boolean;
}

async function listSide(slice: Slice, links: Links, run: PairRun, side: Side): Promise<Listed> {
  try {
    return { failure: null, ...(await pagesOf(slice, links, run, side)) };
  } catch (error) {
    const scope = slice.halt.judge(error);
    if (scope === 'run') throw error;
    const endsRun = isRootMissing(error);
    if (scope === 'system' && !endsRun) return { isOver: false, failure: null, doubt: null };
    const reason = error instanceof Error ? error.message : String(error);
    slice.log.warn({ err: error, side }, 'a listing ended before it was whole');
    await forgetListing(slice, side);
    return { isOver: true, failure: reason, doubt: null, endsRun };
  }
}

const isRootMissing = (error: unknown) => error instanceof Trouble && error.kind === 'root-missing';

/** `isOver` is false if a later slice must continue the listing. */
async function pagesOf(
  slice: Slice,
  links: Links,
  run: PairRun,
  side: Side,
): Promise<Pick<Listed, 'isOver' | 'doubt'>> {
  const { pair, halt, systems } = slice;
  const known = pair.cursors[side];
  const goesOn = known.listingValue !== null;
  if (goesOn) slice.goesOn.add(side);
  const since = goesOn ? known.listingValue : run.kind === 'whole' ? null : known.value;
  const found = discover({
    system: systems[side],
    side,
    links,
    since,
    goesOn,
    signal: halt.signal,
    belief: beliefOf(slice),
  });
  let last: Cursor | null = null;
  let doubt: string | null = null;
  for await (const told of found) {
    if (told.kind === 'partial') {
      await forgetListing(slice, side);
      return { isOver: true, doubt: incomplete };
    }
    const isDoubted = told.kind === 'absent' && told.isDoubted;
    if (isDoubted) doubt = shrunk;
    const cursor: Cursor | null = told.kind === 'page' ? told.cursor : null;
    last = cursor ?? last;
    await keepPage(slice, run, side, { items: told.items, isDoubted, cursor });
    if (cursor !== null && !isWholePage(told) && (slice.isOver() || slice.hasFoundLongEnough()))
      return { isOver: false, doubt: null };
  }
  await endListing(slice, run, side, last);
  return { isOver: true, doubt };
}

const incomplete = 'the listing ended before it was complete, so nothing that it lacks counts as deleted';
const shrunk =
  'the listing holds less than half of the known records, so what it lacks is not deleted before someone approves it';

const isWholePage = (told: Discovered): boolean => told.kind === 'page' && told.isWhole;

interface KeptPage {
  readonly items: readonly Item[];
  readonly isDoubted: boolean;
  readonly cursor: Cursor | null;
}

/** Stores the jobs and the cursor in one statement, so that an interrupted page is listed again. */
async function keepPage(slice: Slice, run: PairRun, side: Side, page: KeptPage): Promise<void> {
  const isWhole = slice.listings.has(side);
  const { cursor } = page;
  if (page.items.length === 0 && cursor === null) return;
  const added = await slice.stores.jobs.addFound({
    runId: run.id,
    side,
    source: 'listing',
    items: page.items.map((item) => ({
      key: item.key,
      revision: item.revision,
      hint: hintOf(item),
      isDoubted: page.isDoubted,
    })),
    ...(cursor === null ? {} : isWhole ? { listingValue: cursor } : { cursor }),
  });
  if (added === null) throw leaseLost();
  await slice.stores.statistics.refresh();
}

async function endListing(slice: Slice, run: PairRun, side: Side, last: Cursor | null): Promise<void> {
  const listing = slice.listings.get(side);
  if (listing === undefined) return;
  await slice.stores.links.closeListing(side, listing);
  slice.listings.delete(side);
  if (last === null) return;
  const moved = await slice.stores.jobs.addFound({
    runId: run.id,
    side,
    source: 'listing',
    items: [],
    cursor: last,
  });
  if (moved === null) throw leaseLost();
}

async function forgetListing(slice: Slice, side: Side): Promise<void> {
  const listing = slice.listings.get(side);
  if (listing === undefined) return;
  await slice.stores.links.closeListing(side, listing);
  slice.listings.delete(side);
}

/** Content is not stored, because it is read when it is needed; a large item is fetched again. */
function hintOf(item: Item): Item | null {
  const { key, revision, isActive, fields, place, isFolder, origin, faults } = item;
  const hint = {
    key,
    revision,
    isActive,
    fields,
    place,
    isFolder,
    origin,
    ...(faults === undefined ? {} : { faults }),
  };
  return JSON.stringify(hint).length > largestHint ? null : hint;
}

const largestHint = 100_000;

const beliefOf = ({ settings }: Slice) => {
  const { emptiedFrom } = settings.limits.deletions;
  return { ...usualBelief, emptied: { from: emptiedFrom, share: 0.5 } };
};
