import type { Fields, FieldValue } from '../../../shared/domain/merge-copy';
import { signatureOf } from '../approval';
import { type Entry, type Operation, settle, startAnew, type Verdict } from '../entry';
import { type Mappings, otherSide, type PerSide, type Side, sides } from '../mappings';
import type { Middleware } from '../pipeline';
import { deletedState, samePlace, sameState, type State } from '../state';
import type { Draft, Item, Place, System, Written } from '../system';

export interface ExecuteSettings {
  readonly systems: PerSide<System>;
  readonly mappings: Mappings;
  /** Fields whose value is the key of another item. */
  readonly links: readonly string[];
  /** The fields that are synchronised; null: all. */
  readonly prototype: readonly string[] | null;
  /** False: deletions are left to the second stage. */
  readonly destroys: boolean;
  /** Signatures of what someone approved. */
  readonly approved: ReadonlySet<string>;
}

/** Brings both sides to what was decided, and records what they agree on. */
export function execute(settings: ExecuteSettings): Middleware {
  return async (entry, next) => {
    const { result } = entry;
    if (result === undefined) return next();
    const behind = sides.filter((side) => !sameState(entry.views[side].state ?? deletedState, result));
    const waits = behind.length > 0 && entry.needs !== null && !settings.approved.has(signatureOf(entry));
    if (waits) settle(entry, 'held', 'above a limit: it waits for an approval');
    else if (!settings.destroys && deletes(entry, result)) entry.isDestructive = true;
    else await carryOut(settings, entry, result, behind);
    return next();
  };
}

const deletes = ({ views }: Entry, result: State) =>
  !result.isActive && sides.some((side) => views[side].state?.isActive === true);

async function carryOut(
  settings: ExecuteSettings,
  entry: Entry,
  result: State,
  behind: readonly Side[],
): Promise<void> {
  const items: Record<Side, Item | null> = {
    here: entry.views.here.item,
    there: entry.views.there.item,
  };
  for (const side of behind) {
    const written = await write(settings, entry, side, result);
    if (written === null) return;
    if (written.kind === 'done') items[side] = written.item;
  }
  const agreed = agreedAfter(settings, entry, result);
  entry.mapping = await settings.mappings.save(entry.mapping, {
    keys: { here: keyAfter(entry, items, 'here'), there: keyAfter(entry, items, 'there') },
    agreed,
    revisions: { here: items.here?.revision ?? null, there: items.there?.revision ?? null },
  });
  settle(entry, verdictOf(entry, agreed));
}

type Accepted = Extract<Written, { kind: 'done' | 'deferred' }>;

/** Null: it did not come about, and the entry says why. */
async function write(
  settings: ExecuteSettings,
  entry: Entry,
  side: Side,
  result: State,
): Promise<Accepted | null> {
  const steps = await stepsOf(settings, entry, side, result);
  let last: Accepted = { kind: 'deferred' };
  for (const { op, run } of steps) {
    const written = await run(last.kind === 'done' ? last.item : null);
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
        last = written;
    }
  }
  return last;
}

interface Step {
  readonly op: Operation['op'];
  /** `before`: the item as an earlier step left it. */
  readonly run: (before: Item | null) => Promise<Written>;
}

/** A move first, so that an item whose folder is about to go is safe whatever becomes of the rest. */
async function stepsOf(settings: ExecuteSettings, entry: Entry, side: Side, result: State): Promise<Step[]> {
  const { item, state } = entry.views[side];
  const system = settings.systems[side];
  const agreed = agreedAfter(settings, entry, result);
  if (!result.isActive) {
    if (item === null) return [];
    return [
      {
        op: 'delete',
        run: () => guarded(system, item, () => system.delete(item.key, item.revision, agreed)),
      },
    ];
  }
  const place = await ownPlace(settings, side, result.place);
  if (place === 'unknown') return [{ op: 'create', run: folderMissing }];
  const draft: Draft = {
    fields: await ownFields(settings, side, result.fields, item?.fields ?? {}),
    place,
    isFolder: (entry.views[otherSide(side)].item ?? item)?.isFolder === true,
    agreed,
  };
  if (item?.isActive !== true)
    return [{ op: 'create', run: () => system.create(wishedKey(entry, side), draft) }];
  const moves = place !== null && system.capabilities.tree && !samePlace(item.place, place);
  const steps: Step[] = [];
  if (moves)
    steps.push({
      op: 'move',
      run: () => guarded(system, item, () => system.move(item.key, place, item.revision)),
    });
  if (!sameState({ ...result, place: null }, state === null ? null : { ...state, place: null }))
    steps.push({
      op: 'update',
      run: (before) =>
        before === null
          ? guarded(system, item, () => system.update(item.key, draft, item.revision))
          : system.update(item.key, draft, before.revision),
    });
  return steps;
}

const folderMissing = (): Promise<Written> =>
  Promise.resolve({ kind: 'refused', reason: 'its folder is not there' });

/** A system that cannot compare revisions is asked just before. */
async function guarded(system: System, item: Item, run: () => Promise<Written>): Promise<Written> {
  if (system.capabilities.conditionalWrite) return run();
  const now = await system.fetch(item.key);
  return now?.revision === item.revision ? run() : { kind: 'stale' };
}

/** The other side's key: a creation whose answer was lost makes the same item once more. */
const wishedKey = ({ views, mention }: Entry, side: Side): string =>
  views[side].item?.key ?? views[otherSide(side)].item?.key ?? mention.key;

async function ownPlace(
  { systems, mappings }: ExecuteSettings,
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
  { mappings, links, prototype }: ExecuteSettings,
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

/**
 * What both know of each other from now on. A side whose writes are deferred holds what it was last seen to hold,
 * until it shows something else.
 */
function agreedAfter({ systems }: ExecuteSettings, entry: Entry, result: State): State | null {
  const deferred = sides.find((side) => systems[side].capabilities.deferred);
  if (deferred === undefined) return result.isActive ? result : null;
  const seen = entry.views[deferred].state ?? deletedState;
  if (seen.isActive) return seen;
  const wasNeverThere = entry.agreed === null && !result.isActive;
  return wasNeverThere ? null : deletedState;
}

const keyAfter = ({ mapping, views, mention, side: by }: Entry, items: PerSide<Item | null>, side: Side) => {
  const item = items[side];
  if (item !== null) return item.isActive ? item.key : null;
  return mapping?.keys[side] ?? views[side].item?.key ?? (by === side ? mention.key : null);
};

function verdictOf({ operations, agreed: before }: Entry, agreed: State | null): Verdict {
  const ops = operations.map(({ op }) => op);
  if (ops.includes('create')) return 'created';
  if (ops.includes('delete')) return 'deleted';
  if (ops.includes('update')) return 'updated';
  if (ops.includes('move')) return 'moved';
  return sameState(before ?? deletedState, agreed ?? deletedState) ? 'unchanged' : 'agreed';
}
