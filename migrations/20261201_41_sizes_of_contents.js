'use strict';

/** What each side of a document held after an event: {here, there} of {bytes, hash}. Null: a record, or not known. */
exports.up = (knex) => knex.raw('alter table link_event add column contents jsonb');

exports.down = (knex) => knex.raw('alter table link_event drop column contents');
