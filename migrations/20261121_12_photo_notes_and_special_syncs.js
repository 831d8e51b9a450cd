'use strict';

// Photos: what was said of them apart from what they are, thumbnails, and the way from a photo to its log rows.
// Special synchronisations: replacements that wait to be carried out, on the solution and on the manager.

exports.up = async (knex) => {
  await knex.raw(`
    alter table photo rename column taken_at to exif_taken_at;
    alter table photo add column id bigint generated always as identity;
    alter table photo add column thumbnail_sha256 text;
    alter table photo add column thumbnail_bytes int;
    create unique index photo_id on photo (solution_id, id);

    -- What csv/Photos.csv last said of a photo, which may come before or after it.
    create table photo_note (
      solution_id int not null references solution on delete cascade,
      name text not null check (name <> ''),
      taken_at timestamptz,
      -- The log row that it belongs to, which may come before or after it.
      table_name text,
      log_id bigint,
      sync_id uuid,
      noted_at timestamptz not null default now(),
      check ((table_name is null) = (log_id is null))
    );
    create unique index photo_note_name on photo_note (solution_id, lower(name));
    create index photo_note_log on photo_note (solution_id, table_name, log_id) where table_name is not null;

    insert into photo_note (solution_id, name, table_name, log_id, sync_id)
      select solution_id, name, table_name, log_id, sync_id from photo where table_name is not null and log_id is not null;
    alter table photo drop column table_name, drop column log_id;
  `);
  await knex.raw(`
    -- Replacements that the solution has to carry out: whole classes and tables, as flags ask for them. They stay until
    -- it has confirmed them.
    create table replacement_due (
      solution_id int not null references solution on delete cascade,
      channel text not null,
      -- Name inside the package, e.g. csv/Tbfridge-r.csv.
      file text not null,
      -- The sync whose package told it last.
      told_in uuid,
      -- How often in a row the solution could not carry it out, and why.
      failures int not null default 0,
      failure_reason text,
      primary key (solution_id, channel, file)
    );

    -- What an upload that replaces everything would do to a log: it waits for an approval.
    alter table approval drop constraint approval_kind_check;
    alter table approval add constraint approval_kind_check check (kind <> '');
    alter table approval add column log_rows jsonb;
    create table log_replacement (
      approval_id bigint primary key references approval on delete cascade,
      -- The highest id that the solution sent; -1: none.
      highest_sent bigint not null,
      applied_at timestamptz
    );
    create index log_replacement_open on log_replacement (approval_id) where applied_at is null;
    create table log_replacement_row (
      approval_id bigint not null references log_replacement on delete cascade,
      id bigint not null,
      -- What takes the row's place, by column; null: nothing.
      content jsonb,
      primary key (approval_id, id)
    );
  `);
  // A log row may name its photo.
  for (const { table_name: table } of await tablesWithPhotos(knex)) {
    await knex.raw(`create index ?? on ?? (solution_id, lower(photo_name)) where photo_name is not null`, [
      `${table}_photo`,
      table,
    ]);
  }
};

exports.down = async (knex) => {
  for (const { table_name: table } of await tablesWithPhotos(knex)) {
    await knex.raw(`drop index ??`, [`${table}_photo`]);
  }
  await knex.raw(`
    drop table log_replacement_row, log_replacement, replacement_due;
    alter table approval drop column log_rows;
    delete from approval where kind not in ('deletes', 'replace', 'changes');
    alter table approval drop constraint approval_kind_check;
    alter table approval add constraint approval_kind_check check (kind in ('deletes', 'replace', 'changes'));
    alter table photo add column table_name text, add column log_id bigint;
    update photo p set table_name = n.table_name, log_id = n.log_id
      from photo_note n where n.solution_id = p.solution_id and lower(n.name) = lower(p.name);
    drop table photo_note;
    drop index photo_id;
    alter table photo drop column id, drop column thumbnail_sha256, drop column thumbnail_bytes;
    alter table photo rename column exif_taken_at to taken_at;
  `);
};

async function tablesWithPhotos(knex) {
  const { rows } = await knex.raw(
    `select table_name from information_schema.columns
     where table_schema = current_schema() and column_name = 'photo_name' order by table_name`,
  );
  return rows;
}
