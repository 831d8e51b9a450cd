import { tablesWithPhotos } from '../../catalog/log-tables';
import type { Db } from '../../db/database';

/**
 * A photo arrives with the name of an earlier photo, because a camera has started to count again. The earlier photo is
 * kept with its readings.
 */
export function createPhotoSuccession(db: Db) {
  return {
    /**
     * Frees the name, in the transaction of the sync that contains the next photo. Does nothing if the name belongs to
     * no photo. `nextTakenAt`: when the next photo was taken, by its camera.
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
   * Keeps the readings that name the photo and belong to no earlier one: those that were received before the photo; if
   * there are none, the first one after it, with the others of its sync. Later readings belong to the next photo. So do
   * readings that were measured when the next photo was taken and not when this one was: the clocks of the cameras can
   * then be trusted.
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

  /** Notes about the name so far belong to the earlier photo. Notes from now on belong to the next one. */
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

/** A reading and its photo are not further apart than this. */
const sameMoment = '30 minutes';

export type PhotoSuccession = ReturnType<typeof createPhotoSuccession>;
