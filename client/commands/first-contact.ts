import { createExchange } from '../http/exchange';
import { isSystemError, messageOf } from '../local-copy/system-error';
import { SolutionError, unreachable } from '../solution-error';

const patienceMs = 15_000;

/**
 * Makes one call to a server. A device on a poor network tries for minutes, but a person who typed a wrong address
 * wants to know at once. Any response is enough. @throws SolutionError `unreachable`.
 */
export async function needServer(url: string): Promise<void> {
  const { exchange, close } = createExchange(url, 1);
  try {
    const answer = await exchange({
      method: 'GET',
      path: '/healthz',
      headers: {},
      idleTimeoutMs: patienceMs,
    });
    answer.body.destroy();
  } catch (error) {
    throw unreachable(url, reasonOf(error));
  } finally {
    close();
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof SolutionError ? error.cause : error;
  if (isSystemError(cause, 'ENOTFOUND')) return 'there is no such name';
  if (isSystemError(cause, 'ECONNREFUSED')) return 'nobody listens there';
  return messageOf(cause);
}
