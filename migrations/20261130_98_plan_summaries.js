'use strict';

// What a plan comes to, worked out once while it is made: {fields: [{side, field, changed, made, examples}], calls: {here, there}}.
// Plans that were made before have none.

exports.up = (knex) => knex.raw('alter table pair_plan add column summary jsonb');

exports.down = (knex) => knex.raw('alter table pair_plan drop column summary');
