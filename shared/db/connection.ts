import { Client } from 'pg';
import { chooseServer } from './server-choice';

/** PostgreSQL's own client. */
export type Connection = Client;

/**
 * Opens one connection outside the pool, for work that needs a session of its own, such as listening or holding a lock.
 * It emits `end` when the server goes away.
 */
export function openConnection(url: string, applicationName: string): Promise<Connection> {
  return chooseServer(url).connect(async (serverUrl) => {
    const client = new Client({
      connectionString: serverUrl,
      application_name: applicationName,
      connectionTimeoutMillis: 10_000,
      ...keptAlive,
    });
    // An `error` event without a listener ends the process, and the first one may come before `connect` has returned.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  });
}

/** With this delay, a dead connection is noticed after 20 seconds. The default of the system is two hours. */
export const keptAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
