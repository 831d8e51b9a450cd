import { signatureOf } from '../approval';
import { type Entry, settle, type Verdict } from '../entry';
import { type PerSide, type Side, sides } from '../mappings';
import type { Middleware } from '../pipeline';
import { deletedState, sameState, type State } from '../state';
import type { Item } from '../system';
import { writeSide, type WriteSettings } from '../write-side';

export interface ExecuteSettings extends WriteSettings {
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
    else if (!settings.destroys && deletes(settings, entry, result)) entry.isDestructive = true;
    else await carryOut(settings, entry, result, behind);
    return next();
  };
}

/** What is deferred is guarded where it is carried out. */
const deletes = ({ systems }: ExecuteSettings, { views }: Entry, result: State) =>
  !result.isActive &&
  sides.some((side) => views[side].state?.isActive === true && !systems[side].capabilities.deferred);

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
  const agreed = agreedAfter(settings, entry, result);
  for (const side of behind) {
    const written = await writeSide(settings, entry, side, result, agreed);
    if (written === null) return;
    if (written.kind === 'done') items[side] = written.item;
  }
  entry.mapping = await settings.mappings.save(entry.mapping, {
    keys: { here: keyAfter(entry, items, 'here'), there: keyAfter(entry, items, 'there') },
    agreed,
    revisions: { here: items.here?.revision ?? null, there: items.there?.revision ?? null },
  });
  settle(entry, verdictOf(entry, agreed));
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
