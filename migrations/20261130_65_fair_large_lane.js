'use strict';

// Whose large package is next is asked at each of them, over those that wait, run and were finished within the hour.

exports.up = (knex) =>
  knex.raw(`create index job_of_large_lane on job (state, finished_at) where lane = 'large'`);

exports.down = (knex) => knex.raw('drop index job_of_large_lane');
