import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { IxApi } from './api';
import { IxFault, ixCodes, unless, unreadable } from './faults';
import { allMembers } from './selectors';
import { readSord, type Sord } from './sord';

/** The most entries that are requested at once. */
const pageSize = 200;
/** Without this value, ELO stops a search at 10,000 entries. "2147483647 (maximum value)": there is no limit. */
const allResults = 2_147_483_647;
/** How often a search that the server has forgotten is started again. */
const mostBeginnings = 3;

const findResult = z.looseObject({
  sords: z.array(z.unknown()).nullish(),
  searchId: z.string().nullish(),
  moreResults: z.boolean().nullish(),
  breakTotalCount: z.boolean().nullish(),
  breakTimeout: z.boolean().nullish(),
});

/**
 * All entries that a search finds, page by page. The server keeps a search for some minutes; if it has forgotten it,
 * the search is started again, and entries come a second time. Throws `unavailable` if the server does not return all
 * of them.
 */
export async function* search(
  api: IxApi,
  findInfo: object,
  signal: AbortSignal,
): AsyncGenerator<readonly Sord[]> {
  for (let beginning = 1; ; beginning++) {
    try {
      yield* searchOnce(api, findInfo, signal);
      return;
    } catch (error) {
      if (!(error instanceof SearchForgotten) || beginning === mostBeginnings) throw error;
    }
  }
}

/** The live entries whose place is in that folder, without references to entries elsewhere. */
export const children = (
  api: IxApi,
  folder: string,
  signal: AbortSignal,
  wish: 'places' | 'references too' = 'places',
): AsyncGenerator<readonly Sord[]> =>
  search(
    api,
    {
      findChildren: { parentId: folder, endLevel: 1, mainParent: wish === 'places' },
      findOptions: { totalCount: allResults },
    },
    signal,
  );

/** All entries of the archive that were changed or deleted since, by the server's clock: `yyyy.MM.dd.HH.mm.ss`. */
export const changedSince = (
  api: IxApi,
  from: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Sord[]> =>
  search(
    api,
    {
      findByIndex: { name: '*' },
      findOptions: { TStamp: `${from}...${endOfTime}`, inclDeleted: true, totalCount: allResults },
    },
    signal,
  );

const endOfTime = '9999.12.31.23.59.59';

class SearchForgotten extends Trouble {
  constructor(message: string) {
    super('unavailable', message);
  }
}

async function* searchOnce(
  api: IxApi,
  findInfo: object,
  signal: AbortSignal,
): AsyncGenerator<readonly Sord[]> {
  const first = { operation: 'list', name: 'findFirstSords' };
  let page = read(
    await asked(api.call({ ...first, parameters: { findInfo, max: pageSize, sordZ: allMembers } }, signal)),
  );
  const { searchId, hasMore: isKept } = page;
  let found = 0;
  try {
    for (;;) {
      found += page.sords.length;
      yield page.sords;
      if (!page.hasMore) return;
      if (page.sords.length === 0)
        throw new Trouble('unavailable', 'ELO promises more entries, and gives none');
      const parameters = { searchId, idx: found, max: pageSize, sordZ: allMembers };
      page = read(await next(api, parameters, signal));
    }
  } finally {
    if (isKept) await close(api, searchId, signal);
  }
}

async function next(api: IxApi, parameters: object, signal: AbortSignal): Promise<unknown> {
  try {
    return await api.call({ operation: 'list', name: 'findNextSords', parameters }, signal);
  } catch (error) {
    const isForgotten =
      error instanceof IxFault &&
      [ixCodes.notFound, ixCodes.invalidParameter].some((code) => code === error.code);
    if (isForgotten) throw new SearchForgotten(error.message);
    throw error instanceof IxFault ? unreadable(error) : error;
  }
}

/** The server would forget the search by itself, so a failure does not matter. */
async function close(api: IxApi, searchId: string, signal: AbortSignal): Promise<void> {
  if (searchId === '' || signal.aborted) return;
  try {
    await api.call({ operation: 'list', name: 'findClose', parameters: { searchId } }, signal);
  } catch (error) {
    if (!(error instanceof IxFault || error instanceof Trouble)) throw error;
  }
}

/** A folder that was removed in the meantime contains nothing. */
async function asked(call: Promise<unknown>): Promise<unknown> {
  try {
    return await unless(ixCodes.notFound, call, { sords: [] });
  } catch (error) {
    throw error instanceof IxFault ? unreadable(error) : error;
  }
}

interface FoundPage {
  readonly sords: readonly Sord[];
  readonly searchId: string;
  readonly hasMore: boolean;
}

function read(json: unknown): FoundPage {
  const parsed = findResult.safeParse(json);
  if (!parsed.success) throw new Trouble('unavailable', 'the answer does not have the form of a search');
  const { sords, searchId, moreResults, breakTotalCount, breakTimeout } = parsed.data;
  if (breakTotalCount === true || breakTimeout === true)
    throw new Trouble('unavailable', 'ELO broke the search off before it had found all');
  return { sords: (sords ?? []).map(readSord), searchId: searchId ?? '', hasMore: moreResults === true };
}
