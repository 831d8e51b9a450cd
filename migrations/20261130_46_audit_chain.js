'use strict';

// The audit trail can be added to and read, and nothing else; and it is chained, so that whoever may do more to the
// database cannot change it without a trace (docs/decisions/034).

exports.up = (knex) =>
  knex.raw(`
    -- One link for each row of the trail: the hash is of the hash before it and of the row. A link names its row and
    -- does not refer to it: it stays where a row is removed, and tells of that.
    create table audit_seal (
      -- Without gaps, in the order in which rows were sealed.
      position bigint primary key check (position > 0),
      audit_id bigint not null unique,
      hash bytea not null check (length(hash) = 32)
    );

    -- Rows that have no link yet: they get one within seconds. Nobody who writes to the trail waits for the chain.
    create table audit_unsealed (audit_id bigint primary key);

    -- Where old rows were removed in order: from this place and this hash the chain goes on.
    create table audit_anchor (
      position bigint primary key check (position > 0),
      hash bytea not null check (length(hash) = 32),
      removed_rows bigint not null check (removed_rows > 0),
      -- All that was removed had happened before.
      before timestamptz not null,
      actor text not null,
      at timestamptz not null default now()
    );

    -- What is in the trail already is sealed as it is now.
    insert into audit_unsealed select id from audit;

    create function audit_added() returns trigger language plpgsql as $$
    begin
      insert into audit_unsealed select id from added;
      return null;
    end $$;
    create trigger audit_added after insert on audit referencing new table as added
      for each statement execute function audit_added();

    create function only_added_to() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit trail is only added to: % on % is refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_only_added_to before update or delete or truncate on audit
      for each statement execute function only_added_to();
    create trigger audit_seal_only_added_to before update or delete or truncate on audit_seal
      for each statement execute function only_added_to();
    create trigger audit_anchor_only_added_to before update or delete or truncate on audit_anchor
      for each statement execute function only_added_to();

    -- The application needs no more, even where it owns the tables: to change a row it would first have to give itself
    -- the right to, and to switch the trigger off.
    revoke update, delete, truncate on audit, audit_seal, audit_anchor from public, current_user;
  `);

exports.down = (knex) =>
  knex.raw(`
    grant update, delete, truncate on audit to current_user;
    drop trigger audit_only_added_to on audit;
    drop trigger audit_added on audit;
    drop table audit_anchor, audit_unsealed, audit_seal;
    drop function audit_added, only_added_to;
  `);
