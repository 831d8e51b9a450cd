'use strict';

// Sessions that can be seen and ended one by one; sign-in through an identity provider; keys that rotate with
// overlap; and the outbox of notifications.

exports.up = (knex) =>
  knex.raw(`
    alter table user_session
      add id bigint generated always as identity unique,
      add method text not null default 'password' check (method in ('password', 'oidc')),
      add address text,
      add user_agent text,
      -- Kept to about ten minutes: a call is not worth a write.
      add seen_at timestamptz not null default now();
    create index user_session_user on user_session (user_id);

    -- A key has successors: the old one signs nothing more, but what it signed is believed for a while.
    alter table server_key
      drop constraint server_key_pkey,
      add id int generated always as identity primary key,
      add superseded_at timestamptz;
    create unique index server_key_current on server_key (name) where superseded_at is null;

    -- A sign-in that is at the identity provider. Taken out when its answer comes: an answer counts once.
    create table oidc_attempt (
      state_sha256 bytea primary key,
      nonce text not null,
      code_verifier text not null,
      -- Where to go afterwards, on this server.
      return_to text not null,
      expires_at timestamptz not null
    );
    create index oidc_attempt_expiry on oidc_attempt (expires_at);

    -- Who at the identity provider is which user: an e-mail address may be given to someone else, a subject never is.
    create table user_identity (
      issuer text not null,
      subject text not null,
      user_id int not null references app_user on delete cascade,
      created_at timestamptz not null default now(),
      primary key (issuer, subject),
      unique (user_id, issuer)
    );

    -- Who is told.
    create table notification_target (
      id int generated always as identity primary key,
      -- Null: what happens in every account.
      account_id int references account on delete cascade,
      kind text not null check (kind in ('email', 'webhook')),
      -- An e-mail address, or a URL.
      address text not null check (address <> ''),
      events text[] not null check (events <@ array['sync-failed', 'solution-stale', 'approval-waiting', 'probe-alert']
        and cardinality(events) > 0),
      -- For 'solution-stale': no finished sync for so long.
      stale_hours int not null default 24 check (stale_hours between 1 and 8760),
      -- Of the mails.
      language text not null default 'en' check (language in ('en', 'fr')),
      paused_at timestamptz,
      -- Of a webhook: what signs its calls. It must be known to sign, so it cannot be kept as a digest.
      secret text,
      previous_secret text,
      previous_secret_until timestamptz,
      created_at timestamptz not null default now(),
      check ((kind = 'webhook') = (secret is not null))
    );
    create index notification_target_account on notification_target (account_id, id);

    -- The outbox: one row for each event and target, written in the transaction of the event.
    create table notification (
      id uuid primary key default gen_random_uuid(),
      target_id int not null references notification_target on delete cascade,
      event text not null check (event in ('sync-failed', 'solution-stale', 'approval-waiting', 'probe-alert', 'test')),
      -- Names the event: the same thing is told once to each target.
      event_key text not null,
      solution_id int references solution on delete cascade,
      occurred_at timestamptz not null,
      facts jsonb not null,
      state text not null default 'waiting' check (state in ('waiting', 'delivered', 'parked')),
      attempts int not null default 0,
      -- While it is being delivered: when another worker may try.
      due_at timestamptz not null default now(),
      last_error text,
      delivered_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      unique (target_id, event_key),
      check ((state = 'delivered') = (delivered_at is not null))
    );
    create index notification_due on notification (target_id, due_at) where state = 'waiting';
    create index notification_parked on notification (target_id) where state = 'parked';
    create index notification_listed on notification (target_id, created_at desc, id);
    create index notification_solution on notification (solution_id);

    create function notify_targets(happened text, concerned int, key text, at timestamptz, told jsonb)
    returns void language sql as $$
      insert into notification (target_id, event, event_key, solution_id, occurred_at, facts)
      select t.id, happened, key, concerned, at, told
      from notification_target t join solution s on s.id = concerned
      where (t.account_id is null or t.account_id = s.account_id) and happened = any (t.events)
        and t.paused_at is null
      on conflict (target_id, event_key) do nothing
    $$;

    create function sync_failed() returns trigger language plpgsql as $$
    begin
      perform notify_targets('sync-failed', new.solution_id, 'sync-failed:' || new.id, clock_timestamp(),
        jsonb_build_object('sync', new.id, 'channel', new.channel, 'reason', new.report ->> 'reason'));
      return null;
    end $$;
    create trigger sync_failed after update of state on sync for each row
      when (new.state = 'failed' and old.state <> 'failed') execute function sync_failed();

    create function approval_waits() returns trigger language plpgsql as $$
    begin
      perform notify_targets('approval-waiting', new.solution_id, 'approval-waiting:' || new.id, clock_timestamp(),
        jsonb_build_object('approval', new.id::text, 'sync', new.sync_id, 'channel', new.channel,
          'className', new.class, 'kind', new.kind,
          -- What a replacement of readings would do is counted later.
          'entities', case when new.kind <> 'replace-logs' and jsonb_typeof(new.plan) = 'array'
            then jsonb_array_length(new.plan) end));
      return null;
    end $$;
    create trigger approval_waits after insert on approval for each row
      when (new.state = 'open') execute function approval_waits();

    create function probe_alert_opened() returns trigger language plpgsql as $$
    begin
      perform notify_targets('probe-alert', new.solution_id, 'probe-alert:' || new.id, new.opened_at,
        jsonb_build_object('alert', new.id::text, 'probe', new.probe_id, 'kind', new.kind, 'fridge', new.fridge_name,
          'limit', new.limit_value, 'since', new.since));
      return null;
    end $$;
    create trigger probe_alert_opened after insert on probe_alert for each row
      when (new.closed_at is null) execute function probe_alert_opened();
  `);

exports.down = (knex) =>
  knex.raw(`
    drop trigger probe_alert_opened on probe_alert;
    drop trigger approval_waits on approval;
    drop trigger sync_failed on sync;
    drop function probe_alert_opened, approval_waits, sync_failed, notify_targets;
    drop table notification, notification_target, user_identity, oidc_attempt;
    delete from server_key where superseded_at is not null;
    alter table server_key drop constraint server_key_pkey, drop id, drop superseded_at, add primary key (name);
    drop index user_session_user;
    alter table user_session drop id, drop method, drop address, drop user_agent, drop seen_at;
  `);
