import { Client } from 'pg';

/** PostgreSQL's own client. */
export type Connection = Client;

/**
 * Opens one connection outside the pool, for what lives as long as a session: listening, holding a lock.
 * It emits `end` when the server goes away.
 */
export async function openConnection(url: string, applicationName: string): Promise<Connection> {
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    ...keptAlive,
  });
  // An `error` that nobody hears ends the process, and the first may come before `connect` has returned.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A line that drops what it is given is noticed after 20 seconds; without a delay that is named, after two hours. */
export const keptAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
