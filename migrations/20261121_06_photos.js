'use strict';

// Photos: content is stored once, under its digest; an entry is one name of one solution.

exports.up = (knex) =>
  knex.raw(`
    create table photo (
      solution_id int not null references solution on delete cascade,
      name text not null,
      sha256 text not null,
      file_key text not null,
      bytes bigint not null,
      width int not null,
      height int not null,
      taken_at timestamptz,
      -- The log row that it belongs to, where the solution said so.
      table_name text,
      log_id bigint,
      sync_id uuid,
      created_at timestamptz not null default now(),
      primary key (solution_id, name)
    );
    -- Names compare without case.
    create unique index photo_name on photo (solution_id, lower(name));
  `);

exports.down = (knex) => knex.raw('drop table photo');
