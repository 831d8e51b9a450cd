import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { hostUrls, wantedServer } from './host-urls';

/** Finds the server to connect to, among those that a database URL names. */
export interface ServerChoice {
  /**
   * Opens a connection to the server that accepts writes: to the one that did last time, or else to whichever does
   * now. `open` connects to the server of a URL and rejects where it cannot. Rejects with `08001` and the reason of each
   * server.
   */
  connect<C extends Client>(open: (url: string) => Promise<C>): Promise<C>;
}

/** For one pool or one session. It remembers which server it found. */
export function chooseServer(url: string): ServerChoice {
  const urls = hostUrls(url);
  const [single, ...others] = urls;
  if (single === undefined) throw new TypeError('DATABASE_URL is no URL of PostgreSQL');
  const isChecked = wantedServer(url) === 'read-write';
  let last: string | null = null;
  let highestTimeline = 0;
  if (others.length === 0 && !isChecked) return { connect: (open) => open(single) };
  return { connect };

  async function connect<C extends Client>(open: (url: string) => Promise<C>): Promise<C> {
    const usual = last === null ? null : await inTime(found(last, open));
    const { client, url: where, timeline } = usual ?? (await survey(open));
    last = where;
    highestTimeline = Math.max(highestTimeline, timeline);
    return client;
  }

  /** Tries all servers at once. Of several that accept writes, the one that was promoted last is right. */
  async function survey<C extends Client>(open: (url: string) => Promise<C>): Promise<Found<C>> {
    const inHand: Found<C>[] = [];
    let isDecided = false;
    const attempts = urls.map(async (one) => {
      const server = await found(one, open);
      if (isDecided) leave(server);
      else inHand.push(server);
    });
    await Promise.race([Promise.allSettled(attempts), sleep(patienceMs, undefined, { ref: false })]);
    if (inHand.length === 0)
      await Promise.any(attempts).catch((error: unknown) => Promise.reject(noneOf(urls, error)));
    isDecided = true;
    const [best, ...rest] = inHand.sort((one, other) => other.timeline - one.timeline);
    if (best === undefined) throw noneOf(urls, null);
    rest.forEach(leave);
    return best;
  }

  async function found<C extends Client>(
    where: string,
    open: (url: string) => Promise<C>,
  ): Promise<Found<C>> {
    const client = await open(where);
    if (!isChecked) return { client, url: where, timeline: 0 };
    try {
      const timeline = await timelineOf(client);
      if (timeline < highestTimeline) throw new Error('another server was promoted since');
      return { client, url: where, timeline };
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
  }
}

interface Found<C extends Client> {
  readonly client: C;
  readonly url: string;
  /** PostgreSQL counts up with each promotion. */
  readonly timeline: number;
}

/** A host that is switched off does not answer at all. After this time the others are tried. */
const patienceMs = 2_000;

/** Null: it failed, or took too long and is then left to itself. */
async function inTime<C extends Client>(attempt: Promise<Found<C>>): Promise<Found<C> | null> {
  const outcome = await Promise.race([
    attempt.catch(() => null),
    sleep(patienceMs, 'late' as const, { ref: false }),
  ]);
  if (outcome !== 'late') return outcome;
  void attempt.then(leave).catch(() => undefined);
  return null;
}

const leave = <C extends Client>({ client }: Found<C>): void => void client.end().catch(() => undefined);

/**
 * Rejects if the server accepts no writes. A server that was replaced and comes back still accepts writes, but its
 * timeline is lower than that of its successor: what is written there would be lost.
 */
async function timelineOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ timeline: number | null }>(
    `select case when not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'
       then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline`,
  );
  const timeline = rows[0]?.timeline ?? null;
  if (timeline === null) throw new Error('it accepts no writes');
  return timeline;
}

/**
 * 08001 is SQLSTATE for a connection that cannot be opened, so that callers know that they may try again. If all servers
 * refuse us for the same reason, such as a wrong password, the code is theirs.
 */
function noneOf(urls: readonly string[], error: unknown): Error {
  const reasons: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const told = urls.map((url, place) => `${hostOf(url)}: ${reasonOf(reasons[place])}`);
  const [code, ...others] = new Set(reasons.map(codeOf));
  const message = `No server of the database can be used (${told.join('; ')})`;
  return Object.assign(new Error(message, { cause: error }), {
    code: others.length === 0 && /^(28|3D)/.test(code ?? '') ? code : '08001',
  });
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Without user and password. */
function hostOf(url: string): string {
  return decodeURIComponent(new URL(url).host);
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((one) => reasonOf(one)).join(', ');
  return error instanceof Error ? error.message : String(error);
}
