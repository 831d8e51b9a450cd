import type { AppError } from '../errors/app-error';
import { unavailable } from '../errors/catalog';

/** The error for a caller if the queue cannot be reached. The log also gets the cause. */
export function outOfReach(cause: unknown): AppError {
  return Object.assign(unavailable('queue'), { cause });
}
