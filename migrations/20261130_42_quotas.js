'use strict';

// What one solution, and one account, may take of the server: bounds of their own, and how much is taken of them.

exports.up = (knex) =>
  knex.raw(`
    create table solution_quota (
      solution_id int primary key references solution on delete cascade,
      -- Bounds of its own. Null: as the installation is configured.
      syncs_per_day int check (syncs_per_day > 0),
      bytes_per_day bigint check (bytes_per_day > 0),
      open_uploads int check (open_uploads > 0),
      open_upload_bytes bigint check (open_upload_bytes > 0),
      open_quarantine int check (open_quarantine > 0),
      extra_columns int check (extra_columns > 0),
      -- A day is the 24 hours after the first upload that is counted in it.
      day_began_at timestamptz not null default now(),
      syncs_used int not null default 0,
      bytes_used bigint not null default 0,
      -- Resumable uploads that are begun and not finished, and the lengths that they announced.
      uploads_open int not null default 0 check (uploads_open >= 0),
      upload_bytes_open bigint not null default 0 check (upload_bytes_open >= 0),
      -- The last time that something was refused for one of these bounds, and for which.
      refused_at timestamptz,
      refused_for text
    ) with (fillfactor = 50);

    -- Only accounts with bounds of their own have a row: all solutions of an account would else wait for each other.
    create table account_quota (
      account_id int primary key references account on delete cascade,
      syncs_per_day int check (syncs_per_day > 0),
      bytes_per_day bigint check (bytes_per_day > 0),
      open_uploads int check (open_uploads > 0),
      open_upload_bytes bigint check (open_upload_bytes > 0),
      open_quarantine int check (open_quarantine > 0),
      day_began_at timestamptz not null default now(),
      syncs_used int not null default 0,
      bytes_used bigint not null default 0
    ) with (fillfactor = 50);

    create table resumable_upload (
      -- As tus names it.
      id text primary key,
      solution_id int not null references solution on delete cascade,
      -- The largest that is allowed, where it came without a length.
      announced_bytes bigint not null check (announced_bytes >= 0),
      created_at timestamptz not null default now()
    );
    create index resumable_upload_age on resumable_upload (created_at);
    create index resumable_upload_solution on resumable_upload (solution_id);

    -- The columns that a solution sent in a log, and that the log does not declare.
    create table log_extra_columns (
      solution_id int not null references solution on delete cascade,
      table_name text not null,
      names text[] not null,
      primary key (solution_id, table_name)
    );

    -- How many items of it found no room in quarantine: its upload is kept while the item that counts them is open.
    alter table sync add column quarantine_beyond int not null default 0;
    create index quarantine_full on quarantine (solution_id, channel) where state = 'open' and code = 'quarantine-full';
  `);

exports.down = (knex) =>
  knex.raw(`
    drop index quarantine_full;
    alter table sync drop column quarantine_beyond;
    drop table log_extra_columns, resumable_upload, account_quota, solution_quota;
  `);
