'use strict';

// Other systems, and the pairs of them that are kept equal.

exports.up = (knex) =>
  knex.raw(`
    create table remote_system (
      id int generated always as identity primary key,
      -- Null: the operator's own.
      account_id int references account on delete cascade,
      name text not null unique check (name ~ '^[a-z][a-z0-9-]{0,39}$'),
      kind text not null check (kind ~ '^[a-z][a-z0-9-]*$'),
      -- As it was written, without secrets: where one belongs it says \${NAME}.
      config jsonb not null,
      -- Counts its changes: what an ETag says.
      version int not null default 1,
      -- 'throttled': no call before not_before; 'paused': no call until someone resumes it.
      state text not null default 'unknown' check (state in ('unknown', 'up', 'throttled', 'paused')),
      not_before timestamptz,
      paused_at timestamptz,
      paused_by text,
      paused_reason text,
      -- What the server was found to do, and when.
      probe jsonb,
      clock_offset_ms int,
      checked_at timestamptz,
      created_at timestamptz not null default now(),
      changed_at timestamptz not null default now(),
      check ((state = 'paused') = (paused_at is not null)),
      check ((paused_at is null) = (paused_reason is null)),
      check (state <> 'throttled' or not_before is not null)
    );

    create table pair (
      id int generated always as identity primary key,
      name text not null unique check (name ~ '^[a-z][a-z0-9-]{0,39}$'),
      here_id int not null references remote_system,
      there_id int not null references remote_system,
      -- Checked, as in shared/systems/pair-settings.ts.
      config jsonb not null,
      config_version int not null default 1,
      -- 'plan': nothing is written until someone has approved a plan.
      mode text not null default 'plan' check (mode in ('plan', 'run', 'off')),
      -- By someone, or because it cannot go on as it is ('fields').
      paused_at timestamptz,
      paused_by text,
      paused_reason text,
      -- When a check and a whole listing are due next; null: that has not been worked out yet.
      check_at timestamptz,
      whole_at timestamptz,
      -- The version of the configuration under which all links were last seen: another one looks at them once.
      seen_version int,
      created_at timestamptz not null default now(),
      check ((paused_at is null) = (paused_reason is null))
    );
    create index pair_here on pair (here_id);
    create index pair_there on pair (there_id);

    create table pair_config_version (
      pair_id int not null references pair on delete cascade,
      version int not null,
      config jsonb not null,
      at timestamptz not null default now(),
      by text not null,
      primary key (pair_id, version)
    );

    -- Where the listings of each side go on.
    create table pair_cursor (
      pair_id int not null references pair on delete cascade,
      side text not null check (side in ('here', 'there')),
      value text,
      moved_at timestamptz,
      -- A whole listing that is under way, and where it goes on.
      listing bigint,
      listing_value text,
      listing_began_at timestamptz,
      -- How many keys it has mentioned: fewer in listed_key, and that table was emptied by a crash.
      listing_seen bigint not null default 0,
      -- The last whole listing that was believed: what it lacked is in link_end.absent_listing.
      whole_listing bigint,
      whole_at timestamptz,
      primary key (pair_id, side)
    );
    create sequence whole_listing_id;

    -- Keys that whole listings under way have mentioned. After a crash of the database they begin anew.
    create unlogged table listed_key (listing bigint not null, key text not null);
    create index listed_key_key on listed_key (listing, key);

    -- What a server was found to make of a field: it ignores it, or writes it otherwise.
    create table pair_field (
      pair_id int not null references pair on delete cascade,
      side text not null check (side in ('here', 'there')),
      field text not null,
      kept text not null check (kept in ('yes', 'no')),
      -- What was sent, and what it showed afterwards.
      sent jsonb,
      shown jsonb,
      learned_at timestamptz not null default now(),
      primary key (pair_id, side, field)
    );

    -- Where another system reports changes. Only the digest of the token in its path is kept.
    create table hook (
      id int generated always as identity primary key,
      system_id int not null references remote_system on delete cascade,
      token_sha256 bytea not null unique,
      -- Null: whatever it names.
      entity text,
      created_at timestamptz not null default now(),
      created_by text,
      last_at timestamptz,
      refused int not null default 0
    );
    create index hook_system on hook (system_id);

    -- A system that a pair needs is not deleted; but with an account all of it goes.
    create function account_takes_pairs_along() returns trigger language plpgsql as $$
    begin
      delete from pair p using remote_system s where s.account_id = old.id and s.id in (p.here_id, p.there_id);
      return old;
    end $$;
    create trigger account_takes_pairs_along before delete on account
      for each row execute function account_takes_pairs_along();
  `);

exports.down = (knex) =>
  knex.raw(`
    drop trigger account_takes_pairs_along on account;
    drop function account_takes_pairs_along;
    drop table hook, pair_field, listed_key, pair_cursor, pair_config_version, pair, remote_system;
    drop sequence whole_listing_id;
  `);
