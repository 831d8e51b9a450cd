import { isNativeError } from 'node:util/types';
import { isDatabaseAway } from '../../shared/db/database-away';
import { AppError } from '../../shared/errors/app-error';
import type { Logger } from '../../shared/log';

/** Something that this process does again and again. */
export interface Task {
  readonly name: string;
  readonly everySeconds: number;
  run(): Promise<unknown>;
}

export interface Repeated {
  /** Runs it now, or once more as soon as the run in progress has ended. */
  runNow(): void;
  /** Begins no further run, and resolves once the one in progress has ended. */
  stop(): Promise<void>;
}

/** Runs a task at its pace, never twice at once. A run that fails is logged, and comes again. */
export function repeat(task: Task, log: Logger): Repeated {
  let isStopped = false;
  let isWanted = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const outage: Outage = { toldAt: null };
  const begin = () => {
    isWanted = false;
    timer = undefined;
    running = task
      .run()
      .then(
        () => void (outage.toldAt = null),
        (error: unknown) => report(task, error, outage, log),
      )
      .finally(() => {
        if (!isStopped) timer = setTimeout(begin, isWanted ? 0 : task.everySeconds * 1000);
      });
  };
  begin();
  return {
    runNow() {
      isWanted = true;
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

/** When the failure of a task was last logged. Null: it works. */
interface Outage {
  toldAt: number | null;
}

const tellEveryMs = 10 * 60_000;

/**
 * If the database or the queue cannot be reached, a task cannot work. It recovers by itself, so this is logged once and
 * then rarely.
 */
function report(task: Task, error: unknown, outage: Outage, log: Logger): void {
  const heals = isDatabaseAway(error) || (error instanceof AppError && error.kind === 'unavailable');
  if (!heals) {
    log.error({ err: error, task: task.name }, 'task failed');
    return;
  }
  if (outage.toldAt !== null && performance.now() - outage.toldAt < tellEveryMs) return;
  outage.toldAt = performance.now();
  const reason = isNativeError(error) ? error.message : String(error);
  log.warn({ reason, task: task.name }, 'task skipped');
}
