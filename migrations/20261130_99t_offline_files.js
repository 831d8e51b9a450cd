'use strict';

// A kitchen without a network sends its uploads on a stick. What staff have taken in is kept, so that the same file
// taken in again gets the same response.
exports.up = (knex) =>
  knex.raw(`
    create table offline_file (
      id uuid not null,
      solution_id int not null references solution on delete cascade,
      file_name text not null check (char_length(file_name) <= 255),
      written_at timestamptz not null,
      taken_in_at timestamptz not null default now(),
      taken_in_by text not null,
      -- That of the secret which the file was written with: the response is written with the same one.
      secret_hash text not null,
      primary key (solution_id, id),
      unique (id)
    );
    create index offline_file_by_time on offline_file (taken_in_at desc, id);
    create table offline_file_channel (
      solution_id int not null,
      file_id uuid not null,
      channel text not null check (channel in ('synchro', 'sondes', 'messagerie', 'photos')),
      outcome text not null check (outcome in ('accepted', 'earlier-package', 'superseded', 'refused', 'busy')),
      sync_id uuid references sync on delete set null,
      code text,
      detail text,
      primary key (solution_id, file_id, channel),
      foreign key (solution_id, file_id) references offline_file on delete cascade,
      check ((outcome = 'refused') = (code is not null))
    );
    create index offline_file_channel_by_sync on offline_file_channel (sync_id) where sync_id is not null`);

exports.down = (knex) => knex.raw('drop table offline_file_channel, offline_file');
