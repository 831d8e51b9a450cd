import type { ReplicaState } from '../db/replica';
import type { Metrics } from './metrics';

/** How far the replica for exports and reports is behind. */
export function declareReplica(metrics: Metrics, read: () => ReplicaState): void {
  metrics.gauge(
    'epack_read_replica_used',
    'Whether exports and reports read the replica, and not the primary.',
    [],
    () => [{ labels: {}, value: read().isUsed ? 1 : 0 }],
  );
  metrics.gauge(
    'epack_read_replica_lag_seconds',
    'Age of the oldest change that the replica lacks; nothing while it cannot be reached.',
    [],
    () => {
      const { lagSeconds } = read();
      return lagSeconds === null ? [] : [{ labels: {}, value: lagSeconds }];
    },
  );
}
