'use strict';

// The name of a photo is no identity: a camera begins to count anew. Every picture stays, each with its readings; the last
// to come under a name is what the name stands for. Names are kept in one Unicode form (NFC).

exports.up = async (knex) => {
  const tables = await tablesWithPhotos(knex);
  await knex.raw(`
    -- The readings of a photo whose name has come to stand for another one.
    create table photo_reading (
      solution_id int not null references solution on delete cascade,
      photo_name text not null,
      sha256 text not null,
      table_name text not null,
      log_id bigint not null,
      primary key (solution_id, table_name, log_id, photo_name, sha256)
    );
    create index photo_reading_photo on photo_reading (solution_id, lower(photo_name), sha256);

    -- Names that become one, and which of their photos is not the last.
    create temporary table photo_twin on commit drop as
      select p.solution_id, p.name, p.sha256, row_number() over same > 1 as is_earlier
      from photo p
      where exists (select 1 from photo other
        where other.solution_id = p.solution_id and other.name <> p.name
          and lower(normalize(other.name, NFC)) = lower(normalize(p.name, NFC)))
      window same as (partition by p.solution_id, lower(normalize(p.name, NFC)) order by p.created_at desc, p.id desc);
    insert into photo_reading
      select t.solution_id, normalize(t.name, NFC), t.sha256, n.table_name, n.log_id
      from photo_twin t join photo_note n on n.solution_id = t.solution_id and lower(n.name) = lower(t.name)
      where t.is_earlier and n.table_name is not null
      on conflict do nothing;
  `);
  for (const table of tables) {
    await knex.raw(
      `insert into photo_reading
         select t.solution_id, normalize(t.name, NFC), t.sha256, :name, log.id
         from photo_twin t join :table: log
           on log.solution_id = t.solution_id and log.photo_name is not null and lower(log.photo_name) = lower(t.name)
         where t.is_earlier on conflict do nothing`,
      { name: logNameOf(table), table },
    );
  }
  await knex.raw(`
    alter table photo add column superseded_at timestamptz;
    alter table photo add column listed_taken_at timestamptz;
    alter table photo drop constraint photo_pkey;
    drop index photo_name;
    drop index photo_id;
    update photo p set listed_taken_at = n.taken_at, superseded_at = now()
      from photo_twin t left join photo_note n on n.solution_id = t.solution_id and lower(n.name) = lower(t.name)
      where t.is_earlier and p.solution_id = t.solution_id and p.name = t.name;
    update photo set name = normalize(name, NFC) where name is not NFC normalized;
    -- One picture under two forms of a name is one photo.
    delete from photo p using photo twin
      where p.superseded_at is not null and (twin.superseded_at is null or twin.id > p.id) and twin.solution_id = p.solution_id
        and lower(twin.name) = lower(p.name) and twin.sha256 = p.sha256;
    alter table photo add primary key (solution_id, id);
    create unique index photo_name on photo (solution_id, lower(name)) where superseded_at is null;
    create unique index photo_content on photo (solution_id, lower(name), sha256);
    create index photo_by_name on photo (solution_id, name, id);

    -- What was said of a name in two forms: the last word counts, and what it leaves out the other says.
    update photo_note n set
        taken_at = coalesce(n.taken_at, other.taken_at),
        table_name = coalesce(n.table_name, other.table_name), log_id = coalesce(n.log_id, other.log_id)
      from photo_note other
      where other.solution_id = n.solution_id and other.name <> n.name
        and lower(normalize(other.name, NFC)) = lower(normalize(n.name, NFC))
        and (n.noted_at, n.name) > (other.noted_at, other.name);
    delete from photo_note n using photo_note other
      where other.solution_id = n.solution_id and other.name <> n.name
        and lower(normalize(other.name, NFC)) = lower(normalize(n.name, NFC))
        and (n.noted_at, n.name) < (other.noted_at, other.name);
    update photo_note set name = normalize(name, NFC) where name is not NFC normalized;
  `);
  for (const table of tables) {
    await knex.raw('drop index if exists ??', [`${table}_photo`]);
    await knex.raw(
      'create index ?? on ?? (solution_id, lower(normalize(photo_name, NFC))) where photo_name is not null',
      [`${table}_photo`, table],
    );
  }
};

/** Names stay in the form that they have; photos that are not the last of their name are forgotten. */
exports.down = async (knex) => {
  for (const table of await tablesWithPhotos(knex)) {
    await knex.raw('drop index if exists ??', [`${table}_photo`]);
    await knex.raw('create index ?? on ?? (solution_id, lower(photo_name)) where photo_name is not null', [
      `${table}_photo`,
      table,
    ]);
  }
  await knex.raw(`
    delete from photo where superseded_at is not null;
    drop index photo_name;
    drop index photo_content;
    drop index photo_by_name;
    alter table photo drop constraint photo_pkey;
    alter table photo drop column superseded_at, drop column listed_taken_at;
    alter table photo add primary key (solution_id, name);
    create unique index photo_name on photo (solution_id, lower(name));
    create unique index photo_id on photo (solution_id, id);
    drop table photo_reading;
  `);
};

/** As the catalogue names it: tables are called like their logs, in small letters. */
const logNameOf = (table) => `${table[0].toUpperCase()}${table.slice(1)}`;

async function tablesWithPhotos(knex) {
  const { rows } = await knex.raw(
    `select table_name from information_schema.columns
     where table_schema = current_schema() and table_name like 'tb%' and column_name = 'photo_name' order by table_name`,
  );
  return rows.map(({ table_name: name }) => name);
}
