import type { ChannelKey } from '../../shared/domain/channel';
import type { Logger } from '../../shared/log';
import type { SyncStore } from '../../shared/stores/syncs/sync-store';

interface Deps {
  readonly syncs: Pick<SyncStore, 'markDownloaded'>;
  readonly log: Pick<Logger, 'warn'>;
  /** How long a confirmation may take before the download is recorded without it. */
  readonly patienceMs?: number;
}

/** A package that its solution has downloaded in full. */
export interface Download {
  readonly syncId: string;
  readonly secondsAgo: number;
}

export type Downloads = ReturnType<typeof createDownloads>;

/**
 * Remembers which packages have been downloaded. Nearly always the confirmation follows at once and records the time
 * of the download in its own statement; what is not confirmed within seconds is recorded by itself. Only people read
 * this time: if the process dies before, it is lost (docs/decisions/061).
 */
export function createDownloads({ syncs, log, patienceMs = 2_000 }: Deps) {
  const noted = new Map<string, { readonly syncId: string; readonly atMs: number }>();
  let timer: NodeJS.Timeout | null = null;

  return {
    note(key: ChannelKey, syncId: string): void {
      const known = noted.get(nameOf(key));
      // The first download of a package counts.
      if (known?.syncId !== syncId) noted.set(nameOf(key), { syncId, atMs: performance.now() });
      timer ??= setTimeout(() => void record(), patienceMs).unref();
    },

    /** The last one of the channel that is not recorded yet. */
    find(key: ChannelKey): Download | null {
      const known = noted.get(nameOf(key));
      return known === undefined ? null : { syncId: known.syncId, secondsAgo: secondsSince(known.atMs) };
    },

    /** The confirmation of this sync has recorded it. */
    forget(key: ChannelKey, syncId: string): void {
      if (noted.get(nameOf(key))?.syncId === syncId) noted.delete(nameOf(key));
    },

    /** Records what is left. */
    async close(): Promise<void> {
      await record();
    },
  };

  async function record(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const downloads = [...noted.values()].map(({ syncId, atMs }) => ({
      syncId,
      secondsAgo: secondsSince(atMs),
    }));
    noted.clear();
    if (downloads.length === 0) return;
    await syncs.markDownloaded(downloads).catch((err: unknown) => {
      log.warn({ err, syncs: downloads.length }, 'The time of downloads could not be recorded');
    });
  }
}

const nameOf = ({ solutionId, channel }: ChannelKey) => `${solutionId} ${channel}`;

const secondsSince = (atMs: number) => (performance.now() - atMs) / 1000;
