import { fieldOf, type Fields, type FieldValue, sameValue } from '../../../shared/domain/merge-copy';
import { type Decided, type Entry, settle, startAgain } from '../entry';
import { type Verdict } from '../verdict';
import { type End, type Finished, type Intent, type KnownLinks, type Link, type LinkState } from '../links';
import { otherSide, type PerSide, type Side, sides } from '../sides';
import type { Middleware } from '../pipeline';
import { deletedState, sameState, type State } from '../state';
import type { Item } from '../system';
import { keepConflictCopy, type ConflictCopySettings } from '../keep-conflict-copy';
import { writeSide } from '../write-side';

export interface ExecuteSettings extends ConflictCopySettings {
  readonly links: KnownLinks;
  /** False: deletions are left to the second stage. */
  readonly destroys: boolean;
  /** Someone approved exactly that. */
  readonly isApproved: (entry: Entry) => boolean;
  /** The fields by which an item is found whose creation got no answer. Empty: all sent fields. */
  readonly matchFields: readonly string[];
  /** What is written to each side about the other, in its own fields. Null: nothing. */
  readonly writeBack: PerSide<WriteBack | null>;
  /** What each side is told before an entity is worked on, in its own fields. Null, or left out: nothing. */
  readonly announced?: PerSide<Fields | null>;
}

/** The values that a side shall have about an entity: the key and revision of the other side, the state of the link. */
export type WriteBack = (about: {
  /** The other side's item; null: it has none. */
  readonly item: Item | null;
  readonly state: LinkState;
  /** Null: it has no link yet. */
  readonly syncKey: string | null;
}) => Fields;

/** Writes to each side what was decided for it, and records what it then has. */
export function execute(settings: ExecuteSettings): Middleware<Decided> {
  return async (entry, next) => {
    const behind = sides.filter((side) => !sameState(entry.states[side], entry.results[side]));
    const waits = behind.length > 0 && entry.needs !== null && !settings.isApproved(entry);
    if (waits) settle(entry, 'held', { code: 'waits-for-approval', values: {} });
    else if (!settings.destroys && deletes(settings, entry)) entry.isDestructive = true;
    else await carryOut(settings, entry, behind);
    return next(entry);
  };
}

/** A deferred write is guarded where it is carried out. */
const deletes = ({ systems }: ExecuteSettings, { states, results }: Decided) =>
  sides.some(
    (side) => !results[side].isActive && states[side].isActive && !systems[side].capabilities.deferred,
  );

/** What each side has, while it is being written. */
interface Held {
  readonly items: Record<Side, Item | null>;
  readonly states: Record<Side, State>;
}

async function carryOut(settings: ExecuteSettings, entry: Decided, behind: readonly Side[]): Promise<void> {
  if (behind.length > 0 && !(await announce(settings, entry))) return;
  if (!(await keepConflictCopy(settings, entry))) return;
  const held: Held = { items: { ...entry.items }, states: { ...entry.states } };
  const mayNeedWriteBack = entry.isJoined || entry.link?.intent?.op === 'write-back';
  for (const side of inOrder(settings, behind)) {
    if (await bring(settings, entry, side, held)) continue;
    await recordFailure(settings, entry, side, held);
    return;
  }
  const isWriteBackDue = mayNeedWriteBack || entry.operations.length > 0;
  await record(settings, entry, held, isWriteBackDue ? dueTelling(settings, entry, held) : null);
  // Whoever decides about the rest decides about what each side holds after these writes.
  entry.items = { ...held.items };
  settle(
    entry,
    verdictOf(entry, held),
    entry.open.length > 0 ? { code: 'disputed-parts', values: {} } : null,
  );
}

/** Tells a side that its entity is being worked on. False: it was changed meanwhile, and is looked at anew. */
async function announce({ announced, systems, noticed }: ExecuteSettings, entry: Decided): Promise<boolean> {
  for (const side of sides) {
    const fields = announced?.[side] ?? null;
    const item = entry.items[side];
    if (fields === null || item?.isActive !== true || !entry.results[side].isActive) continue;
    if (Object.entries(fields).every(([name, value]) => sameValue(fieldOf(item.fields, name), value)))
      continue;
    const patch = { fields, whole: { ...item.fields, ...fields }, content: null };
    const written = await systems[side].update(item.key, patch, item.revision);
    if (written.kind === 'stale') {
      startAgain(entry, { code: 'changed-again-and-again', values: {} });
      return false;
    }
    if (written.kind !== 'done') continue;
    entry.items =
      side === 'here' ? { ...entry.items, here: written.item } : { ...entry.items, there: written.item };
    noticed(side, item.key, written.item);
  }
  return true;
}

/** A side that gets a write-back comes last, so that one call does both. */
const inOrder = ({ writeBack }: ExecuteSettings, behind: readonly Side[]): readonly Side[] =>
  behind.length === 2 && writeBack.here !== null && writeBack.there === null ? ['there', 'here'] : behind;

/** False: the write failed. */
async function bring(settings: ExecuteSettings, entry: Decided, side: Side, held: Held): Promise<boolean> {
  const result = entry.results[side];
  await intend(settings, entry, side, held);
  const outcome = await writeSide(settings, entry, side, {
    result,
    writeBack: result.isActive ? tellable(settings, entry, side, held) : {},
    key: entry.link?.intent?.op === 'create' ? entry.link.syncKey : requestedKey(entry, side),
  });
  if (outcome === null) return false;
  if (outcome.kind === 'done') {
    held.items[side] = outcome.item.isActive ? outcome.item : null;
    held.states[side] = outcome.state;
  }
  return true;
}

/** The key of the other side, so that a repeated creation makes the same item. */
const requestedKey = ({ items, mention }: Decided, side: Side): string =>
  items[side]?.key ?? items[otherSide(side)]?.key ?? mention.key;

/** Commits the intent of a call that must not be made twice. */
async function intend(settings: ExecuteSettings, entry: Decided, side: Side, held: Held): Promise<void> {
  const { capabilities } = settings.systems[side];
  const item = entry.items[side];
  const isMade = item?.isActive !== true && entry.results[side].isActive;
  const isUnsafe = isMade ? capabilities.creates !== 'keyed' : entry.link !== null && entry.isMadeOfBoth;
  if (!isUnsafe || capabilities.deferred) return;
  const other = otherSide(side);
  const intent: Intent = {
    side,
    op: isMade ? 'create' : 'update',
    sent: entry.results[side],
    match: isMade ? matchOf(settings, entry.results[side].fields) : null,
    expected: item?.revision ?? null,
    beside: held.states[other],
  };
  const ends = entry.operations.length > 0 ? halfDone(entry, side) : null;
  entry.link = await settings.links.begin(
    entry.link,
    ends ?? entry.link?.ends ?? firstEnds(entry, other),
    intent,
  );
}

/** The ends of a new link: only the side that has the item is known. It counts as changed until both sides have it. */
function firstEnds({ items, side: mentioned, mention }: Decided, side: Side): PerSide<End | null> {
  // What is made again where it was deleted has a key on the other side, and nothing behind it.
  const key = items[side]?.key ?? (side === mentioned ? mention.key : undefined);
  const none = { here: null, there: null };
  return key === undefined ? none : { ...none, [side]: { key, revision: null, seen: deletedState } };
}

function matchOf({ matchFields, words }: ExecuteSettings, sent: Fields): Fields | null {
  const names = matchFields.length > 0 ? matchFields : Object.keys(sent);
  const values = names
    .filter((name) => !words.linkFields.includes(name))
    .map((name): [string, FieldValue] => [name, fieldOf(sent, name)])
    .filter(([, value]) => value !== null);
  return values.length === 0 ? null : Object.fromEntries(values);
}

// What is known from now on

async function record(
  settings: ExecuteSettings,
  entry: Decided,
  held: Held,
  telling: Telling | null,
): Promise<void> {
  const ends = { here: endOf(settings, entry, 'here', held), there: endOf(settings, entry, 'there', held) };
  const state = stateOf(entry, ends);
  const { link } = entry;
  const isNothing = link === null ? ends.here === null && ends.there === null : isKept(link, ends, state);
  if (isNothing && telling === null) return;
  const intent = telling === null ? null : telling.intent;
  entry.link = await settings.links.finish(link, finished(entry, held, { ends, state, intent }));
  if (telling !== null) await tell(settings, { entry, link: entry.link }, telling, held);
}

function endOf(settings: ExecuteSettings, entry: Decided, side: Side, held: Held): End | null {
  const item = held.items[side];
  const base = entry.bases[side];
  if (settings.systems[side].capabilities.deferred) return deferredEnd(entry, side);
  if (item?.isActive !== true) return null;
  const kept = [...entry.open, ...entry.leftOut];
  const seen =
    kept.length === 0
      ? held.states[side]
      : asBefore(held.states[side], entry.link?.ends[side]?.seen ?? base, kept);
  return { key: item.key, revision: kept.length === 0 ? item.revision : null, seen };
}

/** A deferred side keeps what it was last seen to have, until it shows something else. */
function deferredEnd(entry: Decided, side: Side): End | null {
  const { states, bases, results, items, link } = entry;
  const wasNeverThere = bases[side] === null && !results[side].isActive;
  if (!states[side].isActive && wasNeverThere) return null;
  const key = items[side]?.key ?? link?.ends[side]?.key ?? requestedKey(entry, side);
  return { key, revision: items[side]?.revision ?? null, seen: states[side] };
}

/** Fields that were not decided or could not be set yet still count as changed. */
function asBefore(state: State, before: State | null, names: readonly string[]): State {
  const fields = new Map(Object.entries(state.fields));
  for (const name of names) {
    if (before !== null && Object.hasOwn(before.fields, name)) fields.set(name, fieldOf(before.fields, name));
    else fields.delete(name);
  }
  const place = names.includes('place') ? (before?.place ?? state.place) : state.place;
  const { content, ...rest } = state;
  const mark = names.includes('content') ? before?.content : content;
  const kept = { ...rest, fields: Object.fromEntries(fields), place };
  return mark === undefined ? kept : { ...kept, content: mark };
}

function stateOf({ open, keptAfter }: Decided, ends: PerSide<End | null>): LinkState {
  if (ends.here === null && ends.there === null) return 'gone';
  if (keptAfter !== null) return keptAfter === 'here' ? 'deleted-here' : 'deleted-there';
  return open.length > 0 ? 'conflict' : 'active';
}

/** True if there is nothing new to store. */
const isKept = (link: Link, ends: PerSide<End | null>, state: LinkState): boolean =>
  link.intent === null && link.state === state && sides.every((side) => sameEnd(link.ends[side], ends[side]));

const sameEnd = (one: End | null, other: End | null): boolean =>
  one === null || other === null
    ? one === other
    : one.key === other.key && one.revision === other.revision && sameState(one.seen, other.seen);

const finished = (
  entry: Decided,
  held: Held,
  known: Pick<Finished, 'ends' | 'state' | 'intent'>,
): Finished => ({
  ...known,
  event: {
    operations: [...entry.operations],
    verdict: verdictOf(entry, held),
    before: entry.states,
    after: { ...held.states },
    items: { ...held.items },
  },
});

/**
 * Records a failed write. If the other side was written, it now contains everything that this side had. What it has
 * counts as its change, so that merged values are not merged again. A refused item was not created.
 */
async function recordFailure(
  settings: ExecuteSettings,
  entry: Decided,
  failed: Side,
  held: Held,
): Promise<void> {
  const { link } = entry;
  const half = entry.operations.length > 0 ? halfDone(entry, failed) : null;
  if (link === null || (half === null && link.intent === null)) return;
  const known = { ends: half ?? link.ends, state: link.state, intent: null };
  entry.link = await settings.links.finish(link, finished(entry, held, known));
}

/** Null: there is nothing to store. */
function halfDone(entry: Decided, missing: Side): PerSide<End | null> | null {
  const { link, items, states } = entry;
  const written = link?.ends[otherSide(missing)] ?? null;
  const item = items[missing];
  if (link === null || written === null || item?.isActive !== true) return null;
  const kept = [...entry.open, ...entry.leftOut];
  const seen = asBefore(states[missing], link.ends[missing]?.seen ?? null, kept);
  return {
    ...link.ends,
    [missing]: { key: item.key, revision: null, seen },
    [otherSide(missing)]: { ...written, revision: null },
  };
}

// What each side is told of the other

/** A write-back call. */
interface Telling {
  readonly side: Side;
  readonly item: Item;
  readonly fields: Fields;
  readonly intent: Intent;
}

/** The write-back values that a side does not have yet. */
function tellable({ writeBack }: ExecuteSettings, entry: Decided, side: Side, held: Held): Fields {
  const tellsOf = writeBack[side];
  const item = held.items[otherSide(side)];
  if (tellsOf === null || item === null) return {};
  const state: LinkState = entry.open.length > 0 ? 'conflict' : 'active';
  const shown = held.items[side]?.fields ?? {};
  return Object.fromEntries(
    Object.entries(tellsOf({ item, state, syncKey: entry.link?.syncKey ?? null })).filter(
      ([name, value]) => !sameValue(fieldOf(shown, name), value),
    ),
  );
}

/** The write-back that was not part of the write itself. Null: there is none. */
function dueTelling(settings: ExecuteSettings, entry: Decided, held: Held): Telling | null {
  for (const side of sides) {
    const item = held.items[side];
    const fields = tellable(settings, entry, side, held);
    if (item?.isActive !== true || Object.keys(fields).length === 0) continue;
    const sent = { ...held.states[side], fields };
    const beside = held.states[otherSide(side)];
    const intent = { side, op: 'write-back' as const, sent, match: null, expected: item.revision, beside };
    return { side, item, fields, intent };
  }
  return null;
}

/** Stores the revision of the answer, so that the echo of this write is not a change. */
async function tell(
  settings: ExecuteSettings,
  { entry, link }: { readonly entry: Decided; readonly link: Link },
  { side, item, fields }: Telling,
  held: Held,
): Promise<void> {
  const patch = { fields, whole: { ...item.fields, ...fields }, content: null };
  const written = await settings.systems[side].update(item.key, patch, item.revision);
  // If the item was changed in the meantime, the write-back is made together with that change.
  const end = link.ends[side];
  const isKnown = written.kind === 'done' && end !== null && end.revision !== null;
  const ends = isKnown ? { ...link.ends, [side]: { ...end, revision: written.item.revision } } : link.ends;
  if (written.kind === 'done') {
    held.items[side] = written.item;
    settings.noticed(side, item.key, written.item);
  }
  const next = written.kind === 'done' ? dueTelling(settings, entry, held) : null;
  const intent = next !== null && next.side !== side ? next.intent : null;
  const known = { ends, state: link.state, intent };
  entry.link = await settings.links.finish(link, finished(entry, held, known));
  if (next !== null && intent !== null) await tell(settings, { entry, link: entry.link }, next, held);
}

function verdictOf({ operations, bases, open, conflictCopy }: Decided, held: Held): Verdict {
  const ops = operations.map(({ op }) => op);
  if (open.length > 0) return 'conflict';
  // If there is a conflict copy, the created item is that copy.
  if (ops.includes('create') && conflictCopy === null) return 'created';
  if (ops.includes('delete')) return 'deleted';
  if (ops.includes('update')) return 'updated';
  if (ops.includes('move')) return 'moved';
  const isSame = sides.every((side) => sameState(bases[side] ?? deletedState, held.states[side]));
  return isSame ? 'unchanged' : 'agreed';
}
