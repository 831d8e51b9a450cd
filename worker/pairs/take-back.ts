import { fieldOf, sameValue } from '../../shared/domain/merge-copy';
import type { UndoneLink } from '../../shared/stores/pairs/pair-run-store';
import type { Entry } from '../pipeline/entry';
import type { WantedStates } from '../pipeline/policies';
import { otherSide, type PerSide, perSide, type Side, sides } from '../pipeline/sides';
import { deletedState, sameContent, samePlace, type State } from '../pipeline/state';
import { leaseLost } from './pair-links';
import type { Slice } from './slice';
import type { TakenBack } from './words';
import type { WorkedSettings } from './worked-settings';

/** Names of the fields that were changed after a run wrote them, and therefore stay as they are. */
export type KeptFields = PerSide<readonly string[]>;

/** What both sides shall have again, and what stays as it is. */
export interface Restored extends WantedStates {
  readonly kept: KeptFields;
}

const linksAtOnce = 200;

/**
 * Adds a job for everything that a run wrote, with one statement for each page. After an interruption, the pages are
 * listed again.
 */
export async function listTakenBack(slice: Slice, runId: string, takesBack: string): Promise<void> {
  const { runs, jobs } = slice.stores;
  for (let after: string | null = null; ;) {
    const page: UndoneLink[] = await runs.undone(takesBack, after, linksAtOnce);
    if (page.length > 0) {
      const items = page.flatMap(workOf);
      if ((await jobs.addFound({ runId, side: 'here', source: 'take-back', items })) === null)
        throw leaseLost();
    }
    after = page.at(-1)?.linkId ?? null;
    if (page.length < linksAtOnce) return;
  }
}

function workOf({ linkId, before, after, operations, keys, isGone }: UndoneLink) {
  const states = { before: statesOf(before), after: statesOf(after) };
  const written = new Set(operations.map(({ side }) => side));
  // A deleted item is created again under the link of the side to which the run did not write.
  const side = sides.find((one) => keys[one] !== null && (!isGone || !written.has(one)));
  const key = side === undefined ? null : keys[side];
  if (side === undefined || key === null || states.before === null || states.after === null) return [];
  const { after: now } = states;
  // An item that the run created and that somebody has deleted since stays deleted.
  if (isGone && sides.every((one) => !written.has(one) || now[one].isActive)) return [];
  const wanted: TakenBack = {
    linkId,
    wanted: only(states.before, written),
    now: only(states.after, written),
  };
  return [{ side, key, revision: '', hint: null, isDoubted: false, wanted }];
}

const only = (states: PerSide<State>, written: ReadonlySet<Side>): PerSide<State | null> =>
  perSide((side) => (written.has(side) ? states[side] : null));

/** Reads what this folder's code has stored. */
const statesOf = (kept: unknown): PerSide<State> | null => (areStates(kept) ? kept : null);

const areStates = (kept: unknown): kept is PerSide<State> =>
  typeof kept === 'object' && kept !== null && sides.every((side) => isState(Reflect.get(kept, side)));

const isState = (kept: unknown): kept is State =>
  typeof kept === 'object' && kept !== null && 'isActive' in kept && 'fields' in kept;

/**
 * What an entity shall be when the run is taken back, given its present state. `isRefused`: its deletion was refused.
 */
export function restoredOf(
  settings: WorkedSettings,
  { wanted, now }: TakenBack,
  states: PerSide<State>,
  isRefused: boolean,
): Restored {
  const parts = perSide((side) => restoredSide(states[side], wanted[side], now[side], isRefused));
  const deleting = sides.find((side) => states[side].isActive && !parts[side].result.isActive) ?? null;
  const isHalf = sides.filter((side) => parts[side].result.isActive).length === 1;
  return {
    results: perSide((side) => parts[side].result),
    kept: perSide((side) => parts[side].kept),
    keptAfter: isHalf ? (sides.find((side) => !parts[side].result.isActive) ?? null) : null,
    needsApproval: deleting !== null && settings.deletions[otherSide(deleting)] === 'ask',
  };
}

interface RestoredSide {
  readonly result: State;
  readonly kept: readonly string[];
}

function restoredSide(
  state: State,
  wanted: State | null,
  now: State | null,
  isRefused: boolean,
): RestoredSide {
  if (wanted === null || now === null) return { result: state, kept: [] };
  if (!now.isActive) return restoredDeletion(state, wanted);
  if (!state.isActive) return { result: state, kept: wanted.isActive ? changedNames(wanted, now) : [] };
  if (wanted.isActive) return restoredChange(state, wanted, now);
  const since = changedNames(now, state);
  return { result: since.length > 0 || isRefused ? state : deletedState, kept: since };
}

/** A deleted item is created again. The bytes of a deleted file cannot be restored. */
function restoredDeletion(state: State, wanted: State): RestoredSide {
  if (state.isActive) return { result: state, kept: changedNames(wanted, state) };
  return wanted.content === undefined ? { result: wanted, kept: [] } : { result: state, kept: ['content'] };
}

/**
 * Restores each field that the run changed and nobody has changed since. The earlier bytes of a file cannot be
 * restored.
 */
function restoredChange(state: State, wanted: State, now: State): RestoredSide {
  const back = new Set(changedNames(wanted, now));
  const differing = new Set(changedNames(wanted, state));
  const since = new Set(changedNames(now, state));
  const stays = (name: string) => since.has(name) || name === 'content';
  const kept = [...back].filter((name) => differing.has(name) && stays(name));
  const fields = Object.fromEntries(
    Object.entries({ ...state.fields }).map(([name, value]) => [
      name,
      back.has(name) && !stays(name) ? fieldOf(wanted.fields, name) : value,
    ]),
  );
  const place = back.has('place') && !stays('place') ? wanted.place : state.place;
  return { result: { ...state, fields, place }, kept };
}

function changedNames(one: State, other: State): string[] {
  const names = new Set([...Object.keys(one.fields), ...Object.keys(other.fields)]);
  const changed = [...names].filter(
    (name) => !sameValue(fieldOf(one.fields, name), fieldOf(other.fields, name)),
  );
  return [
    ...changed,
    ...(samePlace(one.place, other.place) ? [] : ['place']),
    ...(sameContent(one, other) ? [] : ['content']),
  ];
}

/** The fields of a processed entry that were changed since. */
export function keptOf(settings: WorkedSettings, entry: Entry, takenBack: TakenBack): string[] {
  if (entry.link === undefined || entry.states === undefined) return [];
  const { kept } = restoredOf(settings, takenBack, entry.states, false);
  return [...new Set(sides.flatMap((side) => kept[side]))];
}
