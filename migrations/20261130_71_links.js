'use strict';

// What two systems both hold: links with their two ends.

exports.up = (knex) =>
  knex.raw(`
    create table link (
      id bigint generated always as identity primary key,
      pair_id int not null references pair on delete cascade,
      -- What its item is created with on a side that cannot choose the other side's key.
      sync_key uuid not null default gen_random_uuid() unique,
      state text not null default 'active'
        check (state in ('creating', 'active', 'conflict', 'quarantined', 'deleted-here', 'deleted-there', 'gone')),
      -- A call that was to be made, written down before it.
      intent jsonb,
      intent_at timestamptz,
      -- Another after each write.
      version int not null default 1,
      made_at timestamptz not null default now(),
      changed_at timestamptz not null default now(),
      -- A link that is gone is kept for a while, so that a late mention creates nothing.
      ended_at timestamptz,
      -- Someone parted the two: they are not found to be one entity again.
      parted_at timestamptz,
      check ((intent is null) = (intent_at is null)),
      check ((state = 'gone') = (ended_at is not null)),
      check (parted_at is null or state = 'gone')
    );
    create index link_intent on link (pair_id, id) where intent is not null;
    create index link_listed on link (pair_id, id);
    create index link_state on link (pair_id, state) where state <> 'active';
    create index link_ended on link (ended_at) where state = 'gone';

    create table link_end (
      link_id bigint not null references link on delete cascade,
      side text not null check (side in ('here', 'there')),
      pair_id int not null,
      key text not null,
      -- With which it was last seen; null: not kept, or to be looked at again.
      revision text,
      -- What that side was last seen to hold, in words that both sides share.
      seen jsonb not null,
      -- The whole listing that lacked it.
      absent_listing bigint,
      needs_look boolean not null default false,
      -- Of a link that is gone.
      is_gone boolean not null default false,
      primary key (link_id, side)
    );
    create unique index link_end_key on link_end (pair_id, side, key) where not is_gone;
    create index link_end_gone on link_end (pair_id, side, key) where is_gone;
    create index link_end_parent on link_end (pair_id, side, (seen -> 'place' ->> 'parent'))
      where seen -> 'place' ->> 'parent' is not null and not is_gone;
  `);

exports.down = (knex) => knex.raw('drop table link_end, link');
