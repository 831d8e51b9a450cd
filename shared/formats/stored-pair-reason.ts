import { z } from 'zod';
import type { PairReasonValues } from '../domain/reason-of-pairs';
import type { ValueProblem } from '../domain/value-problem';

const count = z.number();
const text = z.string();
const none = z.record(z.string(), z.never());
const said = z.object({ said: text });
const ofForm = z.object({ form: text, fields: z.array(text) });
const ofVerb = z.object({ verb: z.enum(['PUT', 'MKCOL', 'MOVE', 'DELETE']), answer: count });

const problem: z.ZodType<ValueProblem> = z.union([
  z.object({ code: z.literal('no-date'), value: text, form: text }),
  z.object({ code: z.enum(['not-in-table', 'no-exact-number']), value: text }),
  z.object({ code: z.literal('neither-of'), value: text, one: text, other: text }),
  z.object({ code: z.literal('no-record'), value: text, model: text }),
  z.object({ code: z.literal('pair-missing'), pair: text }),
  z.object({
    code: z.enum(['no-number', 'no-whole-number', 'no-day', 'no-time', 'no-json', 'no-base64']),
  }),
  z.object({ code: z.enum(['no-list-of-records', 'other-end-of-relation', 'more-than-one-record']) }),
  z.object({ code: z.enum(['without-file', 'encrypted']) }),
  z.object({ code: z.literal('said'), text }),
]);

/** The stored form of the values of each reason of a pair. */
export const pairReasonShapes: {
  readonly [Code in keyof PairReasonValues]: z.ZodType<PairReasonValues[Code]>;
} = {
  'disputed-parts': none,
  'both-sides-changed': none,
  'several-alike': none,
  'several-from-earlier-run': z.object({ count }),
  'name-taken-undecided': none,
  'waits-for-approval': none,
  'deletions-wait': none,
  'folder-not-left': none,
  'folder-not-synchronised': none,
  'target-not-synchronised': z.object({ field: text }),
  'turn-did-not-come': none,

  'entry-too-large': none,
  'run-too-large': none,

  'name-taken': none,
  'name-impossible': z.object({ name: text }),
  'name-to-be-fitted': z.object({ fitting: text }),
  'name-refused': none,
  'path-too-long': none,
  'path-above-limit': z.object({ most: count }),
  'folder-in-itself': none,
  'folder-not-empty': none,
  'folder-is-symbolic-link': none,
  'file-too-large': none,
  'permissions-missing': none,
  'mounted-read-only': none,
  'place-missing': none,
  'folders-unknown': none,
  'left-out-by-pair': none,
  'only-read': none,
  'locked-by': z.object({ who: text }),
  'record-already-there': none,
  'row-left-out-by-trigger': none,
  'value-unfit': z.object({ field: text, problem }),
  'form-lacks-fields': ofForm,
  'form-requires-fields': ofForm,
  'write-forbidden': ofVerb,
  'write-refused': ofVerb,
  'status-returned': z.object({ answer: count }),
  'refused-by-system': said,

  'attempt-failed': said,
  'policy-unknown': z.object({ policy: text }),
  undecided: none,
};
