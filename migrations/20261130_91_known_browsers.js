'use strict';

// Browsers in which someone has signed in. Others who fail for that person, also from the same address, keep nobody out
// who comes with such a browser.

exports.up = (knex) =>
  knex.raw(`
    create table known_browser (
      -- Of the random value in the browser's cookie.
      token_sha256 bytea not null,
      -- Several people may share one browser.
      user_id int not null references app_user on delete cascade,
      seen_at timestamptz not null default now(),
      primary key (token_sha256, user_id)
    );
    create index known_browser_user on known_browser (user_id);
    create index known_browser_seen on known_browser (seen_at);
  `);

exports.down = (knex) => knex.raw('drop table known_browser;');
