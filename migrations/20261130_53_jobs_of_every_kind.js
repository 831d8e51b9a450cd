'use strict';

// One table for all background work, and the times at which work comes due by itself.

exports.up = (knex) =>
  knex.raw(`
    alter table job
      add column kind text not null default 'solution-sync.process',
      -- What it is about; null: the sync. At most one job of a kind is open about a subject.
      add column subject text,
      -- What its kind has to know beyond the subject.
      add column detail jsonb,
      -- Of a job that was given up: why.
      add column failure text,
      alter column sync_id drop not null,
      drop constraint job_lane_check,
      add constraint job_lane_check check (lane ~ '^[a-z-]+$');
    alter table job
      add constraint job_of_a_sync check ((kind = 'solution-sync.process') = (sync_id is not null)),
      add constraint job_subject check ((subject is null) = (sync_id is not null));
    drop index job_one_open_per_sync;
    create unique index job_one_open_per_sync on job (sync_id) where state in ('queued', 'running') and sync_id is not null;
    create unique index job_one_open on job (kind, subject) where state in ('queued', 'running') and subject is not null;
    create index job_given_up on job (finished_at) where state = 'dead' and kind <> 'solution-sync.process';

    alter table queue_message
      drop constraint queue_message_lane_check,
      add constraint queue_message_lane_check check (lane ~ '^[a-z-]+$');

    -- Work that comes due by itself, whichever worker is alive then.
    create table schedule (
      kind text primary key,
      -- Five or six fields, UTC.
      cron text not null,
      next_at timestamptz not null,
      paused_at timestamptz,
      paused_by text,
      -- The last run.
      started_at timestamptz,
      ended_at timestamptz,
      -- Why the last run failed; null: it did not.
      failure text,
      check ((paused_at is null) = (paused_by is null))
    );
    create index schedule_due on schedule (next_at) where paused_at is null;

    -- Readings that no alert has been judged by yet are jobs from now on. A worker of the version before notes them in
    -- the table that it knows, and a trigger makes jobs of them.
    insert into job (kind, subject, lane, detail, run_after)
      select 'alerts.judge-readings', solution_id || '/' || id, 'background',
        jsonb_build_object('aboveId', above_id::text, 'lastId', last_id::text,
          'lateIds', (select coalesce(jsonb_agg(late::text), '[]') from unnest(late_ids) late)), run_after
      from probe_readings_due order by id;
    delete from probe_readings_due;
    create function probe_readings_due_becomes_job() returns trigger language plpgsql as $$
    begin
      insert into job (kind, subject, lane, detail)
        values ('alerts.judge-readings', new.solution_id || '/' || new.id, 'background',
          jsonb_build_object('aboveId', new.above_id::text, 'lastId', new.last_id::text,
            'lateIds', (select coalesce(jsonb_agg(late::text), '[]') from unnest(new.late_ids) late)));
      return null;
    end $$;
    create trigger probe_readings_due_becomes_job before insert on probe_readings_due
      for each row execute function probe_readings_due_becomes_job();
  `);

exports.down = (knex) =>
  knex.raw(`
    drop trigger probe_readings_due_becomes_job on probe_readings_due;
    drop function probe_readings_due_becomes_job();
    insert into probe_readings_due (solution_id, above_id, last_id, late_ids)
      select split_part(subject, '/', 1)::int, (detail->>'aboveId')::bigint, (detail->>'lastId')::bigint,
        (select coalesce(array_agg(late::bigint), '{}') from jsonb_array_elements_text(detail->'lateIds') late)
      from job where kind = 'alerts.judge-readings' and state in ('queued', 'running') order by id;
    drop table schedule;
    delete from job where sync_id is null;
    drop index job_one_open_per_sync, job_one_open, job_given_up;
    alter table job
      drop constraint job_of_a_sync, drop constraint job_subject, drop column kind, drop column subject, drop column detail, drop column failure,
      alter column sync_id set not null,
      drop constraint job_lane_check, add constraint job_lane_check check (lane in ('small', 'large'));
    delete from queue_message where lane not in ('small', 'large');
    alter table queue_message
      drop constraint queue_message_lane_check,
      add constraint queue_message_lane_check check (lane in ('small', 'large'));
    create unique index job_one_open_per_sync on job (sync_id) where state in ('queued', 'running');
  `);
