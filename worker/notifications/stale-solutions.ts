import type { Db } from '../../shared/db/database';
import { createNotificationStore } from '../../shared/stores/notifications/notification-store';

const deliveredDays = 30;
const parkedDays = 180;

/** Adds notifications about solutions that have not been heard from. Returns how many. */
export const notifyOfStaleSolutions = (db: Db): Promise<number> => createNotificationStore(db).addStale();

/** Returns how many. */
export const removeOldNotifications = (db: Db): Promise<number> =>
  createNotificationStore(db).removeOld(deliveredDays, parkedDays);
