import type { VNode } from 'preact';
import { storedReason } from '../../../../../shared/formats/stored-reason';
import { ExactReason } from '../../refusal';
import type { Words } from '../../words';

interface Props {
  readonly words: Words;
  readonly of: {
    /** The English sentence. Rows of earlier versions have nothing else. */
    readonly reason: string | null;
    readonly reasonCode: string | null;
    readonly reasonValues: unknown;
  };
}

/** Why an entry was not carried out, or waits, in the reader's language. Nothing where there is no reason. */
export const ToldReason = ({ words, of: { reason, reasonCode, reasonValues } }: Props): VNode | null =>
  reason === null ? null : (
    <ExactReason words={words} reason={reason} why={storedReason(reasonCode, reasonValues)} />
  );
