import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Db } from './database';

// Devices, programs and people remember ids that the server gave out: of a message, a sync's event, a solution, an item of
// quarantine. A database that is put back to an earlier state would give them out again, for something else.

/**
 * How far the counters jump above the value in a backup: more ids than can have been given out since the backup was
 * made.
 */
const leap = { bigint: 10_000_000, integer: 100_000 } as const;

/** Makes every counter of the database jump ahead. The change is part of the connection's transaction. */
export const leapAheadSql = `
  select setval(format('%I.%I', schemaname, sequencename)::regclass,
    coalesce(last_value, start_value) + sign(increment_by)::int
      * case data_type when 'bigint'::regtype then ${leap.bigint} else ${leap.integer} end, true)
  from pg_sequences where schemaname = current_schema() and sequencename not like 'knex%'`;

/** For the log. */
export const countersPutBack =
  'the database is an earlier state than this server has seen: its counters jump ahead of all ids given out';

/** A counter that is lower now than it was before. */
export interface CounterPutBack {
  readonly name: string;
  readonly given: string;
  readonly found: string;
}

/**
 * Keeps beside the database, in the data folder, how far its counters have come, and compares: in a database that was
 * restored in any way (a dump, a snapshot, a standby that was behind), the counters are lower. Such counters jump ahead
 * of every id that was ever given out. Returns them. Call it before ids are given out, and from time to time.
 */
export async function keepGivenIds(db: Db, dataDir: string): Promise<CounterPutBack[]> {
  const file = path.join(dataDir, 'given-ids.json');
  const kept = await readKept(file);
  const counters = await countersOf(db);
  const putBack: CounterPutBack[] = [];
  const next: Record<string, string> = { ...kept };
  for (const { name, last, direction, step } of counters) {
    const given = kept[name];
    const isBehind = given !== undefined && (BigInt(given) - last) * direction > 0n;
    if (isBehind) {
      const ahead = BigInt(given) + direction * step;
      await jumpTo(db, name, ahead, direction);
      putBack.push({ name, given, found: String(last) });
      next[name] = String(ahead);
    } else {
      next[name] = String(last);
    }
  }
  if (JSON.stringify(next) !== JSON.stringify(kept)) await writeKept(file, next);
  return putBack;
}

interface Counter {
  readonly name: string;
  readonly last: bigint;
  /** 1, or -1: it counts down. */
  readonly direction: bigint;
  readonly step: bigint;
}

async function countersOf(db: Db): Promise<Counter[]> {
  const { rows } = await db.raw<{ rows: { name: string; last: string; sign: number; is_big: boolean }[] }>(
    `select sequencename as name, last_value::text as last, sign(increment_by)::int as sign,
       data_type = 'bigint'::regtype as is_big
     from pg_sequences
     where schemaname = current_schema() and last_value is not null and sequencename not like 'knex%' order by 1`,
  );
  return rows.map(({ name, last, sign, is_big: isBig }) => ({
    name,
    last: BigInt(last),
    direction: BigInt(sign),
    step: BigInt(isBig ? leap.bigint : leap.integer),
  }));
}

/** Another process may have made it jump already, so it is only ever raised. */
async function jumpTo(db: Db, name: string, value: bigint, direction: bigint): Promise<void> {
  await db.raw(
    `select setval(format('%I.%I', schemaname, sequencename)::regclass,
       case when :direction > 0 then greatest(last_value, :value) else least(last_value, :value) end, true)
     from pg_sequences where schemaname = current_schema() and sequencename = :name`,
    { name, value: String(value), direction: Number(direction) },
  );
}

/** A file that is missing or damaged counts as empty. */
async function readKept(file: string): Promise<Record<string, string>> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return {};
  }
  if (typeof json !== 'object' || json === null) return {};
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, value]) =>
      typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? [[name, value]] : [],
    ),
  );
}

/** The file is replaced in one step, because several processes write it. The state of each process is valid. */
async function writeKept(file: string, kept: Record<string, string>): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const part = `${file}.${process.pid}`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(kept));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, file);
}
