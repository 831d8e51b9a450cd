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
  /** Begins no further round, and resolves once those under way have ended. */
  stop(): Promise<void>;
}

/** Runs each round at its pace, never twice at once. A round that fails is logged, and comes again. */
export function startRounds(rounds: readonly Round[], log: Logger): Rounds {
  const stops = rounds.map((round) => startRound(round, log));
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

function startRound(round: Round, log: Logger): () => Promise<void> {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const begin = () => {
    running = round
      .run()
      .then(
        () => undefined,
        (error: unknown) => report(round, error, log),
      )
      .finally(() => {
        if (!isStopped) timer = setTimeout(begin, round.everySeconds * 1000);
      });
  };
  begin();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    return running;
  };
}

/** With the database or the queue away a round has nothing to do; it heals itself. */
function report(round: Round, error: unknown, log: Logger): void {
  const heals = isDatabaseAway(error) || (error instanceof AppError && error.kind === 'unavailable');
  if (heals) log.warn({ err: error, round: round.name }, 'round skipped');
  else log.error({ err: error, round: round.name }, 'round failed');
}
