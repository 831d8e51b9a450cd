'use strict';

// An e-mail address is told nothing before its owner has said yes. The addresses that are there already count as
// confirmed. Why a webhook could not be reached is for the log of the operator alone.

exports.up = (knex) =>
  knex.raw(`
    alter table notification_target
      -- Null: an e-mail address whose owner has not said yes. A webhook needs no yes.
      add column confirmed_at timestamptz default now(),
      add constraint notification_target_confirmed check (kind = 'email' or confirmed_at is not null);
    update notification_target set confirmed_at = created_at;

    -- What the link in a mail is worth. Several may be on their way: the first that is used ends the others.
    create table address_confirmation (
      token_sha256 bytea primary key,
      target_id int not null references notification_target on delete cascade,
      -- A yes is for the address that the mail went to, not for one that was entered later.
      address text not null,
      expires_at timestamptz not null
    );
    create index address_confirmation_target on address_confirmation (target_id);
    create index address_confirmation_expiry on address_confirmation (expires_at);

    alter table notification drop constraint notification_event_check,
      add constraint notification_event_check check (event in
        ('sync-failed', 'solution-stale', 'approval-waiting', 'probe-alert', 'pair-paused', 'entity-given-up',
          'conflict-waiting', 'pair-stale', 'test', 'confirm-address'));

    -- As before, but nothing is noted for an address that is not confirmed.
    create or replace function notify_targets(happened text, concerned int, key text, at timestamptz, told jsonb)
    returns void language sql as $$
      insert into notification (target_id, event, event_key, solution_id, occurred_at, facts)
      select t.id, happened, key, concerned, at, told
      from notification_target t join solution s on s.id = concerned
      where (t.account_id is null or t.account_id = s.account_id) and happened = any (t.events)
        and t.paused_at is null and t.confirmed_at is not null
      on conflict (target_id, event_key) do nothing
    $$;

    create or replace function notify_targets_of_pair(happened text, concerned int, key text, at timestamptz, told jsonb)
    returns void language sql as $$
      insert into notification (target_id, event, event_key, pair_id, occurred_at, facts)
      select t.id, happened, key, concerned, at, told
      from pair p
        join remote_system h on h.id = p.here_id
        join remote_system o on o.id = p.there_id
        join notification_target t on t.account_id is null or t.account_id in (h.account_id, o.account_id)
      where p.id = concerned and happened = any (t.events) and t.paused_at is null and t.confirmed_at is not null
      on conflict (target_id, event_key) do nothing
    $$;

    update notification n set last_error = 'The webhook could not be reached.'
    from notification_target t
    where t.id = n.target_id and t.kind = 'webhook' and n.last_error not like 'Answered %';
  `);

exports.down = (knex) =>
  knex.raw(`
    create or replace function notify_targets(happened text, concerned int, key text, at timestamptz, told jsonb)
    returns void language sql as $$
      insert into notification (target_id, event, event_key, solution_id, occurred_at, facts)
      select t.id, happened, key, concerned, at, told
      from notification_target t join solution s on s.id = concerned
      where (t.account_id is null or t.account_id = s.account_id) and happened = any (t.events)
        and t.paused_at is null
      on conflict (target_id, event_key) do nothing
    $$;
    create or replace function notify_targets_of_pair(happened text, concerned int, key text, at timestamptz, told jsonb)
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
    delete from notification where event = 'confirm-address';
    alter table notification drop constraint notification_event_check,
      add constraint notification_event_check check (event in
        ('sync-failed', 'solution-stale', 'approval-waiting', 'probe-alert', 'pair-paused', 'entity-given-up',
          'conflict-waiting', 'pair-stale', 'test'));
    drop table address_confirmation;
    -- A version that asks nobody would send mails to those who have not said yes.
    delete from notification_target where confirmed_at is null;
    alter table notification_target drop column confirmed_at;
  `);
