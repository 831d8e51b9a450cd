import { type Db, inTransaction } from '../../shared/db/database';
import { auditLink, chainStart } from '../../shared/formats/audit-digest';
import type { Logger } from '../../shared/log';
import { type ChainPlace, createAuditChainStore } from '../../shared/stores/staff/audit-chain-store';

const batchRows = 1_000;

interface Deps {
  readonly db: Db;
  readonly log: Pick<Logger, 'info'>;
}

/**
 * Chains the rows that came into the audit trail since the last round: one worker at a time, after their transactions,
 * so that nobody who writes to the trail waits for another. The head of the chain goes to the log: where logs are kept
 * elsewhere, nobody can make the chain again unseen. Returns how many rows were sealed.
 */
export async function sealAuditTrail({ db, log }: Deps): Promise<number> {
  for (let total = 0; ;) {
    const { sealed, head } = await inTransaction(db, ({ db: trx }) => sealSome(trx));
    total += sealed;
    if (sealed === batchRows) continue;
    if (total > 0 && head !== null) {
      const hash = Buffer.from(head.hash).toString('hex');
      log.info({ position: String(head.position), hash, rows: total }, 'audit trail sealed');
    }
    return total;
  }
}

async function sealSome(db: Db): Promise<{ sealed: number; head: ChainPlace | null }> {
  const chain = createAuditChainStore(db);
  if (!(await chain.tryLock())) return { sealed: 0, head: null };
  const rows = await chain.unsealed(batchRows);
  if (rows.length === 0) return { sealed: 0, head: await chain.head() };
  let head: ChainPlace = (await chain.head()) ?? { position: 0n, hash: chainStart };
  const links = rows.map((row) => {
    head = { position: head.position + 1n, hash: auditLink(head.hash, row) };
    return { ...head, auditId: row.id };
  });
  await chain.seal(links);
  return { sealed: links.length, head };
}
