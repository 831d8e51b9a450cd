'use strict';

// Classes are sent whole each time: a bad entity comes with every sync until someone mends it. While its item is open
// it is counted, and no second item is made.

exports.up = (knex) =>
  knex.raw(`
    alter table quarantine
      add column seen_count int not null default 1 check (seen_count > 0),
      add column last_seen_at timestamptz,
      -- The latest sync that sent the same.
      add column last_sync_id uuid references sync on delete set null,
      -- The same of an entity. Rows come once; what a file or a photo held is known by its upload alone.
      add column same_as text generated always as (
        case when kind = 'entity' and raw is not null then md5(
          md5(raw) || '/' || code || '/' || channel || '/' || md5(file) || '/' || coalesce(row_id, coalesce(subject, '')))
        end
      ) stored;

    with same as (
      select solution_id, same_as, min(id) as kept, count(*) as times, max(created_at) as last_at
      from quarantine where state = 'open' and same_as is not null
      group by solution_id, same_as having count(*) > 1
    ), counted as (
      update quarantine q set seen_count = same.times, last_seen_at = same.last_at
      from same where q.id = same.kept
    )
    delete from quarantine q using same
    where q.solution_id = same.solution_id and q.same_as = same.same_as and q.state = 'open' and q.id <> same.kept;

    create unique index quarantine_same on quarantine (solution_id, same_as) where state = 'open' and same_as is not null;
    create index quarantine_last_sync on quarantine (last_sync_id) where last_sync_id is not null;
  `);

exports.down = (knex) =>
  knex.raw(`
    drop index quarantine_same, quarantine_last_sync;
    alter table quarantine drop column seen_count, drop column last_seen_at, drop column last_sync_id, drop column same_as;
  `);
