import { newestOf } from '../../../shared/domain/newest-of';
import type { Page, PageRequest } from '../../../shared/domain/page';

/** The filters of a list. Undefined: no filter. */
interface Asked<State extends string> {
  readonly solution?: number | undefined;
  /** A pair of systems, by name. */
  readonly pair?: string | undefined;
  readonly state: State | 'all';
}

interface Lists<State extends string, Item> {
  ofSolutions(
    filter: { readonly solutionId: number | null; readonly state: State | null },
    page: PageRequest<string>,
  ): Promise<Page<Item>>;
  ofPairs(
    filter: { readonly pair: string | null; readonly state: State | null },
    page: PageRequest<string>,
  ): Promise<Page<Item>>;
}

/**
 * One page of the entries of solutions and of pairs that wait for staff, the newest first. A list for one solution
 * contains no entries of pairs, and vice versa. Their ids come from one counter.
 */
export async function listBoth<State extends string, Item extends { readonly id: string }>(
  { solution, pair, state: asked }: Asked<State>,
  page: PageRequest<string>,
  lists: Lists<State, Item>,
): Promise<Page<Item>> {
  const state = asked === 'all' ? null : asked;
  const pages = [
    ...(pair === undefined ? [lists.ofSolutions({ solutionId: solution ?? null, state }, page)] : []),
    ...(solution === undefined ? [lists.ofPairs({ pair: pair ?? null, state }, page)] : []),
  ];
  return newestOf(await Promise.all(pages), page.limit);
}
