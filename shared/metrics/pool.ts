import type { PoolUse } from '../db/database';
import type { Metrics } from './metrics';

/** How this process uses its connections to PostgreSQL. `process` tells the API's from a worker's. */
export function declarePool(metrics: Metrics, process: 'api' | 'worker', read: () => PoolUse): void {
  metrics.gauge(
    'epack_database_connections',
    'Connections to PostgreSQL: used and free ones, and who waits for one.',
    ['process', 'state'],
    () => {
      const { used, free, waiting } = read();
      return Object.entries({ used, free, waiting }).map(([state, value]) => ({
        labels: { process, state },
        value,
      }));
    },
  );
  metrics.gauge('epack_database_connections_max', 'Most connections of this process.', ['process'], () => [
    { labels: { process }, value: read().max },
  ]);
}
