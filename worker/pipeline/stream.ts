import { type Calls, callSystems, createHalt } from './calls';
import { createEntry, type Decided, type Entry, type Mentioned, renew, settle } from './entry';
import type { KnownLinks } from './links';
import type { PerSide, Side } from './sides';
import { rehearseLinks, rehearseSystems } from './rehearsal';
import { type Rules, type Stages, standardStages } from './stages';
import { type Item, type System, tombstone } from './system';

export interface StreamSettings extends Rules {
  readonly systems: PerSide<System>;
  readonly links: KnownLinks;
  readonly mode: 'apply' | 'plan';
  /** The side that is listed: whole, each key once, without folders. */
  readonly side: Side;
  readonly signal: AbortSignal;
  /** Called with all finished entries of a page, and at the end with the deletions. */
  readonly settled: (entries: readonly Entry[]) => Promise<void>;
}

/**
 * Synchronises two systems by the listing of one of them, page by page. Memory only contains one page and the entries
 * to delete. Everything is in one transaction of the caller, and an error ends it.
 */
export async function synchroniseStream(settings: StreamSettings): Promise<void> {
  const { side, settled, signal, mode } = settings;
  const halt = createHalt(signal, () => 'run');
  const real = callSystems(settings.systems, halt);
  const systems = mode === 'plan' ? rehearseSystems(real) : real;
  const links = mode === 'plan' ? rehearseLinks(settings.links) : settings.links;
  const stages = standardStages(settings, {
    systems,
    links,
    signal: halt.signal,
    mentioned: () => undefined,
    lastTurn: () => -1,
    noticed: () => undefined,
    wanting: () => undefined,
  });
  const run = (item: Item) =>
    runEntry(stages, createEntry({ side, item, turn: 0, isDoubted: false }), systems[side]);
  const destructive: Decided[] = [];
  for await (const { items } of settings.systems[side].list(null, halt.signal)) {
    const page = await Promise.all(items.map(run));
    await settled(page.flatMap((ran) => (isDestructive(ran) ? [] : [ran.entry])));
    for (const { decided } of page.filter(isDestructive)) if (decided !== null) destructive.push(decided);
  }
  if (destructive.length === 0) return;
  const deletion = stages.deletion(destructive, []);
  await Promise.all(destructive.map((entry) => deletion.run(entry)));
  for (const entry of destructive) settleUndecided(entry);
  await settled(destructive);
}

interface Ran {
  readonly entry: Entry;
  /** Null: a step has settled it. */
  readonly decided: Decided | null;
}

const isDestructive = ({ entry, decided }: Ran) => entry.isDestructive && decided !== null;

const maxAttempts = 4;

async function runEntry(stages: Stages, begun: Mentioned, system: Calls): Promise<Ran> {
  for (let entry = begun; ;) {
    let decided: Decided | null = null;
    await stages.change.run(entry, (one) => {
      decided = one;
    });
    if (!entry.startsAnew || entry.attempts >= maxAttempts) {
      if (!entry.isDestructive) settleUndecided(entry);
      return { entry, decided };
    }
    const { key } = entry.mention;
    entry = renew(entry, (await system.fetch(key)) ?? tombstone(key));
  }
}

function settleUndecided(entry: Mentioned): void {
  if (entry.verdict !== undefined) return;
  if (entry.startsAnew) settle(entry, 'failed', entry.why);
  else settle(entry, 'untouched', { code: 'undecided', values: {} });
}
