'use strict';

// Parameters: the manager's copy, and the copy on which both sides last agreed (the base).

exports.up = (knex) =>
  knex.raw(`
    create table param (
      -- What the solutions know as idServer.
      id_server bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      class text not null,
      id text not null check (id <> '' and length(id) <= 64),
      -- The manager's copy; not active: deleted, its last fields kept. Its digest is made by whoever writes it.
      fields jsonb not null,
      is_active boolean not null,
      digest bytea not null,
      -- The solution's clock at its last change that the manager took; text, as it was sent.
      ts text,
      version int not null default 1,
      updated_at timestamptz not null default now(),
      updated_by text not null,
      -- The last change by hand; null: there was none.
      edited_at timestamptz,
      -- The base: the solution's copy as far as the manager has seen it. Null: the solution is not known to hold
      -- anything of this entity. Not active: it holds it as deleted.
      base_fields jsonb,
      base_active boolean,
      -- Digest of the base: the solution that sends this again has changed nothing. It outlives a deletion.
      -- Null beside a base: nobody knows whether the solution still holds it.
      base_digest bytea,
      -- Instructions of this entity that the solution could not carry out, since the manager's copy last changed.
      failures int not null default 0,
      failure_reason text,
      -- Held back: in a conflict or an approval that waits for someone.
      held boolean not null default false,
      -- The solution must be told: an instruction is due.
      due boolean not null generated always as (
        case when is_active then digest is distinct from base_digest else base_active is not null end
      ) stored,
      unique (solution_id, class, id),
      check ((base_fields is null) = (base_active is null))
    );
    create index param_due on param (solution_id, class) where due;
    create index param_held on param (solution_id, class) where held;

    -- Every version of the manager's copy.
    create table param_version (
      id_server bigint not null references param on delete cascade,
      version int not null,
      fields jsonb not null,
      is_active boolean not null,
      at timestamptz not null default now(),
      -- E-mail of the member of staff, or 'solution'.
      by text not null,
      sync_id uuid,
      primary key (id_server, version)
    );

    -- What the package of a sync tells the solution, until it is confirmed. Those of a sync that was abandoned stay
    -- until the solution shows what it did with them, or has confirmed what it was told since.
    create table instruction (
      sync_id uuid not null references sync on delete cascade,
      -- Name inside the package, e.g. xml/Fridges-u.xml.
      file text not null,
      -- Empty: the file itself, which replaces the whole class.
      entity_id text not null,
      id_server bigint references param on delete cascade,
      op text not null check (op in ('i', 'u', 'd', 'r')),
      -- What is told; null: that the entity is deleted.
      fields jsonb,
      digest bytea,
      ts text,
      -- Why the solution could not carry it out; null: it did, or has not answered yet.
      failure text,
      primary key (sync_id, file, entity_id)
    );
    create index instruction_param on instruction (id_server);

    create table conflict (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      sync_id uuid not null references sync on delete cascade,
      id_server bigint not null references param on delete cascade,
      class text not null,
      entity_id text not null,
      base_fields jsonb,
      -- Both copies as they were; while it is open, the manager's is the one in param.
      manager_fields jsonb not null,
      manager_active boolean not null,
      solution_fields jsonb not null,
      solution_active boolean not null,
      solution_digest bytea not null,
      solution_ts text,
      -- The fields in dispute; empty where one side deleted what the other changed.
      fields text[] not null,
      -- 'open' waits for someone; 'decided': someone did; 'resolved': the class's policy did; 'superseded': the
      -- sides agreed otherwise.
      state text not null default 'open' check (state in ('open', 'decided', 'resolved', 'superseded')),
      -- Whose values won; 'fields': each side won some, or someone gave new ones.
      resolution text check (resolution in ('manager', 'solution', 'fields')),
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by text,
      check ((state in ('decided', 'resolved')) = (resolution is not null))
    );
    create unique index conflict_open on conflict (id_server) where state = 'open';
    create index conflict_solution on conflict (solution_id, id);

    create table approval (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      sync_id uuid not null references sync on delete cascade,
      channel text not null,
      class text not null,
      -- 'deletes': the solution deleted them; 'replace': it replaces everything and no longer has them.
      kind text not null check (kind in ('deletes', 'replace')),
      -- What would be deleted: [{id, version}], by id. The decision is bound to it.
      plan jsonb not null,
      state text not null default 'open' check (state in ('open', 'approved', 'rejected', 'superseded')),
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by text
    );
    create unique index approval_open on approval (solution_id, class, kind) where state = 'open';
    create index approval_solution on approval (solution_id, id);
  `);

exports.down = (knex) => knex.raw('drop table approval, conflict, instruction, param_version, param');
