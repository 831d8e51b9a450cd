import { readFile } from 'node:fs/promises';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createLogger } from '../../shared/log';
import { createSeal } from '../../shared/seal/seal';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { askForSlice } from '../../shared/stores/pairs/pair-wake';
import { openStoreAccess } from '../../shared/stores/store-access';
import { recordCall } from '../../worker/pairs/call-scope';
import { createPairSystems } from '../../worker/pairs/pair-systems';
import { runSlice } from '../../worker/pairs/run-slice';
import { createLimiters, secretsFrom } from '../../worker/pairs/system-secrets';
import { createConnectors } from '../../worker/systems/connectors';
import { heldLease } from '../pairs/memory-pair';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { type AdvowareFake, type AdvowareRow, startAdvowareFake } from './fakes/advoware-fake';
import { type EspocrmFake, prepareBeteiligte, startEspocrmFake } from './fakes/espocrm-fake';
import type { EspoRow } from './fakes/espocrm-row';

/** The pair of docs/sandbox.yaml between both fakes, applied from its file, worked on slice by slice. */
export interface FakePair {
  readonly database: TestDatabase;
  readonly espo: EspocrmFake;
  readonly advoware: AdvowareFake;
  run(kind?: 'check' | 'whole'): Promise<FakeRun>;
  /** Looks at one record, as for a webhook. */
  mention(key: string): Promise<void>;
  /** What is due at once, as the worker would do it. */
  settle(): Promise<void>;
  /** As it is after a process was killed: all that a worker keeps in memory is gone. */
  restart(): Promise<void>;
  beteiligte(): EspoRow[];
  advowareRows(): AdvowareRow[];
  /** Calls for data since the last time, `POST /CBeteiligte`; tokens and what fields there are do not count. */
  calls(): { espo: string[]; advoware: string[] };
  rows<T>(sql: string): Promise<T[]>;
  end(): Promise<void>;
}

export interface FakeRun {
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly failure: string | null;
}

const seal = createSeal([]);
const log = createLogger({ name: 'test', level: 'silent' });

export async function openFakePair(change: (text: string) => string = (text) => text): Promise<FakePair> {
  const espo = await startEspocrmFake();
  const advoware = await startAdvowareFake();
  await prepareBeteiligte(espo);
  const database = await createTestDatabase();
  const { db } = database;
  const text = (await readFile('docs/sandbox.yaml', 'utf8'))
    .replace('http://127.0.0.1:8470', espo.url)
    .replace('http://127.0.0.1:8471', advoware.url);
  const file = { text: change(text), isTrial: false };
  const applied = await applyPairFile({ ...openStoreAccess(db), seal }, commandLineCaller, file);
  if (!applied.isSound) throw new Error(JSON.stringify(applied.mistakes));
  const rows = async <T>(sql: string): Promise<T[]> => (await db.raw<{ rows: T[] }>(sql)).rows;
  const [pair] = await rows<{ id: number }>('select id from pair');
  const pairId = pair?.id ?? 0;

  const environment = {
    ESPO_KEY: espo.apiKey,
    ADVO_KEY: advoware.auth.apiKey,
    ADVO_PASSWORD: advoware.auth.password,
  };
  const openSystems = () =>
    createPairSystems({
      connectors: createConnectors(),
      secretsOf: secretsFrom({ db, seal, environment }),
      limiterOf: createLimiters(),
      observe: recordCall,
    });
  let systems = openSystems();

  async function slice(): Promise<void> {
    await askForSlice(db, pairId);
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
  const taken = (calls: string[]): string[] =>
    calls
      .splice(0)
      .filter((call) => /Beteiligte/.test(call))
      .map((call) => call.replace(/\/api\/v1(\/advonet)?/, ''));

  return {
    database,
    espo,
    advoware,
    settle,
    rows,
    async run(kind = 'check') {
      const [asked] = await rows<{ id: string }>(
        `insert into pair_run (pair_id, kind) values (${pairId}, '${kind}') returning id`,
      );
      await settle();
      const [run] = await rows<FakeRun>(`select * from pair_run where id = ${asked?.id ?? '0'}`);
      if (run === undefined) throw new Error('the run is gone');
      return run;
    },
    async mention(key) {
      await db.raw(
        `insert into link_job (pair_id, side, key, source) values (?, 'here', ?, 'webhook') on conflict do nothing`,
        [pairId, key],
      );
      await settle();
    },
    async restart() {
      await systems.close();
      systems = openSystems();
    },
    beteiligte: () => [...espo.entity('CBeteiligte').rows.values()],
    advowareRows: () => [...advoware.rows.values()],
    calls: () => ({ espo: taken(espo.http.calls), advoware: taken(advoware.http.calls) }),
    async end() {
      await systems.close();
      await Promise.all([espo.close(), advoware.close()]);
      await database.drop();
    },
  };
}
