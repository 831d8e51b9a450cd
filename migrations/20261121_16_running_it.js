'use strict';

// What running the server needs: whose request began a job, when a channel last finished a sync, and how long the
// data of an account is kept.

exports.up = (knex) =>
  knex.raw(`
    -- The request that asked for the job, for the logs; and its place in a trace (W3C traceparent).
    alter table job add column request_id text, add column traceparent text;

    -- When a sync of this channel was last confirmed: its age is watched for every solution at once.
    alter table channel_status add column finished_at timestamptz;
    update channel_status c set finished_at = (
      select s.confirmed_at from sync s
      where s.solution_id = c.solution_id and s.channel = c.channel and s.state = 'confirmed'
      order by s.received_at desc limit 1);

    create or replace function channel_status_changed() returns trigger language plpgsql as $$
    begin
      new.revision := old.revision + 1;
      new.since := now();
      if old.statut = 2 and new.statut = 0
        and exists (select from sync where id = old.sync_id and state = 'confirmed') then
        new.finished_at := now();
      end if;
      perform pg_notify('epack_statut', concat_ws(' ',
        new.solution_id, new.channel, new.statut, coalesce(new.sync_id::text, '-'), new.revision));
      return new;
    end $$;

    -- Null: as configured for all (files), for ever (readings).
    alter table account
      add column file_retention_days int check (file_retention_days between 1 and 36500),
      add column log_retention_days int check (log_retention_days between 1 and 36500);
  `);

exports.down = (knex) =>
  knex.raw(`
    alter table account drop column file_retention_days, drop column log_retention_days;
    create or replace function channel_status_changed() returns trigger language plpgsql as $$
    begin
      new.revision := old.revision + 1;
      new.since := now();
      perform pg_notify('epack_statut', concat_ws(' ',
        new.solution_id, new.channel, new.statut, coalesce(new.sync_id::text, '-'), new.revision));
      return new;
    end $$;
    alter table channel_status drop column finished_at;
    alter table job drop column request_id, drop column traceparent;
  `);
