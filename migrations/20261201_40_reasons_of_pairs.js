'use strict';

/**
 * Why an entry of a pair was not carried out, as a code with its values: people read it in their language. What was
 * stored before has its English sentence only.
 */
exports.up = (knex) =>
  knex.raw(`
    alter table link_event add column reason_code text, add column reason_values jsonb,
      add constraint link_event_reason check ((reason_code is null) = (reason_values is null));
    alter table plan_item add column reason_code text, add column reason_values jsonb,
      add constraint plan_item_reason check ((reason_code is null) = (reason_values is null));
    alter table link_job add column reason_code text, add column reason_values jsonb,
      add constraint link_job_reason check ((reason_code is null) = (reason_values is null));
  `);

exports.down = (knex) =>
  knex.raw(`
    alter table link_event drop column reason_code, drop column reason_values;
    alter table plan_item drop column reason_code, drop column reason_values;
    alter table link_job drop column reason_code, drop column reason_values;
  `);
