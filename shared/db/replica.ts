import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../connections/within';
import { type Db, dropConnections } from './database';

/** A standby of PostgreSQL that long reads are made on. */
export interface Replica {
  readonly db: Db;
  /**
   * True once the replica has everything that was committed on the primary before the call. False: it is away, or has not
   * caught up within the longest lag that is allowed. Rejects if the primary cannot be reached.
   */
  isCaughtUp(): Promise<boolean>;
  readonly state: () => ReplicaState;
  close(): Promise<void>;
}

export interface ReplicaState {
  /** False: the primary is read instead. */
  readonly isUsed: boolean;
  /** The age of the oldest known change that it lacks. Null: it cannot be reached. */
  readonly lagSeconds: number | null;
}

export interface ReplicaDeps {
  readonly primary: Db;
  /** The pool on the replica. `close` ends it. */
  readonly db: Db;
  readonly maxLagSeconds: number;
  readonly lookEveryMs?: number;
  /** A look that takes longer has failed. */
  readonly patienceMs?: number;
}

/** Compares the positions of both servers in the log of PostgreSQL, so that no clock of theirs counts. */
export function watchReplica(deps: ReplicaDeps): Replica {
  const { primary, db, maxLagSeconds, lookEveryMs = 2_000, patienceMs = 2_000 } = deps;
  /** Positions of the primary that the replica has not reached yet, and when they were read. */
  let missing: Mark[] = [];
  let reached: bigint | null = null;
  const looking = new AbortController();
  void lookAgainAndAgain();
  return { db, isCaughtUp, state, close };

  function state(): ReplicaState {
    if (reached === null) return { isUsed: false, lagSeconds: null };
    const [oldest] = missing;
    const lagSeconds = oldest === undefined ? 0 : (performance.now() - oldest.atMs) / 1000;
    return { isUsed: lagSeconds <= maxLagSeconds, lagSeconds };
  }

  async function isCaughtUp(): Promise<boolean> {
    if (!state().isUsed) return false;
    const { position, system } = await primaryPlace(primary);
    const deadline = performance.now() + maxLagSeconds * 1000;
    for (;;) {
      const found = await replicaPosition(system);
      if (found === null || found >= position) return found !== null;
      if (performance.now() > deadline) return false;
      await sleep(50);
    }
  }

  async function lookAgainAndAgain(): Promise<void> {
    while (!looking.signal.aborted) {
      await look().catch(() => undefined);
      await sleep(lookEveryMs, undefined, { signal: looking.signal, ref: false }).catch(() => undefined);
    }
  }

  /** While the primary is away, nothing new is missing. */
  async function look(): Promise<void> {
    const atMs = performance.now();
    const { position, system } = await primaryPlace(primary);
    if (missing.length < mostMarks) missing.push({ atMs, position });
    reached = await replicaPosition(system);
    const upTo = reached;
    if (upTo !== null) missing = missing.filter((mark) => mark.position > upTo);
  }

  /** Null: it is away, or no replica of this primary. */
  async function replicaPosition(system: string): Promise<bigint | null> {
    try {
      const found = await within(patienceMs, 'a look at the replica', replicaPlace(db));
      return found.isStandby && found.system === system ? BigInt(found.position) : null;
    } catch {
      // Statements on it would hang, and their callers can still read the primary.
      dropConnections(db);
      return null;
    }
  }

  async function close(): Promise<void> {
    looking.abort();
    await db.destroy();
  }
}

interface Mark {
  readonly atMs: number;
  /** In bytes from the beginning of the log. */
  readonly position: bigint;
}

/** More than half an hour. Beyond, the oldest ones are enough to tell the lag. */
const mostMarks = 1_000;

async function primaryPlace(db: Db): Promise<{ position: bigint; system: string }> {
  const { rows } = await db.raw<{ rows: { position: string; system: string }[] }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as position,
       (select system_identifier::text from pg_control_system()) as system`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('The primary has no position');
  return { position: withoutPageHeader(BigInt(row.position)), system: row.system };
}

/**
 * PostgreSQL puts the next record behind the header of a new page, but a standby that has everything stands before it.
 * Headers have 24 bytes, at the beginning of a file 40.
 */
function withoutPageHeader(position: bigint): bigint {
  const inPage = position % 8192n;
  return inPage === 24n || inPage === 40n ? position - inPage : position;
}

async function replicaPlace(db: Db): Promise<{ position: string; system: string; isStandby: boolean }> {
  const { rows } = await db.raw<{ rows: { position: string; system: string; isStandby: boolean }[] }>(
    `select coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::text as position,
       (select system_identifier::text from pg_control_system()) as system, pg_is_in_recovery() as "isStandby"`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('The replica has no position');
  return row;
}
