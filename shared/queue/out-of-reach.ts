import type { AppError } from '../errors/app-error';
import { unavailable } from '../errors/catalog';

/** What a caller of the queue is told when it is away; the log sees the cause too. */
export function outOfReach(cause: unknown): AppError {
  return Object.assign(unavailable('queue'), { cause });
}
