'use strict';

// What waits for a person in pairs. Ids come from the same counters as those of solutions: one address names either.

exports.up = (knex) =>
  knex.raw(`
    create table pair_approval (
      id bigint primary key default nextval('approval_id_seq'),
      pair_id int not null references pair on delete cascade,
      kind text not null check (kind in ('deletions', 'changes')),
      -- Of all that is held for it (link_job.approval_id).
      digest text not null,
      entities int not null,
      reason text,
      state text not null default 'open' check (state in ('open', 'approved', 'rejected', 'superseded')),
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by text,
      -- When a worker carried the decision out, and what became of it.
      applied_at timestamptz,
      applied int,
      released int,
      check ((state in ('approved', 'rejected')) = (decided_by is not null)),
      check ((decided_at is null) = (decided_by is null))
    );
    create unique index pair_approval_open on pair_approval (pair_id, kind) where state = 'open';
    create index pair_approval_listed on pair_approval (pair_id, id);
    alter table link_job add constraint link_job_approval_fkey
      foreign key (approval_id) references pair_approval on delete set null;

    create table link_conflict (
      id bigint primary key default nextval('conflict_id_seq'),
      pair_id int not null references pair on delete cascade,
      -- Null: no link was made, for several could be the one.
      link_id bigint references link on delete cascade,
      -- What was looked at.
      side text not null check (side in ('here', 'there')),
      key text not null,
      kind text not null check (kind in ('fields', 'deletion', 'place', 'match', 'name', 'flip')),
      -- Those in dispute; none where one side deleted what the other changed.
      fields text[] not null,
      -- What each side held before, and holds: {here, there} for the first.
      base jsonb,
      here jsonb,
      there jsonb,
      -- {here: {key, revision}, there}: what the decision is bound to.
      looked_at jsonb not null,
      -- Of 'match': keys of either side.
      candidates jsonb,
      -- 'resolved': the policy of the pair did; 'superseded': the sides agreed otherwise.
      state text not null default 'open' check (state in ('open', 'decided', 'resolved', 'superseded')),
      -- {choice: 'here' | 'there' | {fields}}; of 'resolved': whose values won.
      decision jsonb,
      policy text,
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by text,
      -- When a worker carried the decision out.
      applied_at timestamptz,
      check ((state = 'decided') = (decided_by is not null)),
      check ((state in ('decided', 'resolved')) = (decision is not null))
    );
    create unique index link_conflict_open on link_conflict (link_id) where state = 'open' and link_id is not null;
    create unique index link_conflict_open_item on link_conflict (pair_id, side, key) where state = 'open' and link_id is null;
    create index link_conflict_listed on link_conflict (pair_id, id);
    create index link_conflict_link on link_conflict (link_id, id);
    create index link_conflict_undone on link_conflict (pair_id) where state = 'decided' and applied_at is null;
  `);

exports.down = (knex) =>
  knex.raw(`
    alter table link_job drop constraint link_job_approval_fkey;
    drop table link_conflict, pair_approval;
  `);
