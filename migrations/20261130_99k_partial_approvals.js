'use strict';

// Someone can decide about a part of what waits for an approval: the part becomes an approval of its own.

exports.up = (knex) =>
  knex.raw(`
    alter table pair_approval
      -- The approval that it was a part of. Null: it is about all that waited.
      add column part_of bigint references pair_approval on delete set null,
      add check (part_of is null or state <> 'open');
    create index pair_approval_parts on pair_approval (part_of) where part_of is not null;
  `);

exports.down = (knex) => knex.raw('alter table pair_approval drop column part_of');
