import { tablesWithPhotos } from '../../catalog/log-tables';
import type { Db } from '../../db/database';

/**
 * A name comes to stand for another photo: a camera began to count anew. The photo that it stood for is kept, with the
 * readings that it came for.
 */
export function createPhotoSuccession(db: Db) {
  return {
    /**
     * Frees the name, in the transaction of the sync that brings the next photo. Does nothing where it stands for none.
     * `nextTakenAt`: when the next photo was taken, by its camera.
     */
    async supersede(solutionId: number, nameAsSent: string, nextTakenAt: Date | null): Promise<void> {
      const name = nameAsSent.normalize('NFC');
      await keepReadings(solutionId, name, nextTakenAt);
      await keepNote(solutionId, name);
      await db('photo')
        .where({ solution_id: solutionId, superseded_at: null })
        .whereRaw('lower(name) = lower(?)', [name])
        .update({ superseded_at: db.fn.now() });
    },
  };

  /**
   * Of the readings that name it and belong to no earlier photo: those that came before the photo did; where there are none,
   * the first that came after it, with all of its sync. Those that came later are the next photo's. So are those that
   * were measured when the next photo was taken, and not when this one was: then the cameras' clocks can be believed.
   */
  async function keepReadings(solutionId: number, name: string, nextTakenAt: Date | null): Promise<void> {
    const perTable = tablesWithPhotos.map(
      ({ name: tableName, table }) =>
        `select '${tableName}' as table_name, log.id, coalesce(log.received_at, '-infinity') as received_at, log.measured_at
         from ${table} log
         where log.solution_id = :solutionId and log.photo_name is not null
           and lower(normalize(log.photo_name, NFC)) = lower(:name)`,
    );
    await db.raw(
      `with known as (
         select * from photo p
         where p.solution_id = :solutionId and lower(p.name) = lower(:name) and p.superseded_at is null
       ), naming as (
         select one.* from (${perTable.join(' union all ')}) one, known
         where not exists (select 1 from photo_reading r
             where r.solution_id = :solutionId and r.table_name = one.table_name and r.log_id = one.id
               and lower(r.photo_name) = lower(:name))
           and not coalesce(
             one.measured_at between cast(:nextTakenAt as timestamptz) - interval '${sameMoment}'
               and cast(:nextTakenAt as timestamptz) + interval '${sameMoment}'
             and one.measured_at not between known.exif_taken_at - interval '${sameMoment}'
               and known.exif_taken_at + interval '${sameMoment}', false)
       )
       insert into photo_reading (solution_id, photo_name, sha256, table_name, log_id)
       select known.solution_id, known.name, known.sha256, naming.table_name, naming.id
       from known join naming
         on naming.received_at <= greatest(known.created_at, (select min(received_at) from naming))
       on conflict do nothing`,
      { solutionId, name, nextTakenAt },
    );
  }

  /** What was said of it goes with it: what is said from now on is said of the next. */
  async function keepNote(solutionId: number, name: string): Promise<void> {
    await db.raw(
      `with said as (
         delete from photo_note n where n.solution_id = :solutionId and lower(n.name) = lower(:name) returning n.*
       ), kept as (
         update photo p set listed_taken_at = coalesce(said.taken_at, p.listed_taken_at)
         from said
         where p.solution_id = said.solution_id and lower(p.name) = lower(said.name) and p.superseded_at is null
         returning p.solution_id, p.name, p.sha256, said.table_name, said.log_id
       )
       insert into photo_reading (solution_id, photo_name, sha256, table_name, log_id)
       select * from kept where table_name is not null
       on conflict do nothing`,
      { solutionId, name },
    );
  }
}

/** Between a reading and its photo there is no more. */
const sameMoment = '30 minutes';

export type PhotoSuccession = ReturnType<typeof createPhotoSuccession>;
