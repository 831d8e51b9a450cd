import type { Request } from 'express';
import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { flags } from '../../../shared/domain/flag';
import type { PageRequest } from '../../../shared/domain/page';
import { passwordLength } from '../../../shared/domain/staff';
import { notFound, unknownChannel } from '../../../shared/errors/catalog';
import { pathParameter } from '../../http/operation';

// Fields of paths, queries and responses of the backoffice.

/** A text that PostgreSQL can keep: no NUL, no half of a character. */
export const textOf = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine((text) => /^[^\0\p{Surrogate}]*$/u.test(text), 'holds a character that cannot be kept');

/** One that someone chooses. */
export const chosenPassword = z
  .string()
  .min(passwordLength.least)
  .max(passwordLength.most)
  .meta({ examples: ['correct horse battery'] });

/** One that someone gives to be let in: whatever it is, it is compared. */
export const givenPassword = z
  .string()
  .min(1)
  .max(passwordLength.most)
  .meta({ examples: ['correct horse battery'] });

/** The code of a second factor, or a recovery code. */
export const givenCode = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .meta({ examples: ['123456'] });

/** An id in JSON is a text; a number is taken as well. PostgreSQL's int. */
export const idOf = z
  .union([z.string().regex(/^\d{1,9}$/, 'is no id'), z.number().int().min(0).max(999_999_999)])
  .meta({ examples: ['12'] })
  .transform(Number);

/** PostgreSQL's bigint. */
export const bigIdOf = z
  .string()
  .regex(/^\d{1,18}$/, 'is no id')
  .meta({ examples: ['4711'] });

/** In an answer. */
export const solutionKey = z
  .string()
  .meta({ description: 'The id of the solution that it belongs to.', examples: ['12'] });

/** In an answer. */
export const syncKey = z
  .guid()
  .meta({ description: 'The sync that it came with.', examples: ['0b8a4a3e-5f0c-4d33-9f39-5a1d0f6f2c11'] });

const maxLimit = 1000;
const limit = z.coerce
  .number()
  .int()
  .min(1)
  .default(100)
  .transform((asked) => Math.min(asked, maxLimit))
  .meta({ description: `At most ${maxLimit}; a greater number counts as ${maxLimit}.` });

/** `?limit=&cursor=`, the cursor as `next` of the page before gave it. */
export const pageQuery = <Cursor extends z.ZodType>(cursor: Cursor) =>
  z.object({
    limit,
    cursor: cursor
      .optional()
      .meta({ description: '`next` of the page before. If absent, the first page is returned.' }),
  });

export const pageOfQuery = <Key>(query: { limit: number; cursor?: Key | undefined }): PageRequest<Key> => ({
  limit: query.limit,
  after: query.cursor ?? null,
});

/** PostgreSQL's int. `what`: what is not there where it is none. */
export const idParameter = (what: string) =>
  pathParameter(
    z
      .string()
      .regex(/^\d{1,9}$/)
      .meta({ description: `Of the ${what}.`, examples: ['12'] })
      .transform(Number),
    () => notFound(what),
  );

/** PostgreSQL's bigint. */
export const bigIdParameter = (what: string) =>
  pathParameter(
    z
      .string()
      .regex(/^\d{1,18}$/)
      .meta({ description: `Of the ${what}.`, examples: ['4711'] }),
    () => notFound(what),
  );

export const syncParameter = pathParameter(
  z.guid().meta({ examples: ['0b8a4a3e-5f0c-4d33-9f39-5a1d0f6f2c11'] }),
  () => notFound('sync'),
);

export const channelParameter = pathParameter(z.enum(channels), unknownChannel);

export const flagParameter = pathParameter(z.enum(flags), () => notFound('flag'));

// For pages, which read their path by themselves.

/** PostgreSQL's int. `what`: what is not there where it is none. */
export function pathId(request: Request, what: string): number {
  const text = pathText(request, 'id');
  if (!/^\d{1,9}$/.test(text)) throw notFound(what);
  return Number(text);
}

/** PostgreSQL's bigint. */
export function pathBigId(request: Request, what: string): string {
  const text = pathText(request, 'id');
  if (!/^\d{1,18}$/.test(text)) throw notFound(what);
  return text;
}

export function pathSync(request: Request): string {
  const text = pathText(request, 'sync');
  if (!z.guid().safeParse(text).success) throw notFound('sync');
  return text;
}

export const pathText = (request: Request, name: string): string => String(request.params[name]);

/** `<when it was received, with microseconds>_<its id>`. */
export const syncCursor = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z_[0-9a-f-]{36}$/, 'is no cursor')
  .meta({ examples: ['2026-11-21T20:38:00.123456Z_0b8a4a3e-5f0c-4d33-9f39-5a1d0f6f2c11'] })
  .transform((text) => ({ receivedAt: text.slice(0, 27), id: text.slice(28) }));
