import type { Fields } from '../../shared/domain/merge-copy';
import { createLogger, type Logger } from '../../shared/log';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import type { z } from 'zod';
import type { recordPairSchema } from '../../shared/systems/pair-settings';
import { createLimiter } from '../../worker/outside/limiter';
import { recordCall } from '../../worker/pairs/call-scope';
import { createPairSystems, type PairSystems } from '../../worker/pairs/pair-systems';
import { runSlice } from '../../worker/pairs/run-slice';
import type { SliceLease } from '../../worker/pairs/slice';
import type { Side } from '../../worker/pipeline/sides';
import type { System } from '../../worker/pipeline/system';
import type { ObservedCall, RemoteSystem } from '../../worker/systems/remote-system';
import type { Remote } from '../pipeline/remote';
import { createTestDatabase, type TestDatabase } from '../setup/database';

/** A pair of two systems in memory, on a real PostgreSQL, worked on slice by slice in this process. */
export interface MemoryPair {
  readonly database: TestDatabase;
  readonly pairId: number;
  readonly here: Remote;
  readonly there: Remote;
  /** Who was told of what. */
  readonly watched: { settled: string[]; conflicts: string[] };
  /** Runs slices until nothing is due at once. */
  settle(): Promise<void>;
  /** One slice. `lease`: of its job; nobody takes it away where it is left out. `others`: in place of both systems. */
  slice(lease?: SliceLease, others?: PairSystems): Promise<void>;
  /** Asks for a run, and works until it has ended. Returns its row. */
  run(kind?: 'check' | 'whole'): Promise<RunRow>;
  /** Calls of each side since the last time. */
  calls(): { here: string[]; there: string[] };
  rows<T>(sql: string): Promise<T[]>;
  end(): Promise<void>;
}

export interface RunRow {
  id: string;
  state: string;
  /** Of its changes. */
  counts: Record<string, number>;
  calls: Record<string, number>;
  failure: string | null;
}

export const people: z.input<typeof recordPairSchema> = {
  here: { system: 'crm', entity: 'Person' },
  there: { system: 'law', entity: 'Beteiligte' },
  find: { jitterSeconds: 0 },
  match: { by: ['name'], initial: 'manual' },
  fields: [
    { here: 'name', there: 'name', group: 'a' },
    { here: 'phone', there: 'tel', group: 'b' },
    { here: 'note', there: 'note', group: 'c' },
  ],
  groups: { a: { conflict: 'here' }, b: { conflict: 'manual' }, c: { conflict: { merge: 'append-lines' } } },
  deletions: { here: 'propagate', there: 'propagate', againstChange: 'restore' },
};

/** Nobody takes it away. */
export const heldLease: SliceLease = {
  get signal() {
    return new AbortController().signal;
  },
  isHeld: () => true,
};

export const quiet: Logger = createLogger({ name: 'test', level: 'silent' });

export async function createMemoryPair(
  remotes: { readonly here: Remote; readonly there: Remote },
  config: object = people,
  mode: 'run' | 'plan' = 'run',
): Promise<MemoryPair> {
  const database = await createTestDatabase();
  const { db } = database;
  const [crm] = await db<{ id: number }>('remote_system')
    .insert(system('crm', 'espocrm', { url: 'http://crm', auth: { apiKey: '${K}' } }))
    .returning('id');
  const [law] = await db<{ id: number }>('remote_system')
    .insert(system('law', 'advoware', { url: 'http://law', auth: lawAuth }))
    .returning('id');
  const [pair] = await db<{ id: number }>('pair')
    .insert({
      name: 'people',
      here_id: crm?.id,
      there_id: law?.id,
      config: JSON.stringify(config),
      mode,
    } as never)
    .returning('id');
  const pairId = pair?.id ?? 0;
  const watched = { settled: [] as string[], conflicts: [] as string[] };
  const systems = memorySystems(remotes);

  const slice = async (lease: SliceLease = heldLease, others: PairSystems = systems) => {
    await createPairSliceJobStore(db).askFor(pairId);
    const job = await db<{ id: string; kind: string }>('job').where({ kind: 'pair.slice' }).first('id');
    const claimed = await createJobStore(db).claim(job?.id ?? '0', 60);
    if (claimed === null) throw new Error('there is no slice to run');
    await runSlice(
      {
        db,
        systems: others,
        watch: {
          settled: (_, result) => watched.settled.push(result),
          conflict: (_, resolution) => watched.conflicts.push(resolution),
        },
        log: quiet,
        stopping: new AbortController().signal,
        sliceMs: 20_000,
        lease,
      },
      claimed,
    );
  };
  const rows = async <T>(sql: string): Promise<T[]> => (await db.raw<{ rows: T[] }>(sql)).rows;
  const isDue = async () => {
    const [job] = await rows<{ due: boolean }>(
      `select run_after <= now() as due from job where kind = 'pair.slice'`,
    );
    return job?.due === true;
  };
  const settle = async () => {
    for (let slices = 0; slices < 20; slices++) {
      await slice();
      if (!(await isDue())) return;
    }
    throw new Error('the pair never comes to rest');
  };
  return {
    ...remotes,
    database,
    pairId,
    watched,
    slice,
    settle,
    rows,
    async run(kind = 'check') {
      const [asked] = await db<RunRow>('pair_run')
        .insert({ pair_id: pairId, kind } as never)
        .returning('id');
      await settle();
      const [run] = await rows<RunRow>(`select * from pair_run where id = ${asked?.id ?? '0'}`);
      if (run === undefined) throw new Error('the run is gone');
      const counts = Object.fromEntries(Object.entries(run.counts).filter(([name]) => name !== 'unchanged'));
      return { ...run, counts };
    },
    calls() {
      const taken = { here: [...remotes.here.calls], there: [...remotes.there.calls] };
      remotes.here.forgetCalls();
      remotes.there.forgetCalls();
      return taken;
    },
    async end() {
      await systems.close();
      await database.drop();
    },
  };
}

const lawAuth = { appId: 'a', apiKey: 'k', kanzlei: 'k', database: 'd', user: 'u', password: 'p' };

const system = (name: string, kind: string, config: object) =>
  ({ name, kind, config: JSON.stringify(config) }) as never;

/** Calls are observed as a connector observes them. */
export const memorySystems = (remotes: Readonly<Record<Side, System>>): PairSystems =>
  createPairSystems({
    connectors: {
      espocrm: { open: async (_, { system: name, observe }) => observed(remotes.here, name, observe) },
      advoware: { open: async (_, { system: name, observe }) => observed(remotes.there, name, observe) },
    },
    secretsOf: async ({ config }) => ({ config, secrets: [] }),
    limiterOf: () => createLimiter({ atOnce: 64 }),
    observe: recordCall,
  });

function observed(system: System, name: string, observe: (call: ObservedCall) => void): RemoteSystem {
  async function call<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
    const startedAt = new Date();
    const base = {
      system: name,
      operation,
      method: 'CALL',
      path,
      milliseconds: 0,
      startedAt,
      request: null,
      answer: null,
    };
    try {
      const answer = await run();
      observe({ ...base, status: 200, fault: null });
      return answer;
    } catch (error) {
      observe({ ...base, status: 500, fault: String(error) });
      throw error;
    }
  }
  return {
    capabilities: system.capabilities,
    list: (since, signal) => system.list(since, signal),
    fetch: (keys, signal) => call('fetch', keys.join(), () => system.fetch(keys, signal)),
    find: (match, signal) => call('find', match.by, () => system.find(match, signal)),
    create: (key, draft, signal) => call('create', key, () => system.create(key, draft, signal)),
    update: (key, patch, expected, signal) =>
      call('update', key, () => system.update(key, patch, expected, signal)),
    move: (key, place, expected, signal) =>
      call('move', key, () => system.move(key, place, expected, signal)),
    delete: (key, expected, signal) => call('delete', key, () => system.delete(key, expected, signal)),
    probe: async () => ({ ok: true, version: null, clockOffsetMs: null, findings: [] }),
    close: async () => undefined,
  };
}

/** Records of a side, by the name in them. */
export const byName = (remote: Remote): Record<string, Fields> =>
  Object.fromEntries(
    remote.records().map((fields) => [JSON.stringify(fields['name']).replaceAll('"', ''), fields]),
  );
