import { spawn } from 'node:child_process';
import type { Db } from '../shared/db/database';

// The limit of loading: `unzip -p | psql \copy` into the table copy_limit, which has the same columns and key as
// tbsondes.

/** Seconds. */
export async function copyWithPsql(url: string, zip: string): Promise<number> {
  const columns = 'id, probe_id, measured_at, temperature, humidity, battery_percent, signal_dbm, sequence';
  const copy = `\\copy copy_limit (${columns}) from pstdin with (format csv, header)`;
  const started = performance.now();
  const unzip = spawn('unzip', ['-p', zip], { stdio: ['ignore', 'pipe', 'inherit'] });
  const psql = spawn('psql', ['--no-psqlrc', '--quiet', '--command', copy, url], {
    stdio: [unzip.stdout, 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    psql.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`psql ended with ${code}`);
  return (performance.now() - started) / 1000;
}

/**
 * Writes everything to the disk, so that one measurement does not pay for the writes of another. Not every role may do
 * this.
 */
export async function checkpoint(db: Db): Promise<void> {
  const { rows } = await db.raw<{ rows: { may: boolean }[] }>(
    "select pg_has_role(current_user, 'pg_checkpoint', 'member') as may",
  );
  if (rows[0]?.may === true) await db.raw('checkpoint');
}
