import { readFile } from 'node:fs/promises';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import { type AdvowareFake, startAdvowareFake } from '../systems/fakes/advoware-fake';
import { type EspocrmFake, prepareBeteiligte, startEspocrmFake } from '../systems/fakes/espocrm-fake';
import type { Fault } from '../systems/fakes/http-fake';
import { createProcesses, type Processes, type RunningProcess } from './on-processes';

// Two workers on one pair of the two fakes, and whatever may become of them.

let espo: EspocrmFake;
let advoware: AdvowareFake;
let processes: Processes;
let pairId: number;

async function open(environment: NodeJS.ProcessEnv = {}, advowareLimits = ''): Promise<void> {
  espo = await startEspocrmFake();
  advoware = await startAdvowareFake();
  await prepareBeteiligte(espo);
  processes = await createProcesses({
    environment: {
      ESPO_KEY: espo.apiKey,
      ADVO_KEY: advoware.auth.apiKey,
      ADVO_PASSWORD: advoware.auth.password,
      ...environment,
    },
  });
  const text = (await readFile('docs/sandbox.yaml', 'utf8'))
    .replace('http://127.0.0.1:8470', espo.url)
    .replace('http://127.0.0.1:8471', advoware.url)
    .replace("check: '* * * * *', ", '')
    .replace('kind: advoware', `kind: advoware${advowareLimits}`)
    .replace('mode: run', 'mode: run\n    retry: { firstMinutes: 0.005, attempts: 50 }');
  const seal = createSeal([]);
  const file = { text, isTrial: false };
  const applied = await applyPairFile({ ...openStoreAccess(processes.db), seal }, commandLineCaller, file);
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  pairId = (await rows<{ id: number }>('select id from pair'))[0]?.id ?? 0;
}
afterEach(async () => {
  await processes.end();
  await Promise.all([espo.close(), advoware.close()]);
});

const rows = async <T>(sql: string): Promise<T[]> => (await processes.db.raw<{ rows: T[] }>(sql)).rows;

async function ask(kind: 'check' | 'whole'): Promise<void> {
  await processes.db.raw('insert into pair_run (pair_id, kind) values (?, ?)', [pairId, kind]);
  await createPairSliceJobStore(processes.db).askFor(pairId);
}

/** Nothing is left to do, and nobody does anything. */
const isAtRest = async (): Promise<boolean> => {
  const [left] = await rows<{ count: number }>(
    `select (select count(*) from pair_run where state <> 'ended')
       + (select count(*) from link_job where state in ('new', 'running', 'failed', 'waiting', 'held'))
       + (select count(*) from link where intent is not null)
       + (select count(*) from job where kind = 'pair.slice' and (state = 'running' or run_after <= now())) as count`,
  );
  return Number(left?.count) === 0;
};

/** The next call that is about to be made, or has just been carried out, ends the worker: all of them. */
function killAtCall(after: number, isCarriedOut: boolean, kill: () => void): void {
  let left = after;
  const fault = (): Fault => ({
    fits: () => {
      left -= 1;
      return left === 0;
    },
    ...(isCarriedOut ? { losesAnswer: true } : { answer: { status: 500 } }),
    before: kill,
  });
  for (const { http } of [espo, advoware]) {
    http.faults.length = 0;
    http.faults.push(fault());
  }
}

interface Person {
  readonly here: string;
  readonly lines: string[];
  firstName: string;
}

test('after kill -9 of either of two workers at any step, nothing is doubled or lost, and the work ends', async () => {
  await open({ EPACK_LEASE_SECONDS: '2' });
  const rounds = 10;
  const people = new Map<string, Person>();
  const workers = new Set<RunningProcess>();
  const start = async (): Promise<void> => {
    workers.add(await processes.startWorker());
  };
  let kills = 0;
  const killAll = async (): Promise<void> => {
    const all = [...workers];
    workers.clear();
    kills += all.length;
    await Promise.all(all.map((worker) => worker.kill()));
  };
  await start();
  await start();
  await ask('whole');
  await eventually('the pair is at rest', isAtRest);

  for (let round = 0; round < rounds; round++) {
    edit(round);
    for (const again of [false, true]) {
      // While it is done, and while what an earlier one left is found out.
      const killing: Promise<void>[] = [];
      const after = 1 + Math.floor(Math.random() * (again ? 4 : 12));
      killAtCall(after, Math.random() < 0.6, () => {
        if (killing.length === 0) killing.push(killAll());
      });
      await ask(round % 3 === 0 ? 'whole' : 'check');
      await eventually('a worker was killed, or had nothing more to do', async () => {
        return killing.length > 0 || (await isAtRest());
      });
      if (killing.length === 0) await killAll();
      await Promise.all(killing);
      await start();
      await start();
    }
    for (const { http } of [espo, advoware]) http.faults.length = 0;
    // A listing that broke off ended its run.
    await ask('whole');
    await eventually('the pair is at rest', isAtRest);
  }
  expect(kills).toBeGreaterThanOrEqual(rounds * 4);

  await ask('whole');
  await eventually('the pair is at rest', isAtRest);
  for (const { http } of [espo, advoware]) http.calls.length = 0;
  await ask('whole');
  await eventually('the pair is at rest', isAtRest);
  expect([...espo.http.calls, ...advoware.http.calls].filter(isWrite)).toEqual([]);

  const here = [...espo.entity('CBeteiligte').rows.values()];
  const there = [...advoware.rows.values()];
  const namesOf = (found: readonly unknown[]) => found.map(String).sort();
  expect(namesOf(here.map((row) => row['lastName']))).toEqual([...people.keys()].sort());
  expect(namesOf(there.map((row) => row['name']))).toEqual([...people.keys()].sort());
  for (const [name, { lines, firstName }] of people) {
    const mine = here.find((row) => row['lastName'] === name);
    const theirs = there.find((row) => row['name'] === name);
    const noted = textOf(mine?.['description'])
      .split('\n')
      .filter((line) => line !== '');
    expect([name, [...noted].sort()]).toEqual([name, [...lines].sort()]);
    expect(textOf(theirs?.['bemerkung'])).toBe(textOf(mine?.['description']));
    expect([mine?.['firstName'], theirs?.['vorname']]).toEqual([firstName, firstName]);
    expect(mine).toMatchObject({ syncStatus: 'clean', betnr: String(theirs?.['betNr']) });
  }
  expect(await rows(`select count(*)::int as count from link where state <> 'active'`)).toEqual([
    { count: 0 },
  ]);

  /** Somebody is new on each side, and of an old one both sides are edited. */
  function edit(round: number): void {
    const born = (year: number) => `${1950 + (year % 50)}-03-04`;
    const mine = espo.add('CBeteiligte', {
      lastName: `Here ${round}`,
      firstName: 'Ada',
      dateOfBirth: born(round),
      salutationName: 'Ms.',
    });
    people.set(`Here ${round}`, { here: mine.id, lines: [], firstName: 'Ada' });
    advoware.add({
      name: `There ${round}`,
      vorname: 'Bob',
      geburtsdatum: `${born(round)}T00:00:00`,
      anrede: 'Herr',
    });
    people.set(`There ${round}`, { here: '', lines: [], firstName: 'Bob' });
    const old = people.get(`Here ${Math.floor(Math.random() * round)}`);
    const row = old === undefined ? undefined : espo.entity('CBeteiligte').rows.get(old.here);
    const betNr = Number(row?.['betnr']);
    if (round === 0 || old === undefined || row === undefined) return;
    old.firstName = `Ada ${round}`;
    old.lines.push(`here ${round}`, `there ${round}`);
    const before = typeof row['description'] === 'string' ? `${row['description']}\n` : '';
    espo.edit('CBeteiligte', old.here, { firstName: old.firstName, description: `${before}here ${round}` });
    advoware.edit(betNr, { bemerkung: `${before}there ${round}` });
  }
}, 600_000);

test('a killed runner is followed within 10 s', async () => {
  await open();
  const first = await processes.startWorker();
  espo.add('CBeteiligte', { lastName: 'Meier', salutationName: 'Ms.' });
  const killing: Promise<void>[] = [];
  advoware.http.faults.push({
    fits: ({ method, path }) => method === 'POST' && !path.includes('Token'),
    losesAnswer: true,
    before: () => {
      if (killing.length === 0) killing.push(first.kill());
    },
  });
  await ask('whole');
  await eventually('the worker is killed', () => killing.length > 0);
  await Promise.all(killing);
  const job = `from job where kind = 'pair.slice'`;
  const [left] = await rows<{ fence: number; isSoon: boolean }>(
    `select fence, lease_until < now() + interval '8 seconds' as "isSoon" ${job}`,
  );
  // The rest is at most the second until the next look at what is due.
  expect(left?.isSoon).toBe(true);
  await processes.startWorker();
  await eventually('another goes on', async () => {
    const [now] = await rows<{ fence: number }>(`select fence ${job}`);
    return (now?.fence ?? 0) > (left?.fence ?? 0) && (await isAtRest());
  });
  expect([...advoware.rows.values()]).toMatchObject([{ name: 'Meier' }]);
  expect([...espo.entity('CBeteiligte').rows.values()]).toMatchObject([{ syncStatus: 'clean' }]);
}, 200_000);

test('the seed’s hole: an old holder that was frozen before its POST writes nothing when it wakes', async () => {
  // A call every three seconds: between the note of what is to be created and its POST there is time to freeze it.
  await open({ EPACK_LEASE_SECONDS: '2' }, `\n    limits: { atOnce: 1, perSecond: 0.33 }`);
  const old = await processes.startWorker();
  espo.add('CBeteiligte', { lastName: 'Meier', salutationName: 'Ms.' });
  await ask('whole');
  const post = () => advoware.http.calls.filter((call) => call.startsWith('POST') && !call.includes('Token'));
  await eventually('a creation is about to be called', async () => {
    const [intent] = await rows<{ op: string }>(
      `select intent ->> 'op' as op from link where intent is not null`,
    );
    return intent?.op === 'create';
  });
  old.freeze();
  expect(post()).toEqual([]);
  await processes.startWorker();
  await eventually('another has taken the pair over and is done', isAtRest);
  expect(post()).toHaveLength(1);
  const trace = `select (select jsonb_agg(l order by l.id) from link l) as links, (select jsonb_agg(e order by e.link_id, e.side) from link_end e) as ends,
    (select jsonb_agg(j order by j.id) from link_job j) as jobs, (select jsonb_agg(r order by r.id) from pair_run r) as runs,
    (select jsonb_agg(e order by e.id) from link_event e) as events`;
  const before = await rows(trace);
  old.thaw();
  await old.stop();
  expect(await rows(trace)).toEqual(before);
  expect(post()).toHaveLength(1);
  expect([...advoware.rows.values()]).toMatchObject([{ name: 'Meier' }]);
}, 200_000);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const isWrite = (call: string) => /^(POST|PUT|DELETE)/.test(call) && !call.includes('Token');
