'use strict';

// What pairs have found and not yet done, what they did, and what they would do.

exports.up = (knex) =>
  knex.raw(`
    -- What a run would do. Its lines are decided together.
    create table pair_plan (
      id bigint generated always as identity primary key,
      pair_id int not null references pair on delete cascade,
      config_version int not null,
      state text not null default 'making'
        check (state in ('making', 'ready', 'approved', 'done', 'rejected', 'outdated', 'failed')),
      -- From 'ready' on: what is approved is exactly that.
      digest text,
      counts jsonb not null default '{}',
      -- Where the listings that it was made from ended.
      cursors jsonb,
      failure text,
      created_at timestamptz not null default now(),
      created_by text,
      ready_at timestamptz,
      decided_at timestamptz,
      decided_by text,
      check (state not in ('ready', 'approved', 'done') or digest is not null),
      check ((decided_at is null) = (decided_by is null))
    );
    create index pair_plan_pair on pair_plan (pair_id, id);
    create index pair_plan_open on pair_plan (pair_id) where state in ('making', 'approved');

    create table plan_item (
      plan_id bigint not null references pair_plan on delete cascade,
      place int not null,
      side text not null check (side in ('here', 'there')),
      key text not null,
      -- Null: it is new.
      link_id bigint,
      verdict text not null,
      reason text,
      -- [{side, op}]
      operations jsonb not null,
      -- {here, there}: what each side holds, and would hold.
      before jsonb not null,
      after jsonb not null,
      signature text not null,
      primary key (plan_id, place)
    );

    create table pair_run (
      id bigint generated always as identity primary key,
      pair_id int not null references pair on delete cascade,
      -- 'hints': what webhooks and people named between two others.
      kind text not null check (kind in ('check', 'whole', 'plan', 'hints', 'take-back')),
      -- Its listings: 'new' have not begun, 'listing', 'listed' all that they found is work by now.
      state text not null default 'new' check (state in ('new', 'listing', 'listed', 'ended')),
      asked_by text,
      plan_id bigint references pair_plan on delete cascade,
      takes_back bigint references pair_run on delete cascade,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      ended_at timestamptz,
      -- {created, updated, moved, deleted, unchanged, failed}
      counts jsonb not null default '{}',
      -- {here, there}
      calls jsonb not null default '{}',
      -- Sides that are listed by now.
      listed text[] not null default '{}',
      failure text,
      check ((state = 'ended') = (ended_at is not null)),
      check ((kind = 'plan') = (plan_id is not null)),
      check ((kind = 'take-back') = (takes_back is not null))
    );
    create index pair_run_pair on pair_run (pair_id, id);
    create index pair_run_open on pair_run (pair_id, id) where state <> 'ended';

    create table link_job (
      id bigint generated always as identity primary key,
      pair_id int not null references pair on delete cascade,
      -- Null: until a slice takes it.
      run_id bigint references pair_run on delete set null,
      side text not null check (side in ('here', 'there')),
      key text not null,
      link_id bigint references link on delete set null,
      stage text not null default 'change' check (stage in ('change', 'deletion')),
      source text not null check (source in
        ('listing', 'webhook', 'check', 'api', 'parent', 'decision', 'retry', 'plan', 'take-back')),
      state text not null default 'new'
        check (state in ('new', 'running', 'waiting', 'held', 'failed', 'done', 'skipped', 'given-up')),
      depth int not null default 0,
      priority smallint not null default 0,
      -- Of one that waits: for what.
      waits_side text check (waits_side in ('here', 'there')),
      waits_key text,
      waits_field text,
      run_after timestamptz not null default now(),
      attempts int not null default 0,
      -- The item as it was listed: it spares a fetch.
      hint jsonb check (octet_length(hint::text) < 262144),
      -- A listing lacks it that lacks so much that it is not believed.
      is_doubted boolean not null default false,
      -- Of an approved plan: what was approved. Of what is taken back: what each side shall hold.
      signature text,
      wanted jsonb,
      error_class text,
      error text,
      -- {here: {key, revision}, there}: what it was decided or refused on; another revision is looked at again.
      looked_at jsonb,
      approval_id bigint,
      closed_by bigint references link_job on delete set null,
      parent_id bigint references link_job on delete set null,
      verdict text,
      calls smallint,
      -- What other protocols keep of their own job.
      external jsonb,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      ended_at timestamptz,
      check ((state = 'waiting') = (waits_side is not null)),
      check ((waits_side is null) = (waits_key is null)),
      check ((state in ('done', 'skipped', 'given-up')) = (ended_at is not null))
    );
    -- 'running' is not in it: what changes meanwhile is another job.
    create unique index link_job_open on link_job (pair_id, side, key) where state in ('new', 'waiting', 'held', 'failed');
    create index link_job_due on link_job (pair_id, stage, depth, run_after, id) where state in ('new', 'failed');
    create index link_job_running on link_job (pair_id) where state = 'running';
    create index link_job_waits on link_job (pair_id, waits_side, waits_key) where state = 'waiting';
    create index link_job_kept on link_job (pair_id, side, key) where state in ('held', 'given-up');
    create index link_job_link on link_job (link_id, id) where link_id is not null;
    create index link_job_run on link_job (run_id) where state in ('new', 'running');
    create index link_job_approval on link_job (approval_id) where approval_id is not null;
    create index link_job_listed on link_job (pair_id, id);
    create index link_job_ended on link_job (ended_at) where ended_at is not null;

    -- What was done to an entity, call by call, and what it was before.
    create table link_event (
      id bigint generated always as identity primary key,
      pair_id int not null references pair on delete cascade,
      link_id bigint references link on delete cascade,
      job_id bigint,
      run_id bigint,
      at timestamptz not null default clock_timestamp(),
      side text check (side in ('here', 'there')),
      key text,
      -- 'sync', 'intent', 'conflict', 'held', 'failed', 'decided', 'joined', 'unlinked', …
      kind text not null,
      verdict text,
      reason text,
      -- [{side, op}]
      operations jsonb not null default '[]',
      fields text[],
      -- {here, there}: what each side held, and holds since; null: that was not looked at.
      before jsonb,
      after jsonb,
      -- [{side, op, status, milliseconds, request, answer}], secrets left out
      calls jsonb,
      -- The user, where it was one.
      by text
    );
    create index link_event_link on link_event (link_id, id) where link_id is not null;
    create index link_event_run on link_event (run_id, id) where run_id is not null;
    create index link_event_item on link_event (pair_id, side, key, id) where link_id is null;
    create index link_event_at on link_event using brin (at);
  `);

exports.down = (knex) => knex.raw('drop table link_event, link_job, pair_run, plan_item, pair_plan');
