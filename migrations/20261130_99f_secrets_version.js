'use strict';

// A slice that began before a secret was set must not pause its system for what it has not seen.

exports.up = (knex) =>
  knex.raw(`
    alter table remote_system add column secrets_version int not null default 0;
  `);

exports.down = (knex) => knex.raw('alter table remote_system drop column secrets_version');
