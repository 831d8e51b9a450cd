'use strict';

// The statement that ends a sync is sent together with the COMMIT of its transaction. If another worker has the job, or the
// sync was reset, the statement must fail, or the rows of the upload would be committed.

exports.up = (knex) =>
  knex.raw(`
    create function refuse_end_of_sync() returns boolean language plpgsql as $$
    begin
      raise exception 'the sync is not at the end of this job' using errcode = 'EPEND';
    end $$;
  `);

exports.down = (knex) => knex.raw('drop function refuse_end_of_sync()');
