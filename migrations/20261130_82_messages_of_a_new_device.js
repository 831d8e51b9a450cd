'use strict';

// A new device gets again what the one before received and nobody read.

exports.up = (knex) =>
  knex.raw(`
    -- Staff made the solution forget its device, and no upload of messages has come since.
    alter table solution add column old_device_left_at timestamptz;
    update solution set old_device_left_at = mac_forgotten_at;
    create or replace function solution_mac_forgotten() returns trigger language plpgsql as $$
    begin
      new.mac_forgotten_at := now();
      new.old_device_left_at := now();
      return new;
    end $$;
  `);

exports.down = (knex) =>
  knex.raw(`
    create or replace function solution_mac_forgotten() returns trigger language plpgsql as $$
    begin
      new.mac_forgotten_at := now();
      return new;
    end $$;
    alter table solution drop column old_device_left_at;
  `);
