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
  // A log row may name its photo.
  for (const { table_name: table } of await tablesWithPhotos(knex)) {
    await knex.raw(
      `create index ?? on ?? (solution_id, lower(photo_name)) where photo_name is not null`,
      [`${table}_photo`, table],
    );
  }
};

exports.down = async (knex) => {
  for (const { table_name: table } of await tablesWithPhotos(knex)) {
    await knex.raw(`drop index ??`, [`${table}_photo`]);
  }
  await knex.raw(`
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
