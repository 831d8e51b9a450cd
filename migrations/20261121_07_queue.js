'use strict';

// The queue on PostgreSQL, for an installation without RabbitMQ.

exports.up = (knex) =>
  knex.raw(`
    create table queue_message (
      id bigint generated always as identity primary key,
      lane text not null check (lane in ('small', 'large', 'dead')),
      body jsonb not null,
      visible_at timestamptz not null default now(),
      deliveries int not null default 0,
      created_at timestamptz not null default now()
    );
    create index queue_message_next on queue_message (lane, visible_at, id);
  `);

exports.down = (knex) => knex.raw('drop table queue_message');
