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
  /** False: a change within a second that keeps the size may not be noticed. */
  readonly hasGoodTags: boolean;
}

/** Finds out what the server does, by trying it in a temporary folder. Null: nothing may be written there. */
export const explore = (deps: ScratchDeps, signal: AbortSignal): Promise<Explored | null> =>
  withScratch(deps, signal, exploreIn);

/** The same for a write: if nothing may be tried, the connector relies on nothing. */
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
