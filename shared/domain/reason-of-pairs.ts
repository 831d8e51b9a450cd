import type { ValueProblem } from './value-problem';

/** Why an entry of a pair was not carried out, or waits: the values of each code. */
export interface PairReasonValues {
  // It waits, or someone has to decide
  readonly 'disputed-parts': None;
  readonly 'both-sides-changed': None;
  readonly 'several-alike': None;
  readonly 'several-from-earlier-run': { readonly count: number };
  readonly 'name-taken-undecided': None;
  readonly 'waits-for-approval': None;
  readonly 'deletions-wait': None;
  readonly 'folder-not-left': None;
  readonly 'folder-not-synchronised': None;
  readonly 'target-not-synchronised': { readonly field: string };
  readonly 'turn-did-not-come': None;

  // It is above a limit
  readonly 'entry-too-large': None;
  readonly 'run-too-large': None;

  // A system refuses it
  readonly 'name-taken': None;
  readonly 'name-impossible': { readonly name: string };
  /** `fitting`: the name that the system would take. */
  readonly 'name-to-be-fitted': { readonly fitting: string };
  readonly 'name-refused': None;
  readonly 'path-too-long': None;
  readonly 'path-above-limit': { readonly most: number };
  readonly 'folder-in-itself': None;
  readonly 'folder-not-empty': None;
  readonly 'folder-is-symbolic-link': None;
  readonly 'file-too-large': None;
  readonly 'permissions-missing': None;
  readonly 'mounted-read-only': None;
  readonly 'place-missing': None;
  readonly 'folders-unknown': None;
  readonly 'left-out-by-pair': None;
  readonly 'only-read': None;
  readonly 'locked-by': { readonly who: string };
  readonly 'record-already-there': None;
  readonly 'row-left-out-by-trigger': None;
  readonly 'value-unfit': { readonly field: string; readonly problem: ValueProblem };
  readonly 'form-lacks-fields': { readonly form: string; readonly fields: readonly string[] };
  readonly 'form-requires-fields': { readonly form: string; readonly fields: readonly string[] };
  /** `answer`: the status of HTTP. */
  readonly 'write-forbidden': { readonly verb: WritingVerb; readonly answer: number };
  readonly 'write-refused': { readonly verb: WritingVerb; readonly answer: number };
  readonly 'status-returned': { readonly answer: number };
  /** `said`: in the words of the other system. */
  readonly 'refused-by-system': { readonly said: string };

  // It failed
  /** `said`: what was thrown, in English or in the words of the other system. */
  readonly 'attempt-failed': { readonly said: string };
  readonly 'policy-unknown': { readonly policy: string };
  readonly undecided: None;
}

/** The sentences of a language, one for each code. */
export type PairReasonSentences = {
  readonly [Code in keyof PairReasonValues]: (values: PairReasonValues[Code]) => string;
};

/** The methods of WebDAV that write. */
export type WritingVerb = 'PUT' | 'MKCOL' | 'MOVE' | 'DELETE';

/** No values. */
type None = Readonly<Record<string, never>>;
