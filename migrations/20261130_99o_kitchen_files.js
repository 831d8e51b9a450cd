'use strict';

// Which readings belong to which month, so that pairs file the exports of kitchens without reading all readings again.

exports.up = (knex) =>
  knex.raw(`
    -- The months of which a log holds readings, on the clock of the solution.
    create table log_month (
      solution_id int not null references solution on delete cascade,
      -- The first day.
      month date not null check (extract(day from month) = 1),
      table_name text not null,
      -- The last load that stored a reading of that month.
      arrival bigint not null,
      noted_at timestamptz not null default now(),
      primary key (solution_id, month, table_name)
    );
    create index log_month_noted on log_month (noted_at);
    -- Up to which load the months of a log are noted.
    create table log_month_read (
      solution_id int not null references solution on delete cascade,
      table_name text not null,
      arrival bigint not null,
      primary key (solution_id, table_name)
    );
    -- Loads come in the order of time, so that this index has a few pages and costs a load nothing.
    create index log_arrival_received on log_arrival using brin (received_at) with (pages_per_range = 8, autosummarize = on);
  `);

exports.down = (knex) => knex.raw('drop index log_arrival_received; drop table log_month_read, log_month');
