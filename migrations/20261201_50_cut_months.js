'use strict';

// Retention removes old readings of a month. The export of that month which is filed elsewhere has them still, so it must
// not be replaced by one without them.

exports.up = (knex) =>
  knex.raw(`
    -- The last load of the month when retention began to remove readings of it. Null: the month is complete.
    alter table log_month add column cut_arrival bigint check (cut_arrival <= arrival);
  `);

exports.down = (knex) => knex.raw('alter table log_month drop column cut_arrival');
