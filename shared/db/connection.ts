import { Client } from 'pg';

/**
 * Opens one connection outside the pool, for what lives as long as a session: listening, holding a lock.
 * The caller must listen to its `error` event: it is emitted when the server goes away.
 */
export async function openConnection(url: string, applicationName: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  await client.connect();
  return client;
}
