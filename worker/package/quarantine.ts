import type { Db } from '../../shared/db/database';
import type { Channel } from '../../shared/domain/channel';
import type { RejectionSpool } from './rejection-spool';

/** Puts everything that a sync rejected in quarantine, as sets. */
export async function quarantineAll(
  db: Db,
  sync: { readonly syncId: string; readonly solutionId: number; readonly channel: Channel },
  spool: Pick<RejectionSpool, 'drain'>,
): Promise<void> {
  for await (const batch of spool.drain()) {
    // jsonb cannot hold NUL, and what was refused for one is kept without it.
    const rows = JSON.stringify(batch).replaceAll('\\u0000', '\\ufffd');
    await db.raw(
      `insert into quarantine (solution_id, sync_id, channel, kind, subject, file, line, row_id, code, reason, header, raw)
       select :solutionId, :syncId, :channel, kind, subject, file, line, "rowId", code, reason, header, raw
       from jsonb_to_recordset(cast(:rows as jsonb)) as rejected
         (kind text, subject text, file text, line int, "rowId" text, code text, reason text, header text, raw text)`,
      { ...sync, rows },
    );
  }
}
