import { callSystems, createHalt, type Halt } from './calls';
import { type Belief, discover, usualBelief } from './discover';
import { type Awaited, type Entry, isUnfinished, type Mention } from './entry';
import { type Verdict } from './verdict';
import { type Link, type Links } from './links';
import { otherSide, type PerSide, type Side, sides } from './sides';
import { createMentions, type Mentions } from './mentions';
import { rehearse } from './rehearsal';
import { type Rules, standardStages } from './stages';
import { type Cursor, type Item, type System, tombstone } from './system';
import type { Scope } from './trouble';
import { type Board, change, createBoard, work, type WorkSettings } from './work';

export interface SynchroniseSettings extends Rules {
  readonly systems: PerSide<System>;
  readonly links: Links;
  /** `plan`: does the same, but writes nothing. */
  readonly mode: 'apply' | 'plan';
  /** The sides that are asked what changed. */
  readonly readable: readonly Side[];
  /** Where the previous run ended, and what it did not finish. */
  readonly since: Progress;
  readonly belief?: Belief;
  /** Entries that are worked on at once. */
  readonly atOnce?: number;
  readonly signal: AbortSignal;
  /** The scope of an error. Default: as in trouble.ts. */
  readonly scopeOf?: (error: unknown) => Scope;
  /** True if someone has decided a dispute about it, so that it is looked at again although neither side changed. */
  readonly isDecided: (side: Side, key: string) => boolean;
  /** Called with each finished entry. */
  readonly settled: (entry: Entry) => Promise<void>;
  /** Called for a problem with a listing or an entry. */
  readonly onProblem: (problem: Problem) => void;
}

/** Where a run ended. The next one continues from there. */
export interface Progress {
  readonly cursors: PerSide<Cursor | null>;
  readonly again: readonly Unfinished[];
  /** Why it ended before everything was done. Null: everything was done. */
  readonly stoppedBy: unknown;
}

/** An entity that a run did not finish. */
export interface Unfinished {
  readonly side: Side;
  readonly key: string;
  /** Null: it was not processed. */
  readonly verdict: Verdict | null;
  readonly waitsFor: Awaited | null;
}

export type Problem =
  | { readonly kind: 'partial-listing'; readonly side: Side; readonly error: unknown }
  /** A whole listing lacks so many items that it is not trusted. */
  | { readonly kind: 'doubted-listing'; readonly side: Side }
  | { readonly kind: 'failed'; readonly entry: Entry; readonly error: unknown }
  | { readonly kind: 'unread'; readonly side: Side; readonly key: string; readonly error: unknown };

/** Synchronises two systems: reads the changes, writes them to the other side, then deletes what is gone. */
export async function synchronise(settings: SynchroniseSettings): Promise<Progress> {
  const run = openRun(settings);
  const { halt, mentions, board, working } = run;
  await guard(halt, () => settleIntents(run));
  const cursors = await guard(halt, () => readSystems(run));
  await guard(halt, () => readAgain(run));
  await work(mentions.topDown(), board, working);
  for (const { side, item } of mentions.topDown())
    if (!run.settledKeys.has(nameOf(side, item.key)))
      addAgain(run, { side, key: item.key, verdict: null, waitsFor: null });
  const stoppedBy = halt.reason;
  return { cursors: cursors ?? settings.since.cursors, again: [...run.again.values()], stoppedBy };
}

interface Run {
  readonly settings: SynchroniseSettings;
  /** Of a plan: rehearsed. */
  readonly links: Links;
  readonly halt: Halt;
  readonly mentions: Mentions;
  readonly board: Board;
  readonly working: WorkSettings;
  readonly fetch: (side: Side, key: string) => Promise<Item>;
  /** Entries for the next run, by `side key`. Grows during the run. */
  readonly again: Map<string, Unfinished>;
  /** The `side key` of all settled entries. Grows during the run. */
  readonly settledKeys: Set<string>;
}

const usualAtOnce = 8;

function openRun(settings: SynchroniseSettings): Run {
  const halt = createHalt(settings.signal, settings.scopeOf);
  const real = callSystems(settings.systems, halt);
  const { systems, links } =
    settings.mode === 'plan' ? rehearse(real, settings.links) : { systems: real, links: settings.links };
  const mentions = createMentions();
  const board = createBoard();
  const again = new Map<string, Unfinished>();
  const settledKeys = new Set<string>();
  const fetch = async (side: Side, key: string) => (await systems[side].fetch(key)) ?? tombstone(key);
  const stages = standardStages(settings, {
    systems,
    links,
    signal: halt.signal,
    mentioned: (side, key) => mentions.item(side, key),
    lastTurn: (side, key) => mentions.lastTurn(side, key),
    noticed: (side, key, item) => {
      mentions.notice(side, key, item);
    },
    wanting: (id) => board.wanting.get(id),
  });
  const working: WorkSettings = {
    stages,
    links,
    halt,
    atOnce: settings.atOnce ?? usualAtOnce,
    refetch: ({ side, mention }) => fetch(side, mention.key),
    settled: async (entry) => {
      keep({ again, settledKeys }, entry);
      await settings.settled(entry);
    },
    onFailed: (entry, error) => settings.onProblem({ kind: 'failed', entry, error }),
  };
  return { settings, links, halt, mentions, board, working, fetch, again, settledKeys };
}

/** Null: work with a system has stopped, and the run ends properly. */
async function guard<T>(halt: Halt, run: () => Promise<T>): Promise<T | null> {
  if (halt.reason !== null) return null;
  try {
    return await run();
  } catch (error) {
    if (halt.judge(error) !== 'system') throw error;
    return null;
  }
}

const nameOf = (side: Side, key: string) => `${side} ${key}`;

const addAgain = ({ again }: Pick<Run, 'again'>, unfinished: Unfinished) =>
  again.set(nameOf(unfinished.side, unfinished.key), unfinished);

function keep(run: Pick<Run, 'again' | 'settledKeys'>, entry: Entry): void {
  const { side, mention, verdict = null, waitsFor, link } = entry;
  run.settledKeys.add(nameOf(side, mention.key));
  if (verdict === 'duplicate') return;
  for (const one of sides) {
    const key = link?.ends[one]?.key ?? (one === side ? mention.key : undefined);
    if (key !== undefined) run.again.delete(nameOf(one, key));
  }
  if (isUnfinished(entry)) addAgain(run, { side, key: mention.key, verdict, waitsFor });
}

/** Settles the intents of interrupted runs before everything else. */
async function settleIntents(run: Run): Promise<void> {
  const { links, fetch, board, working } = run;
  const found: Mention[] = [];
  for await (const link of links.withIntent()) {
    const side = sideOf(link);
    const key = side === null ? undefined : link.ends[side]?.key;
    if (side !== null && key !== undefined)
      found.push({ side, item: await fetch(side, key), turn: -1, isDoubted: false });
  }
  await change(found, board, working);
}

/** The side that holds it. */
function sideOf({ intent, ends }: Link): Side | null {
  const side = intent === null ? 'here' : otherSide(intent.side);
  return ends[side] !== null ? side : ends[otherSide(side)] !== null ? otherSide(side) : null;
}

/** Lists all readable systems at the same time. Absent items of a failed or partial listing mean nothing. */
async function readSystems(run: Run): Promise<PerSide<Cursor | null>> {
  const { settings } = run;
  const reached: Record<Side, Cursor | null> = { ...settings.since.cursors };
  await Promise.all(
    settings.readable.map(async (side) => {
      reached[side] = await readSystem(run, side);
    }),
  );
  return reached;
}

async function readSystem(run: Run, side: Side): Promise<Cursor | null> {
  const { settings, links, halt, mentions } = run;
  const { since, systems, onProblem, belief = usualBelief } = settings;
  let cursor = since.cursors[side];
  const { signal } = halt;
  try {
    const found = discover({ system: systems[side], side, links, since: cursor, signal, belief });
    for await (const told of found) {
      if (told.kind === 'partial') onProblem({ kind: 'partial-listing', side, error: null });
      if (told.kind === 'partial') break;
      const isDoubted = told.kind === 'absent' && told.isDoubted;
      if (isDoubted) onProblem({ kind: 'doubted-listing', side });
      for (const item of told.items) mentions.add(side, item, { isDoubted });
      if (told.kind === 'page') cursor = told.cursor ?? cursor;
    }
  } catch (error) {
    if (halt.judge(error) === 'run') throw error;
    onProblem({ kind: 'partial-listing', side, error });
  }
  return cursor;
}

/** Reads what an earlier run did not finish. An entry that still waits for another one costs no call. */
async function readAgain(run: Run): Promise<void> {
  const { settings, mentions, halt, fetch } = run;
  const { again } = settings.since;
  const size = settings.atOnce ?? usualAtOnce;
  for (let start = 0; start < again.length; start += size) {
    await Promise.all(
      again.slice(start, start + size).map(async (one) => {
        const { side, key } = one;
        if (mentions.isMentioned(side, key)) return;
        if (halt.reason !== null || (await stillWaits(run, one))) {
          addAgain(run, one);
          return;
        }
        try {
          mentions.add(side, await fetch(side, key));
        } catch (error) {
          if (halt.judge(error) === 'run') throw error;
          addAgain(run, one);
          settings.onProblem({ kind: 'unread', side, key, error });
        }
      }),
    );
  }
}

/** True while a dispute waits: until either side changes or someone decides. */
async function stillWaits({ links, settings }: Run, one: Unfinished): Promise<boolean> {
  if (one.verdict === 'conflict') {
    const link = (await links.byKeys(one.side, [one.key])).get(one.key);
    return link !== undefined && !settings.isDecided(one.side, one.key);
  }
  if (one.verdict !== 'waiting' || one.waitsFor === null) return false;
  const { side, key } = one.waitsFor;
  const target = (await links.byKeys(side, [key])).get(key);
  return target === undefined || target.state === 'creating';
}
