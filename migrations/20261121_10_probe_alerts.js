'use strict';

// Alerts about probes, and what is known of each probe: the last reading, and since when it is out of limits.

exports.up = (knex) =>
  knex.raw(`
    create table probe_alert (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      probe_id text not null,
      kind text not null check (kind in ('high', 'low', 'signal-lost', 'low-battery')),
      -- As they were when it was opened.
      fridge_name text,
      limit_value double precision,
      delay_minutes int not null,
      worst_value double precision,
      -- By the readings' own times: the first reading out of limits, the end of the delay, that of the patience, and
      -- the first reading that is well again.
      since timestamptz not null,
      opened_at timestamptz not null,
      escalated_at timestamptz,
      closed_at timestamptz,
      -- By the server's clock.
      recorded_at timestamptz not null default now(),
      acknowledged_at timestamptz,
      acknowledged_by text,
      comment text,
      check ((acknowledged_at is null) = (acknowledged_by is null))
    );
    create unique index probe_alert_open on probe_alert (solution_id, probe_id, kind) where closed_at is null;
    create index probe_alert_probe on probe_alert (solution_id, probe_id, kind, since);
    create index probe_alert_solution on probe_alert (solution_id, id);
    create index probe_alert_patience on probe_alert (opened_at)
      where kind = 'signal-lost' and closed_at is null and escalated_at is null;

    -- Readings that were loaded and that no alert has been judged by yet: ids above above_id up to last_id, and those.
    create table probe_readings_due (
      id bigint generated always as identity primary key,
      solution_id int not null references solution on delete cascade,
      above_id bigint not null,
      last_id bigint not null,
      late_ids bigint[] not null default '{}',
      run_after timestamptz not null default now()
    );
    create index probe_readings_due_next on probe_readings_due (run_after);

    create table probe_state (
      solution_id int not null references solution on delete cascade,
      probe_id text not null,
      -- The latest reading, by its own time.
      last_at timestamptz not null,
      -- When it was heard of by the server's clock: the reading's own time where that can be right, else its arrival.
      heard_at timestamptz not null,
      -- When it counts as lost, unless it is heard again.
      silent_at timestamptz not null,
      is_lost boolean not null default false,
      -- Where the latest readings are: above (1), below (-1) or within the limits; since which reading, and which
      -- was the last one elsewhere.
      side smallint not null default 0 check (side in (-1, 0, 1)),
      since timestamptz,
      before_at timestamptz,
      primary key (solution_id, probe_id),
      check ((side = 0) = (since is null))
    );
    create index probe_state_silent on probe_state (silent_at) where not is_lost;
  `);

exports.down = (knex) => knex.raw('drop table probe_readings_due, probe_state, probe_alert');
