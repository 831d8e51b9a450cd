import type { Request } from 'express';
import { z } from 'zod';
import { sosyncParameter } from '../../shared/errors/catalog';
import { readSosyncTime } from '../../shared/formats/sosync-time';
import { sosyncJobStates, sosyncSystems } from '../../shared/domain/sosync';
import type { ListWish, SosyncJobWish } from '../services/sosync-jobs';

// The parameters of the calls, from the query or a form. Unknown parameters are ignored, as in earlier versions.

type Given = Readonly<Record<string, unknown>>;

/** A form wins over the query. */
export function givenIn(request: Request): Given {
  const body: unknown = request.body;
  return { ...request.query, ...(isObject(body) ? body : {}) };
}

/** Throws `bad-parameter`. */
export function jobWishFrom(given: Given): SosyncJobWish {
  return {
    jobDate: read(given, 'job_date', jobDate),
    sourceSystem: read(given, 'source_system', z.enum(sosyncSystems, 'must be fs or fso')),
    sourceModel: read(given, 'source_model', name),
    sourceRecordId: read(given, 'source_record_id', name),
    parentJobId: read(given, 'parent_job_id', jobId.optional()) ?? null,
  };
}

/** Throws `bad-parameter`. */
export function listWishFrom(given: Given): ListWish {
  const states = z.enum(sosyncJobStates, `must be one of ${sosyncJobStates.join(', ')}`);
  return {
    state: read(given, 'state', states.optional()) ?? null,
    limit: read(given, 'limit', limit.optional()) ?? null,
    after: read(given, 'after', afterId.optional()) ?? '0',
  };
}

/** Throws `bad-parameter`. */
export const actionFrom = (given: Given): 'start' | 'stop' =>
  read(given, 'action', z.enum(['start', 'stop'], 'must be start or stop').optional()) ?? 'start';

/** Null: no job can have it. */
export const idIn = (written: unknown): string | null => jobId.safeParse(written).data ?? null;

const isObject = (value: unknown): value is Given => typeof value === 'object' && value !== null;

function read<T>(given: Given, parameter: string, schema: z.ZodType<T>): T {
  const value = Object.hasOwn(given, parameter) && given[parameter] !== '' ? given[parameter] : undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reason = value === undefined ? 'is missing' : (parsed.error.issues[0]?.message ?? 'is wrong');
  throw sosyncParameter(parameter, reason);
}

const name = z
  .string('must be given once')
  .trim()
  .min(1, 'is missing')
  .max(200, 'must have at most 200 characters')
  .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'must have no control characters');

const most = 9_223_372_036_854_775_807n;
/** It is asked as well where the text is no number. */
const isId = (written: string) => /^\d{1,19}$/.test(written) && BigInt(written) <= most;
const jobId = z
  .string('must be given once')
  .regex(/^[1-9]\d{0,18}$/, 'must be a whole number above 0')
  .refine(isId, 'is larger than any id');
const afterId = z
  .string('must be given once')
  .regex(/^\d{1,19}$/, 'must be a whole number')
  .refine(isId, 'is larger than any id');
const limit = z
  .string('must be given once')
  .regex(/^[1-9]\d{0,8}$/, 'must be a whole number from 1 to 999999999')
  .transform(Number);

const jobDate = z.string('must be given once').transform((written, context) => {
  const time = readSosyncTime(written);
  if (time !== null) return time;
  context.addIssue('must be a time, e.g. 2026-11-30T10:15:00Z');
  return z.NEVER;
});
