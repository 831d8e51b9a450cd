import type { Halt } from './calls';
import {
  type Awaited,
  createEntry,
  type Decided,
  type Entry,
  firstPass,
  isUnfinished,
  type Mention,
  type Mentioned,
  type Pass,
  renew,
  settle,
  startAgain,
} from './entry';
import { type KnownLinks, LinkTaken } from './links';
import { type Side, sides } from './sides';
import type { Stages } from './stages';
import type { Item, RefusalCode } from './system';
import type { Reason } from '../../shared/domain/reason';
import { failureReason } from './refusal';

export interface WorkSettings {
  readonly stages: Stages;
  readonly links: KnownLinks;
  readonly halt: Halt;
  /** Entries that are worked on at once. */
  readonly atOnce: number;
  /** Fetches the current item of an entry that starts again. */
  readonly refetch: (entry: Mentioned) => Promise<Item>;
  /** Called with each finished entry. */
  readonly settled: (entry: Entry) => Promise<void>;
  /** Called for an error that only concerns one entry. */
  readonly onFailed: (entry: Entry, error: unknown) => void;
}

/** The work in progress. */
export interface Board {
  /** By what they wait for, `side key`. */
  readonly waiting: Map<string, Mentioned[]>;
  blocked: Entry[];
  destructive: Decided[];
  /** Their folders must stay until they have been moved or deleted. */
  readonly unfinished: Entry[];
  /** Entries of the pass that is under way, by the id of their link. */
  wanting: ReadonlyMap<string, Entry>;
}

export const createBoard = (): Board => ({
  waiting: new Map(),
  blocked: [],
  destructive: [],
  unfinished: [],
  wanting: new Map(),
});

/**
 * Processes changes, always a fixed number at once, then entries whose names were taken, then deletions, the deepest
 * first. An entry that waits for another one is processed as soon as that one exists.
 */
export async function work(mentions: Iterable<Mention>, board: Board, settings: WorkSettings): Promise<void> {
  await change(mentions, board, settings);
  for (let round = 0; round < rounds; round++) {
    await makeWay(board, settings);
    if (board.destructive.length === 0) break;
    await destroy(board, settings);
  }
  await makeWay(board, settings);
  await leave(board, settings);
}

/**
 * The first part, for a run that continues: deletions stay on the board until `workDeletions`, and entries that could
 * not be processed are settled.
 */
export async function workChanges(
  mentions: Iterable<Mention>,
  board: Board,
  settings: WorkSettings,
): Promise<void> {
  await change(mentions, board, settings);
  await makeWay(board, settings);
  await leave(board, settings);
}

/** The second part: all deletions on the board. */
export async function workDeletions(board: Board, settings: WorkSettings): Promise<void> {
  for (let round = 0; round < rounds && board.destructive.length > 0; round++) {
    await destroy(board, settings);
    await makeWay(board, settings);
  }
  await leaveAll(board, settings);
}

/** An item that is restored in the second stage may conflict with items that are still to be deleted. */
const rounds = 3;
const maxAttempts = 4;
const maxPasses = 6;

/** Refusals that depend on other items, which may have moved or gone since. */
const passing: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'name-taken',
  'cycle',
  'no-folder',
  // The folder comes back where it was deleted.
  'not-empty',
]);

// Changes

/** Runs entries through the first stage, and those that waited for them. */
export async function change(
  mentions: Iterable<Mention>,
  board: Board,
  settings: WorkSettings,
): Promise<void> {
  const source = mentions[Symbol.iterator]();
  const released: Mentioned[] = [];
  const next = (): Mentioned | undefined => {
    const ready = released.shift();
    if (ready !== undefined) return ready;
    const turn = source.next();
    return turn.done === true ? undefined : createEntry(turn.value);
  };
  await inPool(settings, next, (entry) => runChange(entry, board, settings, released));
  for (;;) {
    const entries = settings.halt.reason === null ? await unlocked(board, settings) : [];
    if (entries.length === 0) return;
    released.push(...entries);
    await inPool(
      settings,
      () => released.shift(),
      (entry) => runChange(entry, board, settings, released),
    );
  }
}

type Run = (entry: Mentioned) => Promise<void>;

/** Keeps a fixed number of entries in progress, as long as there are enough. */
async function inPool(
  { atOnce, halt }: WorkSettings,
  next: () => Mentioned | undefined,
  run: Run,
): Promise<void> {
  const running = new Map<string, Promise<void>>();
  const take = async (): Promise<void> => {
    while (halt.reason === null) {
      const entry = next();
      if (entry === undefined) return;
      const name = nameOf(entry.side, entry.mention.key);
      const parent = entry.mention.place?.parent ?? null;
      const folder = parent === null ? undefined : running.get(nameOf(entry.side, parent));
      const ran = folder === undefined ? run(entry) : folder.catch(() => undefined).then(() => run(entry));
      running.set(name, ran);
      try {
        await ran;
      } finally {
        if (running.get(name) === ran) running.delete(name);
      }
    }
  };
  const taken = await Promise.allSettled(Array.from({ length: atOnce }, take));
  for (const one of taken) if (one.status === 'rejected') throw one.reason;
}

const nameOf = (side: Side, key: string) => `${side} ${key}`;

async function runChange(
  begun: Mentioned,
  board: Board,
  settings: WorkSettings,
  released: Mentioned[],
): Promise<void> {
  const { entry, decided } = await runUntilStable(begun, settings, (one) => runStage(one, settings));
  await place(entry, decided, board, settings);
  release(entry, board, released);
}

interface Ran {
  readonly entry: Mentioned;
  /** Null: a step has settled it. */
  readonly decided: Decided | null;
}

async function runStage(entry: Mentioned, { stages }: WorkSettings): Promise<Decided | null> {
  let reached: Decided | null = null;
  await stages.change.run(entry, (one) => {
    reached = one;
  });
  return reached;
}

/** Runs an entry, and starts it again as long as something is not as expected. */
async function runUntilStable(
  begun: Mentioned,
  settings: WorkSettings,
  run: (entry: Mentioned) => Promise<Decided | null>,
): Promise<Ran> {
  for (let entry = begun; ;) {
    try {
      const decided = await runOnce(entry, run);
      if (!entry.startsAnew) return { entry, decided };
      if (entry.attempts >= maxAttempts) {
        settle(entry, 'failed', entry.why);
        return { entry, decided: null };
      }
      entry = renew(entry, await settings.refetch(entry));
    } catch (error) {
      if (settings.halt.judge(error) === 'run') throw error;
      settle(entry, 'failed', failureReason(error));
      entry.startsAnew = false;
      settings.onFailed(entry, error);
      return { entry, decided: null };
    }
  }
}

async function runOnce(
  entry: Mentioned,
  run: (entry: Mentioned) => Promise<Decided | null>,
): Promise<Decided | null> {
  try {
    return await run(entry);
  } catch (error) {
    if (!(error instanceof LinkTaken)) throw error;
    startAgain(entry, { code: 'link-written-by-another', values: {} });
    return null;
  }
}

/** Decides where the entry goes next. */
async function place(
  entry: Mentioned,
  decided: Decided | null,
  board: Board,
  settings: WorkSettings,
): Promise<void> {
  if (entry.waitsFor !== null && entry.waitsFor.elsewhere !== null && entry.verdict === undefined) {
    settle(entry, 'waiting', waitReason(entry));
    await finish(entry, board, settings);
  } else if (entry.waitsFor !== null && entry.verdict === undefined) {
    const name = nameOf(entry.waitsFor.side, entry.waitsFor.key);
    board.waiting.set(name, [...(board.waiting.get(name) ?? []), entry]);
  } else if (decided !== null && entry.isDestructive && entry.verdict === undefined)
    board.destructive.push(decided);
  else if (entry.blocked !== null && passing.has(entry.blocked.code) && entry.verdict === 'failed')
    board.blocked.push(entry);
  else await finish(entry, board, settings);
}

async function finish(entry: Entry, board: Board, settings: WorkSettings): Promise<void> {
  if (entry.verdict === undefined) settle(entry, 'untouched', { code: 'undecided', values: {} });
  if (isUnfinished(entry) && sides.some((side) => (entry.bases?.[side]?.place?.parent ?? null) !== null))
    board.unfinished.push(entry);
  await settings.settled(entry);
}

/** Continues the entries that waited for it. */
function release({ link }: Entry, board: Board, released: Mentioned[]): void {
  for (const side of sides) {
    const key = link?.ends[side]?.key;
    const name = key === undefined ? null : nameOf(side, key);
    const waiters = name === null ? undefined : board.waiting.get(name);
    if (name === null || waiters === undefined) continue;
    board.waiting.delete(name);
    released.push(...waiters.map((entry) => renewed(entry, entry.pass)));
  }
}

const renewed = (entry: Mentioned, pass: Pass): Mentioned =>
  createEntry({ ...entry, item: entry.mention }, pass);

/** If entries wait for each other in a circle, one of them continues without its links and gets them afterwards. */
async function unlocked(board: Board, { links }: WorkSettings): Promise<Mentioned[]> {
  const waiting = [...board.waiting.values()].flat();
  for (const [name, entries] of board.waiting) {
    const [{ waitsFor } = { waitsFor: null }] = entries;
    if (waitsFor === null || !(await isLinked(links, waitsFor))) continue;
    board.waiting.delete(name);
    return entries.map((entry) => renewed(entry, entry.pass));
  }
  const first = waiting.find((entry) => entry.waitsFor?.field !== null && isInCircle(entry, waiting));
  if (first?.waitsFor === undefined || first.waitsFor === null) return [];
  const name = nameOf(first.waitsFor.side, first.waitsFor.key);
  const others = (board.waiting.get(name) ?? []).filter((entry) => entry !== first);
  if (others.length > 0) board.waiting.set(name, others);
  else board.waiting.delete(name);
  return [renewed(first, { ...first.pass, withoutLinks: true }), renewed(first, { ...firstPass, number: 1 })];
}

async function isLinked(links: KnownLinks, { side, key }: Awaited): Promise<boolean> {
  const link = (await links.byKeys(side, [key])).get(key);
  return link !== undefined && link.state !== 'creating';
}

function isInCircle(start: Mentioned, waiting: readonly Mentioned[]): boolean {
  const seen = new Set<Mentioned>();
  let at: Mentioned | undefined = start;
  while (at?.waitsFor && !seen.has(at)) {
    seen.add(at);
    const { side, key }: Awaited = at.waitsFor;
    at = waiting.find((entry) => entry.side === side && entry.mention.key === key);
    if (at === start) return true;
  }
  return false;
}

// What is in another's way

/** What blocked an entry may be gone now. If it stays, one of the two must give way. */
async function makeWay(board: Board, settings: WorkSettings): Promise<void> {
  for (let number = 1; number <= maxPasses && board.blocked.length > 0; number++) {
    if (settings.halt.reason !== null) return;
    const blocked = board.blocked;
    board.blocked = [];
    board.wanting = wantingOf([...board.destructive, ...blocked]);
    for (const entry of blocked) await comeAgain(entry, number, board, settings);
    if (number >= patience && isStuck(blocked, board.blocked)) break;
  }
  board.wanting = new Map();
}

/** From this pass on, a pass without a change is the last one. */
const patience = 4;

const isStuck = (before: readonly Entry[], after: readonly Entry[]): boolean =>
  before.length === after.length && after.every(({ nextNameNumber }) => nextNameNumber === 0);

const wantingOf = (entries: readonly Entry[]) =>
  new Map(entries.flatMap((entry) => (entry.link ? [[entry.link.id, entry] as const] : [])));

async function comeAgain(entry: Entry, number: number, board: Board, settings: WorkSettings): Promise<void> {
  const { pass, blocked, nextNameNumber } = entry;
  const nameNumber = nextNameNumber === 0 ? pass.nameNumber : nextNameNumber;
  const comesBack = pass.comesBack || entry.comesBack;
  const next: Pass = { ...pass, number, wasBlocked: blocked, nameNumber, comesBack };
  const again = await runUntilStable(renewed(entry, next), settings, async (one) => {
    const current = one.attempts > 1 ? one : Object.assign(one, { mention: await settings.refetch(one) });
    return runStage(current, settings);
  });
  const released: Mentioned[] = [];
  await place(again.entry, again.decided, board, settings);
  release(again.entry, board, released);
  for (let one = released.shift(); one !== undefined; one = released.shift())
    await runChange(one, board, settings, released);
}

// Deletions

async function destroy(board: Board, settings: WorkSettings): Promise<void> {
  const { destructive } = board;
  board.destructive = [];
  const held = [...board.unfinished, ...board.blocked, ...[...board.waiting.values()].flat()];
  const deletion = settings.stages.deletion(destructive, held);
  const runDeletion = async (entry: Decided): Promise<Decided | null> => {
    let reached: Decided | null = null;
    await deletion.run(entry, (one) => {
      reached = one;
    });
    return reached;
  };
  for (const level of await deepestFirst(settings, destructive)) {
    const entries = new Map<Mentioned, Decided>(level.map((entry) => [entry, entry]));
    const queue: Mentioned[] = [...level];
    await inPool(
      settings,
      () => queue.shift(),
      async (begun) => {
        const { entry, decided } = await runUntilStable(begun, settings, async (one) => {
          const ready = entries.get(one) ?? (await runStage(one, settings));
          const isReady =
            ready !== null && (entries.has(one) || (ready.isDestructive && ready.verdict === undefined));
          return isReady ? runDeletion(ready) : ready;
        });
        await place(entry, entry.verdict === undefined ? decided : null, board, settings);
      },
    );
    board.destructive.push(...queue.flatMap((one) => entries.get(one) ?? []));
  }
}

async function deepestFirst(settings: WorkSettings, entries: readonly Decided[]): Promise<Decided[][]> {
  const levels = new Map<number, Decided[]>();
  for (const entry of entries) {
    const depth = await depthOf(settings.links, entry);
    const level = levels.get(depth);
    if (level === undefined) levels.set(depth, [entry]);
    else level.push(entry);
  }
  return [...levels].sort(([one], [other]) => other - one).map(([, level]) => level);
}

/** How deep it lies in folders. */
async function depthOf(links: KnownLinks, { bases }: Decided): Promise<number> {
  const seen = new Set<string>();
  let parent = bases.here?.place?.parent ?? bases.there?.place?.parent ?? null;
  while (parent !== null && !seen.has(parent)) {
    seen.add(parent);
    const ends: KnownEnds = (await links.byIds([parent])).get(parent)?.ends;
    parent = ends?.here?.seen.place?.parent ?? ends?.there?.seen.place?.parent ?? null;
  }
  return seen.size;
}

type KnownEnds = { here: KnownEnd; there: KnownEnd } | undefined;
type KnownEnd = { seen: { place: { parent: string | null } | null } } | null;

async function leaveAll(board: Board, settings: WorkSettings): Promise<void> {
  board.blocked = [...board.blocked, ...board.destructive];
  board.destructive = [];
  await leave(board, settings);
}

/** What could not be done in this run. */
async function leave(board: Board, settings: WorkSettings): Promise<void> {
  const left: Entry[] = [...board.blocked, ...[...board.waiting.values()].flat()];
  board.blocked = [];
  board.waiting.clear();
  for (const entry of left) {
    if (entry.verdict === undefined) settle(entry, 'waiting', waitReason(entry));
    await settings.settled(entry);
  }
}

function waitReason({ waitsFor }: Entry): Reason {
  if (waitsFor === null) return { code: 'turn-did-not-come', values: {} };
  const { field } = waitsFor;
  return field === null
    ? { code: 'folder-not-synchronised', values: {} }
    : { code: 'target-not-synchronised', values: { field } };
}
