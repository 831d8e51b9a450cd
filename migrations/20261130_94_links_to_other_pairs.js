'use strict';

// A record may wait for one of another pair.

exports.up = (knex) =>
  knex.raw(`
    alter table link_job
      -- Null: what it waits for is in its own pair. Otherwise side and key are those of that pair.
      add column waits_pair int;
    create index link_job_waits_elsewhere on link_job (waits_pair, waits_side, waits_key)
      where state = 'waiting' and waits_pair is not null;
  `);

exports.down = (knex) =>
  knex.raw(`
    update link_job set state = 'new', waits_side = null, waits_key = null where state = 'waiting' and waits_pair is not null;
    drop index link_job_waits_elsewhere;
    alter table link_job drop column waits_pair;
  `);
