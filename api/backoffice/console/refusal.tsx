import type { VNode } from 'preact';
import { reasonIn } from '../../../shared/catalog/tell-reason';
import type { Reason } from '../../../shared/domain/reason';
import { visibleText } from '../../../shared/domain/visible-text';
import { refusalCodes } from '../../../shared/domain/refusal';
import type { Words } from './words';
import type { Refusal } from './words/english/quarantine';

/** Why something was refused, in the words of whoever looks, and what to do about it. */
export function refusalOf(words: Words, code: string): Refusal {
  const known = refusalCodes.find((one) => one === code);
  return known === undefined ? words.refusedOtherwise : words.refusedBecause[known];
}

interface RefusalText {
  readonly words: Words;
  /** In English, as programs are told. */
  readonly reason: string;
  readonly why: Reason | null;
  /** The class or table that it is about. */
  readonly of?: string | null;
}

/**
 * Exactly why, in the words of whoever looks. What nobody foresaw, or an earlier version of the server kept, there is in
 * English alone.
 */
export const ExactReason = ({ words, reason, why, of = null }: RefusalText): VNode =>
  why === null ? (
    <span lang="en">{visibleText(reason)}</span>
  ) : (
    <span>{reasonIn(words.language, why, of)}</span>
  );
