import type { FileStore } from '../../shared/files/file-store';
import type { QuotaRefusal } from '../../shared/domain/quota';
import type { QuotaStore } from '../../shared/stores/solutions/quota-store';

interface Deps {
  readonly files: Pick<FileStore, 'space'>;
  readonly quotas: Pick<QuotaStore, 'heaviest'>;
  /** 0: none. */
  readonly reserveBytes: number;
}

export interface DiskReserve {
  /** Null: there is enough space for this solution. */
  refusalFor(solutionId: number): Promise<QuotaRefusal | null>;
}

/** How long the measured free space is used, so that an upload does not wait for a new measurement. */
const lookMilliseconds = 2_000;
const retrySeconds = 300;

/**
 * If the free space is below the reserve, the solutions that send most are refused: the less space, the more of them.
 * So a solution that fills the disk is stopped while the others continue, and stored data can still be read. The
 * reserve is at most a tenth of the disk.
 */
export function createDiskReserve({ files, quotas, reserveBytes }: Deps): DiskReserve {
  let last: { readonly at: number; readonly state: Promise<State> } | null = null;

  return {
    async refusalFor(solutionId) {
      if (reserveBytes === 0) return null;
      const { limit, free, refused } = await look();
      if (!refused.has(solutionId)) return null;
      const until = new Date(Date.now() + retrySeconds * 1000);
      return { quota: 'disk', of: 'server', limit, used: limit - free, until };
    },
  };

  /** All calls within this time share one measurement. A failure is not cached. */
  function look(): Promise<State> {
    if (last !== null && performance.now() - last.at < lookMilliseconds) return last.state;
    const state = read();
    const looked = { at: performance.now(), state };
    last = looked;
    state.catch(() => {
      if (last === looked) last = null;
    });
    return state;
  }

  async function read(): Promise<State> {
    const space = await files.space();
    if (space === null) return { limit: 0, free: 0, refused: new Set() };
    const limit = Math.min(reserveBytes, space.totalBytes / 10);
    if (space.freeBytes >= limit) return { limit, free: space.freeBytes, refused: new Set() };
    return {
      limit,
      free: space.freeBytes,
      refused: new Set(await quotas.heaviest(1 - space.freeBytes / limit)),
    };
  }
}

interface State {
  readonly limit: number;
  readonly free: number;
  readonly refused: ReadonlySet<number>;
}
