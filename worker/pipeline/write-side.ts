import { fieldOf, type Fields, type FieldValue, sameValue } from '../../shared/domain/merge-copy';
import type { Calls } from './calls';
import { areComparable } from './content';
import { type Decided, settle, startAgain } from './entry';
import { type Operation } from './verdict';
import { otherSide, type PerSide, type Side } from './sides';
import { ownFields, ownPlace, sharedState, type Words } from './shared-words';
import { samePlace, type State } from './state';
import type { Content, Draft, Item, Patch, Written } from './system';

export interface WriteSettings {
  readonly systems: PerSide<Calls>;
  readonly words: Words;
  /** Called with what a system has now, so that no step uses an old state. Null: it is gone. */
  readonly noticed: (side: Side, key: string, item: Item | null) => void;
}

/** What one side shall have, in addition to its own other fields. */
export interface Wanted {
  readonly result: State;
  /** In that side's own words: what it is told of the other side. */
  readonly writeBack: Fields;
  /** What makes a creation repeatable. */
  readonly key: string;
}

/** What a side has after the write. `deferred`: what it was last seen to have. */
export type Outcome =
  { readonly kind: 'done'; readonly item: Item; readonly state: State } | { readonly kind: 'deferred' };

/**
 * Writes the decision to one side: moves and updates an existing item, creates a missing one, or deletes one. Null:
 * that failed, and the entry contains the reason.
 */
export async function writeSide(
  settings: WriteSettings,
  entry: Decided,
  side: Side,
  wanted: Wanted,
): Promise<Outcome | null> {
  const system = settings.systems[side];
  const item = entry.items[side];
  const write: Write = { settings, system, entry, side };
  if (!wanted.result.isActive) {
    if (item === null) return { kind: 'deferred' };
    return outcomeOf(
      write,
      await attempt(write, 'delete', item, () => system.delete(item.key, item.revision)),
    );
  }
  const draft = await draftOf(write, wanted);
  if (draft === null) return null;
  if (item?.isActive === true) return adapt(write, item, draft);
  const created = await attempt(write, 'create', null, () => system.create(wanted.key, draft));
  if (created?.kind !== 'done') return created;
  // A repeated creation returns the item as it was created the first time.
  const made = await shownBy(write, created.item);
  return adapt(write, made, hasContentAsSent(made, draft) ? { ...draft, content: null } : draft);
}

/** The marks of two systems need not be comparable: then the size decides. */
function hasContentAsSent({ content: made }: Item, { content: sent }: Draft): boolean {
  if (sent === null || made === undefined) return true;
  if (made === null || made.size !== sent.size) return false;
  return !areComparable(made, sent) || made.hash === sent.hash;
}

/** One side of an entry that is being written to. */
export interface Write {
  readonly settings: WriteSettings;
  readonly system: Calls;
  readonly entry: Decided;
  readonly side: Side;
}

type Accepted = Extract<Written, { kind: 'done' | 'deferred' }>;

/** The move comes first, so that an item whose folder is about to be deleted is safe. */
async function adapt(write: Write, item: Item, draft: Draft): Promise<Outcome | null> {
  const { system, settings } = write;
  const { place } = draft;
  let last: Accepted | null = { kind: 'done', item };
  let now = item;
  if (place !== null && !samePlace(item.place, place)) {
    last = await attempt(write, 'move', item, () => system.move(item.key, place, item.revision));
    if (last === null) return null;
    if (last.kind === 'done') now = await shownBy(write, last.item);
  }
  const patch = patchOf(settings.words, write.entry.pass.withoutLinks, now, draft);
  if (patch === null) return last.kind === 'done' ? outcomeOf(write, { kind: 'done', item: now }) : last;
  const expected = now;
  const updated = await attempt(write, 'update', expected, () =>
    system.update(expected.key, patch, expected.revision),
  );
  if (updated?.kind !== 'done') return updated;
  return outcomeOf(write, { kind: 'done', item: await shownBy(write, updated.item) });
}

/** What became of a write, where its answer does not show it. */
async function shownBy({ system, settings, side }: Write, item: Item): Promise<Item> {
  const isShown = system.capabilities.answers === 'stored' || !item.isActive;
  const now = isShown ? item : ((await system.fetch(item.key)) ?? item);
  settings.noticed(side, now.key, now);
  return now;
}

async function outcomeOf({ settings, side }: Write, written: Accepted | null): Promise<Outcome | null> {
  if (written?.kind !== 'done') return written;
  const { item } = written;
  if (!item.isActive) settings.noticed(side, item.key, item);
  const { state } = await sharedState(settings.words, side, item);
  return { kind: 'done', item, state };
}

/** Makes one write. Null: it failed, and the entry contains the reason. */
export async function attempt(
  write: Write,
  op: Operation['op'],
  item: Item | null,
  run: () => Promise<Written>,
): Promise<Accepted | null> {
  const { entry, side, settings } = write;
  const written = await guarded(write, item, run);
  switch (written.kind) {
    case 'stale':
      if (item !== null && written.item !== undefined) settings.noticed(side, item.key, written.item);
      startAgain(entry, { code: 'changed-again-and-again', values: {} });
      return null;
    case 'refused':
      entry.blocked = { side, code: written.code, holders: written.holders?.map(({ key }) => key) ?? [] };
      settle(entry, 'failed', written.why);
      return null;
    case 'done':
    case 'deferred':
      entry.operations.push({ side, op });
      return written;
  }
}

/** A system that cannot compare revisions is read right before the write. */
async function guarded({ system }: Write, item: Item | null, run: () => Promise<Written>): Promise<Written> {
  if (item === null || system.capabilities.writes === 'conditional') return run();
  const now = await system.fetch(item.key);
  return now?.revision === item.revision ? run() : { kind: 'stale', item: now };
}

/** In the words of that side. Null: its folder is not there. */
async function draftOf(
  { settings: { words }, system, entry, side }: Write,
  { result, writeBack }: Wanted,
): Promise<Draft | null> {
  const isFolder = (entry.items[otherSide(side)] ?? entry.items[side])?.isFolder === true;
  const place = system.capabilities.tree === null ? null : await ownPlace(words, side, result.place);
  if (place === 'unknown') {
    entry.blocked = { side, code: 'no-folder' };
    settle(entry, 'failed', { code: 'folder-is-missing', values: {} });
    return null;
  }
  const own = await ownFields(words, side, result.fields);
  const hasWriteBack = Object.keys(writeBack).length > 0;
  const fields = hasWriteBack ? { ...own, ...writeBack } : own;
  return { fields, place, isFolder, content: contentFor(entry, side, result) };
}

/** Null: what is there stays. */
function contentFor({ items, states }: Decided, side: Side, { content }: State): Content | null {
  if (content === undefined || (items[side]?.isActive === true && content === states[side].content))
    return null;
  return items[otherSide(side)]?.content ?? null;
}

/** Null: nothing changes. */
function patchOf(words: Words, keepsLinks: boolean, item: Item, draft: Draft): Patch | null {
  const { prototype, linkFields } = words;
  const changed = new Map<string, FieldValue>();
  for (const [name, value] of Object.entries(draft.fields))
    if (!sameValue(value, fieldOf(item.fields, name))) changed.set(name, value);
  const isPart = (name: string) =>
    (prototype === null || prototype.includes(name)) && !(keepsLinks && linkFields.includes(name));
  for (const [name, value] of Object.entries(item.fields))
    if (value !== null && isPart(name) && !Object.hasOwn(draft.fields, name)) changed.set(name, null);
  if (changed.size === 0 && draft.content === null) return null;
  // Fields that are not synchronised stay as they are.
  const whole = prototype === null && !keepsLinks ? draft.fields : { ...item.fields, ...draft.fields };
  return { fields: Object.fromEntries(changed), whole, content: draft.content };
}
