import { readFile } from 'node:fs/promises';
import type { TestDatabase } from '../setup/database';
import { type AdvowareFake, type AdvowareRow, startAdvowareFake } from './fakes/advoware-fake';
import { type EspocrmFake, prepareBeteiligte, startEspocrmFake } from './fakes/espocrm-fake';
import type { EspoRow } from './fakes/espocrm-row';
import { openWorkedPair, type WorkedPair, type WorkedRun } from './worked-pair';

/** The pair of docs/sandbox.yaml between both fakes, applied from its file, worked on slice by slice. */
export interface FakePair extends Pick<WorkedPair, 'probe' | 'resume'> {
  readonly database: TestDatabase;
  readonly espo: EspocrmFake;
  readonly advoware: AdvowareFake;
  run(kind?: 'check' | 'whole'): Promise<WorkedRun>;
  /** Looks at one record, as for a webhook. */
  mention(key: string): Promise<void>;
  /** Does the due work, as the worker would. */
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

export async function openFakePair(change: (text: string) => string = (text) => text): Promise<FakePair> {
  const espo = await startEspocrmFake();
  const advoware = await startAdvowareFake();
  await prepareBeteiligte(espo);
  const text = (await readFile('docs/sandbox.yaml', 'utf8'))
    .replace('http://127.0.0.1:8470', espo.url)
    .replace('http://127.0.0.1:8471', advoware.url);
  const pair = await openWorkedPair(change(text), {
    ESPO_KEY: espo.apiKey,
    ADVO_KEY: advoware.auth.apiKey,
    ADVO_PASSWORD: advoware.auth.password,
  });
  const taken = (calls: string[]): string[] =>
    calls
      .splice(0)
      .filter((call) => /Beteiligte/.test(call))
      .map((call) => call.replace(/\/api\/v1(\/advonet)?/, ''));

  return {
    ...pair,
    espo,
    advoware,
    async mention(key) {
      await pair.database.db.raw(
        `insert into link_job (pair_id, side, key, source) values (?, 'here', ?, 'webhook') on conflict do nothing`,
        [pair.pairId, key],
      );
      await pair.settle();
    },
    beteiligte: () => [...espo.entity('CBeteiligte').rows.values()],
    advowareRows: () => [...advoware.rows.values()],
    calls: () => ({ espo: taken(espo.http.calls), advoware: taken(advoware.http.calls) }),
    async end() {
      await pair.end();
      await Promise.all([espo.close(), advoware.close()]);
    },
  };
}
