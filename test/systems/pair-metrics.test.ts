import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createLogger } from '../../shared/log';
import { createSeal } from '../../shared/seal/seal';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { openStoreAccess } from '../../shared/stores/store-access';
import { startWorker } from '../../worker/compose';
import { metricsToken, scrape, type Scrape } from '../ops/scrape';
import { eventually } from '../queue/eventually';
import { onServer } from '../v4/on-server';
import { type AdvowareFake, startAdvowareFake } from './fakes/advoware-fake';
import { type EspocrmFake, prepareBeteiligte, startEspocrmFake } from './fakes/espocrm-fake';

// The metrics of an API and a worker about a pair, on both fakes.

const server = onServer({ EPACK_METRICS_TOKEN: metricsToken });
let espo: EspocrmFake;
let advoware: AdvowareFake;
let worker: Awaited<ReturnType<typeof startWorker>>;
let pairId: number;

const rows = async <T>(sql: string): Promise<T[]> => (await server().db.raw<{ rows: T[] }>(sql)).rows;
const fromWorker = (): Promise<Scrape> => scrape(`http://127.0.0.1:${worker.port ?? 0}`);
const fromApi = (): Promise<Scrape> => scrape(server().url);

beforeAll(async () => {
  espo = await startEspocrmFake();
  advoware = await startAdvowareFake();
  await prepareBeteiligte(espo);
  const text = (await readFile('docs/sandbox.yaml', 'utf8'))
    .replace('http://127.0.0.1:8470', espo.url)
    .replace('http://127.0.0.1:8471', advoware.url)
    .replace('${ESPO_KEY}', espo.apiKey)
    .replace('${ADVO_KEY}', advoware.auth.apiKey)
    .replace('${ADVO_PASSWORD}', advoware.auth.password)
    .replace("check: '* * * * *', ", '');
  const access = { ...openStoreAccess(server().db), seal: createSeal([]) };
  const applied = await applyPairFile(access, commandLineCaller, { text, isTrial: false });
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  pairId = (await rows<{ id: number }>('select id from pair'))[0]?.id ?? 0;
  const log = createLogger({ level: 'silent', name: 'worker' });
  worker = await startWorker({ ...server().config, workerPort: 0 }, server().databaseUrl, log);
});
afterAll(async () => {
  await worker.stop();
  await Promise.all([espo.close(), advoware.close()]);
});

async function run(): Promise<void> {
  await server().db.raw(`insert into pair_run (pair_id, kind) values (?, 'whole')`, [pairId]);
  await createPairSliceJobStore(server().db).askFor(pairId);
  await eventually('the run has ended', async () => {
    const [open] = await rows<{ count: string }>(
      `select (select count(*) from pair_run where state <> 'ended') + (select count(*) from job where kind = 'pair.slice' and state = 'running') as count`,
    );
    return open?.count === '0';
  });
}

test('a run of a pair is visible in the metrics of the worker and of the API', async () => {
  const { id } = espo.add('CBeteiligte', { lastName: 'Meier', firstName: 'Zoë', description: 'a' });
  await run();
  const first = await fromWorker();
  const entities = (result: string) =>
    first.value('epack_pair_entity_seconds_count', { pair: 'beteiligte', result });
  expect(entities('created')).toBe(1);
  expect(
    first.value('epack_pair_calls_total', { system: 'advoware', operation: 'create', status: '201' }) ??
      first.value('epack_pair_calls_total', { system: 'advoware', operation: 'create', status: '200' }),
  ).toBe(1);
  expect(first.value('epack_pair_calls_total', { system: 'espo', operation: 'list' })).toBeGreaterThan(0);

  // Both sides change one field, and the group says whose value wins.
  const [betNr] = [...advoware.rows.keys()];
  espo.edit('CBeteiligte', id, { lastName: 'Meier-Schulz' });
  advoware.edit(betNr ?? 0, { name: 'Maier' });
  await run();
  expect((await fromWorker()).value('epack_pair_conflicts_total', { pair: 'beteiligte' })).toBe(1);
  expect((await fromWorker()).text).toMatch(
    /^epack_pair_conflicts_total\{pair="beteiligte",resolution="here"\} 1$/m,
  );

  // One fails, and is tried again later.
  advoware.http.faults.push({ fits: ({ method }) => method === 'PUT', answer: { status: 502 } });
  espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
  await run();
  const told = await fromWorker();
  expect(told.value('epack_pair_entity_seconds_count', { pair: 'beteiligte', result: 'failed' })).toBe(1);
  expect(
    told.value('epack_pair_calls_total', { system: 'advoware', operation: 'update', status: '502' }),
  ).toBe(1);
  const api = await fromApi();
  expect(api.value('epack_pair_jobs', { pair: 'beteiligte', state: 'failed' })).toBe(1);
  expect(api.value('epack_pair_job_age_seconds', { pair: 'beteiligte' })).toBe(0);
  expect(api.value('epack_system_up', { system: 'espo' })).toBe(1);
  expect(api.value('epack_system_up', { system: 'advoware' })).toBe(1);
});

test('work that is long overdue, and a paused system, are visible in the metrics of the API', async () => {
  await server().db.raw(
    `update pair set paused_at = now(), paused_reason = 'audit', paused_by = 'a@example.org'`,
  );
  await server().db.raw(
    `insert into link_job (pair_id, side, key, source, created_at) values (?, 'here', 'x', 'webhook', now() - interval '1 hour')`,
    [pairId],
  );
  await server().db.raw(
    `update remote_system set state = 'paused', paused_at = now(), paused_reason = 'x' where name = 'espo'`,
  );
  await eventually('the API has read the figures anew', async () => {
    const api = await fromApi();
    return (
      api.value('epack_system_up', { system: 'espo' }) === 0 &&
      (api.value('epack_pair_job_age_seconds', { pair: 'beteiligte' }) ?? 0) >= 3_600
    );
  });
});

test('the recording rule of the daily failed ratio uses series and labels that exist', async () => {
  const rules = z
    .object({
      groups: z.array(
        z.object({ rules: z.array(z.looseObject({ record: z.string().optional(), expr: z.string() })) }),
      ),
    })
    .parse(parse(await readFile('docs/operations/prometheus-alerts.yml', 'utf8')));
  const ratio = rules.groups
    .flatMap((group) => group.rules)
    .find(({ record }) => record === 'epack:pair_failed_ratio:1d');
  const selectors = [...(ratio?.expr ?? '').matchAll(/increase\((\w+)(?:\{(\w+)="(\w+)"\})?\[1d\]\)/g)];
  expect(selectors).toHaveLength(2);
  const { text } = await fromWorker();
  /** As the rule sums them up. */
  const sums = selectors.map(([, name = '', label, value]) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .filter((line) => label === undefined || line.includes(`${label}="${value ?? ''}"`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
  );
  expect(sums[0]).toBe(1);
  expect(sums[1]).toBeGreaterThanOrEqual(3);
});
