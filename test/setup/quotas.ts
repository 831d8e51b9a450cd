import { createQuotaService, type QuotaService } from '../../api/services/quotas';
import { readConfig } from '../../shared/config/config';
import type { Db } from '../../shared/db/database';
import { openStoreAccess } from '../../shared/stores/store-access';

/** The default quotas, on a disk that is never full. */
export const usualQuotas = (db: Db): QuotaService =>
  createQuotaService({
    ...openStoreAccess(db),
    standard: readConfig({}).quotas,
    reserve: { refusalFor: () => Promise.resolve(null) },
  });
