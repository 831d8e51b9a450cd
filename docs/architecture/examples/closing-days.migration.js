'use strict';

exports.up = (knex) =>
  knex.raw(`
    create table closing_day (
      solution_id int not null references solution on delete cascade,
      day date not null,
      reason text not null check (char_length(reason) between 1 and 200),
      primary key (solution_id, day)
    )`);

exports.down = (knex) => knex.raw('drop table closing_day');
