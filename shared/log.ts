import pino from 'pino';

/**
 * The log of a part of the server. error: someone must act; warn: it healed itself; info: one line a request or a sync,
 * with `syncId`, `solutionId`, `channel` as fields. An error object goes into the field `err`.
 */
export interface Logger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  /** A logger that puts `fields` into each of its lines. */
  child(fields: object): Logger;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'silent';

export interface LoggerOptions {
  /** The least level that is written. */
  readonly level: LogLevel;
  /** Which process speaks: `api`, `worker`… */
  readonly name: string;
  /** Commands whose standard output is their product log to stderr. */
  readonly to?: 'stdout' | 'stderr';
}

/** Writes JSON lines, at once: what was logged before a crash is there after it. Secrets are blanked. */
export function createLogger({ level, name, to = 'stdout' }: LoggerOptions): Logger {
  return pino(lines({ level, name }), pino.destination({ fd: to === 'stdout' ? 1 : 2, sync: true }));
}

export interface FileLogger {
  readonly log: Logger;
  /** Opens the file again: whoever rotates logs has moved it away. */
  reopen(): void;
}

/** The same into a file, at its end. Throws where it cannot be written. */
export function createFileLogger(file: string, options: Pick<LoggerOptions, 'level' | 'name'>): FileLogger {
  const destination = pino.destination({ dest: file, append: true, sync: true });
  // A disk that is full is no reason to end; the next line is tried again.
  destination.on('error', () => undefined);
  return { log: pino(lines(options), destination), reopen: () => destination.reopen() };
}

const lines = ({ level, name }: Pick<LoggerOptions, 'level' | 'name'>) => ({
  level,
  name,
  base: { pid: process.pid },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
  redact: { paths: secretFields.flatMap(atEachDepth), censor: '[secret]' },
});

const secretFields = ['authorization', 'cookie', 'set-cookie', 'secret', 'password', 'token', 'jwt'];

/** Fields of the line itself, of an object in it, and of an object in that: `req.headers.authorization`. */
function atEachDepth(field: string): string[] {
  return [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`];
}
