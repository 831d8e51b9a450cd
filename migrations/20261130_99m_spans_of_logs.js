'use strict';

// Which ids of a log were measured in which span of time. Nothing is read or written here for the rows that are
// stored: the job logs.index-times does it in portions, and until then they count as not indexed.

exports.up = (knex) =>
  knex.raw(`
    create table log_span (
      solution_id int not null references solution on delete cascade,
      table_name text not null,
      -- The first day of the span, in UTC: a day of a log of a device, a week from Monday of any other.
      -- -infinity: the readings without a time.
      starts_on date not null,
      -- The ids that were measured in it, and maybe others between them.
      ids int8multirange not null,
      -- No reading in it counts as older than this for retention. infinity: none is ever removed.
      kept_from timestamptz not null,
      primary key (solution_id, table_name, starts_on)
    );
    create index log_span_kept_from on log_span (solution_id, kept_from);

    -- The ids that log_span does not know yet. A worker of the version before knows nothing of it, and a log whose mark
    -- says nothing is read whole.
    alter table log_mark add column not_indexed int8multirange not null default '{(,)}';
    create index log_mark_not_indexed on log_mark (solution_id, table_name) where not_indexed <> '{}';

    -- Whether the times of the load are in log_span.
    alter table log_arrival add column is_indexed boolean not null default false;
    create function log_load_not_indexed() returns trigger language plpgsql as $$
    begin
      update log_mark set not_indexed = not_indexed + new.ids
      where solution_id = new.solution_id and table_name = new.table_name and not not_indexed @> new.ids;
      return null;
    end $$;
    create trigger log_load_not_indexed after insert on log_arrival for each row
      when (not new.is_indexed) execute function log_load_not_indexed();

    -- The same ids and maybe others between them, in at most 100 ranges: a clock that always shows the same day must not
    -- make one row grow for ever.
    create function fewer_id_ranges(ids int8multirange) returns int8multirange
      language sql immutable strict parallel safe as $$
      select case when (select count(*) from unnest(ids)) <= 100 then ids else (
        select range_agg(part) from (
          select range_merge(range_agg(part)) as part from (select part from unnest(ids) as part order by part desc offset 50) lowest
          union all
          (select part from unnest(ids) as part order by part desc limit 50)
        ) fewer
      ) end
    $$;
  `);

exports.down = (knex) =>
  knex.raw(`
    drop trigger log_load_not_indexed on log_arrival;
    drop function log_load_not_indexed();
    alter table log_arrival drop column is_indexed;
    drop index log_mark_not_indexed;
    alter table log_mark drop column not_indexed;
    drop table log_span;
    drop function fewer_id_ranges(int8multirange);
  `);
