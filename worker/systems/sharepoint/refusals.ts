import type { HttpAnswer } from '../../outside/http-client';
import type { Refusal, Written } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { errorOf, type GraphError } from './graph-error';
import { refusal, refusedBySystem } from '../../pipeline/refusal';

export type Refused = Refusal;

/**
 * What a 4xx response to a write means for one item. Throws `unauthorized` if it concerns all items, and `unavailable`
 * if it does not come from Graph.
 */
export async function refusalOf(answer: HttpAnswer, mayWrite: () => Promise<boolean>): Promise<Written> {
  const error = errorOf(answer);
  const reason = `Graph returned ${answer.status}: ${error.message}`;
  switch (answer.status) {
    case 403:
      if (await mayWrite()) return refusedBySystem('forbidden', reason);
      throw new Trouble('unauthorized', `our application may not write in the library (${error.message})`);
    case 409:
      // Graph also returns 409 if an eTag does not match.
      return isNameTaken(error) ? refusedBySystem('name-taken', reason) : { kind: 'stale' };
    case 412:
      return { kind: 'stale' };
    case 413:
      return refusedBySystem('too-large', reason);
    case 404:
      throw new Trouble('unavailable', reason);
    default:
      return invalid(error, reason);
  }
}

const isNameTaken = ({ code, inner }: GraphError): boolean =>
  [code, ...inner].some((one) => /^(nameAlreadyExists|childItemNameAlreadyExists)$/i.test(one));

const longest = 400;

function invalid({ code, inner, message }: GraphError, reason: string): Refused {
  const codes = [code, ...inner].join(' ');
  if (/pathIsTooLong|pathTooLong/i.test(codes) || /too long|longer than/i.test(message))
    return refusal('invalid', { code: 'path-above-limit', values: { most: longest } });
  if (
    /invalidFileName|invalidName/i.test(codes) ||
    /\bname\b.*(invalid|not valid|contain|allowed)/i.test(message)
  )
    return refusedBySystem('bad-name', reason);
  return refusedBySystem('invalid', reason);
}
