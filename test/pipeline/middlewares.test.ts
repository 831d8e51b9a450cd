import type { Fields } from '../../shared/domain/merge-copy';
import { signatureOf } from '../../worker/pipeline/approval';
import { createEntry, type Entry } from '../../worker/pipeline/entry';
import type { Mapping, Side } from '../../worker/pipeline/mappings';
import { automap } from '../../worker/pipeline/middlewares/automap';
import { classify } from '../../worker/pipeline/middlewares/classify';
import { deduplicate } from '../../worker/pipeline/middlewares/deduplicate';
import { deletionGate } from '../../worker/pipeline/middlewares/deletion-gate';
import { entryLimit } from '../../worker/pipeline/middlewares/entry-limit';
import { execute, type ExecuteSettings } from '../../worker/pipeline/middlewares/execute';
import { findDifferences } from '../../worker/pipeline/middlewares/find-differences';
import { keepFullFolders } from '../../worker/pipeline/middlewares/keep-full-folders';
import { quarantineFlips } from '../../worker/pipeline/middlewares/quarantine-flips';
import {
  plainHandlers,
  resolveConflicts,
  type ResolveConflictsSettings,
} from '../../worker/pipeline/middlewares/resolve-conflicts';
import { resolveLinked } from '../../worker/pipeline/middlewares/resolve-linked';
import { sizeLimit } from '../../worker/pipeline/middlewares/size-limit';
import type { Middleware } from '../../worker/pipeline/pipeline';
import { tombstone } from '../../worker/pipeline/source';
import { deletedState, type State } from '../../worker/pipeline/state';
import type { Item, Place } from '../../worker/pipeline/system';
import { createMemoryMappings } from './memory-mappings';
import { createMemorySystem } from './memory-system';

const live = (fields: Fields = {}, place: Place | null = null): State => ({ isActive: true, fields, place });
const item = (key: string, state: Partial<State> = {}): Item => ({
  ...tombstone(key),
  revision: 'r1',
  isActive: true,
  ...state,
});

describe('automap', () => {
  const open = () => {
    const systems = { here: createMemorySystem('a'), there: createMemorySystem('b') };
    return { systems, mappings: createMemoryMappings(), mentioned: () => undefined, matchFields: ['Serial'] };
  };

  test('finds the other item by its key', async () => {
    const settings = open();
    const key = settings.systems.here.add('F', { fields: { Serial: 'S' } });
    const mapping = await settings.mappings.save(null, {
      keys: { here: key, there: 'b9' },
      agreed: live({ Serial: 'S' }),
      revisions: { here: null, there: null },
    });
    const entry = createEntry('there', item('b9'), 0);
    expect(await passes(automap(settings), entry)).toBe(true);
    expect(entry).toMatchObject({ mapping, agreed: mapping.agreed, views: { here: { item: { key } } } });
  });

  test('then by the fields that match, and keeps the mapping', async () => {
    const settings = open();
    const key = settings.systems.here.add('X', { fields: { Serial: 'S' } });
    const entry = createEntry('there', item('b1', { fields: { Serial: 'S' } }), 0);
    expect(await passes(automap(settings), entry)).toBe(true);
    expect(entry.views.here.item?.key).toBe(key);
    expect(await settings.mappings.byKey('there', 'b1')).toMatchObject({ keys: { here: key }, agreed: null });
  });

  test('then by the place', async () => {
    const settings = open();
    const key = settings.systems.here.add('F');
    const entry = createEntry('there', item('b1', { place: { parent: null, name: 'F' } }), 0);
    await passes(automap(settings), entry);
    expect(entry.views.here.item?.key).toBe(key);
  });

  test('takes a folder for no document, and an item that is another one’s for nobody', async () => {
    const settings = open();
    settings.systems.here.add('F', { isFolder: true });
    const taken = settings.systems.here.add('G', { fields: { Serial: 'S' } });
    await settings.mappings.save(null, {
      keys: { here: taken, there: 'b7' },
      agreed: live(),
      revisions: { here: null, there: null },
    });
    const particulars = { place: { parent: null, name: 'F' }, fields: { Serial: 'S' } };
    const entry = createEntry('there', item('b1', particulars), 0);
    expect(await passes(automap(settings), entry)).toBe(true);
    expect(entry).toMatchObject({ mapping: null, views: { here: { item: null } } });
  });

  test('of several candidates makes a conflict, and creates nothing', async () => {
    const settings = open();
    settings.systems.here.add('F', { fields: { Serial: 'S' } });
    settings.systems.here.add('G', { fields: { Serial: 'S' } });
    const entry = createEntry('there', item('b1', { fields: { Serial: 'S' } }), 0);
    expect(await passes(automap(settings), entry)).toBe(false);
    expect(entry.verdict).toBe('conflict');
    expect(settings.mappings.stored.size).toBe(0);
  });
});

describe('resolve-linked', () => {
  test('names folders and links by their mappings, so that both sides speak alike', async () => {
    const mappings = createMemoryMappings();
    const keys = { here: 'a1', there: 'b1' };
    const { id } = await mappings.save(null, {
      keys,
      agreed: live(),
      revisions: { here: null, there: null },
    });
    const entry = createEntry('here', item('a2'), 0);
    entry.views = {
      here: view(item('a2', live({ Product: 'a1', Note: 'a1' }, { parent: 'a1', name: 'F' }))),
      there: view(item('b2', live({ Product: 'b1', Note: 'b1' }, { parent: 'b1', name: 'F' }))),
    };
    const settings = { mappings, links: ['Product'], prototype: ['Product'] };
    expect(await passes(resolveLinked(settings), entry)).toBe(true);
    expect(entry.views.here.state).toEqual(live({ Product: id }, { parent: id, name: 'F' }));
    expect(entry.views.there.state).toEqual(entry.views.here.state);
  });

  test.each([
    ['a folder', { place: { parent: 'a9', name: 'F' } }],
    ['a link', { fields: { Product: 'a9' } }],
  ])('lets an entry wait for %s that nobody knows yet', async (_, particulars) => {
    const entry = seen({ here: item('a2', particulars) });
    const settings = { mappings: createMemoryMappings(), links: ['Product'], prototype: null };
    expect(await passes(resolveLinked(settings), entry)).toBe(false);
    expect(entry).toMatchObject({ startsAnew: true, verdict: undefined });
  });
});

describe('deduplicate', () => {
  const turns: Record<string, number> = { 'here a1': 3, 'there b1': 99 };
  const lastTurn = (side: Side, key: string) => turns[`${side} ${key}`] ?? -1;

  test.each([
    ['here', 'a1', 2, 'duplicate'],
    ['here', 'a1', 3, 'duplicate'],
    ['there', 'b1', 98, 'duplicate'],
    ['there', 'b1', 99, undefined],
  ] as const)('%s %s at turn %i: %s', async (side, key, turn, verdict) => {
    const entry = createEntry(side, item(key), turn);
    entry.mapping = mappingOf({ here: 'a1', there: 'b1' });
    await passes(deduplicate({ lastTurn }), entry);
    expect(entry.verdict).toBe(verdict);
  });
});

describe('entry-limit', () => {
  test('soft: those above it need an approval, and are still looked at', async () => {
    const limit = entryLimit({ kind: 'soft', allowed: () => 2 });
    const entries = [0, 1, 2, 3].map((turn) => createEntry('here', item(`a${turn}`), turn));
    for (const entry of entries) expect(await passes(limit, entry)).toBe(true);
    expect(entries.map(({ needs }) => needs)).toEqual([null, null, 'changes', 'changes']);
  });

  test('hard: those above it are skipped, and still counted', async () => {
    const limit = entryLimit({ kind: 'hard', allowed: () => 1 });
    const entries = [0, 1, 2].map((turn) => createEntry('here', item(`a${turn}`), turn));
    for (const entry of entries) await passes(limit, entry);
    expect(entries.map(({ verdict }) => verdict)).toEqual([undefined, 'skipped', 'skipped']);
  });

  test('what waited before goes on waiting, and what another limit is about is let through', async () => {
    const standings = { a0: 'waiting', a1: 'exempt', a2: 'counted', a3: 'counted' } as const;
    const standing = ({ mention }: Entry) => standings[mention.key as keyof typeof standings];
    const limit = entryLimit({ kind: 'soft', allowed: () => 1, standing });
    const entries = [0, 1, 2, 3].map((turn) => createEntry('here', item(`a${turn}`), turn));
    for (const entry of entries) await passes(limit, entry);
    expect(entries.map(({ needs }) => needs)).toEqual(['changes', null, null, 'changes']);
  });

  test('counts an entry once, however often it starts anew', async () => {
    const limit = entryLimit({ kind: 'hard', allowed: () => 1 });
    const entry = createEntry('here', item('a1'), 0);
    await passes(limit, entry);
    entry.attempts = 2;
    expect(await passes(limit, entry)).toBe(true);
  });
});

describe('size-limit', () => {
  test.each([
    ['soft', [undefined, undefined, undefined], [null, null, 'changes']],
    ['hard', [undefined, undefined, 'skipped'], [null, null, null]],
  ] as const)('%s: adds up', async (kind, verdicts, needs) => {
    const limit = sizeLimit({ limit: { kind, allowed: () => 10 }, sizeOf: () => 5 });
    const entries = [0, 1, 2].map((turn) => createEntry('here', item(`a${turn}`), turn));
    for (const entry of entries) await passes(limit, entry);
    expect(entries.map(({ verdict }) => verdict)).toEqual(verdicts);
    expect(entries.map((entry) => entry.needs)).toEqual(needs);
  });
});

describe('classify', () => {
  const base = live({ Max: 4 }, { parent: 'm1', name: 'F' });

  test.each<[string, State | null, State | null, string]>([
    ['new', null, live({ Max: 4 }), 'new'],
    ['new again after a deletion', deletedState, live(), 'new'],
    ['changed', base, { ...base, fields: { Max: 5 } }, 'changed'],
    ['moved', base, { ...base, place: { parent: 'm2', name: 'F' } }, 'moved'],
    ['renamed', base, { ...base, place: { parent: 'm1', name: 'G' } }, 'moved'],
    ['deleted', base, deletedState, 'deleted'],
    ['gone without a trace', base, null, 'deleted'],
    ['unchanged', base, { ...base, fields: { Max: 4, Note: null } }, 'unchanged'],
    ['never there', null, null, 'unchanged'],
  ])('%s', async (_, agreed, state, change) => {
    const entry = stated(agreed, state, base);
    await passes(classify({ lead: null }), entry);
    expect(entry.changes.here).toBe(change);
  });

  test('our own write coming back is no change, whatever it looks like', async () => {
    const entry = stated(base, { ...base, fields: { Max: '4.0' } }, base);
    entry.mapping = { ...mappingOf({ here: 'a1', there: 'b1' }), revisions: { here: 'r1', there: null } };
    entry.views = { ...entry.views, here: { ...entry.views.here, item: item('a1') } };
    await passes(classify({ lead: null }), entry);
    expect(entry.changes.here).toBe('unchanged');
  });

  test('what both hold alike is decided', async () => {
    const same = { ...base, fields: { Max: 9 } };
    const entry = stated(base, same, same);
    await passes(classify({ lead: null }), entry);
    expect(entry.result).toEqual(same);
  });

  test('of a side that leads, all is a change and of the other nothing', async () => {
    const entry = stated(base, live({ Max: 9 }), live({ Max: 4 }));
    await passes(classify({ lead: 'there' }), entry);
    expect(entry.changes).toEqual({ here: 'unchanged', there: 'changed' });
  });
});

describe('find-differences', () => {
  test('tells field by field who changed it, of the prototype alone', async () => {
    const entry = stated(
      live({ A: 1, B: 1, C: 1, D: 1 }),
      live({ A: 2, B: 1, C: 2, D: 2 }),
      live({ A: 1, B: 3, C: 3, D: 3 }),
    );
    entry.changes = { here: 'changed', there: 'changed' };
    await passes(findDifferences({ prototype: ['A', 'B', 'C'] }), entry);
    expect(entry.differences.map(({ name, changedBy }) => [name, changedBy])).toEqual([
      ['A', 'one'],
      ['B', 'other'],
      ['C', 'both'],
    ]);
  });

  test('has nothing to tell where one side changed alone', async () => {
    const entry = stated(live({ A: 1 }), live({ A: 2 }), live({ A: 1 }));
    entry.changes = { here: 'changed', there: 'unchanged' };
    await passes(findDifferences({ prototype: null }), entry);
    expect(entry.differences).toEqual([]);
  });
});

describe('resolve-conflicts', () => {
  const base = live({ Min: 0, Max: 4, Name: 'A' });
  const ours = live({ Min: 0, Max: 5, Name: 'A' });
  const theirs = live({ Min: 1, Max: 6, Name: 'B' });

  test.each([
    ['here', live({ Min: 1, Max: 5, Name: 'B' }), 'here'],
    ['there', live({ Min: 1, Max: 6, Name: 'B' }), 'there'],
    ['newest', live({ Min: 1, Max: 6, Name: 'B' }), 'there'],
  ] as const)(
    '%s: the disputed field goes to one side, all other edits stay',
    async (policy, result, side) => {
      const entry = await resolved({ policy, handlers: plainHandlers(() => 'there') }, base, ours, theirs);
      expect(entry).toMatchObject({ result, conflict: { fields: ['Max'], resolution: side } });
    },
  );

  test('merge: a handler makes a value of both', async () => {
    const merge: ResolveConflictsSettings['handlers'] = {
      merge: (_, [difference]) => ({ values: { Max: Number(difference?.one) + Number(difference?.other) } }),
    };
    const entry = await resolved({ policy: 'merge', handlers: merge }, base, ours, theirs);
    expect(entry).toMatchObject({ result: live({ Min: 1, Max: 11, Name: 'B' }) });
  });

  test('manual: it waits for someone, and keeps what both hold', async () => {
    const entry = await resolved({ policy: 'manual' }, base, ours, theirs);
    expect(entry).toMatchObject({
      verdict: 'conflict',
      result: undefined,
      conflict: { fields: ['Max'], resolution: null },
      views: { here: { state: ours }, there: { state: theirs } },
    });
  });

  test('without a handler it is told, and left as it is', async () => {
    const told: string[] = [];
    const onUnhandled = (_: Entry, policy: string) => told.push(policy);
    const entry = await resolved({ policy: 'merge', handlers: {}, onUnhandled }, base, ours, theirs);
    expect(entry).toMatchObject({ verdict: 'untouched', result: undefined });
    expect(told).toEqual(['merge']);
  });

  test('a group of fields is decided as one, also where each side changed another field of it', async () => {
    const fieldGroups = [{ fields: ['Min', 'Max'], policy: 'here' as const }];
    const entry = await resolved(
      { policy: 'there', fieldGroups },
      base,
      ours,
      live({ Min: 1, Max: 4, Name: 'B' }),
    );
    expect(entry).toMatchObject({
      result: live({ Min: 0, Max: 5, Name: 'B' }),
      conflict: { fields: ['Min', 'Max'], resolution: 'here' },
    });
  });

  test('two moves are a dispute about the place; a move and a change are none', async () => {
    const at = (parent: string, fields: Fields = {}) => live(fields, { parent, name: 'F' });
    const moved = await resolved({ policy: 'there' }, at('m1'), at('m2'), at('m3'));
    expect(moved).toMatchObject({ result: at('m3'), conflict: { fields: ['place'], resolution: 'there' } });
    const both = await resolved({ policy: 'manual' }, at('m1'), at('m2'), at('m1', { A: 1 }));
    expect(both).toMatchObject({ result: at('m2', { A: 1 }), conflict: null });
  });

  test.each([
    ['newest', true],
    ['merge', true],
    ['here', false],
    ['there', true],
    ['manual', undefined],
  ] as const)('a deletion here against a change there, %s', async (policy, lives) => {
    const entry = await resolved({ policy }, base, deletedState, theirs);
    expect(entry.result?.isActive).toBe(lives);
    expect(entry.conflict?.fields).toEqual([]);
  });

  async function resolved(
    settings: Partial<ResolveConflictsSettings>,
    agreed: State,
    here: State,
    there: State,
  ): Promise<Entry> {
    const entry = stated(agreed, here, there);
    await passes(classify({ lead: null }), entry);
    await passes(findDifferences({ prototype: null }), entry);
    const standard: ResolveConflictsSettings = {
      policy: 'newest',
      fieldGroups: [],
      handlers: plainHandlers(() => 'here'),
      onUnhandled: () => undefined,
    };
    await passes(resolveConflicts({ ...standard, ...settings }), entry);
    return entry;
  }
});

describe('quarantine-flips', () => {
  test.each([
    ['back for the third time', [4, 3, 4, 3], 4, 'quarantined'],
    ['back for the second time', [4, 3, 4], 3, undefined],
    ['on and on', [4, 5, 6, 7], 8, undefined],
    ['another field besides', [4, 3, 4, 3], 3, undefined],
  ])('%s', async (_, before, now, verdict) => {
    const entry = stated(
      live({ Max: before.at(-1) ?? 0 }),
      live({ Max: before.at(-1) ?? 0 }),
      live({ Max: now, N: 1 }),
    );
    entry.result = live({ Max: now, N: 1 });
    const recentVersions = () => Promise.resolve(before.map((Max) => ({ Max })));
    await passes(quarantineFlips({ recentVersions, flips: 3 }), entry);
    expect(entry.verdict).toBe(verdict);
  });
});

describe('execute', () => {
  test('brings the side that is behind to the result, and records the agreement', async () => {
    const settings = executing();
    const key = settings.systems.there.add('F', { fields: { Max: 4 } });
    const theirs = await settings.systems.there.fetch(key);
    const entry = seen({ here: item('a1', live({ Max: 5 })), there: theirs });
    entry.result = live({ Max: 5 });
    await passes(execute(settings), entry);
    expect(entry).toMatchObject({ verdict: 'updated', operations: [{ side: 'there', op: 'update' }] });
    expect(await settings.systems.there.fetch(key)).toMatchObject({ fields: { Max: 5 } });
    expect(entry.mapping).toMatchObject({ agreed: live({ Max: 5 }), keys: { here: 'a1', there: key } });
  });

  test('leaves deletions to the second stage', async () => {
    const entry = seen({ here: item('a1'), there: null });
    entry.result = deletedState;
    await passes(execute(executing()), entry);
    expect(entry).toMatchObject({ isDestructive: true, verdict: undefined, operations: [] });
  });

  test('starts anew where someone else wrote in between', async () => {
    const settings = executing();
    const key = settings.systems.there.add('F');
    const entry = seen({ here: item('a1', live({ Max: 5 })), there: { ...item(key), revision: 'old' } });
    entry.result = live({ Max: 5 });
    await passes(execute(settings), entry);
    expect(entry).toMatchObject({ startsAnew: true, verdict: undefined });
  });

  test('holds what needs an approval, until exactly that is approved', async () => {
    const settings = executing();
    const held = () => {
      const entry = seen({ here: item('a1', live({ Max: 5 })), there: null });
      entry.result = live({ Max: 5 });
      entry.needs = 'changes';
      return entry;
    };
    const first = held();
    await passes(execute(settings), first);
    expect(first.verdict).toBe('held');
    const approved = new Set([signatureOf(first)]);
    const second = held();
    await passes(execute({ ...settings, approved }), second);
    expect(second.verdict).toBe('created');
    const other = held();
    other.result = live({ Max: 6 });
    await passes(execute({ ...settings, approved }), other);
    expect(other.verdict).toBe('held');
  });

  function executing() {
    const systems = { here: createMemorySystem('a'), there: createMemorySystem('b') };
    const settings = {
      systems,
      mappings: createMemoryMappings(),
      links: [],
      prototype: null,
      destroys: false,
      approved: new Set<string>(),
    } satisfies ExecuteSettings;
    return settings;
  }
});

describe('deletion-gate', () => {
  test.each([
    ['few', 2, 10, null, false],
    ['many, but a small share', 3, 10, null, false],
    ['more than both', 6, 10, null, true],
    ['all of a few', 2, 2, null, false],
    ['one side emptied', 2, 2, 2, true],
    ['one side nearly emptied', 2, 3, 2, false],
  ])('%s', async (_, deletions, before, emptiedFrom, isHeld) => {
    const destructive = Array.from({ length: deletions }, (__, turn) =>
      createEntry('here', item(`a${turn}`), turn),
    );
    const limit = {
      kind: 'soft' as const,
      count: 2,
      share: 0.5,
      emptiedFrom,
      total: () => Promise.resolve(before),
    };
    const gate = deletionGate({ limit, destructive, approved: new Set() });
    for (const entry of destructive) expect(await passes(gate, entry)).toBe(!isHeld);
    expect(destructive[0]?.needs).toBe(isHeld ? 'deletions' : null);
  });

  test('hard: skips them all', async () => {
    const entry = createEntry('here', item('a1'), 0);
    const limit = {
      kind: 'hard' as const,
      count: 0,
      share: 0,
      emptiedFrom: null,
      total: () => Promise.resolve(9),
    };
    await passes(deletionGate({ limit, destructive: [entry], approved: new Set() }), entry);
    expect(entry).toMatchObject({ verdict: 'skipped', needs: null });
  });

  test('does not count what was approved', async () => {
    const [first, second] = [createEntry('here', item('a1'), 0), createEntry('here', item('a2'), 1)];
    const limit = {
      kind: 'soft' as const,
      count: 1,
      share: 0,
      emptiedFrom: null,
      total: () => Promise.resolve(9),
    };
    const gate = deletionGate({
      limit,
      destructive: [first, second],
      approved: new Set([signatureOf(first)]),
    });
    expect([await passes(gate, first), await passes(gate, second)]).toEqual([true, true]);
  });
});

describe('keep-full-folders', () => {
  test('lets an empty folder go, and keeps one that is not', async () => {
    const systems = { here: createMemorySystem('a'), there: createMemorySystem('b') };
    const empty = systems.here.add('E', { isFolder: true });
    const full = systems.here.add('F', { isFolder: true });
    systems.here.add('I', { parent: full });
    const results: (boolean | undefined)[] = [];
    for (const key of [empty, full]) {
      const entry = seen({ here: await systems.here.fetch(key), there: null });
      entry.result = deletedState;
      await passes(keepFullFolders({ systems, unfinished: [] }), entry);
      results.push(entry.result.isActive);
    }
    expect(results).toEqual([false, true]);
  });

  test('holds a folder out of which a move failed, and the folder around it', async () => {
    const systems = { here: createMemorySystem('a'), there: createMemorySystem('b') };
    const failed = createEntry('here', item('a9'), 0);
    failed.agreed = live({}, { parent: 'm2', name: 'I' });
    const middleware = keepFullFolders({ systems, unfinished: [failed] });
    const folder = (id: string, parent: string | null) => {
      const entry = seen({ here: item('a1', { place: { parent: null, name: 'x' } }), there: null });
      entry.views = {
        ...entry.views,
        here: { ...entry.views.here, item: { ...item('a1'), isFolder: true } },
      };
      entry.mapping = { ...mappingOf({ here: 'a1', there: 'b1' }), id };
      entry.agreed = live({}, { parent, name: 'x' });
      entry.result = deletedState;
      return entry;
    };
    const [inner, outer] = [folder('m2', 'm1'), folder('m1', null)];
    await passes(middleware, inner);
    await passes(middleware, outer);
    expect([inner.verdict, outer.verdict]).toEqual(['held', 'held']);
  });
});

/** Runs one step alone. True: it let the entry go on. */
async function passes(middleware: Middleware, entry: Entry): Promise<boolean> {
  let isPassed = false;
  await middleware(entry, () => {
    isPassed = true;
    return Promise.resolve();
  });
  return isPassed;
}

function view(shown: Item | null) {
  return { item: shown, state: shown };
}

function seen({ here, there = null }: { here: Item | null; there?: Item | null }): Entry {
  const entry = createEntry('here', here ?? tombstone('a1'), 0);
  entry.views = { here: view(here), there: view(there) };
  return entry;
}

function stated(agreed: State | null, here: State | null, there: State | null): Entry {
  const entry = createEntry('here', item('a1'), 0);
  entry.agreed = agreed;
  entry.views = { here: { item: null, state: here }, there: { item: null, state: there } };
  return entry;
}

function mappingOf(keys: Mapping['keys']): Mapping {
  return { id: 'm1', keys, agreed: null, revisions: { here: null, there: null } };
}
