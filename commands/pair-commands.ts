import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLinkService } from '../api/backoffice/services/links';
import { createPairRunService, type PairRunService } from '../api/backoffice/services/pair-runs';
import { createPairService } from '../api/backoffice/services/pairs';
import { createSystemTaskService } from '../api/backoffice/services/system-tasks';
import { applyPairFile, type AppliedFile } from '../api/backoffice/services/pair-files';
import type { Config } from '../shared/config/config';
import { commandLineCaller } from '../shared/domain/staff';
import { createSeal } from '../shared/seal/seal';
import type { Db } from '../shared/db/database';
import { createPairConfigStore, type PairEntry } from '../shared/stores/pairs/pair-config-store';
import { createSystemStore } from '../shared/stores/pairs/system-store';
import { openStoreAccess } from '../shared/stores/store-access';
import { withDatabase } from './administration';

// `epack pairs …` and `epack systems …`: by the same services as the backoffice.

/** The output of a command, and whether all is well. */
export interface CommandResult {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}

const well = (lines: readonly string[]): CommandResult => ({ lines, isWell: true });

/**
 * `epack pairs check` and `epack pairs apply`. `isTrial`: nothing is written. All mistakes are listed at once, with
 * file, line and the key's path.
 */
export async function applyFile(
  config: Config,
  path: string,
  { isTrial }: { readonly isTrial: boolean },
): Promise<CommandResult> {
  const text = await readFile(path, 'utf8');
  const seal = createSeal(config.secretsKeys);
  const applied = await withDatabase(config, (db) =>
    applyPairFile({ ...openStoreAccess(db), seal }, commandLineCaller, { text, isTrial }),
  );
  return fileResult(path, applied, isTrial);
}

function fileResult(path: string, applied: AppliedFile, isTrial: boolean): CommandResult {
  if (!applied.isValid) {
    const lines = applied.mistakes.map(({ line, path: keys, reason }) =>
      [`${path}:${line}`, ...(keys === '' ? [] : [keys]), reason].join(' '),
    );
    return { lines, isWell: false };
  }
  const changes = applied.changes.map(({ what, name, outcome, changed }) => {
    const where = changed.length === 0 ? '' : `: ${changed.join(', ')}`;
    return `${what} ${name} ${isTrial && outcome !== 'unchanged' ? `would be ${outcome}` : outcome}${where}`;
  });
  return well([...changes, ...applied.remarks]);
}

/** `epack pairs list`. */
export function listPairs(config: Config): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const { items } = await createPairConfigStore(db).list('all', everything);
    if (items.length === 0) return well(['There are no pairs.']);
    return well(
      items.map(({ name, here, there, mode, pausedReason }) =>
        [
          name,
          `${here.name} = ${there.name}`,
          mode,
          ...(pausedReason === null ? [] : [`paused: ${pausedReason}`]),
        ].join('  '),
      ),
    );
  });
}

/** `epack systems list`. */
export function listSystems(config: Config): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const { items } = await createSystemStore(db).list('all', everything);
    if (items.length === 0) return well(['There are no systems.']);
    return well(
      items.map(({ name, kind, state, pausedReason }) =>
        [name, kind, state, ...(pausedReason === null ? [] : [pausedReason])].join('  '),
      ),
    );
  });
}

const everything = { limit: 10_000, after: null };

/** `epack pairs status`: one line for each number. */
export function pairStatus(config: Config, name: string): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const status = await createPairRunService(openStoreAccess(db)).status(commandLineCaller, name);
    const { pair, lag, jobs, links, conflicts, approvals, lastRun } = status;
    return well([
      `mode ${pair.mode}${pair.pausedReason === null ? '' : `, paused: ${pair.pausedReason}`}`,
      `lag ${Math.round(lag)} s`,
      `jobs ${countsOf(jobs)}`,
      `links ${countsOf(links)}`,
      `conflicts ${conflicts}, approvals ${approvals}`,
      lastRun === null
        ? 'no run yet'
        : `run ${lastRun.id} (${lastRun.kind}) ${lastRun.endedAt === null ? 'under way' : `ended ${lastRun.endedAt.toISOString()}`}: ${countsOf(lastRun.counts, 'nothing was done')}`,
      ...(await pausedSystems(db, pair)),
    ]);
  });
}

/** `epack pairs run` and `epack pairs whole`. */
export function runPair(config: Config, name: string, kind: 'check' | 'whole'): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const run = await createPairRunService(openStoreAccess(db)).run(commandLineCaller, name, kind);
    return well([`run ${run}`]);
  });
}

/** `epack pairs plan`: waits until a worker has made the plan, and lists its lines. */
export function planPair(config: Config, name: string): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const runs = createPairRunService(openStoreAccess(db));
    const id = await runs.plan(commandLineCaller, name);
    const plan = await madePlan(runs, id);
    if (plan === null) return { lines: [`plan ${id} is not made yet: is a worker running?`], isWell: false };
    if (plan.state !== 'ready')
      return { lines: [`plan ${id} ${plan.state}: ${plan.failure ?? ''}`], isWell: false };
    const { items, next } = await runs.planItems(commandLineCaller, id, { limit: 1_000, after: null });
    const lines = items.map(({ side, key, path, pathBefore, verdict, reason, operations }) =>
      [
        side,
        path ?? key,
        ...(pathBefore === null ? [] : [`from ${pathBefore}`]),
        verdict,
        JSON.stringify(operations),
        ...(reason === null ? [] : [reason]),
      ].join('  '),
    );
    return well([
      ...lines,
      ...(next === null ? [] : ['… and more: see the plan by REST']),
      `plan ${id} ready: ${countsOf(plan.counts, 'nothing is to be done')}`,
      `to carry it out, and have the pair run from then on: epack pairs approve ${name} ${id}`,
    ]);
  });
}

/** `epack pairs approve`. */
export function approvePlan(config: Config, name: string, id: string): Promise<CommandResult> {
  if (!isNumber(id)) return Promise.resolve({ lines: ['There is no such plan.'], isWell: false });
  return withDatabase(config, async (db) => {
    const runs = createPairRunService(openStoreAccess(db));
    const { pair } = await runs.getPlan(commandLineCaller, id);
    if (pair.name !== name) return { lines: [`Plan ${id} is about the pair ${pair.name}.`], isWell: false };
    const decision = { decision: 'approve', ifDigest: null } as const;
    const { run } = await runs.decide(commandLineCaller, id, decision);
    return well([`plan ${id} approved, run ${run ?? ''}`]);
  });
}

/** `epack pairs take-back`. */
export function takeBackRun(config: Config, name: string, id: string): Promise<CommandResult> {
  if (!isNumber(id)) return Promise.resolve({ lines: ['There is no such run.'], isWell: false });
  return withDatabase(config, async (db) => {
    const run = await createPairRunService(openStoreAccess(db)).takeBack(commandLineCaller, name, id);
    return well([`run ${run} takes back run ${id}; see what it leaves: GET /api/pairs/${name}/runs/${run}`]);
  });
}

/** `epack pairs pause` and `epack pairs resume`. */
export function pausePair(config: Config, name: string, isPaused: boolean): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const pairs = createPairService(openStoreAccess(db));
    if (isPaused) await pairs.pause(commandLineCaller, name, 'by hand');
    else await pairs.resume(commandLineCaller, name);
    return well([`pair ${name} ${isPaused ? 'paused' : 'resumed'}`]);
  });
}

/** `epack pairs links`. */
export function listLinks(config: Config, name: string, search: string | null): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const links = createLinkService(openStoreAccess(db));
    const page = await links.list(
      commandLineCaller,
      name,
      { state: null, search },
      { limit: 1_000, after: null },
    );
    return well(
      page.items.map(
        ({ id, state, here, there }) => `${id}  ${state}  ${here?.key ?? '-'} = ${there?.key ?? '-'}`,
      ),
    );
  });
}

/** `epack pairs jobs`. */
export function listJobs(config: Config, name: string): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const links = createLinkService(openStoreAccess(db));
    const filter = { state: null, link: null };
    const page = await links.jobs(commandLineCaller, name, filter, { limit: 1_000, after: null });
    return well(
      page.items.map(({ id, side, key, state, attempts, error }) =>
        [id, side, key, state, `attempts ${attempts}`, ...(error === null ? [] : [error])].join('  '),
      ),
    );
  });
}

/** `epack systems probe`: a worker does it, with its own environment. */
export function probeSystem(config: Config, name: string): Promise<CommandResult> {
  return withDatabase(config, async (db) => {
    const tasks = createSystemTaskService(openStoreAccess(db));
    const { ok, version, findings } = await tasks.probe(commandLineCaller, name);
    const lines = findings.map(({ level, code, message }) => `${level} ${code}: ${message}`);
    return {
      lines: [...lines, `${name} ${ok ? 'ok' : 'not ok'}${version === null ? '' : `, version ${version}`}`],
      isWell: ok,
    };
  });
}

const planPatienceMs = 10 * 60_000;

/** Null: no worker has made it in time. */
async function madePlan(runs: PairRunService, id: string) {
  const until = Date.now() + planPatienceMs;
  while (Date.now() < until) {
    const { plan } = await runs.getPlan(commandLineCaller, id);
    if (plan.state !== 'making') return plan;
    await sleep(500);
  }
  return null;
}

/** The number of a plan or a run in the database; the REST interface checks the same. */
const isNumber = (id: string): boolean => /^[1-9]\d{0,17}$/.test(id);

/** A pair also stands still if its system accepts no call. */
async function pausedSystems(db: Db, { here, there }: PairEntry): Promise<string[]> {
  const systems = createSystemStore(db);
  const both = await Promise.all([here, there].map(({ id }) => systems.findById(id)));
  return both.flatMap((system) => {
    if (system === null) return [];
    if (system.state === 'paused')
      return [
        `the system ${system.name} is paused (${system.pausedReason ?? ''}): nothing is done until it is resumed`,
      ];
    return system.state === 'throttled' && system.notBefore !== null
      ? [`the system ${system.name} is not called before ${system.notBefore.toISOString()}`]
      : [];
  });
}

const countsOf = (counts: object, nothing = 'none'): string => {
  const some = Object.entries(counts).filter(([, count]) => count !== 0);
  return some.length === 0 ? nothing : some.map(([name, count]) => `${String(count)} ${name}`).join(', ');
};
