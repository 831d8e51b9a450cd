'use strict';

// The books of the logs: which refused rows have no item in quarantine, and which logs are to be looked at.

exports.up = (knex) =>
  knex.raw(`
    -- Ids of refused rows that found no room in quarantine.
    alter table log_mark add column unlisted int8multirange not null default '{}';
    create index log_mark_check_asked on log_mark (solution_id) where is_check_asked;
    create index log_mark_impossible on log_mark (impossible_at) where impossible_at is not null;

    -- How many ids lie in the ranges, none of which is open at its end.
    create function id_count(int8multirange) returns numeric language sql immutable strict parallel safe as $$
      select coalesce(sum(upper(part)::numeric - lower(part)), 0) from unnest($1) as part
    $$;
    -- Their sum.
    create function id_sum(int8multirange) returns numeric language sql immutable strict parallel safe as $$
      select coalesce(sum((upper(part)::numeric - lower(part)) * (upper(part)::numeric - 1 + lower(part)) / 2), 0)
      from unnest($1) as part
    $$;
  `);

exports.down = (knex) =>
  knex.raw(`
    drop function id_sum(int8multirange);
    drop function id_count(int8multirange);
    drop index log_mark_impossible, log_mark_check_asked;
    alter table log_mark drop column unlisted;
  `);
