'use strict';

// The lines of a plan of documents are looked at folder by folder.

exports.up = (knex) =>
  knex.raw(`
    alter table plan_item
      -- Of a document: its path from the root of the pair, where it lies or would lie. Null: a record.
      add column path text collate "C",
      -- Where the other side has it, if that is another path.
      add column path_before text,
      -- Of a file that would be sent.
      add column bytes bigint;
    create index plan_item_path on plan_item (plan_id, path) where path is not null;
  `);

exports.down = (knex) =>
  knex.raw('alter table plan_item drop column path, drop column path_before, drop column bytes');
