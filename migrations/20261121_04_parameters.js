'use strict';

// Parameters: the manager's copy, and the copy on which both sides last agreed (the base).

exports.up = (knex) =>
  knex.raw(`
    create table param (
      id_server bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      class text not null,
      id text not null check (id <> '' and length(id) <= 64),
      -- The manager's copy. Null fields: the manager never had it or has dropped it.
      fields jsonb not null,
      is_active boolean not null,
      -- The solution's clock at its last change that the manager took; text, as it was sent.
      ts text,
      version int not null default 1,
      updated_at timestamptz not null default now(),
      updated_by text not null,
      -- The base: what the solution is known to hold. Null: it holds nothing of this entity.
      base_fields jsonb,
      base_active boolean,
      -- Digest of the base as the solution would send it, to find what changed without reading it.
      base_hash bytea,
      -- Instructions of this entity that the solution could not carry out, since its last edit.
      failures int not null default 0,
      failure_reason text,
      -- Held back: in a conflict or an approval that waits for someone.
      held boolean not null default false,
      -- The solution must be told: an instruction is due.
      due boolean not null generated always as (
        case
          when is_active then base_active is distinct from true or fields is distinct from base_fields
          else base_active is not null
        end
      ) stored,
      unique (solution_id, class, id),
      check ((base_fields is null) = (base_active is null))
    );
    create index param_due on param (solution_id, class) where due;

    create table param_version (
      id_server bigint not null references param on delete cascade,
      version int not null,
      fields jsonb not null,
      is_active boolean not null,
      at timestamptz not null default now(),
      by text not null,
      sync_id uuid,
      primary key (id_server, version)
    );

    -- What the package of a sync tells the solution. Rows go when the sync is confirmed.
    create table instruction (
      sync_id uuid not null references sync on delete cascade,
      file text not null,
      entity_id text not null,
      id_server bigint references param on delete cascade,
      op text not null check (op in ('i', 'u', 'd', 'r')),
      fields jsonb,
      base_hash bytea,
      primary key (sync_id, file, entity_id)
    );

    -- Digest of the file of each class as it was last received: the same again is no work.
    create table param_file (
      solution_id int not null references solution on delete cascade,
      class text not null,
      sha256 text not null,
      primary key (solution_id, class)
    );

    create table conflict (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      sync_id uuid not null references sync on delete cascade,
      id_server bigint not null references param on delete cascade,
      class text not null,
      entity_id text not null,
      base_fields jsonb,
      manager_fields jsonb,
      manager_active boolean not null,
      solution_fields jsonb,
      solution_active boolean not null,
      -- The fields in dispute; empty where one side deleted what the other changed.
      fields text[] not null,
      -- 'open' waits for someone; the others tell how it ended.
      state text not null default 'open' check (state in ('open', 'decided', 'resolved', 'superseded')),
      resolution text,
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by text
    );
    create unique index conflict_open on conflict (id_server) where state = 'open';
    create index conflict_solution on conflict (solution_id, id);

    create table approval (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      sync_id uuid not null references sync on delete cascade,
      channel text not null,
      class text not null,
      kind text not null check (kind in ('deletes', 'changes', 'replace')),
      -- What would be done: [{id, version, …}]. The decision is bound to it.
      plan jsonb not null,
      state text not null default 'open' check (state in ('open', 'approved', 'rejected', 'superseded')),
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by text
    );
    create unique index approval_open on approval (solution_id, class, kind) where state = 'open';
  `);

exports.down = (knex) =>
  knex.raw('drop table approval, conflict, param_file, instruction, param_version, param');
