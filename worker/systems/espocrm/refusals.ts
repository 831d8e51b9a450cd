import { z } from 'zod';
import { type HttpAnswer, reasonOf } from '../../outside/http-client';
import type { Item, Written } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { readHolders, type Row } from './rows';
import { refusal, refusedBySystem } from '../../pipeline/refusal';

/** The meaning of a refused write. Null: the write was not refused. */
export function refusalOf(answer: HttpAnswer, itemOf: (row: Row) => Item): Written | null {
  const { status } = answer;
  if (status >= 200 && status < 300) return null;
  if (status === 404) return { kind: 'stale', item: null };
  if (status === 409) return conflictOf(answer, itemOf);
  if (status === 403) return refusedBySystem('forbidden', sentence(answer, 'it is forbidden'));
  if (status === 413) return refusedBySystem('too-large', sentence(answer, 'it is too large'));
  const field = fieldIn(answer.json);
  const refused = refusedBySystem('invalid', sentence(answer, `the server returned ${status}`));
  return field === null ? refused : { ...refused, fields: [field] };
}

/** The header `X-Status-Reason` distinguishes the two kinds. */
function conflictOf(answer: HttpAnswer, itemOf: (row: Row) => Item): Written {
  const reason = reasonOf(answer.headers, answer.json);
  // It shows only the fields of this write, so the item is fetched.
  if (reason === 'modified') return { kind: 'stale' };
  const holders = readHolders(answer.json).map((row) => itemOf(row));
  if (reason === 'duplicate' || holders.length > 0)
    return { ...refusal('duplicate', { code: 'record-already-there', values: {} }), holders };
  return refusedBySystem('invalid', sentence(answer, 'the server returned 409'));
}

const validation = z.looseObject({
  messageTranslation: z.looseObject({ data: z.looseObject({ field: z.string() }) }),
});

const fieldIn = (json: unknown): string | null =>
  validation.safeParse(json).data?.messageTranslation.data.field ?? null;

const sentence = ({ headers, json }: HttpAnswer, otherwise: string): string => {
  const said = reasonOf(headers, json);
  return said === '' ? otherwise : said;
};

/** "Max failed login attempts exceeded": after some wrong keys in a minute the address gets 403 for everything. */
export const isLockedOut = ({ status, headers }: HttpAnswer): boolean =>
  status === 403 && (headers.get('x-status-reason') ?? '').includes('failed login attempts');

/** For a call that is not about a single record. */
export function troubleOf(answer: HttpAnswer): Trouble {
  const reason = reasonOf(answer.headers, answer.json);
  const text = `the server returned ${answer.status}${reason === '' ? '' : `: ${reason}`}`;
  if (answer.status === 403) return new Trouble('unauthorized', text);
  // "Controller 'CNix' does not exist." and "Not existing attribute 'nope' in where."
  if (answer.status === 404 || /^Not existing attribute/.test(reason)) return new Trouble('fields', text);
  return new Trouble('invalid', text);
}
