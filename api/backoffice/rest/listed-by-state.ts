import { bigIdOf, idOf, pageQuery } from '../http/request-fields';

// Lists of what waits for staff: of one solution or of all, by its state.

/** The query of such a list, without `state`. */
export const queryOfSolution = pageQuery(bigIdOf).extend({ solution: idOf.optional() });

/** Null: whichever it is. */
export const filterByState = <State extends string>(query: {
  readonly solution?: number | undefined;
  readonly state: State | 'all';
}): { readonly solutionId: number | null; readonly state: State | null } => ({
  solutionId: query.solution ?? null,
  state: query.state === 'all' ? null : query.state,
});
