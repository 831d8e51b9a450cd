import type { Db } from '../../shared/db/database';
import { openReadAccess } from '../../shared/stores/read-access';
import { openStoreAccess } from '../../shared/stores/store-access';

/** The stores for a service that makes long reads, without a replica. */
export function readingOn(db: Db) {
  const access = openStoreAccess(db);
  return { ...access, ...openReadAccess(access, null) };
}
