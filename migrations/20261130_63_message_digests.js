'use strict';

// Many automatic messages that wait for one solution go down as one, the digest. The messages stay, each with its own
// receipt, and are told by the digest from then on.

exports.up = (knex) =>
  knex.raw(`
    alter table manager_message
      -- The probe alert that it tells of; null: a message of another kind, a digest, or one from before this was kept.
      add column alert_id bigint,
      -- The digest that tells it in its place.
      add column digest_id bigint references manager_message on delete set null,
      -- Of a digest: how many alerts it lists or counts.
      add column digest_of int check (digest_of > 0),
      add constraint manager_message_digest check (digest_of is null or (kind = 'probe-alert' and digest_id is null));
    create index manager_message_digest on manager_message (digest_id) where digest_id is not null;
  `);

exports.down = (knex) =>
  knex.raw(`
    delete from manager_message where digest_of is not null;
    alter table manager_message drop column alert_id, drop column digest_id, drop column digest_of;
  `);
