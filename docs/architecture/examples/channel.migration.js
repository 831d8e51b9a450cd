'use strict';

const named = (names) => `check (channel in (${names.map((name) => `'${name}'`).join(', ')}))`;
const before = ['synchro', 'sondes', 'messagerie', 'photos'];

exports.up = async (knex) => {
  for (const table of ['channel_status', 'sync'])
    await knex.raw(
      `alter table ${table} drop constraint ${table}_channel_check,
         add constraint ${table}_channel_check ${named([...before, 'stocks'])}`,
    );
  await knex.raw(`insert into channel_status (solution_id, channel) select id, 'stocks' from solution`);
};

exports.down = async (knex) => {
  for (const table of ['channel_status', 'sync']) {
    await knex.raw(`delete from ${table} where channel = 'stocks'`);
    await knex.raw(
      `alter table ${table} drop constraint ${table}_channel_check,
         add constraint ${table}_channel_check ${named(before)}`,
    );
  }
};
