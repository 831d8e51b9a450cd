'use strict';

// What a solution sends may be older than what both sides agreed on: what is needed to tell.

exports.up = (knex) =>
  knex.raw(`
    -- Digest of what the solution held of the entity when it was deleted. It sends exactly that again: still deleted.
    alter table param add column gone_digest bytea;
    -- It was deleted, and the solution brought it back with other content.
    alter table param add column returned_at timestamptz;
    create index param_returned on param (solution_id, returned_at) where returned_at is not null;

    create function param_gone() returns trigger language plpgsql as $$
    begin
      new.gone_digest := old.base_digest;
      return new;
    end $$;
    create trigger param_gone before update on param for each row
      when (old.base_active is true and new.base_active is not true) execute function param_gone();

    -- Staff made it forget its device; the first upload after that has not come yet.
    alter table solution add column mac_forgotten_at timestamptz;
    create function solution_mac_forgotten() returns trigger language plpgsql as $$
    begin
      new.mac_forgotten_at := now();
      return new;
    end $$;
    create trigger solution_mac_forgotten before update of mac on solution for each row
      when (old.mac is not null and new.mac is null) execute function solution_mac_forgotten();

    -- Why changes wait: 'first-upload', 'many-changes', 'resend', 'drift'; null: a limit of the class.
    alter table approval add column reason text;

    -- While it is due, nothing that the solution sends of the class changes the manager's parameters.
    alter table replacement_due add column from_manager boolean not null default false;

    -- The solution has sent another copy since: what lies here is no longer the newest.
    alter table quarantine add column superseded_at timestamptz;
    create index quarantine_newest on quarantine (solution_id, subject, row_id)
      where state = 'open' and superseded_at is null and kind in ('entity', 'file');
  `);

exports.down = (knex) =>
  knex.raw(`
    drop index quarantine_newest;
    alter table quarantine drop column superseded_at;
    alter table replacement_due drop column from_manager;
    alter table approval drop column reason;
    drop trigger solution_mac_forgotten on solution;
    drop function solution_mac_forgotten();
    alter table solution drop column mac_forgotten_at;
    drop trigger param_gone on param;
    drop function param_gone();
    drop index param_returned;
    alter table param drop column gone_digest, drop column returned_at;
  `);
