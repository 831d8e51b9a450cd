'use strict';

// What is searched of a solution is computed when it is written, not for each solution at each search. The table has a
// row for each solution, so it is rewritten in a moment.

exports.up = (knex) =>
  knex.raw(`
    alter table solution
      add column searched_name text not null generated always as (search_form(name)) stored,
      add column searched_mail text not null generated always as (search_form(mail)) stored;
  `);

exports.down = (knex) =>
  knex.raw('alter table solution drop column searched_name, drop column searched_mail');
