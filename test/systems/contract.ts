import { randomUUID } from 'node:crypto';
import { type Fields, sameValue } from '../../shared/domain/merge-copy';
import type { Draft, Item, Page, Patch, System, Written } from '../../worker/pipeline/system';
import { Trouble } from '../../worker/pipeline/trouble';

const { signal } = new AbortController();

/** A system, and what a test needs to know of it and to do to it. */
export interface Stage {
  readonly system: System;
  /** Fields of an item of that number, as the system keeps them: all that it has. No two numbers have the same. */
  readonly sample: (number: number) => Fields;
  /** Some of them, with values of that number. */
  readonly change: (number: number) => Fields;
  /** It is called over a network. */
  readonly isRemote: boolean;
  /** Someone else who uses the system. Null: nobody can. */
  readonly outsider: Outsider | null;
  /** The faults that a test can cause in its server. Null: it is a real server, or there is none. */
  readonly server: ServerFaults | null;
}

export interface Outsider {
  add(fields: Fields): Promise<string>;
  edit(key: string, fields: Fields): Promise<void>;
  remove(key: string): Promise<void>;
  /** A change that was begun before what was listed last, and is committed only now. Null: it has no such thing. */
  readonly editLate: ((key: string, fields: Fields) => Promise<void>) | null;
}

export interface ServerFaults {
  /** Calls that came. */
  calls(): number;
  /** The next write is carried out, and its answer lost. */
  loseAnswer(): void;
  /** The next call is answered so. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void;
  /** The next answer ends in its middle. */
  breakAnswer(): void;
  /** The next listing ends so behind its first page. */
  breakListing(): void;
  setClock(offsetMs: number): void;
  /** Someone does that right before the next write is carried out. */
  beforeWrite(run: () => void): void;
}

/** A system without a server, whose items hold whatever they are given. */
export const plainStage = (system: System): Stage => ({
  system,
  sample: (number) => ({ Name: `A${number}`, Max: number }),
  change: (number) => ({ Name: `B${number}` }),
  isRemote: false,
  outsider: null,
  server: null,
});

/** The contract of every system. A system declares in its capabilities what it cannot do. */
export function describeSystem(name: string, open: () => Promise<Stage>): void {
  describe(`the contract of a system: ${name}`, () => {
    itWrites(open);
    itLists(open);
    itKeepsPlaces(open);
    itShowsWhatOthersDo(open);
    itTellsItsTroubles(open);
  });
}

// Items

function itWrites(open: () => Promise<Stage>): void {
  test('a created item can be fetched, and has a revision', async () => {
    const { system, sample } = await open();
    const item = await created(system, key(), sample(1));
    expect(await fetched(system, item.key)).toEqual(item);
    expect(item.isActive).toBe(true);
    expectFields(item, sample(1));
    expect(await fetched(system, 'nothing')).toBeNull();
  });

  test('an update gives another revision, and the updated item is fetched', async () => {
    const { system, sample, change } = await open();
    const item = await created(system, key(), sample(1));
    const updated = done(await system.update(item.key, patch(item, change(2)), item.revision, signal));
    expectFields(updated, { ...sample(1), ...change(2) });
    expect(updated.revision).not.toBe(item.revision);
    expect(await fetched(system, item.key)).toEqual(updated);
  });

  test('a value can be removed, and another value can be written again', async () => {
    const { system, sample, change } = await open();
    const item = await created(system, key(), sample(1));
    const [name = ''] = Object.keys(sample(1)).filter((one) => !Object.hasOwn(change(1), one));
    const emptied = done(await system.update(item.key, patch(item, { [name]: null }), item.revision, signal));
    expectFields(emptied, { ...sample(1), [name]: null });
    const given = { [name]: sample(2)[name] ?? null };
    const filled = done(await system.update(item.key, patch(emptied, given), emptied.revision, signal));
    expectFields(filled, { ...sample(1), ...given });
  });

  test('two creations with one key make one item, unless the system says that it cannot promise this', async () => {
    const { system, sample, outsider } = await open();
    const wished = key();
    const first = await created(system, wished, sample(1));
    if (system.capabilities.creates === 'plain') return;
    if (outsider !== null) {
      expect(first.origin).toBe(wished);
      expect(await system.find({ by: 'origin', key: wished }, signal)).toEqual([first]);
      expect(await system.find({ by: 'origin', key: key() }, signal)).toEqual([]);
    }
    if (system.capabilities.creates !== 'keyed') return;
    const again = await system.create(wished, draft(sample(1)), signal);
    if (again.kind === 'done') expect(again.item.key).toBe(first.key);
    else expect(again.kind).toBe('stale');
  });

  test('an item is found only if all its fields match exactly', async () => {
    const { system, sample, outsider } = await open();
    if (outsider === null) return;
    const item = await created(system, key(), sample(1));
    await created(system, key(), sample(2));
    const find = async (fields: Fields) =>
      (await system.find({ by: 'fields', fields }, signal)).map((one) => one.key);
    expect(await find(sample(1))).toContain(item.key);
    expect(await find({ ...sample(1), ...changedOne(sample(1), sample(2)) })).toEqual([]);
  });

  test('a write that expects another revision is refused, and changes nothing', async () => {
    const { system, sample, change } = await open();
    if (system.capabilities.writes !== 'conditional') return;
    const item = await created(system, key(), sample(1));
    const updated = done(await system.update(item.key, patch(item, change(2)), item.revision, signal));
    const late = await system.update(item.key, patch(item, change(3)), item.revision, signal);
    expect(late.kind).toBe('stale');
    expect((await system.delete(item.key, item.revision, signal)).kind).toBe('stale');
    expect(await fetched(system, item.key)).toEqual(updated);
  });

  test('a deleted item is absent or a tombstone, and can be created again', async () => {
    const { system, sample } = await open();
    const item = await created(system, key(), sample(1));
    expect(done(await system.delete(item.key, item.revision, signal)).isActive).toBe(false);
    expect((await fetched(system, item.key))?.isActive ?? false).toBe(false);
    const anew = await created(system, key(), sample(1));
    expectFields(anew, sample(1));
  });

  test('a write to an item that does not exist is stale', async () => {
    const { system, change } = await open();
    const nothing = { fields: {} };
    expect((await system.update('nothing', patch(nothing, change(1)), 'r', signal)).kind).toBe('stale');
    expect((await system.delete('nothing', 'r', signal)).kind).toBe('stale');
  });

  test('an update writes only the changed fields, and leaves the others as they are', async () => {
    const { system, sample, change, outsider } = await open();
    if (outsider === null) return;
    const item = await created(system, key(), sample(1));
    const rest = changedOne(withoutFields(sample(1), change(1)), sample(2));
    await outsider.edit(item.key, rest);
    const now = await present(system, item.key);
    const updated = done(await system.update(item.key, patch(now, change(3)), now.revision, signal));
    expectFields(updated, { ...sample(1), ...rest, ...change(3) });
  });
}

// Listings

function itLists(open: () => Promise<Stage>): void {
  test('a listing ends with a cursor, and the next listing from there contains the later changes', async () => {
    const { system, sample } = await open();
    if (system.capabilities.changes === 'scan') return;
    const first = await created(system, key(), sample(1));
    const whole = await listed(system, null);
    expect(whole.items.map((item) => item.key)).toContain(first.key);
    const second = await created(system, key(), sample(2));
    const since = await listed(system, whole.cursor);
    const keys = since.items.map((item) => item.key);
    if (system.capabilities.changes === 'delta') expect(keys).toEqual([second.key]);
    else expect(keys).toContain(second.key);
  });

  test('a complete listing contains everything, and says that it is complete', async () => {
    const { system, sample } = await open();
    const keys = [
      (await created(system, key(), sample(1))).key,
      (await created(system, key(), sample(2))).key,
    ];
    const { items } = await listed(system, null);
    expect(items.map((item) => item.key)).toEqual(expect.arrayContaining(keys));
    expect(new Set(items.map((item) => item.key)).size).toBe(items.length);
  });

  test('a listed item equals the fetched one, and a write of ours is listed with the revision of its response', async () => {
    const { system, sample, change } = await open();
    const item = await created(system, key(), sample(1));
    const updated = done(await system.update(item.key, patch(item, change(2)), item.revision, signal));
    const { items } = await listed(system, null);
    const echo = items.find((one) => one.key === item.key);
    if (system.capabilities.answers === 'stored') expect(echo?.revision).toBe(updated.revision);
    expect(echo).toEqual(await fetched(system, item.key));
  });

  test('a cursor that cannot be read counts as expired', async () => {
    const { system, isRemote } = await open();
    if (!isRemote || system.capabilities.changes === 'scan') return;
    await expect(listed(system, 'nonsense')).rejects.toMatchObject({ kind: 'cursor-expired' });
  });

  test('a complete listing can continue after any of its pages', async () => {
    const { system, sample, outsider } = await open();
    if (outsider === null || system.capabilities.changes === 'scan') return;
    await created(system, key(), sample(1));
    const pages: Page[] = [];
    for await (const page of system.list(null, signal)) pages.push(page);
    const before = pages.at(-2)?.cursor ?? null;
    if (before === null) return;
    const rest: Page[] = [];
    for await (const page of system.list(before, signal)) rest.push(page);
    expect(rest.at(-1)?.isWhole).toBe(true);
    expect(keysOf(rest)).toEqual(keysOf(pages.slice(-1)));
  });

  test('a listing ends when it is cancelled', async () => {
    const { system, sample, isRemote } = await open();
    if (!isRemote) return;
    await created(system, key(), sample(1));
    const stop = new AbortController();
    stop.abort(new Error('that is enough'));
    await expect(listed(system, null, stop.signal)).rejects.toThrow('that is enough');
  });
}

function itKeepsPlaces(open: () => Promise<Stage>): void {
  test('a tree can move items, and finds the contents of a folder', async () => {
    const { system } = await open();
    if (system.capabilities.tree === null) return;
    const folder = done(
      await system.create('f', { ...draft({}), isFolder: true, place: { parent: null, name: 'F' } }, signal),
    );
    const item = done(await system.create('1', { ...draft({}), place: { parent: null, name: 'I' } }, signal));
    const moved = done(await system.move(item.key, { parent: folder.key, name: 'I' }, item.revision, signal));
    expect(await system.find({ by: 'parent', parent: folder.key }, signal)).toEqual([moved]);
    expect(await system.find({ by: 'place', parent: folder.key, name: 'I' }, signal)).toEqual([moved]);
    expect((await system.delete(folder.key, folder.revision, signal)).kind).toBe('refused');
  });
}

// Others who use it

function itShowsWhatOthersDo(open: () => Promise<Stage>): void {
  test('F3: a write of the same values changes no field', async () => {
    const { system, sample, outsider } = await open();
    if (outsider === null) return;
    const item = await created(system, key(), sample(1));
    await outsider.edit(item.key, sample(1));
    expectFields(await present(system, item.key), item.fields);
  });

  test('F4: two writes within one second are both seen', async () => {
    const { system, sample, change, outsider } = await open();
    if (outsider === null) return;
    const item = await created(system, key(), sample(1));
    const { cursor } = await listed(system, null);
    const seen: string[] = [];
    for (const number of [2, 3]) {
      await outsider.edit(item.key, change(number));
      const { items } = await listed(system, cursor);
      const now = items.find((one) => one.key === item.key);
      expectFields(now, change(number));
      seen.push(now?.revision ?? '');
    }
    expect(new Set([item.revision, ...seen]).size).toBe(3);
  });

  test('F5: a change that is committed late is still listed', async () => {
    const { system, sample, change, outsider } = await open();
    if (outsider?.editLate === null || outsider === null) return;
    const item = await created(system, key(), sample(1));
    await created(system, key(), sample(2));
    const { cursor } = await listed(system, null);
    await outsider.editLate(item.key, change(3));
    const { items } = await listed(system, cursor);
    expectFields(
      items.find((one) => one.key === item.key),
      change(3),
    );
  });

  test('F11: an item that someone else deleted is not fetched, listed or written to', async () => {
    const { system, sample, change, outsider } = await open();
    if (outsider === null) return;
    const item = await created(system, key(), sample(1));
    await outsider.remove(item.key);
    expect(await fetched(system, item.key)).toBeNull();
    expect((await listed(system, null)).items.map((one) => one.key)).not.toContain(item.key);
    const written = await system.update(item.key, patch(item, change(2)), item.revision, signal);
    expect(written.kind).toBe('stale');
  });

  test('F15: a change by someone else before a write is not overwritten', async () => {
    const { system, sample, change, outsider } = await open();
    if (outsider === null || system.capabilities.writes !== 'conditional') return;
    const item = await created(system, key(), sample(1));
    await outsider.edit(item.key, change(2));
    await moment();
    const written = await system.update(item.key, patch(item, change(3)), item.revision, signal);
    expect(written.kind).toBe('stale');
    expectFields(await present(system, item.key), change(2));
  });

  test('F21: an item that is deleted and created again is another item', async () => {
    const { system, sample, outsider } = await open();
    if (outsider === null) return;
    const item = await created(system, key(), sample(1));
    await outsider.remove(item.key);
    const other = await outsider.add(sample(1));
    expect(other).not.toBe(item.key);
    const keys = (await listed(system, null)).items.map((one) => one.key);
    expect(keys).toContain(other);
    expect(keys).not.toContain(item.key);
  });
}

// What goes wrong

function itTellsItsTroubles(open: () => Promise<Stage>): void {
  test('F1: an item is found again and not created twice if the response to its creation is lost', async () => {
    const { system, sample, server } = await open();
    if (server === null) return;
    const wished = key();
    server.loseAnswer();
    await expect(system.create(wished, draft(sample(1)), signal)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    const match =
      system.capabilities.creates === 'plain'
        ? ({ by: 'fields', fields: sample(1) } as const)
        : ({ by: 'origin', key: wished } as const);
    const found = await system.find(match, signal);
    expect(found).toHaveLength(1);
    expectFields(found[0], sample(1));
    if (system.capabilities.creates === 'plain') return;
    const again = await system.create(wished, draft(sample(1)), signal);
    expect(again).toMatchObject({ kind: 'done', item: { key: found[0]?.key } });
  });

  test('F8: a listing that breaks off is an error, and never counts as complete', async () => {
    const { system, sample, server } = await open();
    if (server === null) return;
    await created(system, key(), sample(1));
    server.breakListing();
    const pages: Page[] = [];
    const listing = async () => {
      for await (const page of system.list(null, signal)) pages.push(page);
    };
    await expect(listing()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(pages.filter(({ isWhole }) => isWhole)).toEqual([]);
  });

  test('a response that is cut off, or is no record, is an error', async () => {
    const { system, sample, server } = await open();
    if (server === null) return;
    const item = await created(system, key(), sample(1));
    server.breakAnswer();
    await expect(fetched(system, item.key)).rejects.toMatchObject({ kind: 'unavailable' });
    server.answer(200);
    await expect(fetched(system, item.key)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('F18: no call is made after a 429 before its time is over', async () => {
    const { system, sample, server } = await open();
    if (server === null) return;
    const item = await created(system, key(), sample(1));
    server.answer(429, { 'retry-after': '7' });
    const calls = server.calls();
    const first = await trouble(fetched(system, item.key));
    expect(first).toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 });
    const second = await trouble(fetched(system, item.key));
    expect(second.kind).toBe('throttled');
    expect(second.retryAfterMs).toBeLessThanOrEqual(7_000);
    expect(server.calls()).toBe(calls + 1);
  });

  test('a broken server is unavailable, whatever its response', async () => {
    const { system, sample, server } = await open();
    if (server === null) return;
    const item = await created(system, key(), sample(1));
    for (const status of [500, 502, 504, 423, 408]) {
      server.answer(status);
      await expect(fetched(system, item.key)).rejects.toMatchObject({ kind: 'unavailable' });
    }
    expect(await fetched(system, item.key)).toEqual(item);
  });

  test('a redirect to another server is not followed', async () => {
    const { system, sample, server } = await open();
    if (server === null) return;
    const item = await created(system, key(), sample(1));
    server.answer(302, { location: 'http://127.0.0.1:9/' });
    await expect(fetched(system, item.key)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('F19: a record that is refused permanently stops no other record', async () => {
    const { system, sample, change, server } = await open();
    if (server === null) return;
    const item = await created(system, key(), sample(1));
    const now = await present(system, item.key);
    server.answer(400);
    const refused = await system.create(key(), draft(sample(2)), signal);
    expect(refused).toMatchObject({ kind: 'refused', code: 'invalid' });
    done(await system.update(item.key, patch(now, change(3)), now.revision, signal));
  });

  test('F24: a server whose clock is wrong by a year lists the same changes', async () => {
    for (const years of [-1, 1]) {
      const { system, sample, change, server } = await open();
      if (server === null) return;
      server.setClock(years * 365 * 24 * 3_600_000);
      const item = await created(system, key(), sample(1));
      const { cursor } = await listed(system, null);
      const updated = done(await system.update(item.key, patch(item, change(2)), item.revision, signal));
      const { items } = await listed(system, cursor);
      expect(items.find((one) => one.key === item.key)?.revision).toBe(updated.revision);
    }
  });

  test('a cancelled call ends with an error that says so', async () => {
    const { system, server } = await open();
    if (server === null) return;
    const stop = new AbortController();
    stop.abort(new Error('that is enough'));
    await expect(system.fetch(['1'], stop.signal)).rejects.toThrow('that is enough');
  });
}

// What they have in common

/** The key that makes a creation repeatable. No other run has it. */
const key = (): string => randomUUID();

export const draft = (fields: Fields): Draft => ({ fields, place: null, isFolder: false, content: null });

export const patch = (item: Pick<Item, 'fields'>, fields: Fields): Patch => ({
  fields,
  whole: { ...item.fields, ...fields },
  content: null,
});

export const fetched = async (system: System, wanted: string): Promise<Item | null> =>
  (await system.fetch([wanted], signal)).get(wanted) ?? null;

async function present(system: System, wanted: string): Promise<Item> {
  const item = await fetched(system, wanted);
  if (item === null) throw new Error(`there is no ${wanted}`);
  return item;
}

/** As it is once it is fetched: an answer need not show what the server made of what it was sent. */
export async function created(system: System, wished: string, fields: Fields): Promise<Item> {
  const item = done(await system.create(wished, draft(fields), signal));
  return system.capabilities.answers === 'stored' ? item : present(system, item.key);
}

export function done(written: Written): Item {
  if (written.kind !== 'done') throw new Error(`not done: ${JSON.stringify(written)}`);
  return written.item;
}

/** Absent fields count as null. */
function expectFields(item: Item | undefined | null, fields: Fields): void {
  const held = item?.fields ?? {};
  const differing = Object.keys(fields).filter((name) => !sameValue(held[name], fields[name]));
  expect(Object.fromEntries(differing.map((name) => [name, held[name] ?? null]))).toEqual({});
}

/** The first field of `one` that another has otherwise, with its value there. */
function changedOne(one: Fields, other: Fields): Fields {
  const [name = ''] = Object.keys(one).filter((field) => !sameValue(one[field], other[field]));
  return { [name]: other[name] ?? null };
}

const withoutFields = (fields: Fields, others: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(others, name)));

export async function listed(system: System, since: string | null, until: AbortSignal = signal) {
  const items: Item[] = [];
  let cursor: string | null = null;
  let isWhole = false;
  for await (const page of system.list(since, until)) {
    items.push(...page.items);
    cursor = page.cursor ?? cursor;
    isWhole = page.isWhole;
  }
  expect(isWhole).toBe(since === null || system.capabilities.changes === 'scan');
  return { items, cursor };
}

const keysOf = (pages: readonly Page[]) => pages.flatMap(({ items }) => items.map((item) => item.key));

async function trouble(call: Promise<unknown>): Promise<Trouble> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Trouble) return error;
    throw error;
  }
  throw new Error('it was no trouble');
}

/** Longer than a look that was just taken counts. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 1_100));
