import type { Fields } from '../../shared/domain/merge-copy';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createLinkDeskStore, type LinkJobView } from '../../shared/stores/pairs/link-desk-store';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { createLimiter } from '../../worker/outside/limiter';
import { createPairSystems } from '../../worker/pairs/pair-systems';
import { runSlice } from '../../worker/pairs/run-slice';
import type { System } from '../../worker/pipeline/system';
import { createRecords, type Remote } from '../pipeline/remote';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { heldLease, people, quiet } from './memory-pair';

// Two pairs of the same two systems: persons, and the groups that they are in. Keys of both are 1, 2, 3 …

const plain = { creates: 'plain', deletions: 'none', changes: 'scan' } as const;
const persons = {
  ...people,
  here: { system: 'crm', entity: 'Person' },
  there: { system: 'law', entity: 'Beteiligte' },
  fields: [
    { here: 'name', there: 'name' },
    { here: 'group', there: 'gruppe', link: 'groups' },
  ],
  groups: { default: { conflict: 'here' } },
  deletions: { here: 'propagate', there: 'propagate' },
};
const groupsOf = (isSwapped: boolean, more: object[] = []) => ({
  ...persons,
  here: isSwapped ? { system: 'law', entity: 'Gruppe' } : { system: 'crm', entity: 'Group' },
  there: isSwapped ? { system: 'crm', entity: 'Group' } : { system: 'law', entity: 'Gruppe' },
  fields: [{ here: 'name', there: 'name' }, ...more],
});

interface TwoPairs {
  readonly database: TestDatabase;
  readonly person: { readonly crm: Remote; readonly law: Remote };
  readonly group: { readonly crm: Remote; readonly law: Remote };
  /** Both pairs, until nothing is due in either. */
  settle(): Promise<void>;
  slice(pair: 'persons' | 'groups'): Promise<void>;
  ask(pair: 'persons' | 'groups', kind?: 'check' | 'whole'): Promise<void>;
}

let pairs: TwoPairs;
afterEach(() => pairs.database.drop());

async function open(groups: object | null = groupsOf(false), personPair: object = persons): Promise<void> {
  const database = await createTestDatabase();
  const { db } = database;
  const numbered = (): Remote => createRecords('', { capabilities: plain });
  const person = { crm: numbered(), law: numbered() };
  const group = { crm: numbered(), law: numbered() };
  const remotes: Record<string, System> = {
    Person: person.crm,
    Beteiligte: person.law,
    Group: group.crm,
    Gruppe: group.law,
  };
  const opened = (end: unknown) => {
    const entity = typeof end === 'object' && end !== null && 'entity' in end ? String(end.entity) : '';
    const system = remotes[entity];
    if (system === undefined) throw new Error(`there is no ${entity}`);
    const probe = async () => ({ ok: true, version: null, clockOffsetMs: null, findings: [] });
    return { ...system, probe, close: async () => undefined };
  };
  const systems = createPairSystems({
    connectors: {
      espocrm: { open: async ({ end }) => opened(end) },
      advoware: { open: async ({ end }) => opened(end) },
    },
    secretsOf: async ({ config }) => ({ config, secrets: [] }),
    limiterOf: () => createLimiter({ atOnce: 64 }),
    observe: () => undefined,
  });
  const ids: Record<string, number> = {};
  for (const [name, kind, config] of [
    ['crm', 'espocrm', { url: 'http://crm', auth: { apiKey: 'k' } }],
    ['law', 'advoware', { url: 'http://law', auth: lawAuth }],
  ] as const) {
    const [row] = await db<{ id: number }>('remote_system')
      .insert({ name, kind, config: JSON.stringify(config) } as never)
      .returning('id');
    ids[name] = row?.id ?? 0;
  }
  const addPair = async (name: string, config: { here: { system: string }; there: { system: string } }) => {
    const [row] = await db<{ id: number }>('pair')
      .insert({
        name,
        here_id: ids[config.here.system],
        there_id: ids[config.there.system],
        config: JSON.stringify(config),
        mode: 'run',
      } as never)
      .returning('id');
    ids[name] = row?.id ?? 0;
  };
  await addPair('persons', personPair as typeof persons);
  if (groups !== null) await addPair('groups', groups as typeof persons);

  const slice = async (name: 'persons' | 'groups') => {
    const subject = String(ids[name]);
    const job = await db<{ id: string; kind: string; subject: string }>('job')
      .where({ kind: 'pair.slice', subject })
      .first('id');
    const claimed = await createJobStore(db).claim(job?.id ?? '0', 60);
    if (claimed === null) return;
    const watch = { settled: () => undefined, conflict: () => undefined };
    const stopping = new AbortController().signal;
    const deps = { db, systems, watch, log: quiet, stopping, sliceMs: 20_000, lease: heldLease };
    await runSlice(deps, claimed);
  };
  pairs = {
    database,
    person,
    group,
    slice,
    async ask(name, kind = 'whole') {
      await db('pair_run').insert({ pair_id: ids[name], kind });
      await createPairSliceJobStore(db).askFor(ids[name] ?? 0);
    },
    async settle() {
      for (let slices = 0; slices < 20; slices++) {
        const { rows } = await db.raw<{ rows: { subject: string }[] }>(
          `select subject from job where kind = 'pair.slice' and run_after <= now() order by id`,
        );
        if (rows.length === 0) return;
        for (const { subject } of rows)
          await slice(subject === String(ids['persons']) ? 'persons' : 'groups');
      }
      throw new Error('the pairs never come to rest');
    },
  };
}

const lawAuth = { appId: 'a', apiKey: 'k', kanzlei: 'k', database: 'd', user: 'u', password: 'p' };

const recordOf = (remote: Remote, name: string): { key: string; fields: Fields } => {
  for (const [key, row] of remote.rows)
    if (row.isLive && row.fields['name'] === name) return { key, fields: row.fields };
  throw new Error(`nobody is called ${name}`);
};

const jobs = async () =>
  (
    await pairs.database.db.raw<{ rows: object[] }>(
      `select state, error from link_job where state not in ('done', 'skipped') order by id`,
    )
  ).rows;

/** So that keys differ between the systems. */
const shiftKeys = (): void => {
  const key = pairs.group.law.add('', { fields: { name: 'first' } });
  pairs.group.law.remove(key);
};

/** The waiting jobs of persons, as staff and programs see them. */
async function waitingJobs(): Promise<readonly LinkJobView[]> {
  const { db } = pairs.database;
  const persons = await db<{ id: number; name: string }>('pair').where({ name: 'persons' }).first('id');
  const filter = { state: 'waiting', link: null } as const;
  const page = await createLinkDeskStore(db).listJobs(persons?.id ?? 0, filter, { limit: 10, after: null });
  return page.items;
}

describe('a field that names a record of another pair', () => {
  test.each([
    ['that is written the same way round', false],
    ['that is written the other way round', true],
  ])(
    '%s: waits until that is linked, without a call, and names it by the other system’s key',
    async (_, isSwapped) => {
      await open(groupsOf(isSwapped));
      shiftKeys();
      const group = pairs.group.crm.add('', { fields: { name: 'Choir' } });
      pairs.person.crm.add('', { fields: { name: 'Ada', group } });
      await pairs.ask('persons');
      await pairs.settle();
      expect(pairs.person.law.records()).toEqual([]);
      expect(await jobs()).toEqual([
        { state: 'waiting', error: 'what group is linked to is not synchronised yet' },
      ]);
      expect(await waitingJobs()).toMatchObject([
        {
          waitsPair: 'groups',
          waitsSide: isSwapped ? 'there' : 'here',
          waitsSystem: 'crm',
          waitsKey: group,
        },
      ]);
      await pairs.ask('groups');
      await pairs.settle();
      const there = recordOf(pairs.group.law, 'Choir').key;
      expect(there).not.toBe(group);
      expect(pairs.person.law.records()).toEqual([{ name: 'Ada', gruppe: there }]);
      expect(await jobs()).toEqual([]);
    },
  );

  test('is also synchronised in the other direction, and can be changed', async () => {
    await open();
    shiftKeys();
    const [choir, band] = ['Choir', 'Band'].map((name) => pairs.group.law.add('', { fields: { name } }));
    const ada = pairs.person.law.add('', { fields: { name: 'Ada', gruppe: choir ?? '' } });
    await pairs.ask('groups');
    await pairs.ask('persons');
    await pairs.settle();
    expect(recordOf(pairs.person.crm, 'Ada').fields['group']).toBe(recordOf(pairs.group.crm, 'Choir').key);
    pairs.person.law.edit(ada, { gruppe: band ?? '' });
    await pairs.ask('persons', 'check');
    await pairs.settle();
    expect(recordOf(pairs.person.crm, 'Ada').fields['group']).toBe(recordOf(pairs.group.crm, 'Band').key);
  });

  test('in a circle of two pairs: both records are created first, and then linked', async () => {
    await open(groupsOf(false, [{ here: 'head', there: 'leiter', link: 'persons' }]));
    shiftKeys();
    const group = pairs.group.crm.add('', { fields: { name: 'Choir' } });
    const ada = pairs.person.crm.add('', { fields: { name: 'Ada', group } });
    pairs.group.crm.edit(group, { head: ada });
    await pairs.ask('persons');
    await pairs.ask('groups');
    await pairs.settle();
    const there = { person: recordOf(pairs.person.law, 'Ada'), group: recordOf(pairs.group.law, 'Choir') };
    expect(there.person.fields['gruppe']).toBe(there.group.key);
    expect(there.group.fields['leiter']).toBe(there.person.key);
    expect([pairs.person.law.records(), pairs.group.law.records()].map((all) => all.length)).toEqual([1, 1]);
    expect(await jobs()).toEqual([]);
    for (const { crm, law } of [pairs.person, pairs.group]) {
      crm.forgetCalls();
      law.forgetCalls();
    }
    await pairs.ask('persons');
    await pairs.ask('groups');
    await pairs.settle();
    const calls = [pairs.person, pairs.group].flatMap(({ crm, law }) => [...crm.calls, ...law.calls]);
    expect(calls.filter((call) => /^(create|update|delete)/.test(call))).toEqual([]);
  });

  test('whose record was deleted is empty on the other side, and stays on its own side', async () => {
    await open();
    const group = pairs.group.crm.add('', { fields: { name: 'Choir' } });
    await pairs.ask('groups');
    await pairs.settle();
    pairs.group.crm.remove(group);
    await pairs.ask('groups');
    await pairs.settle();
    pairs.person.crm.add('', { fields: { name: 'Ada', group } });
    await pairs.ask('persons');
    await pairs.settle();
    expect(pairs.person.law.records()).toMatchObject([{ name: 'Ada', gruppe: null }]);
    expect(recordOf(pairs.person.crm, 'Ada').fields['group']).toBe(group);
    expect(await jobs()).toEqual([]);
  });

  test('of a pair that does not exist is refused with its name; a record without a value is not refused', async () => {
    await open(null);
    pairs.person.crm.add('', { fields: { name: 'Ada', group: '7' } });
    pairs.person.crm.add('', { fields: { name: 'Bob' } });
    await pairs.ask('persons');
    await pairs.settle();
    expect(pairs.person.law.records()).toMatchObject([{ name: 'Bob' }]);
    expect(await jobs()).toMatchObject([
      { state: 'given-up', error: expect.stringContaining('no such pair joins these systems yet') as string },
    ]);
  });
});
