import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from, to } from 'pg-copy-streams';
import type { Connection } from './connection';

// Copies whole tables out and in, whatever their columns are. Used by backup and restore.

export interface TableShape {
  readonly name: string;
  /** Without generated columns. */
  readonly columns: readonly string[];
}

export interface SequenceState {
  readonly name: string;
  /** As PostgreSQL writes it. */
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** Bookkeeping of the migrations: it is written by running them. */
const bookkeeping = ['knex_migrations', 'knex_migrations_lock'];

/** Until `end`, the connection sees one state of the database, even if others write to it. */
export async function beginSnapshot(client: Connection): Promise<void> {
  await client.query('begin isolation level repeatable read read only');
}

/** Every table of ours. A table comes after the tables that it refers to. */
export async function tablesOf(client: Connection): Promise<TableShape[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; refers_to: string[] }>(
    `select c.relname as name,
       array(select a.attname::text from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         order by a.attnum) as columns,
       array(select distinct f.confrelid::regclass::text from pg_constraint f
         where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid) as refers_to
     from pg_class c
     where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname <> all ($1)
     order by c.relname`,
    [bookkeeping],
  );
  const ordered: TableShape[] = [];
  const waiting = new Map(rows.map((row) => [row.name, row]));
  while (waiting.size > 0) {
    const next = [...waiting.values()].find(
      ({ refers_to: others }) => !others.some((name) => waiting.has(name)),
    );
    if (next === undefined) throw new Error('Tables refer to each other in a circle.');
    waiting.delete(next.name);
    ordered.push({ name: next.name, columns: next.columns });
  }
  return ordered;
}

export async function sequencesOf(client: Connection): Promise<SequenceState[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class
     where relkind = 'S' and relnamespace = current_schema()::regnamespace and relname not like 'knex!_%' escape '!'
     order by relname`,
  );
  const states: SequenceState[] = [];
  for (const { name } of rows) {
    const { rows: state } = await client.query<{ last_value: string; is_called: boolean }>(
      `select last_value, is_called from ${quoted(name)}`,
    );
    for (const { last_value: lastValue, is_called: isCalled } of state)
      states.push({ name, lastValue, isCalled });
  }
  return states;
}

export async function setSequence(client: Connection, state: SequenceState): Promise<void> {
  await client.query('select setval($1::regclass, $2, $3)', [
    quoted(state.name),
    state.lastValue,
    state.isCalled,
  ]);
}

/** The migrations that made the schema what it is, in the order in which they ran. None in an empty database. */
export async function migrationsOf(client: Connection): Promise<string[]> {
  const { rows } = await client.query<{ is_there: boolean }>(
    `select to_regclass('knex_migrations') is not null as is_there`,
  );
  if (rows[0]?.is_there !== true) return [];
  const ran = await client.query<{ name: string }>('select name from knex_migrations order by id');
  return ran.rows.map(({ name }) => name);
}

/** The first table that has rows. Null: all tables are empty. */
export async function firstWithRows(
  client: Connection,
  tables: readonly TableShape[],
): Promise<string | null> {
  for (const { name } of tables) {
    const { rows } = await client.query<{ has_rows: boolean }>(
      `select exists (select from ${quoted(name)}) as has_rows`,
    );
    if (rows[0]?.has_rows === true) return name;
  }
  return null;
}

export interface TableText extends AsyncIterable<Buffer> {
  /** Known once all of it has been read. */
  readonly rowCount: () => number;
}

/** A table's rows in the text format of COPY, which every version of PostgreSQL reads. */
export function copyOut(client: Connection, { name, columns }: TableShape): TableText {
  const stream = client.query(to(`copy ${quoted(name)} (${columns.map(quoted).join(', ')}) to stdout`));
  return {
    [Symbol.asyncIterator]: () => (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator](),
    rowCount: () => stream.rowCount,
  };
}

/** Returns the number of rows. The connection accepts no other statement until then. */
export async function copyIn(
  client: Connection,
  { name, columns }: TableShape,
  text: AsyncIterable<Uint8Array>,
): Promise<number> {
  const stream = client.query(from(`copy ${quoted(name)} (${columns.map(quoted).join(', ')}) from stdin`));
  await pipeline(Readable.from(text, { objectMode: false }), stream);
  return stream.rowCount;
}

/**
 * Removes the rows that migrations have put into the tables, and disables their triggers during the load. An
 * append-only table cannot be emptied, but it has no rows yet.
 */
export async function prepareForLoad(client: Connection, tables: readonly TableShape[]): Promise<void> {
  for (const { name } of tables) await client.query(`alter table ${quoted(name)} disable trigger user`);
  const { rows } = await client.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where has_table_privilege(quote_ident(name), 'truncate')`,
    [tables.map(({ name }) => name)],
  );
  if (rows.length > 0)
    await client.query(`truncate ${rows.map(({ name }) => quoted(name)).join(', ')} cascade`);
}

export async function endLoad(client: Connection, tables: readonly TableShape[]): Promise<void> {
  for (const { name } of tables) await client.query(`alter table ${quoted(name)} enable trigger user`);
}

/** Empties the tables. A name without a table is ignored. */
export async function emptyTables(client: Connection, names: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where to_regclass(quote_ident(name)) is not null',
    [names],
  );
  for (const { name } of rows) await client.query(`delete from ${quoted(name)}`);
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
