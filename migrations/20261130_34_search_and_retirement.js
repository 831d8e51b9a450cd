'use strict';

// Staff find "Café de l’Étoile" by "cafe de l'etoile", and retire a solution: hidden, and kept until it is purged.

exports.up = (knex) =>
  knex.raw(`
    -- What is compared where people search: without case, accents and forms of apostrophes. Accents first: what is left of
    -- a letter is ASCII, whose case every locale knows.
    create function search_form(written text) returns text language sql immutable strict parallel safe as $$
      select lower(replace(replace(replace(replace(replace(
        translate(regexp_replace(normalize(written, NFD), '[\\u0300-\\u036f]', '', 'g'), '’‘ʼ′´\`\u00a0\u202f', '''''''''''''  '),
        'œ', 'oe'), 'Œ', 'OE'), 'æ', 'ae'), 'Æ', 'AE'), 'ß', 'ss'))
    $$;

    alter table solution add retired_at timestamptz;
    -- What is retired cannot be used.
    alter table solution add constraint solution_retired_is_blocked
      check (retired_at is null or blocked_at is not null);
    -- A retired solution gives its mail back.
    drop index solution_mail;
    create unique index solution_mail on solution (lower(mail)) where retired_at is null;
  `);

exports.down = (knex) =>
  knex.raw(`
    drop index solution_mail;
    create unique index solution_mail on solution (lower(mail));
    alter table solution drop constraint solution_retired_is_blocked, drop column retired_at;
    drop function search_form;
  `);
