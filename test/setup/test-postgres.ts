import path from 'node:path';
import { startEmbeddedPostgres } from '../../shared/embedded/embedded-postgres';

/**
 * The PostgreSQL of this test run: `DATABASE_URL` where it is set (its role must be allowed to create databases),
 * else the embedded one in a folder of its own, which ends with this process.
 */
export async function startTestPostgres(folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const configured = process.env['DATABASE_URL'];
  if (configured !== undefined && configured !== '')
    return { url: configured, stop: () => Promise.resolve() };
  return startEmbeddedPostgres({ dataDir: path.join(folder, 'data'), ephemeral: true });
}
