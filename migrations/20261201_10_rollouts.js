'use strict';

// A rollout brings one change to many solutions, wave by wave. The next wave begins when the last has succeeded.
exports.up = (knex) =>
  knex.raw(`
    create table rollout (
      id bigint generated always as identity primary key,
      name text not null check (char_length(name) between 1 and 200),
      -- 'settings': the same for all; 'edits': each solution has edits of its own.
      kind text not null check (kind in ('flag', 'settings', 'edits')),
      channel text check (channel in ('synchro', 'sondes', 'messagerie', 'photos')),
      flag text,
      -- [{className, id | where, fields}]; fields null: deleted.
      settings jsonb,
      needs_approval text not null check (needs_approval in ('start', 'each-wave')),
      wave_hours int not null check (wave_hours between 1 and 2160),
      max_failed_percent int not null check (max_failed_percent between 0 and 100),
      max_expired_percent int not null check (max_expired_percent between 0 and 100),
      -- The accounts of its solutions when it was planned: who does not see them all does not see the rollout.
      account_ids int[] not null check (cardinality(account_ids) > 0),
      -- 'waiting': for the approval of the current wave.
      state text not null default 'waiting'
        check (state in ('waiting', 'running', 'paused', 'stopped', 'done', 'cancelled')),
      wave int not null default 1,
      stopped_because text check (stopped_because in ('failures', 'expired')),
      created_at timestamptz not null default now(),
      created_by text not null,
      ended_at timestamptz,
      check ((kind = 'flag') = (flag is not null and channel is not null)),
      check ((kind = 'settings') = (settings is not null)),
      check ((state = 'stopped') = (stopped_because is not null)),
      check ((state in ('done', 'cancelled')) = (ended_at is not null))
    );
    create index rollout_open on rollout (id) where ended_at is null;

    create table rollout_wave (
      rollout_id bigint not null references rollout on delete cascade,
      number int not null check (number > 0),
      -- How many were planned.
      solutions int not null check (solutions > 0),
      approved_at timestamptz,
      approved_by text,
      -- When the change went to its first solutions; its time is counted from here.
      began_at timestamptz,
      -- What people have seen and accepted when they resumed a rollout that had stopped.
      accepted_failed int not null default 0,
      accepted_expired int not null default 0,
      primary key (rollout_id, number)
    );

    create table rollout_solution (
      solution_id int not null references solution on delete cascade,
      rollout_id bigint not null references rollout on delete cascade,
      -- Its account when it was planned. A solution that was moved since is left out.
      account_id int not null,
      wave int not null,
      place int not null,
      state text not null default 'waiting'
        check (state in ('waiting', 'sent', 'confirmed', 'failed', 'expired', 'skipped')),
      reason_code text,
      -- In the solution's own words, where it gave some.
      reason text,
      sent_at timestamptz,
      settled_at timestamptz,
      primary key (solution_id, rollout_id),
      check ((state in ('failed', 'skipped')) = (reason_code is not null))
    );
    create index rollout_solution_by_wave on rollout_solution (rollout_id, wave, state, place);

    create table rollout_edit (
      solution_id int not null,
      rollout_id bigint not null,
      class text not null,
      entity_id text not null check (entity_id <> '' and length(entity_id) <= 64),
      -- Null: the entity is deleted.
      fields jsonb,
      -- The values that the fields must still have; a field with another value stays as it is.
      expected jsonb,
      -- What was written to the manager's copy; null: nothing yet, or nothing was to change.
      written jsonb,
      primary key (solution_id, rollout_id, class, entity_id),
      foreign key (solution_id, rollout_id) references rollout_solution on delete cascade
    );
    create index rollout_edit_by_rollout on rollout_edit (rollout_id)`);

exports.down = (knex) => knex.raw('drop table rollout_edit, rollout_solution, rollout_wave, rollout');
