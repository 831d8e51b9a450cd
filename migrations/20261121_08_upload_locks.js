'use strict';

// Who writes to a resumable upload just now, across all API processes. A holder that dies loses it by time.

exports.up = (knex) =>
  knex.raw(`
    create table upload_lock (
      upload_id text primary key,
      holder uuid not null,
      held_until timestamptz not null
    );
  `);

exports.down = (knex) => knex.raw('drop table upload_lock');
