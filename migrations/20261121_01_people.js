'use strict';

// Customers, and the staff who look after their solutions.

exports.up = (knex) =>
  knex.raw(`
    create table account (
      id int generated always as identity primary key,
      name text not null unique check (name <> ''),
      created_at timestamptz not null default now()
    );

    create table app_user (
      id int generated always as identity primary key,
      email text not null check (email <> ''),
      password_hash text not null,
      role text not null check (role in ('admin', 'manager', 'viewer')),
      disabled_at timestamptz,
      created_at timestamptz not null default now()
    );
    create unique index app_user_email on app_user (lower(email));

    create table user_account (
      user_id int not null references app_user on delete cascade,
      account_id int not null references account on delete cascade,
      primary key (user_id, account_id)
    );

    create table user_session (
      token_sha256 bytea primary key,
      user_id int not null references app_user on delete cascade,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null
    );
    create index user_session_expiry on user_session (expires_at);

    -- Who did what, when, from where. Never updated.
    create table audit (
      id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      actor text not null,
      action text not null,
      solution_id int,
      address text,
      before jsonb,
      after jsonb
    );
    create index audit_solution on audit (solution_id, id);

    -- Failed sign-ins of solutions (by mail) and of staff (by e-mail), and by address; counted within five minutes.
    create table failed_login (
      id bigint generated always as identity primary key,
      subject text not null,
      at timestamptz not null default now()
    );
    create index failed_login_subject on failed_login (subject, at);

    -- Keys that every API process shares and that nobody configured.
    create table server_key (
      name text primary key,
      value bytea not null,
      created_at timestamptz not null default now()
    );
  `);

exports.down = (knex) =>
  knex.raw('drop table server_key, failed_login, audit, user_session, user_account, app_user, account');
