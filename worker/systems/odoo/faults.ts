import { z } from 'zod';
import type { HttpAnswer } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';

/** What Odoo returns instead of a result. */
export interface OdooFault {
  /** The class of its exception, e.g. `odoo.exceptions.MissingError`. Empty: it was not an exception of Odoo. */
  readonly name: string;
  readonly message: string;
  /** The HTTP status; by JSON-RPC it is 200 in any case. */
  readonly status: number;
}

export type FaultKind =
  /** The key, the user or the database is refused. */
  | 'denied'
  /** Our user may not do that, with this record or with any record. */
  | 'forbidden'
  | 'missing'
  | 'no-model'
  /** A rule of the model forbids it. */
  | 'refused'
  /** The call is invalid: a field does not exist, or a value has the wrong type. */
  | 'invalid'
  /** Another transaction interfered more often than Odoo tries again by itself. */
  | 'busy'
  | 'broken';

const exception = z.looseObject({ name: z.string().min(1), message: z.string() });

/** Null: the response is not an exception of Odoo. */
export function faultIn(json: unknown, status: number): OdooFault | null {
  const parsed = exception.safeParse(json).data;
  return parsed === undefined ? null : { name: parsed.name, message: shortened(parsed.message), status };
}

/**
 * The meaning of a 4xx without an exception of Odoo: it came from a proxy, or from an Odoo that has no such database.
 */
export const plainFault = ({ status }: HttpAnswer): OdooFault => ({
  name: '',
  message: `the server returned ${status}${status === 404 ? ', as it does where it has no such database' : ''}`,
  status,
});

export function kindOf({ name, message, status }: OdooFault): FaultKind {
  if (name === '') return status === 403 || status === 404 ? 'denied' : 'invalid';
  const known = kinds[name];
  if (known !== undefined) return /^Object \S+ doesn't exist/.test(message) ? 'no-model' : known;
  if (/database ".*" does not exist/.test(message)) return 'denied';
  if (/could not serialize|deadlock detected|could not obtain lock/i.test(message)) return 'busy';
  if (
    /^psycopg2\.(errors\.\w+(OutOfRange|Truncation|Representation|Violation|Format|Overflow)|DataError)$/.test(
      name,
    )
  )
    return 'invalid';
  return 'broken';
}

const kinds: Readonly<Record<string, FaultKind>> = {
  'odoo.exceptions.AccessDenied': 'denied',
  'odoo.http.SessionExpiredException': 'denied',
  'odoo.exceptions.AccessError': 'forbidden',
  'odoo.exceptions.MissingError': 'missing',
  'odoo.exceptions.UserError': 'refused',
  'odoo.exceptions.ValidationError': 'refused',
  'odoo.exceptions.RedirectWarning': 'refused',
  'odoo.exceptions.ConcurrencyError': 'busy',
  'psycopg2.errors.SerializationFailure': 'busy',
  'psycopg2.errors.DeadlockDetected': 'busy',
  'psycopg2.errors.LockNotAvailable': 'busy',
  'psycopg2.extensions.TransactionRollbackError': 'busy',
  'werkzeug.exceptions.NotFound': 'no-model',
  'werkzeug.exceptions.BadRequest': 'invalid',
  'werkzeug.exceptions.UnprocessableEntity': 'invalid',
  'builtins.ValueError': 'invalid',
  'builtins.KeyError': 'invalid',
  'builtins.TypeError': 'invalid',
  'builtins.AttributeError': 'invalid',
};

/** For a call that is not about a single record. */
export function troubleOf(fault: OdooFault): Trouble {
  const text = sentenceOf(fault);
  switch (kindOf(fault)) {
    case 'denied':
    case 'forbidden':
      return new Trouble('unauthorized', text);
    case 'no-model':
      return new Trouble('fields', text);
    case 'invalid':
      return new Trouble(/\b(field|Field)\b/.test(text) ? 'fields' : 'invalid', text);
    case 'missing':
    case 'refused':
      return new Trouble('invalid', text);
    case 'busy':
    case 'broken':
      return new Trouble('unavailable', text);
  }
}

/** A `KeyError` contains only the key. */
export const sentenceOf = ({ name, message }: OdooFault): string =>
  name === 'builtins.KeyError' ? `it knows no field ${message}` : message === '' ? name : message;

const mostCharacters = 500;

const shortened = (text: string): string => {
  const line = text.trim().replace(/\s*\n\s*/g, ' ');
  return line.length > mostCharacters ? `${line.slice(0, mostCharacters)}…` : line;
};
