import type { VNode } from 'preact';
import { refusalCodes } from '../../../shared/domain/refusal';
import type { Words } from './words';
import type { Refusal } from './words-english';

/** Why something was refused, in the words of whoever looks, and what to do about it. */
export function refusalOf(words: Words, code: string): Refusal {
  const known = refusalCodes.find((one) => one === code);
  return known === undefined ? words.refusedOtherwise : words.refusedBecause[known];
}

/** What the server itself said, exactly: in English, for whoever mends it. */
export const ServersReason = ({ reason }: { reason: string }): VNode => <span lang="en">{reason}</span>;
