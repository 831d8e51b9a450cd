import { isNativeError } from 'node:util/types';
import { isDatabaseAway } from '../../shared/db/database-away';
import { AppError } from '../../shared/errors/app-error';
import type { Logger } from '../../shared/log';

/** Something that is done again and again. */
export interface Round {
  readonly name: string;
  readonly everySeconds: number;
  run(): Promise<unknown>;
}

export interface Rounds {
  /** Has a round run now, or once more as soon as the one under way has ended. */
  hurry(name: string): void;
  /** Begins no further round, and resolves once those under way have ended. */
  stop(): Promise<void>;
}

/** Runs each round at its pace, never twice at once. A round that fails is logged, and comes again. */
export function startRounds(rounds: readonly Round[], log: Logger): Rounds {
  const started = rounds.map((round) => ({ name: round.name, ...startRound(round, log) }));
  return {
    hurry(name) {
      for (const round of started) if (round.name === name) round.hurry();
    },
    async stop() {
      await Promise.all(started.map((round) => round.stop()));
    },
  };
}

function startRound(round: Round, log: Logger): { hurry(): void; stop(): Promise<void> } {
  let isStopped = false;
  let isHurried = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const outage: Outage = { toldAt: null };
  const begin = () => {
    isHurried = false;
    timer = undefined;
    running = round
      .run()
      .then(
        () => void (outage.toldAt = null),
        (error: unknown) => report(round, error, outage, log),
      )
      .finally(() => {
        if (!isStopped) timer = setTimeout(begin, isHurried ? 0 : round.everySeconds * 1000);
      });
  };
  begin();
  return {
    hurry() {
      isHurried = true;
      if (timer === undefined || isStopped) return;
      clearTimeout(timer);
      begin();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      return running;
    },
  };
}

/** When it was last told that a round cannot do its work; null: it can. */
interface Outage {
  toldAt: number | null;
}

const tellEveryMs = 10 * 60_000;

/** With the database or the queue away a round has nothing to do; it heals itself, and is told once, then rarely. */
function report(round: Round, error: unknown, outage: Outage, log: Logger): void {
  const heals = isDatabaseAway(error) || (error instanceof AppError && error.kind === 'unavailable');
  if (!heals) {
    log.error({ err: error, round: round.name }, 'round failed');
    return;
  }
  if (outage.toldAt !== null && performance.now() - outage.toldAt < tellEveryMs) return;
  outage.toldAt = performance.now();
  const reason = isNativeError(error) ? error.message : String(error);
  log.warn({ reason, round: round.name }, 'round skipped');
}
