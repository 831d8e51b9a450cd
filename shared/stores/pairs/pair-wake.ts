import type { Db } from '../../db/database';

/** Makes the slice of a pair run at once, or once more after the current one. */
export async function askForSlice(db: Db, pairId: number): Promise<void> {
  await db.raw(
    `with asked as (
      insert into job as j (kind, subject, lane, detail) values ('pair.slice', :subject, 'pairs', '{"isAsked": true}')
      on conflict (kind, subject) where state in ('queued', 'running') and subject is not null
      do update set detail = excluded.detail, run_after = least(j.run_after, now()),
        published_at = case when j.state = 'queued' and j.run_after > now() then null else j.published_at end
    )
    select pg_notify('epack_job', '')`,
    { subject: String(pairId) },
  );
}

/** Adds slices for active pairs without one, for example after a restore. Returns how many. */
export async function wakePairs(db: Db): Promise<number> {
  const result = await db.raw<{ rows: { id: number }[] }>(
    `select p.id from pair p where p.mode <> 'off' and not exists (
       select from job j where j.kind = 'pair.slice' and j.subject = p.id::text and j.state in ('queued', 'running'))`,
  );
  for (const { id } of result.rows) await askForSlice(db, id);
  return result.rows.length;
}
