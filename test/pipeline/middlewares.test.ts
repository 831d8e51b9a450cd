import type { Fields } from '../../shared/domain/merge-copy';
import { signatureOf } from '../../worker/pipeline/approval';
import { type Calls, callSystems, createHalt } from '../../worker/pipeline/calls';
import {
  type Classified,
  type Compared,
  createEntry,
  type Decided,
  type Found,
  type Mentioned,
  type Resolved,
} from '../../worker/pipeline/entry';
import type { End, Link } from '../../worker/pipeline/links';
import type { PerSide, Side } from '../../worker/pipeline/sides';
import { automap } from '../../worker/pipeline/middlewares/automap';
import { classify } from '../../worker/pipeline/middlewares/classify';
import { deduplicate } from '../../worker/pipeline/middlewares/deduplicate';
import { deletionGate } from '../../worker/pipeline/middlewares/deletion-gate';
import { entryLimit } from '../../worker/pipeline/middlewares/entry-limit';
import { execute, type ExecuteSettings } from '../../worker/pipeline/middlewares/execute';
import { findDifferences } from '../../worker/pipeline/middlewares/find-differences';
import { keepFullFolders } from '../../worker/pipeline/middlewares/keep-full-folders';
import { quarantineFlips } from '../../worker/pipeline/middlewares/quarantine-flips';
import { resolveConflicts } from '../../worker/pipeline/middlewares/resolve-conflicts';
import { resolveLinked } from '../../worker/pipeline/middlewares/resolve-linked';
import { sizeLimit } from '../../worker/pipeline/middlewares/size-limit';
import type { Middleware } from '../../worker/pipeline/pipeline';
import { plainHandlers, type ResolveConflictsSettings } from '../../worker/pipeline/policies';
import { deletedState, type State } from '../../worker/pipeline/state';
import { type Item, type Place, tombstone } from '../../worker/pipeline/system';
import { approvedBy } from './approvals';
import { createMemoryLinks, type MemoryLinks } from './memory-links';
import { standardRules } from './pair';
import { createRemote, type Remote } from './remote';

const live = (fields: Fields = {}, place: Place | null = null) => ({ isActive: true, fields, place });
const item = (key: string, state: Partial<Item> | Omit<State, 'content'> = {}): Item => ({
  ...tombstone(key),
  revision: 'r1',
  isActive: true,
  ...state,
});

const names = { here: null, there: null };

describe('automap', () => {
  const open = () => {
    const { remotes, systems, links } = opened();
    const mentioned = () => undefined;
    return {
      remotes,
      settings: { systems, links, mentioned, matchFields: ['Serial'], signal: new AbortController().signal },
    };
  };
  const mentionedThere = (particulars: Partial<Item>, link: Link | null = null) =>
    Object.assign(entryOf(item('b1', particulars), 0, 'there'), { link });

  test('finds the other item by the link', async () => {
    const { remotes, settings } = open();
    const key = remotes.here.add('F', { fields: { Serial: 'S' } });
    const link = linkOf(key, 'b1', live({ Serial: 'S' }));
    const found = await passed(automap(settings), mentionedThere({}, link));
    expect(found?.items.here?.key).toBe(key);
    expect(found?.isJoined).toBe(false);
  });

  test('finds it by the match fields next, and stores nothing before something is decided', async () => {
    const { remotes, settings } = open();
    const key = remotes.here.add('X', { fields: { Serial: 'S' } });
    remotes.there.add('Y', { fields: { Serial: 'S' } });
    const found = await passed(automap(settings), mentionedThere({ fields: { Serial: 'S' } }));
    expect(found).toMatchObject({ items: { here: { key } }, isJoined: true, link: null });
    expect(settings.links.stored.size).toBe(0);
  });

  test('finds it by the place after that', async () => {
    const { remotes, settings } = open();
    const key = remotes.here.add('F');
    const found = await passed(automap(settings), mentionedThere({ place: { parent: null, name: 'F' } }));
    expect(found?.items.here?.key).toBe(key);
  });

  test('does not match a folder with a document, nor an item that already has a link', async () => {
    const { remotes, settings } = open();
    remotes.here.add('F', { isFolder: true });
    const taken = remotes.here.add('G', { fields: { Serial: 'S' } });
    await linked(settings.links, taken, 'b7');
    const particulars = { place: { parent: null, name: 'F' }, fields: { Serial: 'S' } };
    const found = await passed(automap(settings), mentionedThere(particulars));
    expect(found).toMatchObject({ link: null, items: { here: null } });
  });

  test.each(['here', 'there'] as const)('reports a conflict for two candidates %s', async (side) => {
    const { remotes, settings } = open();
    for (const one of ['here', 'there'] as const)
      for (let count = one === side ? 2 : 1; count > 0; count--)
        remotes[one].add(`F${count}`, { fields: { Serial: 'S' } });
    const entry = mentionedThere({ fields: { Serial: 'S' } });
    expect(await passed(automap(settings), entry)).toBeNull();
    expect(entry).toMatchObject({ verdict: 'conflict', conflict: { kind: 'match' } });
    expect(entry.conflict?.candidates?.[side]).toHaveLength(2);
  });
});

describe('resolve-linked', () => {
  test('replaces folders and linked items by the ids of their links, so that both sides use the same ids', async () => {
    const { systems, links } = opened();
    const { id } = await linked(links, 'a1', 'b1');
    const place = (parent: string) => ({ parent, name: 'F' });
    const entry = foundOf({
      here: item('a2', live({ Product: 'a1', Note: 'a1' }, place('a1'))),
      there: item('b2', live({ Product: 'b1', Note: 'b1' }, place('b1'))),
    });
    const words = { links, linkFields: ['Product'], prototype: ['Product'] };
    const resolved = await passed(resolveLinked({ systems, words }), entry);
    expect(resolved?.states.here).toEqual(live({ Product: id }, place(id)));
    expect(resolved?.states.there).toEqual(resolved?.states.here);
  });

  test.each([
    ['a folder', { place: { parent: 'a9', name: 'F' } }, null],
    ['a link', { fields: { Product: 'a9' } }, 'Product'],
  ])('lets an entry wait for %s that is not known yet', async (_, particulars, field) => {
    const { systems, links } = opened();
    const entry = foundOf({ here: item('a2', particulars) });
    const words = { links, linkFields: ['Product'], prototype: null };
    expect(await passed(resolveLinked({ systems, words }), entry)).toBeNull();
    expect(entry).toMatchObject({ waitsFor: { side: 'here', key: 'a9', field }, verdict: undefined });
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
    const entry = foundOf({}, { entry: entryOf(item(key), turn, side), link: linkOf('a1', 'b1') });
    await passed(deduplicate({ lastTurn }), entry);
    expect(entry.verdict).toBe(verdict);
  });
});

describe('entry-limit', () => {
  test('sends entries above a soft limit to an approval, and still examines them', async () => {
    const limit = entryLimit({ kind: 'soft', allowed: () => 2 });
    const entries = [0, 1, 2, 3].map((turn) => entryOf(item(`a${turn}`), turn));
    for (const entry of entries) expect(await passed(limit, entry)).not.toBeNull();
    expect(entries.map(({ needs }) => needs)).toEqual([null, null, 'changes', 'changes']);
  });

  test('skips entries above a hard limit, and still counts them', async () => {
    const limit = entryLimit({ kind: 'hard', allowed: () => 1 });
    const entries = [0, 1, 2].map((turn) => entryOf(item(`a${turn}`), turn));
    for (const entry of entries) await passed(limit, entry);
    expect(entries.map(({ verdict }) => verdict)).toEqual([undefined, 'skipped', 'skipped']);
  });

  test('keeps waiting entries waiting, and does not stop entries that another limit concerns', async () => {
    const standings = { a0: 'waiting', a1: 'exempt', a2: 'counted', a3: 'counted' } as const;
    const standing = ({ mention }: Mentioned) => standings[mention.key as keyof typeof standings];
    const limit = entryLimit({ kind: 'soft', allowed: () => 1, standing });
    const entries = [0, 1, 2, 3].map((turn) => entryOf(item(`a${turn}`), turn));
    for (const entry of entries) await passed(limit, entry);
    expect(entries.map(({ needs }) => needs)).toEqual(['changes', null, null, 'changes']);
  });

  test('counts each group by itself, and not the entries to which nothing was written', async () => {
    const limit = entryLimit<Mentioned>({
      kind: 'soft',
      allowed: ({ mention }) => (mention.key.startsWith('a') ? 2 : 1),
      groupOf: ({ mention }) => mention.key.slice(0, 1),
      counts: ({ verdict }) => verdict !== 'unchanged',
    });
    const entries = ['a0', 'a1', 'b0', 'a2', 'a3', 'b1'].map((key, turn) => entryOf(item(key), turn));
    for (const entry of entries)
      await limit(entry, (one) => {
        if (one.mention.key === 'a0') one.verdict = 'unchanged';
        return Promise.resolve();
      });
    expect(entries.map(({ needs }) => needs)).toEqual([null, null, null, null, 'changes', 'changes']);
  });

  test('counts an entry once, however often it is restarted', async () => {
    const limit = entryLimit({ kind: 'hard', allowed: () => 1 });
    const entry = entryOf(item('a1'), 0);
    await passed(limit, entry);
    expect(await passed(limit, { ...entry, attempts: 2 })).not.toBeNull();
  });
});

describe('size-limit', () => {
  test.each([
    ['soft', [undefined, undefined, undefined], [null, null, 'changes']],
    ['hard', [undefined, undefined, 'skipped'], [null, null, null]],
  ] as const)('%s: adds up', async (kind, verdicts, needs) => {
    const limit = sizeLimit({ limit: { kind, allowed: () => 10 }, each: null, sizeOf: () => 5 });
    const entries = [0, 1, 2].map((turn) => entryOf(item(`a${turn}`), turn));
    for (const entry of entries) await passed(limit, entry);
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
    const entry = await classified(agreed, state, base);
    expect(entry.changes.here).toBe(change);
  });

  test('a write of ours that comes back is no change, in whatever form it comes', async () => {
    const entry = stated(base, { ...base, fields: { Max: '4.0' } }, base);
    const link = linkOf('a1', 'b1', base, 'r1');
    const shown = { ...entry, link, items: { here: item('a1'), there: null } };
    const { changes } = await sure(classify({ lead: null, names }), shown);
    expect(changes.here).toBe('unchanged');
  });

  test('each side is compared with its own last known state', async () => {
    const entry = { ...stated(base, live({ N: ' A ' }), live({ N: 'A' })) };
    const bases = { here: live({ N: ' A ' }), there: live({ N: 'A' }) };
    const { changes } = await sure(classify({ lead: null, names }), { ...entry, bases });
    expect(changes).toEqual({ here: 'unchanged', there: 'unchanged' });
  });

  test('values that are equal on both sides are recognised as equal', async () => {
    const same = { ...base, fields: { Max: 9 } };
    expect((await classified(base, same, same)).isAlike).toBe(true);
    expect((await classified(base, same, base)).isAlike).toBe(false);
  });

  test('if one side leads, all its values count as changed, and no value of the other side', async () => {
    const entry = stated(base, live({ Max: 9 }), live({ Max: 4 }));
    const { changes } = await sure(classify({ lead: 'there', names }), entry);
    expect(changes).toEqual({ here: 'unchanged', there: 'changed' });
  });
});

describe('find-differences', () => {
  const settings = { prototype: null, flows: {} };

  test('finds for each field of the prototype which side changed it', async () => {
    const entry = await classified(
      live({ A: 1, B: 1, C: 1, D: 1 }),
      live({ A: 2, B: 1, C: 2, D: 2 }),
      live({ A: 1, B: 3, C: 3, D: 3 }),
    );
    const compared = await sure(findDifferences({ ...settings, prototype: ['A', 'B', 'C'] }), entry);
    expect(compared.differences.map(({ name, changedBy }) => [name, changedBy])).toEqual([
      ['A', 'one'],
      ['B', 'other'],
      ['C', 'both'],
    ]);
  });

  test('takes the whole copy if only one side changed', async () => {
    const entry = await classified(live({ A: 1 }), live({ A: 2 }), live({ A: 1 }));
    const compared = await sure(findDifferences(settings), entry);
    expect(compared).toMatchObject({ differences: [], takesAllOf: 'here' });
  });

  test('finds no difference in a field that neither side changed', async () => {
    const entry = {
      ...stated(null, live({ N: ' A ', M: 2 }), live({ N: 'A', M: 1 })),
      bases: { here: live({ N: ' A ', M: 1 }), there: live({ N: 'A', M: 1 }) },
    };
    const compared = await sure(
      findDifferences(settings),
      await sure(classify({ lead: null, names }), entry),
    );
    expect(compared.differences.map(({ name }) => name)).toEqual(['M']);
  });
});

describe('resolve-conflicts', () => {
  const base = live({ Min: 0, Max: 4, Name: 'A' });
  const ours = live({ Min: 0, Max: 5, Name: 'A' });
  const theirs = live({ Min: 1, Max: 6, Name: 'B' });
  const both = (state: State) => ({ here: state, there: state });

  test.each([
    ['here', live({ Min: 1, Max: 5, Name: 'B' }), 'here'],
    ['there', live({ Min: 1, Max: 6, Name: 'B' }), 'there'],
    ['newest', live({ Min: 1, Max: 6, Name: 'B' }), 'there'],
  ] as const)(
    '%s gives the disputed field to one side, and all other edits stay',
    async (policy, result, side) => {
      const entry = await resolved({ policy, handlers: plainHandlers(() => 'there') }, base, ours, theirs);
      expect(entry).toMatchObject({ results: both(result), conflict: { fields: ['Max'], resolution: side } });
    },
  );

  test('a handler merges both values with the policy merge', async () => {
    const merge: ResolveConflictsSettings['handlers'] = {
      merge: (_, [difference]) => ({ values: { Max: Number(difference?.one) + Number(difference?.other) } }),
    };
    const entry = await resolved({ policy: 'merge', handlers: merge }, base, ours, theirs);
    expect(entry).toMatchObject({ results: both(live({ Min: 1, Max: 11, Name: 'B' })), isMadeOfBoth: true });
  });

  test('a group of fields may have a handler of its own', async () => {
    const fieldGroups = [{ fields: ['Max'], policy: 'merge' as const, handler: () => 'there' as const }];
    const entry = await resolved({ policy: 'here', fieldGroups }, base, ours, theirs);
    expect(entry.results?.here.fields['Max']).toBe(6);
  });

  test('the entity waits for a decision with the policy manual, and both sides keep their values', async () => {
    const entry = await resolved({ policy: 'manual', parks: 'entity' }, base, ours, theirs);
    expect(entry).toMatchObject({
      verdict: 'conflict',
      conflict: { fields: ['Max'], resolution: null },
      states: { here: ours, there: theirs },
    });
    expect(entry.results).toBeUndefined();
  });

  test('only the disputed field waits with the policy manual, and the others are synchronised, if the settings say so', async () => {
    const entry = await resolved({ policy: 'manual', parks: 'fields' }, base, ours, theirs);
    expect(entry).toMatchObject({
      open: ['Max'],
      conflict: { fields: ['Max'], resolution: null },
      results: { here: live({ Min: 1, Max: 5, Name: 'B' }), there: theirs },
    });
  });

  test('a decision of a person comes before the policy', async () => {
    const decided = (_: Compared, disputed: readonly string[]) => (disputed.includes('Max') ? 'there' : null);
    const entry = await resolved({ policy: 'manual', decided }, base, ours, theirs);
    expect(entry).toMatchObject({ results: both(theirs), open: [] });
  });

  test('a dispute without a handler is reported, and both sides stay as they are', async () => {
    const told: string[] = [];
    const onUnhandled = (_: Compared, policy: string) => told.push(policy);
    const entry = await resolved({ policy: 'merge', handlers: {}, onUnhandled }, base, ours, theirs);
    expect(entry.verdict).toBe('untouched');
    expect(entry.results).toBeUndefined();
    expect(told).toEqual(['merge']);
  });

  test('a group of fields is decided as one, even if each side changed another field of it', async () => {
    const fieldGroups = [{ fields: ['Min', 'Max'], policy: 'here' as const }];
    const changed = live({ Min: 1, Max: 4, Name: 'B' });
    const entry = await resolved({ policy: 'there', fieldGroups }, base, ours, changed);
    expect(entry).toMatchObject({
      results: both(live({ Min: 0, Max: 5, Name: 'B' })),
      conflict: { fields: ['Min', 'Max'], resolution: 'here' },
    });
  });

  test.each([
    ['to-there', 4, 5],
    ['to-here', 6, 6],
  ] as const)('a field that flows %s', async (flow, here, there) => {
    const changedThere = flow === 'to-here';
    const entry = await resolved(
      { flows: { Max: flow } },
      base,
      changedThere ? live({ Min: 9, Max: 4, Name: 'A' }) : live({ Min: 0, Max: 4, Name: 'Z' }),
      changedThere ? live({ Min: 0, Max: 6, Name: 'A' }) : live({ Min: 0, Max: 5, Name: 'A' }),
    );
    expect([entry.results?.here.fields['Max'], entry.results?.there.fields['Max']]).toEqual([here, there]);
  });

  test('two moves are a dispute about the place, but a move and a change or a move and a rename are no dispute', async () => {
    const at = (parent: string, fields: Fields = {}, name = 'F') => live(fields, { parent, name });
    const moved = await resolved({ policy: 'there' }, at('m1'), at('m2'), at('m3'));
    expect(moved).toMatchObject({
      results: both(at('m3')),
      conflict: { fields: ['place'], resolution: 'there' },
    });
    const changed = await resolved({ policy: 'manual' }, at('m1'), at('m2'), at('m1', { A: 1 }));
    expect(changed).toMatchObject({ results: both(at('m2', { A: 1 })), conflict: null });
    const renamed = await resolved({ policy: 'manual' }, at('m1'), at('m2'), at('m1', {}, 'G'));
    expect(renamed).toMatchObject({ results: both(at('m2', {}, 'G')), conflict: null });
  });

  test.each([
    ['restore', true],
    ['delete', false],
    ['here', false],
    ['there', true],
    ['manual', undefined],
  ] as const)('a deletion here against a change there, %s', async (againstChange, lives) => {
    const { unchanged } = standardRules.deletionPolicies;
    const deletionPolicies = { unchanged, againstChange };
    const entry = await resolved({ deletionPolicies }, base, deletedState, theirs);
    expect(entry.results?.here.isActive).toBe(lives);
    expect(entry.conflict).toMatchObject({ kind: 'deletion', fields: [] });
  });

  test.each([
    ['propagate', { here: false, there: false }, null],
    ['restore', { here: true, there: true }, null],
    ['mark', { here: false, there: true }, null],
    ['ask', { here: false, there: false }, 'deletions'],
  ] as const)('a deletion here of an item that is unchanged there, %s', async (policy, lives, needs) => {
    const unchanged = { here: policy, there: 'propagate' as const };
    const deletionPolicies = { unchanged, againstChange: 'restore' as const };
    const { results, needs: asked } = await resolved({ deletionPolicies }, base, deletedState, base);
    expect({ here: results?.here.isActive, there: results?.there.isActive }).toEqual(lives);
    expect(asked).toBe(needs);
  });

  test.each([
    ['manual', undefined, ['B', 'C']],
    ['here', { A: 1, B: 2, C: 3 }, undefined],
    ['fill-empty', undefined, ['B', 'C']],
  ] as const)('two items that were just matched and differ, %s', async (initial, fields, disputed) => {
    const joined = {
      ...stated(null, live({ A: 1, B: 2, C: 3 }), live({ A: 1, B: 5, C: 6 })),
      isJoined: true,
    };
    const entry = await resolvedFrom({ initial }, joined);
    expect(entry.results?.there.fields).toEqual(fields);
    expect(entry.results === undefined ? entry.conflict?.fields : undefined).toEqual(disputed);
  });

  test('an empty field is filled with the value of the other side', async () => {
    const joined = { ...stated(null, live({ A: null, B: 2 }), live({ A: 1, B: null })), isJoined: true };
    const entry = await resolvedFrom({ initial: 'fill-empty' }, joined);
    expect(entry.results).toEqual(both(live({ A: 1, B: 2 })));
  });

  const resolved = (settings: Partial<ResolveConflictsSettings>, agreed: State, here: State, there: State) =>
    resolvedFrom(settings, stated(agreed, here, there));

  async function resolvedFrom(
    settings: Partial<ResolveConflictsSettings>,
    entry: Resolved,
  ): Promise<Compared & Partial<Decided>> {
    const rules = { ...standardRules, names, ...settings };
    const compared = await sure(findDifferences(rules), await sure(classify({ lead: null, names }), entry));
    await passed(resolveConflicts(rules), compared);
    return compared;
  }
});

describe('quarantine-flips', () => {
  test.each([
    ['back for the third time', [4, 3, 4, 3], 4, 'quarantined'],
    ['back for the second time', [4, 3, 4], 3, undefined],
    ['on and on', [4, 5, 6, 7], 8, undefined],
    ['another field besides', [4, 3, 4, 3], 3, undefined],
  ])('%s', async (_, before, now, verdict) => {
    const was = live({ Max: before.at(-1) ?? 0 });
    const entry = decidedOf(was, was, live({ Max: now, N: 1 }), live({ Max: now, N: 1 }));
    const recentVersions = () => Promise.resolve(before.map((Max) => ({ Max })));
    await passed(quarantineFlips({ recentVersions, flips: 3 }), entry);
    expect(entry.verdict).toBe(verdict);
    expect(entry.conflict).toEqual(
      verdict === undefined ? null : { kind: 'flip', fields: ['Max'], resolution: null },
    );
  });
});

describe('execute', () => {
  test('writes the result to the side that lacks it, and stores what each side has', async () => {
    const { remotes, settings } = executing();
    const key = remotes.there.add('F', { fields: { Max: 4, Own: 1 } });
    const theirs = await settings.systems.there.fetch(key);
    const entry = decided({ here: item('a1', live({ Max: 5 })), there: theirs }, live({ Max: 5 }));
    entry.results = { here: live({ Max: 5 }), there: live({ Max: 5, Own: 1 }) };
    await passed(execute(settings), entry);
    expect(entry).toMatchObject({ verdict: 'updated', operations: [{ side: 'there', op: 'update' }] });
    expect(remotes.there.tree()).toEqual({ F: { Max: 5, Own: 1 } });
    expect(entry.link?.ends).toMatchObject({
      here: { key: 'a1', seen: { fields: { Max: 5 } } },
      there: { key, seen: { fields: { Max: 5, Own: 1 } } },
    });
  });

  test('leaves deletions for the second stage', async () => {
    const entry = decided({ here: item('a1') }, deletedState);
    await passed(execute(executing().settings), entry);
    expect(entry).toMatchObject({ isDestructive: true, verdict: undefined, operations: [] });
  });

  test('starts again if someone else has written in between', async () => {
    const { remotes, settings } = executing();
    const there = { ...item(remotes.there.add('F')), revision: 'old' };
    const entry = decided({ here: item('a1', live({ Max: 5 })), there }, live({ Max: 5 }));
    await passed(execute(settings), entry);
    expect(entry).toMatchObject({ startsAnew: true, verdict: undefined });
  });

  test('stops an entry that needs an approval until exactly that entry is approved', async () => {
    const { settings } = executing();
    const held = (Max: number) => {
      const entry = decided({ here: item('a1', live({ Max })) }, live({ Max }));
      entry.needs = 'changes';
      return entry;
    };
    const first = held(5);
    await passed(execute(settings), first);
    expect(first.verdict).toBe('held');
    const approved = new Set([signatureOf(first)]);
    const second = held(5);
    await passed(execute({ ...settings, isApproved: approvedBy(approved) }), second);
    expect(second.verdict).toBe('created');
    const other = held(6);
    await passed(execute({ ...settings, isApproved: approvedBy(approved) }), other);
    expect(other.verdict).toBe('held');
  });

  function executing() {
    const { remotes, systems, links } = opened();
    const settings = {
      systems,
      links,
      words: { links, linkFields: [], prototype: null },
      signal: new AbortController().signal,
      noticed: () => undefined,
      matchFields: [],
      writeBack: { here: null, there: null },
      destroys: false,
      isApproved: () => false,
    } satisfies ExecuteSettings;
    return { remotes, settings };
  }

  function decided(items: Partial<PerSide<Item | null>>, result: State): Decided {
    const { here = null, there = null } = items;
    const entry = decidedOf(null, shownBy(here), shownBy(there), result);
    return Object.assign(entry, { items: { here, there }, mention: here ?? tombstone('a1') });
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
    const destructive = Array.from({ length: deletions }, (__, turn) => entryOf(item(`a${turn}`), turn));
    const limit = {
      kind: 'soft' as const,
      count: 2,
      share: 0.5,
      emptiedFrom,
      total: () => Promise.resolve(before),
      recent: () => Promise.resolve(0),
    };
    const gate = deletionGate({ limit, destructive, isApproved: () => false });
    for (const entry of destructive) expect((await passed(gate, entry)) !== null).toBe(!isHeld);
    expect(destructive[0]?.needs).toBe(isHeld ? 'deletions' : null);
  });

  test('skips all deletions above a hard limit', async () => {
    const entry = entryOf(item('a1'), 0);
    const limit = {
      kind: 'hard' as const,
      count: 0,
      share: 0,
      emptiedFrom: null,
      total: () => Promise.resolve(9),
      recent: () => Promise.resolve(0),
    };
    await passed(deletionGate({ limit, destructive: [entry], isApproved: () => false }), entry);
    expect(entry).toMatchObject({ verdict: 'skipped', needs: null });
  });

  test('does not count what was approved', async () => {
    const [first, second] = [entryOf(item('a1'), 0), entryOf(item('a2'), 1)];
    const limit = {
      kind: 'soft' as const,
      count: 1,
      share: 0,
      emptiedFrom: null,
      total: () => Promise.resolve(9),
      recent: () => Promise.resolve(0),
    };
    const gate = deletionGate({
      limit,
      destructive: [first, second],
      isApproved: approvedBy(new Set([signatureOf(first)])),
    });
    expect(await passed(gate, first)).not.toBeNull();
    expect(await passed(gate, second)).not.toBeNull();
  });

  test('counts the deletions of the last hours, whatever caused them', async () => {
    const entry = entryOf(item('a1'), 0);
    const limit = { kind: 'soft' as const, count: 2, share: 0.1, emptiedFrom: null };
    const counted = { ...limit, total: () => Promise.resolve(8), recent: () => Promise.resolve(2) };
    expect(
      await passed(deletionGate({ limit: counted, destructive: [entry], isApproved: () => false }), entry),
    ).toBeNull();
    expect(entry).toMatchObject({ verdict: 'held', needs: 'deletions' });
  });
});

describe('keep-full-folders', () => {
  test('lets an empty folder be deleted, and keeps any other', async () => {
    const { remotes, systems, links } = opened();
    const empty = remotes.here.add('E', { isFolder: true });
    const full = remotes.here.add('F', { isFolder: true });
    remotes.here.add('I', { parent: full });
    const results: (boolean | undefined)[] = [];
    for (const key of [empty, full]) {
      const here = await systems.here.fetch(key);
      const entry = Object.assign(decidedOf(null, live(), deletedState, deletedState), {
        items: { here, there: null },
      });
      await passed(keepFullFolders({ systems, links, unfinished: [] }), entry);
      results.push(entry.results.here.isActive);
    }
    expect(results).toEqual([false, true]);
  });

  test('keeps a folder if a move out of it failed, and the folder around it', async () => {
    const { systems, links } = opened();
    const was = (parent: string | null) => live({}, { parent, name: 'x' });
    const failed = stated(was('m2'), null, null);
    const middleware = keepFullFolders({ systems, links, unfinished: [failed] });
    const folder = (id: string, parent: string | null) =>
      Object.assign(decidedOf(was(parent), was(parent), deletedState, deletedState), {
        link: { ...linkOf('a1', 'b1'), id },
        items: { here: { ...item('a1'), isFolder: true }, there: null },
      });
    const [inner, outer] = [folder('m2', 'm1'), folder('m1', null)];
    await passed(middleware, inner);
    await passed(middleware, outer);
    expect([inner.verdict, outer.verdict]).toEqual(['held', 'held']);
  });
});

/** Runs one step alone. Returns the entry that it passes on, or null if it keeps it back. */
async function passed<In, Out extends In>(middleware: Middleware<In, Out>, entry: In): Promise<Out | null> {
  let reached: Out | null = null;
  await middleware(entry, (one) => {
    reached = one;
    return Promise.resolve();
  });
  return reached;
}

async function sure<In, Out extends In>(middleware: Middleware<In, Out>, entry: In): Promise<Out> {
  const reached = await passed(middleware, entry);
  if (reached === null) throw new Error('the step kept the entry back');
  return reached;
}

function opened(): { remotes: PerSide<Remote>; systems: PerSide<Calls>; links: MemoryLinks } {
  const remotes = { here: createRemote('a'), there: createRemote('b') };
  return {
    remotes,
    systems: callSystems(remotes, createHalt(new AbortController().signal)),
    links: createMemoryLinks(),
  };
}

function entryOf(mention: Item, turn: number, side: Side = 'here'): Mentioned {
  return createEntry({ side, item: mention, turn, isDoubted: false });
}

function foundOf(
  { here = null, there = null }: Partial<PerSide<Item | null>>,
  { entry, link = null }: { entry?: Mentioned; link?: Link | null } = {},
): Found {
  const begun = entry ?? entryOf(here ?? tombstone('a1'), 0);
  return Object.assign(begun, { link, items: { here, there }, isJoined: false });
}

function stated(agreed: State | null, here: State | null, there: State | null): Resolved {
  const states = { here: here ?? deletedState, there: there ?? deletedState };
  return Object.assign(foundOf({}), { states, bases: { here: agreed, there: agreed }, leftOut: [] });
}

const classified = (agreed: State | null, here: State | null, there: State | null): Promise<Classified> =>
  sure(classify({ lead: null, names }), stated(agreed, here, there));

function decidedOf(agreed: State | null, here: State, there: State, result: State): Decided {
  return Object.assign(stated(agreed, here, there), {
    changes: { here: 'changed' as const, there: 'unchanged' as const },
    isAlike: false,
    differences: [],
    takesAllOf: null,
    results: { here: result, there: result },
    open: [],
    isMadeOfBoth: false,
    keptAfter: null,
    conflictCopy: null,
  });
}

const shownBy = (shown: Item | null): State =>
  shown === null ? deletedState : { isActive: shown.isActive, fields: shown.fields, place: shown.place };

function linkOf(here: string, there: string, seen: State = live(), revision: string | null = null): Link {
  const end = (key: string): End => ({ key, revision, seen });
  const ends = { here: end(here), there: end(there) };
  return { id: 'm1', syncKey: 's1', ends, intent: null, state: 'active', version: 1 };
}

const linked = (links: MemoryLinks, here: string, there: string): Promise<Link> => {
  const states = { here: live(), there: live() };
  const event = { operations: [], verdict: null, before: states, after: states, items: null };
  return links.finish(null, { ends: linkOf(here, there).ends, state: 'active', intent: null, event });
};
