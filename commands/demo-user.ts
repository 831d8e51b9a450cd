import { type Db, inTransaction } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { createAuditStore } from '../shared/stores/staff/audit-store';
import { createUserStore } from '../shared/stores/staff/user-store';
import { auditEntry } from '../api/backoffice/services/trail';

/** The user of the demonstration if no first user is configured. Nobody else has this name. */
export const demoEmail = 'demo@localhost';

/**
 * Removes the user of a demonstration with its sessions, when the demonstration ends. It is also called at every start,
 * because a killed demonstration could not do it.
 */
export function removeDemoUser(db: Db): Promise<void> {
  return inTransaction(db, async ({ db: trx }) => {
    if (!(await createUserStore(trx).remove(demoEmail))) return;
    const entry = auditEntry(commandLineCaller, 'user.remove', { before: { email: demoEmail } });
    await createAuditStore(trx).add([entry]);
  });
}
