import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  simulate,
  type SimulationOptions,
  type SimulationProgress,
  type SimulationResult,
} from '../simulate';
import type { Latencies } from '../simulation/measures';
import { table } from '../wording';
import { needServer } from './first-contact';

export interface SimulateCommandOptions {
  readonly url: string;
  readonly adminEmail: string;
  readonly adminPassword: string;
  readonly solutions: number;
  readonly rounds: number;
  readonly duration?: number;
  readonly minutes: number;
  readonly concurrency: number;
  readonly probes: number;
  readonly badNetwork: number;
  readonly wrongClocks: boolean;
  readonly managerEdits: number;
  readonly compare: number;
  readonly seed: string;
  readonly dir?: string;
}

/** Runs a simulation and prints its results. @returns the exit code. */
export async function runSimulate(options: SimulateCommandOptions): Promise<number> {
  await needServer(options.url);
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), 'epack-simulation-')));
  try {
    const result = await simulate({
      ...simulationOf(options),
      dir,
      onProgress: createTicker(process.stderr),
    });
    print(result);
    return result.differences.length === 0 && result.rejected === 0 ? 0 : 1;
  } finally {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  }
}

function simulationOf(options: SimulateCommandOptions): Omit<SimulationOptions, 'dir'> {
  const {
    url,
    adminEmail,
    adminPassword,
    solutions,
    concurrency,
    probes,
    badNetwork,
    wrongClocks,
    managerEdits,
    seed,
  } = options;
  return {
    ...{
      url,
      adminEmail,
      adminPassword,
      solutions,
      concurrency,
      probes,
      badNetwork,
      wrongClocks,
      managerEdits,
      seed,
    },
    until: options.duration === undefined ? { rounds: options.rounds } : { seconds: options.duration },
    minutesPerRound: options.minutes,
    comparedInDepth: options.compare,
  };
}

/** On a terminal, one line that is overwritten; elsewhere a line every ten seconds. */
function createTicker(terminal: NodeJS.WriteStream): (progress: SimulationProgress) => void {
  let lastAt = 0;
  return ({ stage, done, of, syncs }) => {
    const isLast = done === of;
    if (Date.now() - lastAt < (terminal.isTTY ? 200 : 10_000) && !isLast) return;
    lastAt = Date.now();
    const line = `${stage} ${done}${of === null ? '' : ` of ${of}`}, ${syncs} syncs`;
    terminal.write(terminal.isTTY ? `\r\x1b[K${line}${isLast ? '\n' : ''}` : `${line}\n`);
  };
}

function print(result: SimulationResult): void {
  const { solutions, syncs, seconds, syncsPerSecond, byChannel, errors, faults, rejected, differences } =
    result;
  console.log(
    `${solutions} solutions, ${syncs} syncs in ${seconds.toFixed(1)} s: ${syncsPerSecond.toFixed(1)} syncs/s\n`,
  );
  const rows = [...byChannel].map(([channel, { total, processing }]) => [
    channel,
    String(total.count),
    ...cellsOf(total),
    ...cellsOf(processing),
  ]);
  const header = ['channel', 'syncs', 'p50 ms', 'p95', 'p99', 'processing p50 ms', 'p95', 'p99'];
  console.log(table(header, rows).join('\n'));
  console.log(`\nspoilt by the network: ${listOf(faults)}`);
  console.log(`met with by the solutions: ${listOf(errors)}`);
  console.log(`refused by the server: ${rejected}`);
  for (const difference of differences.slice(0, 20)) console.log(difference);
  if (differences.length > 20) console.log(`… and ${differences.length - 20} more`);
  console.log(
    differences.length === 0 ? 'The server holds exactly what the solutions hold.' : 'The server differs.',
  );
}

function cellsOf({ p50, p95, p99 }: Latencies): string[] {
  return [p50, p95, p99].map((milliseconds) => milliseconds.toFixed(0));
}

function listOf(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? 'nothing' : entries.map(([what, count]) => `${what} ${count}`).join(', ');
}
