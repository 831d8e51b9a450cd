import { type Entry, isUnfinished, restart, settle } from './entry';
import { createPipeline, type Middleware } from './pipeline';
import type { Item } from './system';

/** Steps by name, in their order. */
export type Steps = Readonly<Record<string, Middleware>>;

/** What is done in which order. */
export interface Stages {
  readonly change: Steps;
  /** `destructive`: all that the stage would delete; `unfinished`: what the first stage left as it was. */
  readonly deletion: (destructive: readonly Entry[], unfinished: readonly Entry[]) => Steps;
}

export interface ExecutorSettings {
  readonly stages: Stages;
  /** The entity of an entry that starts anew, as its side holds it now. */
  readonly refetch: (entry: Entry) => Promise<Item>;
  /** How deep it lies in folders: the deepest are deleted first. */
  readonly depthOf: (entry: Entry) => Promise<number>;
  /** Told of all entries, a group at a time, once it is known what became of them. */
  readonly settled: (entries: readonly Entry[]) => Promise<void>;
  /** True: an error fails its entry alone. False: it ends the run. */
  readonly isolates: (entry: Entry, error: unknown) => boolean;
}

/** Changes, group by group; then deletions. Entries of a group run at once, an entry after its predecessor. */
export async function execute(
  groups: AsyncIterable<readonly Entry[]> | Iterable<readonly Entry[]>,
  settings: ExecutorSettings,
): Promise<void> {
  const destructive: Entry[] = [];
  const unfinished: Entry[] = [];
  const change = createPipeline(Object.values(settings.stages.change));
  for await (const group of groups) {
    await runGroup(settings, change, group);
    await settings.settled(group.filter(({ isDestructive }) => !isDestructive));
    destructive.push(...group.filter(({ isDestructive }) => isDestructive));
    unfinished.push(...group.filter(holdsItsFolder));
  }
  await destroy(settings, destructive, unfinished);
}

const maxAttempts = 4;

/** Where it lies must stay, until it has been moved or deleted. */
const holdsItsFolder = (entry: Entry) =>
  (entry.agreed?.place?.parent ?? null) !== null && isUnfinished(entry);

async function destroy(
  settings: ExecutorSettings,
  destructive: readonly Entry[],
  unfinished: readonly Entry[],
): Promise<void> {
  if (destructive.length === 0) return;
  const deletion = createPipeline(Object.values(settings.stages.deletion(destructive, unfinished)));
  for (const level of await deepestFirst(settings, destructive)) await runGroup(settings, deletion, level);
  await settings.settled(destructive);
}

async function deepestFirst(settings: ExecutorSettings, entries: readonly Entry[]): Promise<Entry[][]> {
  const levels = new Map<number, Entry[]>();
  for (const entry of entries) {
    const depth = await settings.depthOf(entry);
    const level = levels.get(depth);
    if (level === undefined) levels.set(depth, [entry]);
    else level.push(entry);
  }
  return [...levels].sort(([one], [other]) => other - one).map(([, level]) => level);
}

type Run = (entry: Entry) => Promise<void>;

async function runGroup(settings: ExecutorSettings, run: Run, group: readonly Entry[]): Promise<void> {
  let waiting = group;
  while (waiting.length > 0) {
    await runOnce(settings, run, waiting);
    waiting = waiting.filter(({ startsAnew }) => startsAnew);
    await Promise.all(waiting.map(async (entry) => restart(entry, await settings.refetch(entry))));
  }
}

async function runOnce(settings: ExecutorSettings, run: Run, group: readonly Entry[]): Promise<void> {
  const running = new Map<Entry, Promise<void>>();
  for (const entry of group) {
    const before = entry.predecessor === null ? undefined : running.get(entry.predecessor);
    const work = () => runEntry(settings, run, entry);
    running.set(entry, before === undefined ? work() : before.then(work));
  }
  await Promise.all(running.values());
}

async function runEntry(settings: ExecutorSettings, run: Run, entry: Entry): Promise<void> {
  try {
    await run(entry);
  } catch (error) {
    if (!settings.isolates(entry, error)) throw error;
    settle(entry, 'failed', error instanceof Error ? error.message : String(error));
  }
  if (entry.startsAnew && entry.attempts >= maxAttempts) {
    entry.startsAnew = false;
    settle(entry, 'failed', entry.reason);
  }
  if (entry.verdict === undefined && !entry.isDestructive && !entry.startsAnew)
    settle(entry, 'untouched', 'no step decided what becomes of it');
}
