import type { FaultVerdict, SqlFault, SqlRow, SqlStatement, SqlStep, SqlValue } from '../sql/driver';
import type { KeyedWrite, SqlDialect, TableWrite } from '../sql/dialect';
import type { UsedTable } from '../sql/table';
import { sqlValueOf } from '../sql/values';
import { describeTable, readDescription } from './catalogue';

/** PostgreSQL. Names are quoted as they are written, and every value is sent and received as text. */
export const postgresqlDialect: SqlDialect = {
  usualSchema: 'public',
  quote,
  // The server infers the type of a parameter from the expression beside it.
  parameter: (place) => `$${place}`,
  shownPlain: ({ name }) => `t.${quote(name)}`,
  shown: ({ name }) => `t.${quote(name)}`,
  shownRevision,
  sent(column, value) {
    const sent = sqlValueOf(column, value);
    return sent instanceof Uint8Array ? `\\x${Buffer.from(sent).toString('hex')}` : sent;
  },
  canBeCompared: ({ kind }) => kind !== 'json' && kind !== 'other',
  about: {
    text: `select current_setting('server_version'), floor(extract(epoch from clock_timestamp()) * 1000)::text,
  (select ssl from pg_stat_ssl where pid = pg_backend_pid())`,
    values: [],
  },
  describe: describeTable,
  readDescription,
  insert,
  update,
  remove({ table, name, key, expected }) {
    return {
      text: `delete from ${name} as t where ${condition(table, 1)} returning ${shownKey(table)}`,
      values: [key, expected],
    };
  },
  uniqueColumns: (constraint, { schema, table }) => ({
    text: `select a.attname from pg_class i
join pg_index x on x.indexrelid = i.oid
join pg_class c on c.oid = x.indrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum = any(x.indkey)
where i.relname = $1 and n.nspname = $2 and c.relname = $3 and x.indexprs is null`,
    values: [constraint, schema, table],
  }),
  judge,
};

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** As a text, which is only compared for equality. */
function shownRevision({ revision }: UsedTable): string {
  return revision === null ? 't.xmin::text' : `t.${quote(revision.name)}::text`;
}

const shownKey = ({ key }: UsedTable) => `t.${quote(key.name)}`;

/** If a row was changed meanwhile, the server compares its newest state. */
const condition = (table: UsedTable, place: number): string =>
  `${shownKey(table)} = $${place} and coalesce(${shownRevision(table)}, '') = $${place + 1}`;

function insert({ table, name, values, selected }: TableWrite): readonly SqlStep[] {
  const columns = values.map(({ column }) => quote(column.name)).join(', ');
  const places = values.map((_, place) => `$${place + 1}`).join(', ');
  const what = values.length === 0 ? 'default values' : `(${columns}) values (${places})`;
  const sent = values.map(({ value }) => value);
  return written(table, name, selected, (returned) => ({
    text: `insert into ${name} as t ${what} returning ${returned}`,
    values: sent,
  }));
}

function update({ table, name, values, selected, key, expected }: KeyedWrite): readonly SqlStep[] {
  const changes = values.map(({ column }, place) => `${quote(column.name)} = $${place + 1}`).join(', ');
  const sent: readonly SqlValue[] = [...values.map(({ value }) => value), key, expected ?? ''];
  return written(table, name, selected, (returned) => ({
    text: `update ${name} as t set ${changes} where ${condition(table, values.length + 1)} returning ${returned}`,
    values: sent,
  }));
}

/**
 * A statement returns the row as early triggers changed it; the changes of late triggers have to be read afterwards.
 */
function written(
  table: UsedTable,
  name: string,
  selected: string,
  write: (returned: string) => SqlStatement,
): readonly SqlStep[] {
  if (!table.description.hasLateTriggers) return [() => write(selected)];
  const keyOf = ([row]: readonly SqlRow[]): SqlValue => row?.[0] ?? null;
  return [
    () => write(shownKey(table)),
    (before) => ({
      text: `select ${selected} from ${name} as t where ${shownKey(table)} = $1`,
      values: [keyOf(before)],
    }),
  ];
}

/** Source: PostgreSQL's documentation, appendix A, error codes. */
function judge({ code, particulars }: SqlFault): FaultVerdict {
  const known = verdicts[code] ?? verdicts[code.slice(0, 2)];
  if (known !== undefined) return known;
  if (code === '42501')
    // Row-level security refuses one row; all other refusals concern our user.
    return particulars.routine === 'ExecWithCheckOptions'
      ? { kind: 'refused', code: 'forbidden' }
      : { kind: 'trouble', trouble: 'unauthorized' };
  return { kind: 'trouble', trouble: 'invalid' };
}

const refused = { kind: 'refused', code: 'invalid' } as const;
const fields = { kind: 'trouble', trouble: 'fields' } as const;
const unauthorized = { kind: 'trouble', trouble: 'unauthorized' } as const;
const unavailable = { kind: 'trouble', trouble: 'unavailable' } as const;

/** By code, or by its class: the first two characters. */
const verdicts: Readonly<Record<string, FaultVerdict>> = {
  /** Serialization failure, deadlock. */
  '40001': { kind: 'again' },
  '40P01': { kind: 'again' },
  /** Unique, and an exclusion constraint: another row is in the way. */
  '23505': { kind: 'duplicate' },
  '23P01': { kind: 'duplicate' },
  /** Integrity, data, the check of a view, the exception of a trigger. */
  '23': refused,
  '22': refused,
  '44': refused,
  P0: refused,
  /** A row or an index entry that is too large. */
  '54000': { kind: 'refused', code: 'too-large' },
  /** Undefined table, column, function; another type; generated always. */
  '42P01': fields,
  '42703': fields,
  '42883': fields,
  '42804': fields,
  '428C9': fields,
  /** Invalid authorization, no such database. */
  '28': unauthorized,
  '3D000': unauthorized,
  /** Connection, resources, an operator's shutdown, locks that are not available, a standby that accepts no writes. */
  '08': unavailable,
  '53': unavailable,
  '57': unavailable,
  '58': unavailable,
  '55P03': unavailable,
  '25006': unavailable,
  '25P03': unavailable,
};
