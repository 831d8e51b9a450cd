'use strict';

// Trees without keys of their own, folders and WebDAV servers: each pair gives their items keys, and knows them again.

exports.up = (knex) =>
  knex.raw(`
    create table tree_item (
      pair_id int not null references pair on delete cascade,
      side text not null check (side in ('here', 'there')),
      key uuid not null,
      -- Small, so that a listing remembers in one bit that it saw the item.
      number bigint generated always as identity,
      -- Null: it lies in the root of the pair.
      parent uuid,
      -- Null: another item has its place, and nobody has seen it elsewhere yet.
      name text,
      is_folder boolean not null,
      bytes bigint not null,
      revision text not null,
      -- Of the content with that revision, as 'sha256:…'; null: nobody has read it.
      hash text,
      -- Stays with the item when it is moved; null: the system has nothing of the kind.
      identity text,
      -- The key with which its creation was asked for.
      origin text,
      -- The last whole listing lacked it.
      lost_at timestamptz,
      primary key (pair_id, side, key),
      foreign key (pair_id, side, parent) references tree_item on delete cascade,
      check (name is not null or parent is null),
      check (parent <> key)
    );
    create unique index tree_item_place on tree_item
      (pair_id, side, coalesce(parent, '00000000-0000-0000-0000-000000000000'), name);
    create index tree_item_parent on tree_item (pair_id, side, parent) where parent is not null;
    create unique index tree_item_number on tree_item (pair_id, side, number);
    create index tree_item_identity on tree_item (pair_id, side, identity) where identity is not null;
    create index tree_item_content on tree_item (pair_id, side, bytes, revision)
      where identity is null and not is_folder and bytes > 0;
    create index tree_item_origin on tree_item (pair_id, side, origin) where origin is not null;

    -- An item that is about to be made, written down right before it is seen under its name.
    create table tree_creation (
      pair_id int not null references pair on delete cascade,
      side text not null check (side in ('here', 'there')),
      origin text not null,
      parent uuid,
      name text not null,
      is_folder boolean not null,
      bytes bigint not null,
      -- Of the bytes that were sent; null: of a folder.
      hash text,
      begun_at timestamptz not null default now(),
      primary key (pair_id, side, origin)
    );
    create index tree_creation_place on tree_creation (pair_id, side, name);

    -- The root folder itself: where another one is found, the folder was not mounted, or was replaced.
    create table tree_root (
      pair_id int not null references pair on delete cascade,
      side text not null check (side in ('here', 'there')),
      identity text not null,
      primary key (pair_id, side)
    );

    -- What a listing under way has found and cannot be told yet: it may be an item that was elsewhere before.
    create unlogged table tree_listed (
      pair_id int not null,
      side text not null,
      place bigint not null,
      path text not null,
      is_folder boolean not null,
      bytes bigint not null,
      revision text not null,
      hash text,
      identity text,
      origin text,
      modified_at timestamptz
    );
    create index tree_listed_place on tree_listed (pair_id, side, place);
    create index tree_listed_identity on tree_listed (pair_id, side, identity) where identity is not null;
    create index tree_listed_content on tree_listed (pair_id, side, bytes, revision)
      where identity is null and not is_folder;
  `);

exports.down = (knex) => knex.raw('drop table tree_listed, tree_root, tree_creation, tree_item');
