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
  /** The English reason, as programs get it. */
  readonly reason: string;
  readonly why: Reason | null;
  /** The class or table that it is about. */
  readonly of?: string | null;
}

/**
 * The exact reason in the reader's language. Unforeseen reasons, and those of earlier versions, exist only in English.
 */
export const ExactReason = ({ words, reason, why, of = null }: RefusalText): VNode =>
  why === null ? (
    <span lang="en">{visibleText(reason)}</span>
  ) : (
    <span>{reasonIn(words.language, why, of)}</span>
  );
