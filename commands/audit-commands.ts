import type { Config } from '../shared/config/config';
import { type Db, inTransaction, openDatabase } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { findDatabaseUrl } from '../shared/embedded/database-url';
import { auditLink, chainStart } from '../shared/formats/audit-digest';
import {
  type ChainAnchor,
  type ChainLink,
  type ChainPlace,
  createAuditChainStore,
} from '../shared/stores/staff/audit-chain-store';
import { createAuditStore } from '../shared/stores/staff/audit-store';
import { auditEntry } from '../api/backoffice/services/trail';

// `epack audit verify` and `epack audit purge`.

/** The first fault in the trail. `auditId`: the row that was altered or removed; null: the fault is not in a row. */
export interface AuditFault {
  readonly auditId: string | null;
  readonly what: string;
}

export interface AuditVerdict {
  /** Null: the trail is whole. */
  readonly fault: AuditFault | null;
  /** How many rows are chained, from the beginning or the last anchor. */
  readonly rows: number;
  /** The last verified place of the chain; null: nothing is sealed yet. */
  readonly head: ChainPlace | null;
  /** Rows of the last seconds, which are not sealed yet. */
  readonly unsealed: number;
  readonly anchors: readonly ChainAnchor[];
}

/** `epack audit verify`. `expected`: a place of the chain that was noted before, `<position>:<hash>`; null: none. */
export function verifyAuditTrail(config: Config, expected: string | null): Promise<AuditVerdict> {
  const noted = expected === null ? null : notedPlace(expected);
  return withDatabase(config, (db) =>
    inTransaction(db, async ({ db: trx }) => {
      // It reads one state of the trail, even if rows are added meanwhile.
      await trx.raw('set transaction isolation level repeatable read, read only');
      return verifiedTrail(trx, noted);
    }),
  );
}

export interface AuditPurge {
  readonly removed: number;
  /** Null: nothing was removed. */
  readonly anchor: ChainPlace | null;
}

/**
 * `epack audit purge`: removes what happened before that time, the oldest first, and leaves an anchor and an entry that
 * say so. Throws a sentence if the trail is not whole, because removed rows cannot be examined any more.
 */
export function purgeAuditTrail(config: Config, before: Date): Promise<AuditPurge> {
  return withDatabase(config, async (db) => {
    const { fault } = await verifiedTrail(db, null);
    if (fault !== null) throw new Error(`Nothing was removed: the audit trail is not whole. ${fault.what}`);
    let [removed, anchor]: [number, ChainPlace | null] = [0, null];
    for (;;) {
      const batch = await inTransaction(db, ({ db: trx }) => purgeSome(trx, before));
      if (batch === null) break;
      removed += batch.removed;
      anchor = batch.anchor;
    }
    if (removed > 0) {
      const deed = { before: { rows: removed, before: before.toISOString() } };
      await createAuditStore(db).add([auditEntry(commandLineCaller, 'audit.purge', deed)]);
    }
    return { removed, anchor };
  });
}

/** The result of a check, as a sentence for people. */
export function auditLines({ fault, rows, head, unsealed, anchors }: AuditVerdict): string[] {
  const removed = anchors.reduce((sum, anchor) => sum + anchor.removedRows, 0);
  const [last] = anchors.slice(-1);
  return [
    ...(fault === null ? [] : [`The audit trail is not whole. ${fault.what}`]),
    `${rows} rows hang together${head === null ? '' : ` up to ${head.position}:${Buffer.from(head.hash).toString('hex')}`}`,
    ...(unsealed === 0 ? [] : [`${unsealed} came of late and are not sealed yet`]),
    ...(last === undefined
      ? []
      : [`${removed} of before ${last.before.toISOString()} were removed by ${last.actor}`]),
  ];
}

/** Midnight UTC. Throws a `RangeError` if it is not a past day. */
export function dayFrom(written: string): Date {
  const day = new Date(/^\d{4}-\d{2}-\d{2}$/.test(written) ? `${written}T00:00:00Z` : NaN);
  if (Number.isNaN(day.getTime()) || day > new Date())
    throw new RangeError('--before must be a day of the past, e.g. 2025-01-01.');
  return day;
}

/** A writer to the trail waits for no more than this number of rows. */
const purgedRows = 10_000;
const pageRows = 1_000;

async function purgeSome(db: Db, before: Date): Promise<{ removed: number; anchor: ChainPlace } | null> {
  const chain = createAuditChainStore(db);
  await chain.lock();
  const place = await chain.lastPlaceBefore(before, purgedRows);
  if (place === null) return null;
  const removed = await chain.removeUpTo(place, before, commandLineCaller.email);
  return { removed, anchor: place };
}

async function verifiedTrail(db: Db, noted: ChainPlace | null): Promise<AuditVerdict> {
  const chain = createAuditChainStore(db);
  const anchors = await chain.anchors();
  const { place, rows, fault } = await followedChain(chain, anchors.at(-1) ?? null, noted);
  return {
    fault: fault ?? (await faultBesideChain(chain)),
    rows,
    head: place.position === 0n ? null : place,
    unsealed: await chain.countUnsealed(),
    anchors,
  };
}

interface Followed {
  readonly place: ChainPlace;
  readonly rows: number;
  readonly fault: AuditFault | null;
}

async function followedChain(
  chain: Pick<ReturnType<typeof createAuditChainStore>, 'linksAfter'>,
  anchor: ChainAnchor | null,
  noted: ChainPlace | null,
): Promise<Followed> {
  let place: ChainPlace = anchor ?? { position: 0n, hash: chainStart };
  for (let rows = 0; ;) {
    const links = await chain.linksAfter(place.position, pageRows);
    for (const link of links) {
      const fault = faultOf(link, place) ?? faultOfNoted(link, noted);
      if (fault !== null) return { place, rows, fault };
      place = link;
      rows += 1;
    }
    if (links.length === pageRows) continue;
    const isCut = noted !== null && noted.position > place.position;
    return { place, rows, fault: isCut ? cutOff(noted, place) : null };
  }
}

function faultOf({ position, hash, auditId, row }: ChainLink, before: ChainPlace): AuditFault | null {
  if (position !== before.position + 1n)
    return { auditId: null, what: `The links from ${before.position + 1n} to ${position - 1n} are missing.` };
  if (row === null) return { auditId, what: `Row ${auditId} was removed (link ${position}).` };
  if (Buffer.from(auditLink(before.hash, row)).equals(Buffer.from(hash))) return null;
  return { auditId, what: `Row ${auditId} was altered, or its link ${position} was.` };
}

/** If someone makes the whole chain again, a hash that was noted elsewhere shows it. */
function faultOfNoted({ position, hash, auditId }: ChainLink, noted: ChainPlace | null): AuditFault | null {
  if (noted?.position !== position || Buffer.from(hash).equals(Buffer.from(noted.hash))) return null;
  return { auditId, what: `The chain was made anew: link ${position} is not the one that was noted.` };
}

const cutOff = (noted: ChainPlace, last: ChainPlace): AuditFault => ({
  auditId: null,
  what: `The chain ends at link ${last.position}; link ${noted.position} was noted.`,
});

async function faultBesideChain(
  chain: Pick<ReturnType<typeof createAuditChainStore>, 'firstBesideChain' | 'firstLostUnsealed'>,
): Promise<AuditFault | null> {
  const outsideChain = await chain.firstBesideChain();
  if (outsideChain !== null)
    return { auditId: outsideChain, what: `Row ${outsideChain} is not in the chain.` };
  const lost = await chain.firstLostUnsealed();
  return lost === null ? null : { auditId: lost, what: `Row ${lost} was removed before it was sealed.` };
}

/** Throws a sentence. */
function notedPlace(written: string): ChainPlace {
  const [, position, hash] = /^(\d{1,18}):([0-9a-f]{64})$/i.exec(written) ?? [];
  if (position === undefined || hash === undefined)
    throw new Error('A place in the chain is written <position>:<hash>, as "epack audit verify" prints it.');
  return { position: BigInt(position), hash: Buffer.from(hash, 'hex') };
}

async function withDatabase<T>(config: Config, work: (db: Db) => Promise<T>): Promise<T> {
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-command' });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
