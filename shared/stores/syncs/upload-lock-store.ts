import type { Db } from '../../db/database';

/** Locks on resumable uploads, shared by all processes, until they are released or expire. */
export function createUploadLockStore(db: Db) {
  return {
    /** False: another holder has it. */
    async take(uploadId: string, holder: string, seconds: number): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `insert into upload_lock (upload_id, holder, held_until)
         values (:uploadId, :holder, now() + make_interval(secs => :seconds))
         on conflict (upload_id) do update set holder = excluded.holder, held_until = excluded.held_until
         where upload_lock.held_until < now() or upload_lock.holder = excluded.holder`,
        { uploadId, holder, seconds },
      );
      return result.rowCount === 1;
    },

    async giveBack(uploadId: string, holder: string): Promise<void> {
      await db('upload_lock').where({ upload_id: uploadId, holder }).delete();
    },
  };
}

export type UploadLockStore = ReturnType<typeof createUploadLockStore>;
