import type { Db } from '../../../shared/db/database';

/** A pair is to be looked at now, in the transaction of what makes it so. */
export async function askForSlices(db: Db, pairId: number): Promise<void> {
  await db('pair').where({ id: pairId }).update({ check_at: db.fn.now() });
}
