'use strict';

// The queue on PostgreSQL, for an installation without RabbitMQ.

exports.up = (knex) =>
  knex.raw(`
    create table queue_message (
      id bigint generated always as identity primary key,
      lane text not null check (lane in ('small', 'large')),
      body jsonb not null,
      -- Hidden until then: in the hands of a consumer that keeps moving this on, or waiting for its next delivery.
      visible_at timestamptz not null default now(),
      deliveries int not null default 0,
      created_at timestamptz not null default now(),
      -- Put aside for people, and why.
      dead_at timestamptz,
      reason text,
      check ((dead_at is null) = (reason is null))
    ) with (
      -- Rows live for milliseconds: what they leave behind is swept by count, not by share.
      autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_threshold = 2000
    );
    create index queue_message_next on queue_message (lane, visible_at, id) where dead_at is null;
    create index queue_message_dead on queue_message (id) where dead_at is not null;
  `);

exports.down = (knex) => knex.raw('drop table queue_message');
