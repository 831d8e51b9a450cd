'use strict';

// What a highest id hides, what a solution is believed to hold of its parameters, and files whose sync is gone.

const belief = (rows) => `
  select solution_id, class,
    case when base_active and base_digest is not null then 1 else 0 end as entities,
    case when held or (base_active and base_digest is null) then 1 else 0 end as unsure,
    case when base_active and base_digest is not null
      then param_digest(id, base_digest) else repeat('0', 256)::bit(256) end as digest
  from ${rows}`;

const noted = (sides) => `
  insert into param_belief (solution_id, class, entities, unsure, digest)
  select solution_id, class, sum(sign * entities), sum(sign * unsure), bit_xor(digest)
  from (${sides}) change
  where exists (select from solution where solution.id = change.solution_id)
  group by solution_id, class
  -- The manager's copy alone has changed: the solution is believed to hold what it held.
  having sum(sign * entities) <> 0 or sum(sign * unsure) <> 0 or bit_xor(digest) <> repeat('0', 256)::bit(256);`;

const trigger = (event, tables, sides) => `
  create function param_belief_${event}() returns trigger language plpgsql as $$
  begin
    ${noted(sides)}
    return null;
  end $$;
  create trigger param_belief_${event} after ${event} on param referencing ${tables}
    for each statement execute function param_belief_${event}();`;

const before = `select -1 as sign, was.* from (${belief('old_rows')}) was`;
const after = `select 1 as sign, now.* from (${belief('new_rows')}) now`;

exports.up = async (knex) => {
  // The ids that have been received, rejected rows included, as few ranges. What lies between two of them is a gap.
  await knex.raw(`alter table log_mark add column received int8multirange not null default '{}'`);
  const { rows: marked } = await knex.raw('select distinct table_name from log_mark');
  for (const { table_name: table } of marked) {
    await knex.raw(
      `update log_mark m set received = r.received
       from (
         select solution_id, range_agg(int8range(first, last, '[]')) as received
         from (
           select solution_id, min(id) as first, max(id) as last
           from (select solution_id, id, id - row_number() over (partition by solution_id order by id) as island
             from ??) numbered
           group by solution_id, island
         ) islands group by solution_id
       ) r
       where m.table_name = ? and m.solution_id = r.solution_id`,
      [table, table],
    );
  }

  await knex.raw(`
    -- Of an entity as a solution holds it: SHA-256 of its Id, a line feed and the digest of its copy in hex.
    create function param_digest(id text, copy_digest bytea) returns bit(256)
      language sql immutable strict parallel safe as $$
      select ('x' || encode(sha256(convert_to(id || chr(10) || encode(copy_digest, 'hex'), 'UTF8')), 'hex'))::bit(256)
    $$;

    -- What the solution is believed to hold of a class: the rows of a class add up (digests by exclusive or), so that
    -- whoever changes parameters only ever adds one and waits for nobody. The worker joins them.
    create table param_belief (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      class text not null,
      entities int not null,
      -- Entities of which nobody knows what the solution holds, or about which someone must decide.
      unsure int not null,
      digest bit(256) not null
    );
    create index param_belief_class on param_belief (solution_id, class);

    insert into param_belief (solution_id, class, entities, unsure, digest)
    select solution_id, class, sum(entities), sum(unsure), bit_xor(digest)
    from (${belief('param')}) held group by solution_id, class;

    ${trigger('insert', 'new table as new_rows', after)}
    ${trigger('update', 'old table as old_rows new table as new_rows', `${before} union all ${after}`)}
    ${trigger('delete', 'old table as old_rows', before)}

    -- Syncs that are gone, by a refusal, a dead upload or with their solution: whoever removes one removes its files after
    -- that, and may be killed in between.
    create table sync_gone (
      sync_id uuid primary key,
      archive_key text,
      at timestamptz not null default now()
    );
    create index sync_gone_at on sync_gone (at);
    create function sync_gone() returns trigger language plpgsql as $$
    begin
      insert into sync_gone (sync_id, archive_key) select id, archive_key from old_rows on conflict do nothing;
      return null;
    end $$;
    create trigger sync_gone after delete on sync referencing old table as old_rows
      for each statement execute function sync_gone();
  `);
};

exports.down = (knex) =>
  knex.raw(`
    drop trigger sync_gone on sync;
    drop function sync_gone();
    drop table sync_gone;
    drop trigger param_belief_insert on param;
    drop trigger param_belief_update on param;
    drop trigger param_belief_delete on param;
    drop function param_belief_insert, param_belief_update, param_belief_delete;
    drop table param_belief;
    drop function param_digest(text, bytea);
    alter table log_mark drop column received;
  `);
