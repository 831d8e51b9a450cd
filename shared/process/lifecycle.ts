import type { Logger } from '../log';

interface Life {
  readonly log: Logger;
  /** The message to the supervisor that started this process, once it is ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly stop: () => Promise<void>;
  /** How long it may take to stop. */
  readonly patienceMilliseconds?: number;
}

/** Longer than any request or small job; a large job that is cut is taken over by another worker. */
const usualPatienceMilliseconds = 20_000;

/**
 * Runs until SIGTERM or SIGINT, or until the supervisor that started this process is gone; then stops in order.
 * A second signal, or too long a stop, ends the process at once: nothing here depends on an orderly end.
 */
export async function runUntilStopped({
  log,
  ready,
  stop,
  patienceMilliseconds = usualPatienceMilliseconds,
}: Life): Promise<void> {
  process.send?.({ ready });
  const reason = await new Promise<string>((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('disconnect', () => resolve('the supervisor is gone'));
  });
  log.info({ reason }, 'stopping');
  process.once('SIGTERM', () => process.exit(1));
  process.once('SIGINT', () => process.exit(1));
  const overdue = setTimeout(() => {
    log.warn({}, 'not stopped in time');
    process.exit(1);
  }, patienceMilliseconds);
  await stop();
  log.info({}, 'stopped');
  if (process.connected) process.disconnect();
  // It no longer keeps the process, but ends it should something forgotten do so.
  overdue.unref();
}
