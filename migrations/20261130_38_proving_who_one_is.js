'use strict';

// Staff: first passwords, a second factor with recovery codes, where someone signs in from, and the mails about it.

exports.up = (knex) =>
  knex.raw(`
    alter table app_user
      -- Someone else chose the password: the console asks for another one before anything else.
      add column password_is_first boolean not null default false,
      -- The second factor (TOTP), in base32. Pending: shown to its owner, who has not proved yet that the app knows it.
      add column totp_secret text,
      add column totp_pending text,
      add column totp_since timestamptz,
      -- A code counts once: the last step of thirty seconds whose code was taken.
      add column totp_last_step bigint not null default 0,
      add constraint app_user_totp check ((totp_secret is null) = (totp_since is null));

    -- Each lets its owner in once, where the app is lost. Random, so that a digest keeps it.
    create table recovery_code (
      user_id int not null references app_user on delete cascade,
      code_sha256 bytea not null,
      primary key (user_id, code_sha256)
    );

    -- From which network someone has signed in: what strangers do keeps nobody out who comes from there.
    create table known_place (
      user_id int not null references app_user on delete cascade,
      network text not null,
      seen_at timestamptz not null default now(),
      primary key (user_id, network)
    );

    alter table user_session
      -- When its owner last proved who they are: at signing in, or when they were asked again.
      add column proved_at timestamptz not null default now();

    -- The password was right, and the code of the second factor is still to come.
    create table sign_in_step (
      token_sha256 bytea primary key,
      user_id int not null references app_user on delete cascade,
      expires_at timestamptz not null
    );
    create index sign_in_step_expiry on sign_in_step (expires_at);

    -- Mails to staff about their own account. The worker sends them.
    create table staff_mail (
      id uuid primary key default gen_random_uuid(),
      user_id int not null references app_user on delete cascade,
      kind text not null check (kind in ('password-changed', 'second-factor-on', 'second-factor-off')),
      -- Who did it; null: the owner.
      done_by text,
      occurred_at timestamptz not null default now(),
      attempts int not null default 0,
      due_at timestamptz not null default now()
    );
    create index staff_mail_due on staff_mail (due_at);
  `);

exports.down = (knex) =>
  knex.raw(`
    drop table staff_mail, sign_in_step, known_place, recovery_code;
    alter table user_session drop column proved_at;
    alter table app_user drop column password_is_first, drop column totp_secret, drop column totp_pending,
      drop column totp_since, drop column totp_last_step;
  `);
