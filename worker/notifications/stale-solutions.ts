import type { Db } from '../../shared/db/database';
import { createNotificationStore } from '../../shared/stores/notifications/notification-store';

const deliveredDays = 30;
const parkedDays = 180;

/** Adds notifications about solutions that have not been heard from. Returns how many. */
export const notifyOfStaleSolutions = (db: Db): Promise<number> => createNotificationStore(db).addStale();

/** Adds notifications about pairs of systems whose work has been due for an hour. */
export const notifyOfStalePairs = (db: Db): Promise<void> =>
  createNotificationStore(db).addStalePairs(staleMinutes);

const staleMinutes = 60;

/** Returns how many. */
export const removeOldNotifications = (db: Db): Promise<number> =>
  createNotificationStore(db).removeOld(deliveredDays, parkedDays);
