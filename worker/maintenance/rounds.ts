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
  const begin = () => {
    isHurried = false;
    timer = undefined;
    running = round
      .run()
      .then(
        () => undefined,
        (error: unknown) => report(round, error, log),
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

/** With the database or the queue away a round has nothing to do; it heals itself. */
function report(round: Round, error: unknown, log: Logger): void {
  const heals = isDatabaseAway(error) || (error instanceof AppError && error.kind === 'unavailable');
  if (heals) log.warn({ err: error, round: round.name }, 'round skipped');
  else log.error({ err: error, round: round.name }, 'round failed');
}
