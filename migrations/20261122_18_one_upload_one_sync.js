'use strict';

// An upload belongs to one sync: whoever removes the files of a sync takes them from no other.

exports.up = (knex) => knex.raw(`create unique index sync_archive on sync (archive_key)`);

exports.down = (knex) => knex.raw(`drop index sync_archive`);
