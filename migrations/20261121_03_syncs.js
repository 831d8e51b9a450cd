'use strict';

// Syncs, their jobs, and what could not be applied.

exports.up = (knex) =>
  knex.raw(`
    create table sync (
      id uuid primary key,
      solution_id int not null references solution on delete cascade,
      channel text not null check (channel in ('synchro', 'sondes', 'messagerie', 'photos')),
      state text not null check (state in
        ('receiving', 'queued', 'processing', 'ready', 'failed', 'confirmed', 'abandoned')),
      idempotency_key text,
      received_at timestamptz not null default now(),
      queued_at timestamptz,
      processing_at timestamptz,
      processed_at timestamptz,
      downloaded_at timestamptz,
      confirmed_at timestamptz,
      -- While its upload is being received: when it counts as dead.
      receiving_until timestamptz,
      attempts int not null default 0,
      -- The upload in the file store.
      archive_key text,
      archive_sha256 text,
      archive_bytes bigint,
      unpacked_bytes bigint,
      -- The instruction package in the file store.
      package_key text,
      package_sha256 text,
      package_bytes bigint,
      report jsonb,
      -- When retention removed the files.
      files_removed_at timestamptz,
      check (state <> 'receiving' or receiving_until is not null),
      check (state not in ('ready', 'failed', 'confirmed') or package_key is not null)
    );
    create index sync_channel on sync (solution_id, channel, received_at desc);
    create unique index sync_idempotency on sync (solution_id, channel, idempotency_key)
      where idempotency_key is not null;
    create index sync_receiving on sync (receiving_until) where state = 'receiving';
    create index sync_retention on sync (received_at) where files_removed_at is null;

    -- The timeline of a sync beyond its own columns: attempts that failed, take-overs, refusals.
    create table sync_event (
      id bigint generated always as identity primary key,
      sync_id uuid not null references sync on delete cascade,
      at timestamptz not null default now(),
      step text not null,
      detail text
    );
    create index sync_event_sync on sync_event (sync_id, id);

    -- Work for the workers: the outbox. A message in the queue is only a pointer to one of these rows.
    create table job (
      id bigint generated always as identity primary key,
      sync_id uuid not null references sync on delete cascade,
      lane text not null check (lane in ('small', 'large')),
      state text not null default 'queued' check (state in ('queued', 'running', 'done', 'dead')),
      attempts int not null default 0,
      run_after timestamptz not null default now(),
      -- When a message about it was last given to the queue.
      published_at timestamptz,
      -- Goes up at every take-over: a worker that lost its lease finds that its number is old.
      fence int not null default 0,
      lease_until timestamptz,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      check (state <> 'running' or lease_until is not null)
    );
    create index job_open on job (run_after) where state in ('queued', 'running');
    create unique index job_one_open_per_sync on job (sync_id) where state in ('queued', 'running');

    create table quarantine (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      sync_id uuid not null references sync on delete cascade,
      channel text not null,
      kind text not null check (kind in ('row', 'entity', 'file', 'photo')),
      -- Class or table, where it is known.
      subject text,
      file text not null,
      line int,
      row_id text,
      code text not null,
      reason text not null,
      -- As it was sent. The header of a row's file is kept with the first of its rows, for all of them.
      header text,
      raw text,
      state text not null default 'open' check (state in ('open', 'replayed', 'discarded')),
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by text
    );
    create index quarantine_open on quarantine (solution_id, id) where state = 'open';
    create index quarantine_sync on quarantine (sync_id);
    create index quarantine_header on quarantine (sync_id, file) where header is not null;
  `);

exports.down = (knex) => knex.raw('drop table quarantine, job, sync_event, sync');
