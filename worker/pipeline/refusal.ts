import { quotable, type Reason } from '../../shared/domain/reason';
import { because } from '../../shared/domain/reason-english';
import type { Refusal, RefusalCode } from './system';

/** A write that a system refuses: what the engine does about it follows from the code, what people read from the reason. */
export const refusal = (code: RefusalCode, why: Reason): Refusal => ({
  kind: 'refused',
  code,
  ...because(why),
});

/** Something else has the name that was wanted. */
export const nameTaken = refusal('name-taken', { code: 'name-taken', values: {} });
export const folderMissing = refusal('no-folder', { code: 'folder-is-missing', values: {} });
export const folderInItself = refusal('cycle', { code: 'folder-in-itself', values: {} });
export const folderNotEmpty = refusal('not-empty', { code: 'folder-not-empty', values: {} });
export const placeMissing = refusal('invalid', { code: 'place-missing', values: {} });

export const nameImpossible = (name: string): Refusal =>
  refusal('bad-name', { code: 'name-impossible', values: { name: quotable(name) } });

/** In the words of the system itself. */
export const refusedBySystem = (code: RefusalCode, said: string): Refusal =>
  refusal(code, { code: 'refused-by-system', values: { said: quotable(said, longestSaid) } });

/** What was thrown while an entry was worked on. */
export const failureReason = (error: unknown): Reason => ({
  code: 'attempt-failed',
  values: { said: quotable(error instanceof Error ? error.message : String(error), longestSaid) },
});

/** UTF-16 units. */
const longestSaid = 2_000;
