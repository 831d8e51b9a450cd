import type { DecidedConflict } from '../../shared/stores/pairs/pair-decision-store';
import type { Entry } from '../pipeline/entry';

/** A decision about an entity that has not been carried out yet. */
export const decisionOf = (
  decisions: readonly DecidedConflict[],
  { link, side, mention }: Entry,
): DecidedConflict | undefined =>
  decisions.find((decided) =>
    decided.linkId === null
      ? decided.side === side && decided.key === mention.key
      : decided.linkId === link?.id,
  );
