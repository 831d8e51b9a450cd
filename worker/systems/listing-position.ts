import type { z } from 'zod';
import type { Cursor } from '../pipeline/system';
import { Trouble } from '../pipeline/trouble';

export const cursorOf = (position: object): Cursor => JSON.stringify(position);

/** The position that a cursor holds. A cursor of an earlier version, or of other settings, throws `cursor-expired`. */
export function positionIn<Position>(schema: z.ZodType<Position>, cursor: Cursor): Position {
  try {
    return schema.parse(JSON.parse(cursor));
  } catch {
    throw new Trouble('cursor-expired', 'its cursor cannot be read');
  }
}

/** The first second, written as `earlier` writes a time. */
export const beginning = '1970-01-01 00:00:00';

/** An earlier time: a write from before `at` may have been committed since. Both are UTC, `2026-11-30 08:00:00`. */
export function earlier(at: string, milliseconds: number): string {
  const then = Date.parse(`${at.replace(' ', 'T')}Z`) - milliseconds;
  if (Number.isNaN(then)) throw new Trouble('cursor-expired', 'its cursor is no time');
  return new Date(then).toISOString().slice(0, 19).replace('T', ' ');
}
