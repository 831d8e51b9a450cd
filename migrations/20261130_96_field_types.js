'use strict';

// A field that becomes another one stops its pair: what it was is kept.

exports.up = (knex) =>
  knex.raw(`
    create table pair_field_type (
      pair_id int not null references pair on delete cascade,
      side text not null check (side in ('here', 'there')),
      -- The system's own name of it.
      field text not null,
      -- In the system's words.
      type text not null,
      is_required boolean not null,
      seen_at timestamptz not null default now(),
      primary key (pair_id, side, field)
    );
  `);

exports.down = (knex) => knex.raw('drop table pair_field_type');
