'use strict';

// The last file of each parameter class of which nothing needed a look: as long as nothing of the class has changed since,
// the same file again is neither parsed nor compared.

const forget = (event, rows) => `
  create function unchanged_file_forget_${event}() returns trigger language plpgsql as $$
  begin
    delete from unchanged_file f using (select distinct solution_id, class from ${rows}) changed
    where f.solution_id = changed.solution_id and f.class = changed.class;
    return null;
  end $$;
  create trigger unchanged_file_forget_${event} after ${event} on param
    referencing ${event === 'delete' ? 'old' : 'new'} table as ${rows}
    for each statement execute function unchanged_file_forget_${event}();`;

exports.up = (knex) =>
  knex.raw(`
    create table unchanged_file (
      solution_id int not null references solution on delete cascade,
      class text not null,
      -- SHA-256 of the file, and of how it is read.
      digest bytea not null,
      entities int not null,
      -- When it was last read.
      read_at timestamptz not null default now(),
      primary key (solution_id, class)
    );
    ${forget('insert', 'new_rows')}
    ${forget('update', 'new_rows')}
    ${forget('delete', 'old_rows')}

    -- What was told of the class has to be looked for in the next file.
    create function unchanged_file_forget_told() returns trigger language plpgsql as $$
    begin
      delete from unchanged_file f using (
        select distinct s.solution_id, substring(told.file from '^xml/(.*)-[iudr]\\.xml$') as class
        from new_rows told join sync s on s.id = told.sync_id) changed
      where f.solution_id = changed.solution_id and f.class = changed.class;
      return null;
    end $$;
    create trigger unchanged_file_forget_told after insert on instruction referencing new table as new_rows
      for each statement execute function unchanged_file_forget_told();
  `);

exports.down = (knex) =>
  knex.raw(`
    drop trigger unchanged_file_forget_insert on param;
    drop trigger unchanged_file_forget_update on param;
    drop trigger unchanged_file_forget_delete on param;
    drop trigger unchanged_file_forget_told on instruction;
    drop function unchanged_file_forget_told, unchanged_file_forget_insert, unchanged_file_forget_update, unchanged_file_forget_delete;
    drop table unchanged_file;
  `);
