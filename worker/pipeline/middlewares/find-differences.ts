import { sameCopy } from '../../../shared/domain/merge-copy';
import { differingFields } from '../../../shared/domain/merge-differences';
import type { Classified, Compared } from '../entry';
import { otherSide, type Side, sides } from '../sides';
import type { Middleware } from '../pipeline';
import type { State } from '../state';

export interface FindDifferencesSettings {
  /** The fields that are synchronised. Null: all fields of a copy. */
  readonly prototype: readonly string[] | null;
  /** Fields that are only copied in one direction. */
  readonly flows: Readonly<Record<string, unknown>>;
}

/** Finds which fields of two different copies differ and who changed them. `one` is here, `other` is there. */
export function findDifferences(settings: FindDifferencesSettings): Middleware<Classified, Compared> {
  const { prototype } = settings;
  const areWhole = Object.keys(settings.flows).length === 0;
  return (entry, next) => {
    const { isAlike, states, bases } = entry;
    const isPair = !isAlike && states.here.isActive && states.there.isActive;
    const takesAllOf = isPair && areWhole ? changedAlone(entry) : null;
    if (!isPair || takesAllOf !== null) return next(Object.assign(entry, { differences: [], takesAllOf }));
    const copies = {
      base: fieldsOf(bases.here),
      otherBase: fieldsOf(bases.there),
      one: states.here.fields,
      other: states.there.fields,
    };
    const differences = differingFields(copies, prototype ?? undefined);
    return next(Object.assign(entry, { differences, takesAllOf }));
  };
}

function changedAlone({ changes, bases, states, link }: Classified): Side | null {
  const quiet = sides.find((side) => changes[side] === 'unchanged');
  if (quiet === undefined || changes[otherSide(quiet)] === 'unchanged') return null;
  if (!hasFieldsAlone(states.here) || !hasFieldsAlone(states.there)) return null;
  const wereAlike = bases.here === bases.there || sameCopy(bases.here, bases.there);
  // A copy that only counts as unchanged by its revision is compared all the same.
  const isCompared = (link?.ends[quiet]?.revision ?? null) === null;
  const isQuiet = isCompared || sameCopy(bases[quiet], states[quiet]);
  return wereAlike && isQuiet ? otherSide(quiet) : null;
}

const fieldsOf = (state: State | null) => (state?.isActive === true ? state.fields : {});

const hasFieldsAlone = ({ place, content }: State) => place === null && content === undefined;
