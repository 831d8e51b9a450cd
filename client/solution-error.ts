/**
 * Why a sync of the reference solution stopped. `code` is the server's own (`wrong-status`, `locked`, …) or one of
 * the solution's: `connection-lost`, `unreachable`, `bad-answer`, `bad-package`, `in-use`, `bad-copy`, `no-copy`, `gave-up-waiting`.
 */
export class SolutionError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'SolutionError';
  }
}

/** The server refused a call. Its problem document (RFC 9457), decoded. */
export class ServerProblem extends SolutionError {
  constructor(
    readonly status: number,
    code: string,
    readonly detail: string,
    /** How long the server asks us to wait, if it does. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(code, detail);
    this.name = 'ServerProblem';
  }
}

/** The network failed: it is not known whether the server did what was asked. */
export const connectionLost = (what: string, cause?: unknown) =>
  new SolutionError('connection-lost', `The connection was lost: ${what}.`, { cause });

/** The address was never reached. */
export const unreachable = (url: string, reason: string) =>
  new SolutionError('unreachable', `The server ${url} cannot be reached: ${reason}.`);

/** There is no local copy in that folder. */
export const noCopy = (dir: string) =>
  new SolutionError('no-copy', `There is no local copy in ${dir}: "epack solution sync" makes one.`);

export const badAnswer = (what: string) =>
  new SolutionError('bad-answer', `The server's answer is not as the protocol has it: ${what}.`);

export const badPackage = (what: string) =>
  new SolutionError('bad-package', `The instruction package cannot be trusted: ${what}.`);

export const copyInUse = (processId: number) =>
  new SolutionError('in-use', `Another program (process ${processId}) is synchronising this folder.`);

export const badCopy = (file: string, what: string) =>
  new SolutionError('bad-copy', `The local copy's ${file} cannot be read: ${what}.`);

export const gaveUpWaiting = (seconds: number) =>
  new SolutionError(
    'gave-up-waiting',
    `The server has not finished within ${seconds} seconds. Run the sync again later.`,
  );

/** The file on the stick cannot be used. */
export const badStick = (reason: string) => new SolutionError('bad-offline-file', reason);
