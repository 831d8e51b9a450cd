'use strict';

// Staff and programs can be told of pairs as well.

exports.up = (knex) =>
  knex.raw(`
    alter table notification_target
      drop constraint notification_target_events_check,
      add constraint notification_target_events_check check (events <@ array['sync-failed', 'solution-stale',
        'approval-waiting', 'probe-alert', 'pair-paused', 'entity-given-up', 'conflict-waiting', 'pair-stale']
        and cardinality(events) > 0);
    alter table notification
      drop constraint notification_event_check,
      add constraint notification_event_check check (event in ('sync-failed', 'solution-stale', 'approval-waiting',
        'probe-alert', 'pair-paused', 'entity-given-up', 'conflict-waiting', 'pair-stale', 'test')),
      -- Of a pair of systems; beside it there is no solution.
      add column pair_id int references pair on delete cascade,
      add constraint notification_subject check (pair_id is null or solution_id is null);
    create index notification_pair on notification (pair_id) where pair_id is not null;

    -- A pair whose systems belong to an account concerns that account.
    create function notify_targets_of_pair(happened text, concerned int, key text, at timestamptz, told jsonb)
    returns void language sql as $$
      insert into notification (target_id, event, event_key, pair_id, occurred_at, facts)
      select t.id, happened, key, concerned, at, told
      from pair p
        join remote_system h on h.id = p.here_id
        join remote_system o on o.id = p.there_id
        join notification_target t on t.account_id is null or t.account_id in (h.account_id, o.account_id)
      where p.id = concerned and happened = any (t.events) and t.paused_at is null
      on conflict (target_id, event_key) do nothing
    $$;
  `);

exports.down = (knex) =>
  knex.raw(`
    drop function notify_targets_of_pair;
    delete from notification where pair_id is not null;
    update notification_target set events = array(select e from unnest(events) e
      where e in ('sync-failed', 'solution-stale', 'approval-waiting', 'probe-alert'));
    delete from notification_target where cardinality(events) = 0;
    alter table notification
      drop column pair_id,
      drop constraint notification_event_check,
      add constraint notification_event_check
        check (event in ('sync-failed', 'solution-stale', 'approval-waiting', 'probe-alert', 'test'));
    alter table notification_target
      drop constraint notification_target_events_check,
      add constraint notification_target_events_check
        check (events <@ array['sync-failed', 'solution-stale', 'approval-waiting', 'probe-alert']
          and cardinality(events) > 0);
  `);
