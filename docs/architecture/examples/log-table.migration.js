'use strict';

exports.up = (knex) =>
  knex.raw(`
    create table tbicemachine (
      solution_id int not null,
      id bigint not null,
      measured_at timestamptz, user_name text, is_conform boolean, corrective_action text, comment text,
      photo_name text,
      machine_name text, water_temp double precision,
      received_at timestamptz not null default now(),
      extra jsonb,
      primary key (solution_id, id)
    )`);

exports.down = (knex) => knex.raw('drop table tbicemachine');
