'use strict';

// What the manager tells on the channel messagerie: messages, probe alerts, lab results.

exports.up = (knex) =>
  knex.raw(`
    create table manager_message (
      -- As it goes out, as Id of Tbmessagerie: below zero, where no solution's own ids are. -1 says "none" on the wire.
      id bigint generated always as identity (increment by -1 maxvalue -2 start with -2) primary key,
      solution_id int not null references solution on delete cascade,
      kind text not null check (kind in ('message', 'probe-alert', 'analysis')),
      sender text not null,
      subject text not null check (subject <> ''),
      body text not null,
      -- Of what it tells of, where that has a time.
      measured_at timestamptz,
      is_conform boolean,
      sent_at timestamptz not null default now(),
      -- The sync whose package tells it, until that is confirmed or another tells it.
      told_in uuid,
      -- When the solution confirmed that it has it, and when someone there read it, by the solution's clock.
      delivered_at timestamptz,
      read_at timestamptz,
      -- How often in a row the solution could not take it, and why.
      failures int not null default 0,
      failure_reason text,
      -- Of a lab result. A value of '<' is below what the laboratory can count.
      sample text,
      germ text,
      operator text check (operator in ('<', '=', '>')),
      value double precision check (value >= 0),
      unit text,
      limit_satisfactory double precision check (limit_satisfactory >= 0),
      limit_acceptable double precision check (limit_acceptable >= limit_satisfactory),
      verdict text check (verdict in ('satisfactory', 'acceptable', 'unsatisfactory')),
      check (case when kind = 'analysis'
        then num_nulls(sample, germ, operator, value, limit_satisfactory, limit_acceptable, verdict) = 0
        else num_nonnulls(sample, germ, operator, value, unit, limit_satisfactory, limit_acceptable, verdict) = 0 end)
    );
    create index manager_message_solution on manager_message (solution_id, id);
    create index manager_message_due on manager_message (solution_id) where delivered_at is null;
    create index manager_message_told on manager_message (solution_id, told_in) where told_in is not null;
  `);

exports.down = (knex) => knex.raw('drop table manager_message');
