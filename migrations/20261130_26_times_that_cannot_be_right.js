'use strict';

// Readings whose time cannot be right are counted where they come: to look for them would be to read every log.

exports.up = (knex) =>
  knex.raw(`
    alter table log_mark
      add column impossible_count bigint not null default 0,
      -- When the last one came.
      add column impossible_at timestamptz;
  `);

exports.down = (knex) =>
  knex.raw('alter table log_mark drop column impossible_count, drop column impossible_at');
