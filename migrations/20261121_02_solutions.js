'use strict';

// Solutions and the status of their channels. Every change of a status, and every change of what a solution
// may do, is told to all API processes at commit.

exports.up = (knex) =>
  knex.raw(`
    create table solution (
      id int generated always as identity primary key,
      account_id int not null references account,
      mail text not null check (mail <> ''),
      name text not null,
      login_policy text not null default 'secret' check (login_policy in ('secret', 'mac')),
      confirmation text not null default 'explicit' check (confirmation in ('explicit', 'on-download')),
      timezone text not null default 'Europe/Paris',
      secret_hash text not null,
      previous_secret_hash text,
      previous_secret_until timestamptz,
      mac text,
      locked_at timestamptz,
      blocked_at timestamptz,
      version text,
      clock_skew_seconds int,
      created_at timestamptz not null default now()
    );
    create unique index solution_mail on solution (lower(mail));
    create index solution_account on solution (account_id, id);

    create table channel_status (
      solution_id int not null references solution on delete cascade,
      channel text not null check (channel in ('synchro', 'sondes', 'messagerie', 'photos')),
      statut smallint not null default 0 check (statut in (0, 1, 2)),
      -- The sync under way; at 0 the last one, so that a poll can name it.
      sync_id uuid,
      since timestamptz not null default now(),
      -- Grows with every change: a reader who gets two versions knows the later one.
      revision bigint not null default 0,
      primary key (solution_id, channel),
      check (statut = 0 or sync_id is not null)
    );
    create index channel_status_busy on channel_status (statut, since) where statut <> 0;

    create function channel_status_changed() returns trigger language plpgsql as $$
    begin
      new.revision := old.revision + 1;
      new.since := now();
      perform pg_notify('epack_statut', concat_ws(' ',
        new.solution_id, new.channel, new.statut, coalesce(new.sync_id::text, '-'), new.revision));
      return new;
    end $$;
    create trigger channel_status_changed before update of statut, sync_id on channel_status
      for each row execute function channel_status_changed();

    create function solution_changed() returns trigger language plpgsql as $$
    begin
      perform pg_notify('epack_solution', new.id::text);
      return null;
    end $$;
    create trigger solution_changed after update of blocked_at, locked_at, timezone, confirmation on solution
      for each row execute function solution_changed();

    create table solution_flag (
      solution_id int not null references solution on delete cascade,
      channel text not null,
      flag text not null check (flag in ('replace-from-manager', 'replace-from-solution', 'resend-logs',
        'resend-params', 'rebuild-photo-index', 'reset-status')),
      set_by text not null,
      set_at timestamptz not null default now(),
      -- When the handshake told the solution of it, for flags that change what the solution sends.
      answered_at timestamptz,
      -- The sync that honours it; the flag is consumed when that sync is confirmed.
      sync_id uuid,
      primary key (solution_id, channel, flag),
      foreign key (solution_id, channel) references channel_status on delete cascade
    );
  `);

exports.down = (knex) =>
  knex.raw(`
    drop table solution_flag, channel_status, solution;
    drop function channel_status_changed, solution_changed;
  `);
