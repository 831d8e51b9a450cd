import type { Channel } from '../shared/domain/channel';
import type { Statut } from '../shared/domain/statut';
import { createConnection } from './connection';
import { patient, type Retrying, type RetryPolicy } from './http/backoff';
import { createExchange, type Exchange } from './http/exchange';
import type { LocalCopy } from './local-copy/local-copy';
import { askHighestIds, askStatut } from './protocol-calls';
import { createSession, type Credentials } from './session';
import { syncChannel } from './sync-channel';
import type { SyncOutcome } from './sync-work';
import type { OnSyncEvent } from './sync-events';
import { defaultResumableAboveBytes } from './transfer/send-archive';

export interface SolutionOptions {
  /** The server, e.g. `https://epack.example.org`. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly copy: LocalCopy;
  /** How many seconds the device's clock is ahead. Default 0. */
  readonly clockSkewSeconds?: number;
  /** Default: about ten minutes in all. */
  readonly retry?: RetryPolicy;
  /** Larger archives are sent as resumable uploads. Default 8 MiB. */
  readonly resumableAboveBytes?: number;
  /** How long one status poll may wait at the server. Default 25. */
  readonly pollSeconds?: number;
  /** How long to wait for the server to process one upload. Default an hour. */
  readonly maxWaitSeconds?: number;
  readonly onEvent?: OnSyncEvent;
  /** The network. Default: the real one. */
  readonly exchange?: Exchange;
  readonly random?: () => number;
}

/**
 * A solution: one device that synchronises its local copy with a server. Several channels may be in progress at once.
 */
export interface Solution {
  /**
   * One pass through the handshake.
   * @throws ServerProblem for a refusal of the server, with its code; SolutionError `connection-lost` after the last
   * retry, `gave-up-waiting`, `bad-package`, `bad-copy`.
   */
  sync(channel: Channel): Promise<SyncOutcome>;
  statut(channel: Channel): Promise<Statut>;
  /** By table, the highest `Id` that the server has; -1 if it has none. Needs status 0. */
  highestIds(channel: Channel): Promise<ReadonlyMap<string, bigint>>;
  close(): void;
}

export function createSolution(options: SolutionOptions): Solution {
  const onEvent = options.onEvent ?? (() => undefined);
  const network = options.exchange === undefined ? createExchange(options.url) : null;
  const exchange = options.exchange ?? network?.exchange;
  if (exchange === undefined) throw new Error('no network');
  const now = () => new Date(Date.now() + (options.clockSkewSeconds ?? 0) * 1000);
  const retrying: Retrying = {
    policy: options.retry ?? patient,
    random: options.random ?? Math.random,
    onRetry: ({ code, message }, delayMs) => onEvent({ kind: 'retry', code, message, delayMs }),
  };
  const { copy, credentials } = options;
  const session = createSession({
    ...{ exchange, credentials, copy, now, retrying },
    onLogin: () => onEvent({ kind: 'logged-in' }),
  });
  const connection = createConnection({ exchange, session, now, retrying });
  const deps = {
    ...{ connection, copy, now, onEvent },
    resumableAboveBytes: options.resumableAboveBytes ?? defaultResumableAboveBytes,
    pollSeconds: options.pollSeconds ?? 25,
    maxWaitSeconds: options.maxWaitSeconds ?? 3600,
  };
  return {
    sync: (channel) => syncChannel(deps, channel),
    statut: async (channel) => (await askStatut(connection, channel)).statut,
    highestIds: (channel) => askHighestIds(connection, channel),
    close: () => network?.close(),
  };
}
