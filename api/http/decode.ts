import { z, type ZodType } from 'zod';
import { badRequest } from '../../shared/errors/catalog';

/** A text that PostgreSQL can keep: no NUL, no half of a character. */
export const keepableText = (minLength: number, maxLength: number) =>
  z
    .string()
    .min(minLength)
    .max(maxLength)
    .regex(/^[^\0\p{Surrogate}]*$/u, 'holds a character that cannot be kept');

/** Outside data is unknown until it has passed here. Throws `bad-request`, naming each field and its reason. */
export function decode<S extends ZodType>(schema: S, data: unknown): z.output<S> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw badRequest(problems.join('; '));
}
