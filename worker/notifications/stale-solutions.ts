import type { Db } from '../../shared/db/database';
import { createNotificationStore } from '../../shared/stores/notifications/notification-store';

const deliveredDays = 30;
const parkedDays = 180;

/** Writes down who is to be told of solutions that have fallen silent. Answers how many notifications. */
export const notifyOfStaleSolutions = (db: Db): Promise<number> => createNotificationStore(db).addStale();

/** Answers how many. */
export const removeOldNotifications = (db: Db): Promise<number> =>
  createNotificationStore(db).removeOld(deliveredDays, parkedDays);
