import type { Request } from 'express';
import { z } from 'zod';
import { type Channel, isChannel } from '../../../shared/domain/channel';
import { type Flag, isFlag } from '../../../shared/domain/flag';
import type { PageRequest } from '../../../shared/domain/page';
import { notFound, unknownChannel } from '../../../shared/errors/catalog';

// What stands in a path or in a query. In a path, what cannot be is not there; in a query it is a mistake.

/** A text that PostgreSQL can keep: no NUL, no half of a character. */
export const textOf = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^[^\0\p{Surrogate}]*$/u, 'holds a character that cannot be kept');

/** An id in JSON is a text; a number is taken as well. PostgreSQL's int. */
export const idOf = z
  .union([z.string().regex(/^\d{1,9}$/, 'is no id'), z.number().int().min(0).max(999_999_999)])
  .transform(Number);

/** PostgreSQL's bigint. */
export const bigIdOf = z.string().regex(/^\d{1,18}$/, 'is no id');

const maxLimit = 1000;
const limit = z.coerce
  .number()
  .int()
  .min(1)
  .default(100)
  .transform((asked) => Math.min(asked, maxLimit));

/** `?limit=&cursor=`, the cursor as `next` of the page before gave it. */
export const pageQuery = <Cursor extends z.ZodType>(cursor: Cursor) =>
  z.object({ limit, cursor: cursor.optional() });

export const pageOfQuery = <Key>(query: { limit: number; cursor?: Key | undefined }): PageRequest<Key> => ({
  limit: query.limit,
  after: query.cursor ?? null,
});

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

export function pathChannel(request: Request): Channel {
  const name = pathText(request, 'channel');
  if (!isChannel(name)) throw unknownChannel(name);
  return name;
}

export function pathFlag(request: Request): Flag {
  const name = pathText(request, 'flag');
  if (!isFlag(name)) throw notFound('flag');
  return name;
}

export const pathText = (request: Request, name: string): string => String(request.params[name]);
