import { isNativeError } from 'node:util/types';

/**
 * True where an error means that PostgreSQL cannot be reached or is going away, so that the same call may
 * succeed later. Sources: SQLSTATE classes 08, 57P, 53, 25P03, and 25006: the server has become a standby; Node's socket errors; knex's and pg's texts,
 * which carry no code.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  // The message quotes the statement and its values. If the error has a code, the message is not searched, because it
  // could contain text that a solution sent.
  if ('code' in error && typeof error.code === 'string') return awayCode.test(error.code);
  return awayMessage.test(error.message) || isStatementOverdue(error);
}

/**
 * True if PostgreSQL is there but has no connection for this call: all of the pool are in use, or the server has as many
 * as it allows. Sources: SQLSTATE 53300; knex's timeout, which has another cause if connections cannot be opened.
 */
export function isDatabaseBusy(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  if ('code' in error) return error.code === '53300';
  const { cause } = error;
  return error.name === 'KnexTimeoutError' && isNativeError(cause) && unknownReason.test(cause.message);
}

/** True if a statement took longer than the pool allows. Source: pg, which gives this error a message but no code. */
export function isStatementOverdue(error: Error): boolean {
  return error.message.endsWith('Query read timeout');
}

/** True if the server accepts no writes any more, because another one has taken its place. Source: SQLSTATE 25006. */
export function isReadOnlyNow(error: unknown): boolean {
  return isNativeError(error) && 'code' in error && error.code === '25006';
}

/** True if PostgreSQL can be reached but its disk is full. Source: SQLSTATE 53100. */
export function isDatabaseFull(error: unknown): boolean {
  return isNativeError(error) && 'code' in error && error.code === '53100';
}

const awayCode =
  /^(08...|57P0[1-5]|53[0-9]{3}|25P03|25006|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;

const unknownReason = /operation timed out for an unknown reason/;

const awayMessage =
  /Connection terminated|Client has encountered a connection error|Timeout acquiring a connection|Unable to acquire a connection|connection is closed|Connection ended|timeout expired/i;
