'use strict';

// A token of a solution carries the solution's generation of its day, and is worth something while that is the
// generation of now. Whatever ends the tokens that were given before raises it, by whichever way the change is made.

exports.up = (knex) =>
  knex.raw(`
    alter table solution
      -- Tokens of before this migration carry none: they count as generation 0.
      add column token_generation int not null default 0,
      -- The last device that came with another MAC and proved nothing (policy 'mac'): staff are told.
      add column refused_mac text,
      add column refused_mac_at timestamptz,
      add constraint solution_refused_mac check ((refused_mac is null) = (refused_mac_at is null));

    create function solution_ends_tokens() returns trigger language plpgsql as $$
    begin
      if (old.blocked_at is null and new.blocked_at is not null)
        or (old.locked_at is not null and new.locked_at is null)
        or (old.mac is not null and new.mac is null) then
        new.token_generation := old.token_generation + 1;
      end if;
      return new;
    end $$;
    create trigger solution_ends_tokens before update of blocked_at, locked_at, mac on solution
      for each row execute function solution_ends_tokens();

    -- Told as every other change of what a solution may do. A trigger of its own: the other one is not about tokens.
    create trigger solution_tokens_ended after update of mac, token_generation on solution
      for each row when (new.token_generation <> old.token_generation) execute function solution_changed();

    -- A key that is replaced or removed is heard of by every API process at once.
    create function server_key_changed() returns trigger language plpgsql as $$
    begin
      perform pg_notify('epack_server_key', old.name);
      return null;
    end $$;
    create trigger server_key_changed after update or delete on server_key
      for each row execute function server_key_changed();
  `);

exports.down = (knex) =>
  knex.raw(`
    drop trigger server_key_changed on server_key;
    drop trigger solution_tokens_ended on solution;
    drop trigger solution_ends_tokens on solution;
    drop function server_key_changed, solution_ends_tokens;
    alter table solution drop column token_generation, drop column refused_mac, drop column refused_mac_at;
  `);
