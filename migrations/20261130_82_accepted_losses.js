'use strict';

// Staff accept that readings are lost: the books need to know all ids in doubt, not only those that are shown.

exports.up = (knex) =>
  knex.raw(`
    alter table log_mark
      -- What the last check found: ids of rows that are gone, and of rows that no upload brought.
      add column lost int8multirange not null default '{}',
      add column unknown int8multirange not null default '{}';
    update log_mark set lost = ${shownIds('lost')}, unknown = ${shownIds('unknown')} where not is_balanced and book is not null;
  `);

exports.down = (knex) => knex.raw('alter table log_mark drop column lost, drop column unknown');

/** The ranges that the book shows, each with its first and last id. */
function shownIds(name) {
  return `(select coalesce(range_agg(int8range((part ->> 0)::bigint, (part ->> 1)::bigint, '[]')), '{}')
    from jsonb_array_elements(book -> '${name}' -> 'ranges') as part)`;
}
