import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createLogger } from '../../shared/log';
import { createSeal } from '../../shared/seal/seal';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createPairConfigStore } from '../../shared/stores/pairs/pair-config-store';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { openStoreAccess } from '../../shared/stores/store-access';
import { recordCall } from '../../worker/pairs/call-scope';
import { createPairSystems } from '../../worker/pairs/pair-systems';
import { runSlice } from '../../worker/pairs/run-slice';
import { createLimiters, secretsFrom } from '../../worker/pairs/system-secrets';
import { createConnectors } from '../../worker/systems/connectors';
import { heldLease } from '../pairs/memory-pair';
import { type ProbeAnswer, probeByTask } from './probe-task';
import { createTestDatabase, type TestDatabase } from '../setup/database';

/** The one pair of a file, applied as an operator does, with the connectors as they are, worked on slice by slice. */
export interface WorkedPair {
  readonly database: TestDatabase;
  readonly pairId: number;
  run(kind?: 'check' | 'whole'): Promise<WorkedRun>;
  /** Does the due work, as the worker would. */
  settle(): Promise<void>;
  /** As it is after a process was killed: all that a worker keeps in memory is gone. */
  restart(): Promise<void>;
  /** As the operator asks for it, or the schedule. */
  probe(system: string, detail?: { readonly isRound?: boolean }): Promise<ProbeAnswer>;
  resume(): Promise<void>;
  /** Makes failed work due now. */
  hurry(): Promise<void>;
  rows<T>(sql: string): Promise<T[]>;
  end(): Promise<void>;
}

export interface WorkedRun {
  readonly state: string;
  /** Of its changes. */
  readonly counts: Readonly<Record<string, number>>;
  /** How many documents or records stayed as they were. */
  readonly unchanged: number;
  readonly failure: string | null;
}

const seal = createSeal([]);
const log = createLogger({ name: 'test', level: 'silent' });

export async function openWorkedPair(
  text: string,
  environment: Readonly<Record<string, string>>,
): Promise<WorkedPair> {
  const database = await createTestDatabase();
  const { db } = database;
  const applied = await applyPairFile({ ...openStoreAccess(db), seal }, commandLineCaller, {
    text,
    isTrial: false,
  });
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  const rows = async <T>(sql: string): Promise<T[]> => (await db.raw<{ rows: T[] }>(sql)).rows;
  const [pair] = await rows<{ id: number }>('select id from pair');
  const pairId = pair?.id ?? 0;
  const openSystems = () =>
    createPairSystems({
      connectors: createConnectors(),
      secretsOf: secretsFrom({ db, seal, environment }),
      limiterOf: createLimiters(),
      observe: recordCall,
    });
  let systems = openSystems();

  async function slice(): Promise<void> {
    await createPairSliceJobStore(db).askFor(pairId);
    const job = await db<{ id: string; kind: string }>('job').where({ kind: 'pair.slice' }).first('id');
    const claimed = await createJobStore(db).claim(job?.id ?? '0', 60);
    if (claimed === null) throw new Error('there is no slice to run');
    const watch = { settled: () => undefined, conflict: () => undefined };
    const stopping = new AbortController().signal;
    await runSlice({ db, systems, watch, log, stopping, sliceMs: 20_000, lease: heldLease }, claimed);
  }
  async function settle(): Promise<void> {
    for (let slices = 0; slices < 20; slices++) {
      await slice();
      const [due] = await rows<{ due: boolean }>(
        `select run_after <= now() as due from job where kind = 'pair.slice'`,
      );
      if (due?.due !== true) return;
    }
    throw new Error('the pair never comes to rest');
  }

  return {
    database,
    pairId,
    rows,
    settle,
    async run(kind = 'check') {
      const [asked] = await rows<{ id: string }>(
        `insert into pair_run (pair_id, kind) values (${pairId}, '${kind}') returning id`,
      );
      await settle();
      const [run] = await rows<WorkedRun>(`select * from pair_run where id = ${asked?.id ?? '0'}`);
      if (run === undefined) throw new Error('the run is gone');
      const { unchanged = 0, ...counts } = run.counts;
      return { ...run, counts, unchanged };
    },
    probe: (system, detail) => probeByTask(db, environment, system, detail),
    resume: () => createPairConfigStore(db).resume(pairId),
    async restart() {
      await systems.close();
      systems = openSystems();
    },
    async hurry() {
      await db.raw(`update link_job set run_after = now() where state = 'failed'`);
      await settle();
    },
    async end() {
      await systems.close();
      await database.drop();
    },
  };
}
