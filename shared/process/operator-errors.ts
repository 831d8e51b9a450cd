import { isNativeError } from 'node:util/types';
import type { Config } from '../config/config';
import { ConfigError } from '../config/config';
import { hostUrls } from '../db/host-urls';
import { isDatabaseAway } from '../db/database-away';
import { AppError } from '../errors/app-error';

// The errors for people who start a command: what went wrong, and the setting behind it.

/** A sentence; null: a defect, of which a developer wants to see all. */
export function operatorMessage(error: unknown): string | null {
  // The code before it is for programs.
  if (error instanceof AppError) return error.detail;
  if (error instanceof ConfigError) return error.message;
  if (!isNativeError(error) || ['TypeError', 'ReferenceError', 'SyntaxError'].includes(error.name))
    return null;
  return reasonOf(error);
}

/**
 * The exit code of a process that could not start because the database was unavailable. The same start may succeed
 * later (sysexits.h).
 */
export const tryAgainExitCode = 75;

export function exitCodeFor(error: unknown): number {
  const cause = isNativeError(error) ? (error.cause ?? error) : error;
  return isDatabaseAway(cause) ? tryAgainExitCode : 1;
}

/** Names the database, and where it is meant to be, where that is what failed. Any other error as it is. */
export function withDatabaseNamed(
  error: unknown,
  { databaseUrl, poolerUrl }: Pick<Config, 'databaseUrl' | 'poolerUrl'>,
): unknown {
  if (!isNativeError(error) || error instanceof AppError || databaseUrl === null) return error;
  if (!isDatabaseAway(error) && !refusesUs(error)) return error;
  const setting = poolerUrl === null ? 'DATABASE_URL' : 'DATABASE_LISTEN_URL';
  const where = `${whereOf(databaseUrl)} (${setting})`;
  return new Error(`PostgreSQL cannot be used at ${where}: ${reasonOf(error)}`, { cause: error });
}

/** Names the setting where a port cannot be had. Any other error as it is. */
export function withPortNamed(error: unknown, port: number, setting: string): unknown {
  const code = isNativeError(error) && 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') return new Error(`Port ${port} is taken: set ${setting} to another.`);
  if (code === 'EACCES')
    return new Error(`Port ${port} is not for this user to have: set ${setting} to another.`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new Error('HOST is no address of this machine: set it to another, or leave it out.');
  return error;
}

/** An address that leads to several tries has one reason for each, and none of its own. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((one) => (isNativeError(one) ? one.message : String(one))).join('; ');
  return error.message;
}

/** Without user and password. */
function whereOf(databaseUrl: string): string {
  const servers = hostUrls(databaseUrl).map((url) => new URL(url));
  const hosts = servers.map(
    ({ hostname, port }) => `${decodeURIComponent(hostname) || 'localhost'}:${port || '5432'}`,
  );
  return `${hosts.join(',')}${servers[0]?.pathname ?? ''}`;
}

/** SQLSTATE 28: wrong user or password; 3D000: no such database. */
const refusesUs = (error: Error): boolean =>
  'code' in error && typeof error.code === 'string' && /^(28...|3D000)$/.test(error.code);
