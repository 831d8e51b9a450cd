import { createHash } from 'node:crypto';
import { type ConnectionSource, type Db, giveUpUnusable, isPreparing } from './database';

/** Runs a statement on the pool, or on the connection of a transaction. Returns its rows. */
export type PreparedStatement<Bindings, Row> = (db: Db, bindings: Bindings) => Promise<Row[]>;

export type Binding = string | number | boolean | null | readonly string[];

/**
 * A statement of fixed text, with `:name` in place of each value, for the work that every sync does. Each connection parses
 * the statement once and keeps its plan after some runs: planning such a long statement costs more than running it
 * (docs/decisions/057). The statement does not go through knex, which would build its text each time. `label` is part of
 * its name in `pg_prepared_statements`. A name that is used several times is one parameter, which must have one type.
 */
export function prepared<Row, Bindings extends { readonly [Name in keyof Bindings]: Binding }>(
  label: string,
  sql: string,
): PreparedStatement<Bindings, Row> {
  const { text, names } = numbered(sql);
  // Two texts must never have the same name on a connection.
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 12);
  const name = `${label.slice(0, 40)}_${digest}`;
  return async (db, bindings) => {
    const values = names.map((one): unknown => Reflect.get(bindings, one));
    const query = isPreparing(db) ? { name, text, values } : { text, values };
    const pool = db.client as ConnectionSource;
    const client = await pool.acquireConnection();
    try {
      const { rows } = await client.query<Row & object>(query);
      return rows;
    } catch (error) {
      giveUpUnusable(client, error);
      throw error;
    } finally {
      await pool.releaseConnection(client);
    }
  };
}

/** `:name` becomes `$1`. `::type`, and a colon after a letter or a digit, stay as they are. */
function numbered(sql: string): { text: string; names: readonly string[] } {
  const names: string[] = [];
  const text = sql.replace(/(?<![\w:]):([a-zA-Z]\w*)/g, (_whole, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text, names };
}

/**
 * SQL for a condition that is always true, and makes the commit of the statement not wait for the disk. For changes that
 * may be lost if PostgreSQL crashes within the next second.
 */
export const commitsLazily = `(select set_config('synchronous_commit', 'off', true)) = 'off'`;
