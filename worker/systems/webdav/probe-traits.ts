import { nameTraits } from './probe-names';
import {
  foldersOnlyNew,
  hashesIn,
  isAtomic,
  keepsProperties,
  locks,
  movesOnlyToFree,
  precondition,
  putsOnlyNew,
  rewrite,
} from './probe-writes';
import { type Scratch, type ScratchDeps, withScratch } from './scratch';
import { carefulTraits, type ServerTraits } from './server-traits';

export interface Explored {
  readonly traits: ServerTraits;
  /** False: a change of the same size within a second may not be seen. */
  readonly hasGoodTags: boolean;
}

/** Tries out what the server does, in a folder that is gone afterwards. Null: nothing may be written there. */
export const explore = (deps: ScratchDeps, signal: AbortSignal): Promise<Explored | null> =>
  withScratch(deps, signal, exploreIn);

/** The same, for whoever has to write: where nothing may be tried, nothing is relied on. */
export async function findTraits(deps: ScratchDeps, signal: AbortSignal): Promise<ServerTraits> {
  return (await explore(deps, signal))?.traits ?? carefulTraits;
}

async function exploreIn(scratch: Scratch): Promise<Explored> {
  const rewritten = await rewrite(scratch);
  const { before, after } = rewritten;
  return {
    hasGoodTags: before.etag !== null && before.etag !== after.etag,
    traits: {
      putsOnlyNew: await putsOnlyNew(scratch),
      foldersOnlyNew: await foldersOnlyNew(scratch),
      precondition: await precondition(scratch, rewritten),
      movesOnlyToFree: await movesOnlyToFree(scratch),
      keepsProperties: await keepsProperties(scratch),
      locks: await locks(scratch),
      isAtomic: await isAtomic(scratch),
      hashes: hashesIn(rewritten),
      ...(await nameTraits(scratch)),
    },
  };
}
