'use strict';

// Staff ask for readings to be read anew after the time zone of their solution was put right.

exports.up = (knex) =>
  knex.raw(`
    create table log_zone_request (
      solution_id int primary key references solution on delete cascade,
      -- The zone in which they are to be read: that of the solution when it was asked for. Once the solution has
      -- another one, nothing more is read.
      timezone text not null,
      asked_by text not null,
      asked_at timestamptz not null default now(),
      -- What has been done so far: from which zones, and how many readings.
      old_zones text[] not null default '{}',
      readings bigint not null default 0
    );
  `);

exports.down = (knex) => knex.raw('drop table log_zone_request');
