'use strict';

// From when to when each probe was heard of, so that a silence of the past is found, and found once.

exports.up = (knex) =>
  knex.raw(`
    -- By the readings' own times. Between two spans the probe was silent for longer than its delay; the latest are kept.
    alter table probe_state add column heard_spans tstzmultirange not null default '{}';
  `);

exports.down = (knex) => knex.raw('alter table probe_state drop column heard_spans');
