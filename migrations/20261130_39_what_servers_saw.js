'use strict';

// What a process saw that someone should know of: told on the console and by `epack config`.

exports.up = (knex) =>
  knex.raw(`
    create table server_sight (
      name text primary key check (name in ('untrusted-proxy')),
      -- e.g. the address that sent it.
      detail text not null,
      seen_at timestamptz not null default now()
    );
  `);

exports.down = (knex) => knex.raw('drop table server_sight');
