'use strict';

// What someone wrote in a form of the console while their session ended is kept for a day, and shown to them again.

exports.up = (knex) =>
  knex.raw(`
    -- Whose forms carry a token. It outlives the session, so that what was written in the meantime has an owner.
    create table form_owner (
      -- The SHA-256 of the token that stands in the forms.
      form_key bytea primary key,
      user_id int not null references app_user on delete cascade,
      usable_until timestamptz not null
    );
    create index form_owner_user on form_owner (user_id);
    create index form_owner_expiry on form_owner (usable_until);

    -- The token of the forms follows from the session's: see api/backoffice/console/csrf.ts.
    create function own_forms() returns trigger language plpgsql as $$
    begin
      delete from form_owner where usable_until < now();
      insert into form_owner (form_key, user_id, usable_until)
      values (sha256(sha256('epack console form'::bytea || new.token_sha256)), new.user_id,
        new.expires_at + interval '7 days')
      on conflict do nothing;
      return null;
    end $$;
    create trigger user_session_owns_forms after insert on user_session
      for each row execute function own_forms();
    insert into form_owner (form_key, user_id, usable_until)
    select sha256(sha256('epack console form'::bytea || token_sha256)), user_id, expires_at + interval '7 days'
    from user_session
    on conflict do nothing;

    create table kept_form (
      id uuid primary key default gen_random_uuid(),
      user_id int not null references app_user on delete cascade,
      -- Paths of this server: the page that shows the form, and where the form is sent.
      page text not null check (page ~ '^/'),
      action text not null check (action ~ '^/'),
      -- By the names of the inputs: texts and lists of texts. No password is in it.
      fields jsonb not null,
      kept_at timestamptz not null default now()
    );
    create index kept_form_user on kept_form (user_id, kept_at);
    create index kept_form_age on kept_form (kept_at);
  `);

exports.down = (knex) =>
  knex.raw(`
    drop table kept_form;
    drop trigger user_session_owns_forms on user_session;
    drop function own_forms;
    drop table form_owner;
  `);
