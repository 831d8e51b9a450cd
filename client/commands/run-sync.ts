import { type Channel, channels } from '../../shared/domain/channel';
import { openLocalCopy } from '../local-copy/local-copy';
import { createSolution, type Solution } from '../solution';
import { SolutionError } from '../solution-error';
import type { SyncOutcome } from '../sync-work';
import { needServer } from './first-contact';
import { createSyncProgress } from './progress';
import { plural, reasonOf, table, whatBecameOfIt, whatIsIn } from '../wording';

export interface SyncCommandOptions {
  readonly url: string;
  readonly mail: string;
  readonly mac: string;
  readonly secret: string;
  readonly dir: string;
  readonly channel?: readonly Channel[];
  readonly clockSkew: number;
  readonly maxWait: number;
}

/** Synchronises the channels one after another and prints how each ended. @returns the exit code. */
export async function runSync(options: SyncCommandOptions): Promise<number> {
  const wanted = options.channel ?? channels;
  await needServer(options.url);
  const copy = await openLocalCopy(options.dir);
  const progress = createSyncProgress(wanted, process.stderr);
  const solution = createSolution({
    url: options.url,
    credentials: { mail: options.mail, mac: options.mac, secret: options.secret },
    copy,
    clockSkewSeconds: options.clockSkew,
    maxWaitSeconds: options.maxWait,
    onEvent: progress.onEvent,
  });
  let results: ChannelResult[];
  try {
    results = await syncAll(solution, wanted);
  } finally {
    progress.stop();
    solution.close();
    await copy.close();
  }
  printResults(results);
  return Math.max(...results.map(exitCodeOf));
}

interface ChannelResult {
  readonly channel: Channel;
  readonly outcome: SyncOutcome | null;
  readonly stoppedBy: unknown;
}

async function syncAll(solution: Solution, wanted: readonly Channel[]): Promise<ChannelResult[]> {
  const results: ChannelResult[] = [];
  for (const channel of wanted) {
    const result = await solution.sync(channel).then(
      (outcome) => ({ channel, outcome, stoppedBy: null }),
      (stoppedBy: unknown) => ({ channel, outcome: null, stoppedBy }),
    );
    results.push(result);
    if (isForAllChannels(result.stoppedBy)) break;
  }
  return results;
}

/** Trying the other channels would only use up login attempts, or take as long again. */
function isForAllChannels(error: unknown): boolean {
  return (
    error instanceof SolutionError &&
    ['bad-credentials', 'locked', 'blocked', 'connection-lost'].includes(error.code)
  );
}

function printResults(results: readonly ChannelResult[]): void {
  console.log(table(['channel', 'sent', 'what became of it', 'instructions'], results.map(rowOf)).join('\n'));
  const troubles = results.flatMap(troublesOf);
  for (const trouble of troubles.slice(0, maxTroublesPrinted)) console.log(trouble);
  if (troubles.length > maxTroublesPrinted) console.log(`… and ${troubles.length - maxTroublesPrinted} more`);
  for (const { channel, outcome, stoppedBy } of results) {
    if (outcome === null) console.error(`${channel}: ${reasonOf(stoppedBy)}`);
  }
}

const maxTroublesPrinted = 20;

function troublesOf({ outcome }: ChannelResult): string[] {
  const refused = (outcome?.report?.rejections ?? []).map(
    ({ file, line, code, reason }) =>
      `refused: ${file}${line === undefined ? '' : `:${line}`} ${reason} [${code}]`,
  );
  const failed = (outcome?.failed ?? []).map(
    ({ file, id, reason }) => `not carried out: ${file} ${id} ${reason}`,
  );
  return [...refused, ...failed];
}

function rowOf({ channel, outcome }: ChannelResult): string[] {
  if (outcome === null) return [channel, '', 'stopped', ''];
  const became = outcome.report === null ? outcome.outcome : whatBecameOfIt(outcome.report);
  const failed = outcome.failed.length === 0 ? '' : `, ${outcome.failed.length} failed`;
  return [
    channel,
    whatIsIn(outcome.sent.contents),
    became,
    `${plural(outcome.carried, 'instruction')}${failed}`,
  ];
}

function exitCodeOf({ outcome }: ChannelResult): number {
  if (outcome?.outcome !== 'processed') return 1;
  return outcome.failed.length > 0 || (outcome.report?.rejections.length ?? 0) > 0 ? 2 : 0;
}
