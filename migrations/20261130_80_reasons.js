'use strict';

// Why something was refused, a sync failed or a notification did not arrive: beside the sentence in English, which
// programs are given, a code with its values, of which people are told in their language. What was written before this
// has the sentence alone.

const kept = `
      add column reason_code text,
      add column reason_values jsonb,
      add constraint reason_whole check ((reason_code is null) = (reason_values is null))`;

/** `told`: what a notification says of a sync that failed. */
const syncFailed = (told) => `
    create or replace function sync_failed() returns trigger language plpgsql as $$
    begin
      perform notify_targets('sync-failed', new.solution_id, 'sync-failed:' || new.id, clock_timestamp(), ${told});
      return null;
    end $$;`;

const sentence = `jsonb_build_object('sync', new.id, 'channel', new.channel, 'reason', new.report ->> 'reason')`;

exports.up = (knex) =>
  knex.raw(`
    alter table quarantine ${kept};
    alter table sync ${kept};
    alter table sync_event ${kept};
    alter table notification ${kept};
    ${syncFailed(
      `${sentence} || case when new.reason_code is null then '{}'
         else jsonb_build_object('reasonCode', new.reason_code, 'reasonValues', new.reason_values) end`,
    )}
  `);

exports.down = (knex) =>
  knex.raw(`
    ${syncFailed(sentence)}
    alter table notification drop column reason_code, drop column reason_values;
    alter table sync_event drop column reason_code, drop column reason_values;
    alter table sync drop column reason_code, drop column reason_values;
    alter table quarantine drop column reason_code, drop column reason_values;
  `);
