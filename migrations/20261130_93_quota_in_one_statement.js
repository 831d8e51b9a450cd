'use strict';

// A statement that takes a channel and counts its upload must come to nothing where there is no room for it. An error
// inside it does that without a transaction around it, which would cost two more round trips with every upload.

exports.up = (knex) =>
  knex.raw(`
    create function refuse_beyond_quota() returns boolean language plpgsql as $$
    begin
      raise exception 'no room in the quota' using errcode = 'EPQTA';
    end $$;
  `);

exports.down = (knex) => knex.raw('drop function refuse_beyond_quota()');
