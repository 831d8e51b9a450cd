import { mapPage, type Page, type PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import type {
  PairBoardStore,
  PairFiguresRow,
  SystemNoteRow,
  PairWithProblem,
  SystemWithProblem,
} from '../../../shared/stores/pairs/pair-board-store';
import type { PairConfigStore, PairEntry } from '../../../shared/stores/pairs/pair-config-store';
import type { RemoteSystemEntry, SystemStore } from '../../../shared/stores/pairs/system-store';
import { readProbe, type SystemProbe } from './system-tasks';
import { foundSystem } from './systems';

export interface PairOnBoard {
  readonly pair: PairEntry;
  readonly figures: Omit<PairFiguresRow, 'pairId'>;
}

export interface SystemOnBoard {
  readonly system: RemoteSystemEntry;
  readonly note: Omit<SystemNoteRow, 'systemId'>;
  /** The findings of the last probe. Null: there was none. */
  readonly probe: SystemProbe | null;
}

/** The problems that need a person. */
export interface PairTroubles {
  readonly systems: readonly SystemWithProblem[];
  readonly pairs: readonly PairWithProblem[];
}

interface Stores {
  readonly pairBoard: PairBoardStore;
  readonly pairConfigs: Pick<PairConfigStore, 'list'>;
  readonly systems: Pick<SystemStore, 'list' | 'find'>;
}

const shownTroubles = 20;
/** Normally, due work begins within seconds. */
const lateMinutes = 60;
/** More pairs than a system has. */
const allPairs = { limit: 1_000, after: null };

export type PairBoardService = ReturnType<typeof createPairBoardService>;

/** Systems and pairs at a glance, as far as the caller sees them. */
export function createPairBoardService({ stores }: { readonly stores: Stores }) {
  return {
    async pairs(caller: Caller, page: PageRequest<string>): Promise<Page<PairOnBoard>> {
      const found = await stores.pairConfigs.list(caller.accounts, page);
      return { ...found, items: await withFigures(found.items) };
    },

    /** Those that name it, with both of their systems seen by the caller. Throws `not-found`. */
    async pairsOf(caller: Caller, systemName: string): Promise<PairOnBoard[]> {
      const { id } = await foundSystem(stores, caller, systemName);
      const { items } = await stores.pairConfigs.list(caller.accounts, allPairs);
      return withFigures(items.filter(({ here, there }) => here.id === id || there.id === id));
    },

    async systems(caller: Caller, page: PageRequest<string>): Promise<Page<SystemOnBoard>> {
      const found = await stores.systems.list(caller.accounts, page);
      const notes = await notesOf(found.items);
      return mapPage(found, (system) => onBoard(system, notes.get(system.id)));
    },

    /** Throws `not-found`. */
    async system(caller: Caller, name: string): Promise<SystemOnBoard> {
      const system = await foundSystem(stores, caller, name);
      const notes = await notesOf([system]);
      return onBoard(system, notes.get(system.id));
    },

    async troubles({ accounts }: Caller): Promise<PairTroubles> {
      const [systems, pairs] = await Promise.all([
        stores.pairBoard.troubledSystems(accounts, shownTroubles),
        stores.pairBoard.troubledPairs(accounts, { lateMinutes, limit: shownTroubles }),
      ]);
      return { systems, pairs };
    },
  };

  async function withFigures(pairs: readonly PairEntry[]): Promise<PairOnBoard[]> {
    if (pairs.length === 0) return [];
    const rows = await stores.pairBoard.figuresOf(pairs.map(({ id }) => id));
    const byPair = new Map(rows.map(({ pairId, ...figures }) => [pairId, figures]));
    return pairs.map((pair) => ({ pair, figures: byPair.get(pair.id) ?? noFigures }));
  }

  async function notesOf(systems: readonly RemoteSystemEntry[]): Promise<Map<number, SystemOnBoard['note']>> {
    if (systems.length === 0) return new Map();
    const rows = await stores.pairBoard.systemNotes(systems.map(({ id }) => id));
    return new Map(rows.map(({ systemId, ...note }) => [systemId, note]));
  }
}

const onBoard = (system: RemoteSystemEntry, note: SystemOnBoard['note'] = noNote): SystemOnBoard => ({
  system,
  note,
  probe: readProbe(system.probe),
});

/** The note of a system that was removed after it was listed. */
const noNote: SystemOnBoard['note'] = { account: null, pairs: 0 };
const noFigures: PairOnBoard['figures'] = {
  open: 0,
  failed: 0,
  givenUp: 0,
  conflicts: 0,
  approvals: 0,
  lag: 0,
  lastRun: null,
};
