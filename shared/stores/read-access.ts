import { isNativeError } from 'node:util/types';
import { isDatabaseAway } from '../db/database-away';
import { inTransaction } from '../db/database';
import type { Replica } from '../db/replica';
import { type AllStores, storesOn } from './store-access';

/** How a service makes long reads, which may go to a replica. */
export interface ReadAccess<Stores> {
  /** For reads that belong together. They contain everything that was committed before the call. */
  readonly reader: () => Promise<Reader<Stores>>;
}

/** Runs reads in one transaction. If the replica goes away, they run again on the primary, and so do all later ones. */
export type Reader<Stores> = <Result>(read: (stores: Stores) => Promise<Result>) => Promise<Result>;

interface Place {
  readonly transaction: <Result>(run: (stores: AllStores) => Promise<Result>) => Promise<Result>;
}

/** Only compose.ts and tests call it. Null: there is no replica. */
export function openReadAccess(primary: Place, replica: Replica | null): ReadAccess<AllStores> {
  if (replica === null) return { reader: () => Promise.resolve((read) => primary.transaction(read)) };
  return {
    async reader() {
      let isOnReplica = await replica.isCaughtUp();
      return async (read) => {
        if (isOnReplica) {
          try {
            return await inTransaction(replica.db, ({ db }) => read(storesOn(db)));
          } catch (error) {
            if (!isReplicaOut(error)) throw error;
            isOnReplica = false;
          }
        }
        return await primary.transaction(read);
      };
    },
  };
}

/** 40001: what the replica had to replay removed rows that the read needed. Source: PostgreSQL, "Handling Query Conflicts". */
const isReplicaOut = (error: unknown): boolean =>
  isDatabaseAway(error) || (isNativeError(error) && 'code' in error && error.code === '40001');
