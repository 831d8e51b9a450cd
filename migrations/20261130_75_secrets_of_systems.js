'use strict';

// The secrets of other systems, and what the server is asked to do at one of them while someone waits.

exports.up = (knex) =>
  knex.raw(`
    -- Sealed where the server seals. A column of its own, so that a new key seals it anew like every other secret.
    create table remote_system_secret (
      id int generated always as identity primary key,
      system_id int not null references remote_system on delete cascade,
      -- Of what signs the calls of a webhook: its hook, and 'name' is the webhook's id at the other system.
      -- Null: 'name' is what stands in \${NAME}.
      hook_id int references hook on delete cascade,
      name text not null,
      value text not null,
      changed_at timestamptz not null default now(),
      unique nulls not distinct (system_id, hook_id, name)
    );

    -- The API calls no foreign system: a worker does, and the answer is read here.
    create table system_task (
      id bigint generated always as identity primary key,
      system_id int not null references remote_system on delete cascade,
      kind text not null check (kind in ('probe', 'register-hook')),
      detail jsonb not null default '{}',
      asked_by text not null,
      created_at timestamptz not null default now(),
      ended_at timestamptz,
      -- What came of it; null: it has not ended, or 'failure' says why nothing came of it.
      result jsonb,
      failure text,
      check (ended_at is not null or (result is null and failure is null))
    );
    create index system_task_system on system_task (system_id);
    create index system_task_ended on system_task (ended_at) where ended_at is not null;
  `);

exports.down = (knex) =>
  knex.raw(`
    drop table system_task, remote_system_secret;
  `);
