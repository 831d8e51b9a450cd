import type { Fields } from '../../shared/domain/merge-copy';
import type { Draft, Item, Patch, System, Written } from '../../worker/pipeline/system';

const { signal } = new AbortController();

/** What every system must do, whatever it is made of; what it cannot do, it says in its capabilities. */
export function describeSystem(name: string, open: () => Promise<System>): void {
  describe(`the contract of a system: ${name}`, () => {
    test('what was created is fetched, with a revision of its own', async () => {
      const system = await open();
      const item = await created(system, '1', { Name: 'A' });
      expect(await fetched(system, item.key)).toEqual(item);
      expect(item).toMatchObject({ isActive: true, fields: { Name: 'A' } });
      expect(await fetched(system, 'nothing')).toBeNull();
    });

    test('an update gives another revision, and is what is fetched', async () => {
      const system = await open();
      const item = await created(system, '1', { Name: 'A', Max: 4 });
      const updated = done(await system.update(item.key, patch({ Name: 'B' }), item.revision, signal));
      expect(updated.fields).toEqual({ Name: 'B' });
      expect(updated.revision).not.toBe(item.revision);
      expect(await fetched(system, item.key)).toEqual(updated);
    });

    test('creating one key twice makes one, or says that it cannot promise that', async () => {
      const system = await open();
      const first = await created(system, '1', { Name: 'A' });
      const again = await system.create('1', draft({ Name: 'A' }), signal);
      if (system.capabilities.creates !== 'keyed') return;
      if (again.kind === 'done') expect(again.item.key).toBe(first.key);
      else expect(again.kind).toBe('stale');
    });

    test('a write that expects another revision is refused, and changes nothing', async () => {
      const system = await open();
      if (system.capabilities.writes !== 'conditional') return;
      const item = await created(system, '1', { Name: 'A' });
      done(await system.update(item.key, patch({ Name: 'B' }), item.revision, signal));
      expect((await system.update(item.key, patch({ Name: 'C' }), item.revision, signal)).kind).toBe('stale');
      expect((await system.delete(item.key, item.revision, signal)).kind).toBe('stale');
      expect((await fetched(system, item.key))?.fields).toEqual({ Name: 'B' });
    });

    test('what was deleted is gone, or a tombstone', async () => {
      const system = await open();
      const item = await created(system, '1', { Name: 'A' });
      expect(done(await system.delete(item.key, item.revision, signal)).isActive).toBe(false);
      expect((await fetched(system, item.key))?.isActive ?? false).toBe(false);
    });

    test('a write to what is not there is stale', async () => {
      const system = await open();
      expect((await system.update('nothing', patch({}), 'r', signal)).kind).toBe('stale');
      expect((await system.delete('nothing', 'r', signal)).kind).toBe('stale');
    });

    test('a listing ends with a cursor, and from there on holds what came since', async () => {
      const system = await open();
      if (system.capabilities.changes === 'scan') return;
      const first = await created(system, '1', { Name: 'A' });
      const whole = await listed(system, null);
      expect(whole.items.map(({ key }) => key)).toContain(first.key);
      const second = await created(system, '2', { Name: 'B' });
      const since = await listed(system, whole.cursor);
      expect(since.items.map(({ key }) => key)).toEqual([second.key]);
    });

    test('a listing of everything holds everything, and says that it is whole', async () => {
      const system = await open();
      const keys = [(await created(system, '1', {})).key, (await created(system, '2', {})).key];
      const whole = await listed(system, null);
      expect(whole.items.map(({ key }) => key).sort()).toEqual(keys.sort());
    });

    test('a tree moves items, and finds what lies in a folder', async () => {
      const system = await open();
      if (system.capabilities.tree === null) return;
      const folder = done(
        await system.create(
          'f',
          { ...draft({}), isFolder: true, place: { parent: null, name: 'F' } },
          signal,
        ),
      );
      const item = done(
        await system.create('1', { ...draft({}), place: { parent: null, name: 'I' } }, signal),
      );
      const moved = done(
        await system.move(item.key, { parent: folder.key, name: 'I' }, item.revision, signal),
      );
      expect(await system.find({ by: 'parent', parent: folder.key }, signal)).toEqual([moved]);
      expect(await system.find({ by: 'place', parent: folder.key, name: 'I' }, signal)).toEqual([moved]);
      expect((await system.delete(folder.key, folder.revision, signal)).kind).toBe('refused');
    });
  });
}

const draft = (fields: Fields): Draft => ({ fields, place: null, isFolder: false, content: null });
const patch = (fields: Fields): Patch => ({ fields, whole: fields, content: null });

const fetched = async (system: System, key: string): Promise<Item | null> =>
  (await system.fetch([key], signal)).get(key) ?? null;

async function created(system: System, key: string, fields: Fields): Promise<Item> {
  return done(await system.create(key, draft(fields), signal));
}

function done(written: Written): Item {
  if (written.kind !== 'done') throw new Error(`not done: ${JSON.stringify(written)}`);
  return written.item;
}

async function listed(system: System, since: string | null) {
  const items: Item[] = [];
  let cursor: string | null = null;
  let isWhole = false;
  for await (const page of system.list(since, signal)) {
    items.push(...page.items);
    cursor = page.cursor ?? cursor;
    isWhole = page.isWhole;
  }
  expect(isWhole).toBe(since === null || system.capabilities.changes === 'scan');
  return { items, cursor };
}
