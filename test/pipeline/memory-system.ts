import { fieldOf, type Fields, sameValue } from '../../shared/domain/merge-copy';
import { tombstone } from '../../worker/pipeline/source';
import type { Capabilities, Item, Match, Page, Place, System, Written } from '../../worker/pipeline/system';

/** What goes wrong. */
export interface Faults {
  /** A listing ends after so many items, as if the network had gone. */
  listsOnly: number | null;
  /** The listing's error, or none: it just ends. */
  listingThrows: boolean;
  /** Every change is listed so many times. */
  mentions: number;
  /** Moves are refused. */
  refusesMoves: boolean;
  /** So many writes are carried out, and their answers lost. */
  losesAnswers: number;
  /** So many writes meet another one that came just before. */
  racing: number;
}

/** A tree of items in memory, edited by people (`add`, `edit`…) and by the pipeline (as a system). */
export interface MemorySystem extends System {
  readonly faults: Faults;
  /** Calls that wrote, or tried to. */
  readonly calls: string[];
  add(name: string, particulars?: { parent?: string | null; isFolder?: boolean; fields?: Fields }): string;
  edit(key: string, fields: Fields): void;
  moveTo(key: string, parent: string | null): void;
  /** With all that lies in it. */
  remove(key: string): void;
  /** Path → fields, of all that lives. */
  tree(): Record<string, Fields>;
  keyOf(path: string): string;
}

export const treeCapabilities: Capabilities = {
  changes: 'delta',
  tombstones: true,
  conditionalWrite: true,
  idempotentCreate: true,
  tree: true,
  deferred: false,
};

export function createMemorySystem(name: string, capabilities: Partial<Capabilities> = {}): MemorySystem {
  const able = { ...treeCapabilities, ...capabilities };
  const items = new Map<string, Item>();
  const created = new Map<string, string>();
  const changes: string[] = [];
  let revisions = 0;
  let keys = 0;

  const system: MemorySystem = {
    capabilities: able,
    calls: [],
    faults: {
      listsOnly: null,
      listingThrows: false,
      mentions: 1,
      refusesMoves: false,
      losesAnswers: 0,
      racing: 0,
    },
    list: (since) => list(since),
    fetch: (key) => Promise.resolve(live(key) ?? null),
    find: (match) => Promise.resolve(all().filter((item) => matches(item, match))),
    create: (wished, { fields, place, isFolder }) =>
      write(`create ${wished}`, () => {
        const before = able.idempotentCreate ? live(created.get(wished) ?? '') : undefined;
        if (before !== undefined) return { kind: 'done', item: before };
        const refusal = refusalOf(place, null);
        if (refusal !== null) return { kind: 'refused', reason: refusal };
        const key = newKey();
        created.set(wished, key);
        return {
          kind: 'done',
          item: put({ key, fields, place, isFolder, origin: able.idempotentCreate ? wished : null }),
        };
      }),
    update: (key, { fields }, expected) =>
      write(`update ${key}`, () => {
        const item = expectedItem(key, expected);
        return item === null ? { kind: 'stale' } : { kind: 'done', item: put({ ...item, fields }) };
      }),
    move: (key, place, expected) =>
      write(`move ${key}`, () => {
        const item = expectedItem(key, expected);
        if (item === null) return { kind: 'stale' };
        const refusal = system.faults.refusesMoves ? 'no move today' : refusalOf(place, key);
        return refusal === null
          ? { kind: 'done', item: put({ ...item, place }) }
          : { kind: 'refused', reason: refusal };
      }),
    delete: (key, expected) =>
      write(`delete ${key}`, () => {
        const item = expectedItem(key, expected);
        if (item === null) return { kind: 'stale' };
        if (all().some(({ place }) => place?.parent === key)) return { kind: 'refused', reason: 'not empty' };
        return { kind: 'done', item: bury(key) };
      }),
    add(title, { parent = null, isFolder = false, fields = {} } = {}) {
      const place = able.tree ? { parent, name: title } : null;
      return put({ key: newKey(), fields, place, isFolder, origin: null }).key;
    },
    edit(key, fields) {
      const item = present(key);
      put({ ...item, fields: { ...item.fields, ...fields } });
    },
    moveTo(key, parent) {
      const item = present(key);
      put({ ...item, place: { parent, name: item.place?.name ?? '' } });
    },
    remove(key) {
      for (const item of all()) if (item.place?.parent === key) system.remove(item.key);
      bury(key);
    },
    tree: () =>
      Object.fromEntries(
        all()
          .map((item): [string, Fields] => [pathOf(item), item.fields])
          .sort(([one], [other]) => (one < other ? -1 : 1)),
      ),
    keyOf(path) {
      const found = all().find((item) => pathOf(item) === path);
      if (found === undefined) throw new Error(`${name} has no ${path}`);
      return found.key;
    },
  };
  return system;

  async function* list(since: string | null): AsyncGenerator<Page> {
    const { listsOnly, listingThrows, mentions } = system.faults;
    const isScan = able.changes === 'scan';
    const known = isScan ? [...items.keys()] : changes.slice(Number(since ?? 0));
    const shown = known.map((key) => items.get(key) ?? tombstone(key));
    const told = shown.filter(({ isActive }) => isActive || able.tombstones);
    const repeated = Array.from({ length: mentions }, () => told).flat();
    const whole = listsOnly === null ? repeated : repeated.slice(0, listsOnly);
    for (let start = 0; start < whole.length; start += 3)
      yield { items: whole.slice(start, start + 3), cursor: null };
    if (listingThrows) throw new Error('the listing broke off');
    if (listsOnly === null) yield { items: [], cursor: String(changes.length) };
  }

  async function write(call: string, run: () => Written): Promise<Written> {
    system.calls.push(call);
    await Promise.resolve();
    if (system.faults.racing > 0) {
      system.faults.racing -= 1;
      const item = live(call.split(' ')[1] ?? '');
      if (item !== undefined) put(item);
    }
    const written = run();
    if (system.faults.losesAnswers === 0) return written;
    system.faults.losesAnswers -= 1;
    throw new Error('the answer was lost');
  }

  function refusalOf(place: Place | null, key: string | null): string | null {
    if (place === null) return null;
    if (place.parent !== null && live(place.parent) === undefined) return 'no such folder';
    const isTaken = all().some(
      (item) => item.key !== key && item.place?.parent === place.parent && item.place.name === place.name,
    );
    return isTaken ? 'the name is taken' : null;
  }

  function expectedItem(key: string, expected: string): Item | null {
    const item = live(key);
    if (item === undefined) return null;
    return able.conditionalWrite && item.revision !== expected ? null : item;
  }

  function put(item: Omit<Item, 'revision' | 'isActive'>): Item {
    const stored = { ...item, isActive: true, revision: newRevision() };
    items.set(item.key, stored);
    changes.push(item.key);
    return stored;
  }

  function bury(key: string): Item {
    const buried = {
      ...tombstone(key),
      revision: newRevision(),
      isFolder: items.get(key)?.isFolder === true,
    };
    items.set(key, buried);
    changes.push(key);
    return buried;
  }

  function live(key: string): Item | undefined {
    const item = items.get(key);
    return item?.isActive === true ? item : undefined;
  }

  function present(key: string): Item {
    const item = live(key);
    if (item === undefined) throw new Error(`${name} has no ${key}`);
    return item;
  }

  function all(): Item[] {
    return [...items.values()].filter(({ isActive }) => isActive);
  }

  function pathOf(item: Item): string {
    if (item.place === null) return item.key;
    const folder = item.place.parent === null ? undefined : items.get(item.place.parent);
    return folder === undefined ? item.place.name : `${pathOf(folder)}/${item.place.name}`;
  }

  function newKey(): string {
    keys += 1;
    return `${name}${keys}`;
  }

  function newRevision(): string {
    revisions += 1;
    return `r${revisions}`;
  }
}

function matches(item: Item, match: Match): boolean {
  switch (match.by) {
    case 'fields':
      return Object.entries(match.fields).every(([name, value]) =>
        sameValue(fieldOf(item.fields, name), value),
      );
    case 'parent':
      return item.place?.parent === match.parent;
    case 'place':
      return item.place?.parent === match.parent && item.place.name === match.name;
  }
}
