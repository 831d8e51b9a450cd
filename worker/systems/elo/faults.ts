import type { HttpAnswer } from '../../outside/http-client';
import type { Written } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { refusedBySystem } from '../../pipeline/refusal';

/** The index server refused a call, and named its reason by a number. */
export class IxFault extends Error {
  override readonly name = 'IxFault';

  constructor(
    /** One of `ixCodes`, or another number. */
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** The constants `IXExceptionC` of ELO that the connector handles. */
export const ixCodes = {
  serverError: 1000,
  noLicence: 1002,
  invalidParameter: 2000,
  invalidSession: 2001,
  temporaryOld: 2002,
  temporary: 2003,
  wrongPassword: 3008,
  alreadyExists: 5005,
  locked: 5022,
  notFound: 5023,
  accessDenied: 5024,
  notEmpty: 5066,
  internal: 9000,
} as const;

/**
 * ELO REST, "Return values and errors": "If an error occurs, the exception element is set to a String that contains an
 * error code in part [ELOIX:errorcode]." The status is 200 even then; behind some proxies it is 500. Null: it is not a
 * refusal by the index server.
 */
export function faultIn({ json, text }: HttpAnswer): IxFault | null {
  const said = exceptionIn(json) ?? (json === undefined ? text : null);
  if (said === null) return null;
  const code = /\[(?:ELO|E)IX:(\d+)\]/.exec(said)?.[1];
  if (code !== undefined) return new IxFault(Number(code), sentenceIn(said));
  return exceptionIn(json) === null ? null : new IxFault(ixCodes.internal, sentenceIn(said));
}

/** The trouble, if the refusal concerns the whole system. Null: the caller has to judge it. */
export function troubleIn({ code, message }: IxFault): Trouble | null {
  switch (code) {
    case ixCodes.wrongPassword:
      return new Trouble('unauthorized', message);
    case ixCodes.serverError:
    case ixCodes.noLicence:
    case ixCodes.invalidSession:
    case ixCodes.temporaryOld:
    case ixCodes.temporary:
    case ixCodes.internal:
      return new Trouble('unavailable', message);
    default:
      return null;
  }
}

/** What a refusal means for the write that was refused. */
export function refusalOf({ code, message }: IxFault): Written {
  switch (code) {
    case ixCodes.locked:
      return refusedBySystem('locked', message);
    case ixCodes.notFound:
      return { kind: 'stale' };
    case ixCodes.accessDenied:
      return refusedBySystem('forbidden', message);
    case ixCodes.notEmpty:
      return refusedBySystem('not-empty', message);
    case ixCodes.alreadyExists:
      return refusedBySystem('duplicate', message);
    default:
      return refusedBySystem('invalid', message);
  }
}

/** What a refusal means if the call was not a write. */
export const unreadable = ({ message }: IxFault): Trouble => new Trouble('unavailable', message);

/** Returns the result of `run`, or `otherwise` if the index server refuses the call with that number. */
export async function unless<T>(code: number, run: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof IxFault && error.code === code) return otherwise;
    throw error;
  }
}

/** According to the documentation it is a string; plugins write `{ message }`. */
function exceptionIn(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || !('exception' in json)) return null;
  const { exception } = json;
  if (typeof exception === 'string') return exception;
  if (typeof exception !== 'object' || exception === null) return null;
  return 'message' in exception && typeof exception.message === 'string'
    ? exception.message
    : JSON.stringify(exception);
}

/** `[TICKET:de.elo…][ELOIX:5023]The object does not exist.[NO-DETAILS]` → `The object does not exist.` A ticket is a secret. */
function sentenceIn(said: string): string {
  const plain = said
    .replaceAll(/\[(?:TICKET|ELOIX|EIX|NO-DETAILS|DETAILS)[^\]]*\]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return plain === '' ? 'ELO refused the call' : plain.slice(0, 500);
}
