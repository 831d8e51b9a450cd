import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Channel } from '../shared/domain/channel';
import { type Backoffice, openBackoffice } from './backoffice';
import { patient } from './http/backoff';
import { createExchange } from './http/exchange';
import { type ChannelMeasures, createMeasures } from './simulation/measures';
import {
  createSimulatedSolution,
  type SimulatedSolution,
  type SimulatedSolutionDeps,
} from './simulation/simulated-solution';
import { deepDifferencesOf, differencesOf } from './simulation/verification';

export interface SimulationOptions {
  /** The server. */
  readonly url: string;
  /** The staff user who may add solutions. */
  readonly adminEmail: string;
  readonly adminPassword: string;
  /** How many solutions. */
  readonly solutions: number;
  /** How often each solution synchronises all its channels; or for how long all of them do. */
  readonly until: { readonly rounds: number } | { readonly seconds: number };
  /** How much time passes in the kitchens between two rounds, minutes. */
  readonly minutesPerRound: number;
  /** How many solutions synchronise at the same moment. */
  readonly concurrency: number;
  /** Probes per kitchen, up to 20. */
  readonly probes: number;
  /** The share of requests that the network makes fail, 0 to 1. */
  readonly badNetwork: number;
  readonly wrongClocks: boolean;
  /** Chance per round and solution that staff change one of its settings. */
  readonly managerEdits: number;
  /** How many solutions are compared with the server row by row and field by field at the end. */
  readonly comparedInDepth: number;
  /** The same seed gives the same kitchens. */
  readonly seed: string;
  /** Folder of the local copies. */
  readonly dir: string;
  readonly onProgress?: (progress: SimulationProgress) => void;
}

export interface SimulationProgress {
  readonly stage: 'enrolling' | 'synchronising' | 'settling' | 'verifying';
  /** Solutions, or rounds of solutions. */
  readonly done: number;
  /** Null: until the time is over. */
  readonly of: number | null;
  readonly syncs: number;
}

export interface SimulationResult {
  readonly solutions: number;
  readonly syncs: number;
  /** The time of the rounds, without adding solutions and verification. */
  readonly seconds: number;
  readonly syncsPerSecond: number;
  readonly byChannel: ReadonlyMap<Channel, ChannelMeasures>;
  /** The errors of the solutions, by code; a retry repaired most of them. */
  readonly errors: Readonly<Record<string, number>>;
  /** The faults of the simulated network. */
  readonly faults: Readonly<Record<string, number>>;
  /** The items that the server put into quarantine. There should be none. */
  readonly rejected: number;
  /** The differences between the server and the solutions. Empty: all is well. */
  readonly differences: readonly string[];
}

/**
 * Runs many solutions against a server, and compares both sides in the end. @throws ServerProblem if a solution cannot
 * be added.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  await mkdir(options.dir, { recursive: true });
  const measures = createMeasures();
  const { exchange, close } = createExchange(options.url, Math.max(16, 2 * options.concurrency));
  const retrying = { policy: patient, random: Math.random, onRetry: () => undefined };
  const tell = (stage: SimulationProgress['stage'], done: number, of: number | null) =>
    options.onProgress?.({ stage, done, of, syncs: measures.syncs() });
  let solutions: SimulatedSolution[] = [];
  try {
    const backoffice = await openBackoffice({
      exchange,
      email: options.adminEmail,
      password: options.adminPassword,
      retrying,
    });
    solutions = await enrolAll({ ...options, exchange, backoffice, measures }, tell);
    const startedAt = performance.now();
    await liveAll(solutions, options, tell);
    const seconds = (performance.now() - startedAt) / 1000;
    const syncs = measures.syncs();
    const byChannel = measures.byChannel();
    const differences = await settleAndCompare(solutions, backoffice, options, tell);
    return {
      ...{ solutions: solutions.length, syncs, seconds, byChannel, differences },
      syncsPerSecond: syncs / seconds,
      errors: measures.errors(),
      faults: measures.faults(),
      rejected: measures.rejected(),
    };
  } finally {
    await Promise.all(solutions.map((solution) => solution.close()));
    close();
  }
}

type Tell = (stage: SimulationProgress['stage'], done: number, of: number | null) => void;

type Enrolment = SimulationOptions & Pick<SimulatedSolutionDeps, 'exchange' | 'backoffice' | 'measures'>;

async function enrolAll(deps: Enrolment, tell: Tell): Promise<SimulatedSolution[]> {
  const run = randomBytes(4).toString('hex');
  const minutes = 'rounds' in deps.until ? deps.until.rounds * deps.minutesPerRound : 0;
  const startsAt = new Date(Date.now() - minutes * 60_000);
  const solutions: SimulatedSolution[] = [];
  const places = Array.from({ length: deps.solutions }, (_, place) => place);
  await inParallel(places, 8, async (place) => {
    const mail = `sim-${run}-${place + 1}@simulation.example`;
    const enrolled = await deps.backoffice.enrol({ mail, name: `Simulation ${run} ${place + 1}` });
    const { url, exchange, backoffice, measures, dir, probes, badNetwork, managerEdits, wrongClocks } = deps;
    solutions.push(
      await createSimulatedSolution({
        ...{ url, exchange, backoffice, measures, enrolled, dir, startsAt, probes, badNetwork, managerEdits },
        seed: `${deps.seed}/${place}`,
        hasWrongClock: wrongClocks,
      }),
    );
    tell('enrolling', solutions.length, deps.solutions);
  });
  return solutions;
}

async function liveAll(
  solutions: readonly SimulatedSolution[],
  options: SimulationOptions,
  tell: Tell,
): Promise<void> {
  const { until, minutesPerRound, concurrency } = options;
  const endsAt = 'seconds' in until ? performance.now() + until.seconds * 1000 : Infinity;
  const rounds = 'rounds' in until ? until.rounds : Infinity;
  const of = 'rounds' in until ? until.rounds * solutions.length : null;
  let done = 0;
  for (let round = 0; round < rounds && performance.now() < endsAt; round++) {
    await inParallel(solutions, concurrency, async (solution) => {
      if (performance.now() >= endsAt) return;
      await solution.live(minutesPerRound);
      done += 1;
      tell('synchronising', done, of);
    });
  }
}

async function settleAndCompare(
  solutions: readonly SimulatedSolution[],
  backoffice: Backoffice,
  { concurrency, comparedInDepth }: SimulationOptions,
  tell: Tell,
): Promise<string[]> {
  const differences: string[] = [];
  let done = 0;
  await inParallel(solutions, concurrency, async (solution) => {
    solution.heal();
    await solution.settle();
    differences.push(...(await differencesOf(solution)));
    done += 1;
    tell('settling', done, solutions.length);
  });
  const sample = solutions.slice(0, comparedInDepth);
  for (const [place, solution] of sample.entries()) {
    differences.push(...(await deepDifferencesOf(solution, backoffice)));
    tell('verifying', place + 1, sample.length);
  }
  return differences;
}

/** Does the work for each item, for at most `limit` at once. Stops at the first failure. */
async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}
