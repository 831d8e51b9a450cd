import { z } from 'zod';
import type { HttpAnswer } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';

/** The error that Microsoft Graph returns instead of a result. */
export interface GraphError {
  /** E.g. `itemNotFound`. Empty: the response does not come from Graph, but from something in between. */
  readonly code: string;
  /** More precise codes, the innermost last. */
  readonly inner: readonly string[];
  readonly message: string;
}

const innerError = z.looseObject({
  code: z.string().optional(),
  innererror: z.unknown().optional(),
  innerError: z.unknown().optional(),
});
const graphError = z.looseObject({
  error: innerError.extend({ code: z.string(), message: z.string().catch('') }),
});

export function errorOf({ status, json }: HttpAnswer): GraphError {
  const parsed = graphError.safeParse(json).data;
  if (parsed === undefined) return { code: '', inner: [], message: `the server returned ${status}` };
  const { code, message } = parsed.error;
  return { code, inner: innerCodes(parsed.error), message: shortened(message === '' ? code : message) };
}

function innerCodes(error: z.infer<typeof innerError>): string[] {
  const next = innerError.safeParse(error.innererror ?? error.innerError).data;
  if (next === undefined) return [];
  return [...(next.code === undefined ? [] : [next.code]), ...innerCodes(next)];
}

const mostCharacters = 500;

const shortened = (text: string): string =>
  text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;

export const isSuccess = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;

/** True only if Graph itself says that there is no such item, so that the 404 of a proxy deletes nothing. */
export const isNotFound = (answer: HttpAnswer): boolean =>
  answer.status === 404 && /^(itemNotFound|resourceNotFound)$/i.test(errorOf(answer).code);

/** The error for a call that does not concern a single item. */
export function troubleOf(answer: HttpAnswer, about: string): Trouble {
  const { code, message } = errorOf(answer);
  const text = `${about}: ${message}`;
  if (answer.status === 401 || answer.status === 403) return new Trouble('unauthorized', text);
  if (answer.status === 404 && code === '') return new Trouble('unavailable', text);
  return new Trouble(answer.status === 409 || answer.status === 412 ? 'unavailable' : 'invalid', text);
}
