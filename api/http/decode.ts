import { z, type ZodType } from 'zod';
import { badRequest } from '../../shared/errors/catalog';

/** A text that PostgreSQL can store: without NUL and without half a surrogate pair. */
export const keepableText = (minLength: number, maxLength: number) =>
  z
    .string()
    .min(minLength)
    .max(maxLength)
    .regex(/^[^\0\p{Surrogate}]*$/u, 'holds a character that cannot be kept');

/** Data from outside is `unknown` until this has checked it. Throws `bad-request`, naming each field and its reason. */
export function decode<S extends ZodType>(schema: S, data: unknown): z.output<S> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw badRequest(problems.join('; '));
}
