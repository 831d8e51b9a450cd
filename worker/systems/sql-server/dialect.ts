import type { FaultVerdict, SqlFault, SqlStatement, SqlStep, SqlValue } from '../sql/driver';
import type { KeyedRemoval, KeyedWrite, SqlDialect, TableWrite } from '../sql/dialect';
import type { UsedTable } from '../sql/table';
import { sqlValueOf } from '../sql/values';
import { describeTable, readDescription } from './catalogue';
import { parameterOf, quote, shownIn, withoutZone } from './columns';

/** `isTracked`: changes are found by Change Tracking, and our own writes are marked in it. */
export function sqlServerDialect(isTracked: boolean): SqlDialect {
  const mark = isTracked ? `with change_tracking_context (${ourMark}) ` : '';
  return {
    usualSchema: 'dbo',
    quote,
    parameter: parameterOf,
    shownPlain: ({ name }) => `t.${quote(name)}`,
    shown: (column) => shownIn('t', column),
    shownRevision: ({ revision }) => (revision === null ? null : shownIn('t', revision)),
    sent(column, value) {
      const sent = sqlValueOf(column, value);
      return typeof sent === 'string' ? withoutZone(column, sent) : sent;
    },
    canBeCompared: ({ kind }) => kind !== 'json' && kind !== 'other',
    about: {
      text: `select cast(serverproperty('ProductVersion') as nvarchar(128)), convert(nvarchar(20), datediff_big(millisecond, '19700101', sysutcdatetime())), null`,
      values: [],
    },
    describe: describeTable,
    readDescription,
    insert: (write) => insert(mark, write),
    update: (write) => update(mark, write),
    remove: (removal) => remove(mark, removal),
    uniqueColumns: (index, { schema, table }) => ({
      text: `select c.name from sys.indexes as i
join sys.index_columns as x on x.object_id = i.object_id and x.index_id = i.index_id and x.is_included_column = 0
join sys.columns as c on c.object_id = i.object_id and c.column_id = x.column_id
where i.name = @p1 and i.object_id = object_id(@p2)`,
      values: [index, `${quote(schema)}.${quote(table)}`],
    }),
    judge,
  };
}

/** "ePack": what `SYS_CHANGE_CONTEXT` shows of our writes. */
const ourMark = '0x655061636B';

/** A text that is not a revision matches no row, and is not an error. */
const isRevision = (text: string): boolean => /^0x[0-9a-f]{16}$/i.test(text);

/**
 * One batch, one transaction. `output` returns the row as it was before its triggers ran, and a table with triggers
 * allows `output` only into a table: so the keys are put into one, and the row is read before anyone else can change
 * it.
 */
function batch(table: UsedTable, write: string, select: string): string {
  return [
    'set nocount on',
    'set xact_abort on',
    `declare @k table (k ${table.key.type})`,
    'begin transaction',
    write,
    select,
    'commit transaction',
  ].join(';\n');
}

const selectWritten = ({ table, name, selected }: TableWrite): string =>
  `select ${selected} from ${name} as t where t.${quote(table.key.name)} in (select k from @k)`;

function insert(mark: string, write: TableWrite): readonly SqlStep[] {
  const { table, name, values } = write;
  const columns = values.map(({ column }) => quote(column.name)).join(', ');
  const places = values.map(({ column }, place) => parameterOf(place + 1, column)).join(', ');
  const output = `output inserted.${quote(table.key.name)} into @k`;
  const what = values.length === 0 ? `${output} default values` : `(${columns}) ${output} values (${places})`;
  const text = batch(table, `${mark}insert into ${name} ${what}`, selectWritten(write));
  return [() => ({ text, values: values.map(({ value }) => value) })];
}

function update(mark: string, write: KeyedWrite): readonly SqlStep[] {
  const { table, name, values } = write;
  const changes = values
    .map(({ column }, place) => `${quote(column.name)} = ${parameterOf(place + 1, column)}`)
    .join(', ');
  const { text: where, values: more } = condition(write, values.length);
  const change = `${mark}update t set ${changes} output inserted.${quote(table.key.name)} into @k from ${name} as t where ${where}`;
  const sent: readonly SqlValue[] = [...values.map(({ value }) => value), ...more];
  return [() => ({ text: batch(table, change, selectWritten(write)), values: sent })];
}

function remove(mark: string, removal: KeyedRemoval): SqlStatement {
  const { table, name } = removal;
  const { text: where, values } = condition(removal, 0);
  const change = `${mark}delete t output deleted.${quote(table.key.name)} into @k from ${name} as t where ${where}`;
  return { text: batch(table, change, 'select count(*) from @k having count(*) > 0'), values };
}

function condition({ table, key, expected }: KeyedRemoval, before: number): SqlStatement {
  const isKey = `t.${quote(table.key.name)} = ${parameterOf(before + 1, table.key)}`;
  if (table.revision === null || expected === null) return { text: isKey, values: [key] };
  if (!isRevision(expected)) return { text: `${isKey} and 1 = 0`, values: [key] };
  const revision = `t.${quote(table.revision.name)} = ${parameterOf(before + 2, table.revision)}`;
  return { text: `${isKey} and ${revision}`, values: [key, expected] };
}

/** Source: Microsoft's documentation, "Database Engine events and errors". */
function judge({ code, message }: SqlFault): FaultVerdict {
  const number = Number(code);
  const verdict = verdicts.find(([numbers]) => numbers.has(number))?.[1];
  if (verdict?.kind === 'trouble' && verdict.trouble === 'throttled') return throttled(message);
  // Numbers from 50000 on belong to the application: a trigger refused.
  return verdict ?? (number >= 50_000 ? refused : { kind: 'trouble', trouble: 'invalid' });
}

/** "The service is currently busy. Retry the request after 10 seconds." */
function throttled(message: string): FaultVerdict {
  const [, seconds] = /\b(\d{1,4}) seconds\b/.exec(message) ?? [];
  return {
    kind: 'trouble',
    trouble: 'throttled',
    ...(seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1_000 }),
  };
}

const refused = { kind: 'refused', code: 'invalid' } as const;

const verdicts: readonly (readonly [ReadonlySet<number>, FaultVerdict])[] = [
  // Deadlock victim; snapshot update conflict.
  [new Set([1205, 3960]), { kind: 'again' }],
  [new Set([2627, 2601]), { kind: 'duplicate' }],
  // Null, constraint, conversion, overflow, truncation, a computed column's input, the transaction that a trigger ended.
  [
    new Set([
      515, 547, 220, 232, 241, 242, 244, 245, 248, 295, 296, 517, 2628, 3609, 3616, 8114, 8115, 8134, 8152,
      8169, 9420, 6522, 3930, 550,
    ]),
    refused,
  ],
  [new Set([511, 1946, 7139]), { kind: 'refused', code: 'too-large' }],
  // A security policy refuses the row.
  [new Set([33504]), { kind: 'refused', code: 'forbidden' }],
  // Invalid object or column, identity or computed or rowversion column written to, no such type conversion.
  [
    new Set([207, 208, 206, 257, 271, 272, 273, 402, 529, 544, 4121, 8102]),
    { kind: 'trouble', trouble: 'fields' },
  ],
  // The login, the database, the password, the right to the object.
  [
    new Set([18456, 18470, 18486, 18487, 18488, 18452, 4060, 4064, 911, 916, 229, 230, 262, 297, 300, 22106]),
    { kind: 'trouble', trouble: 'unauthorized' },
  ],
  [new Set([40501, 10928, 10929, 49918, 49919, 49920]), { kind: 'trouble', trouble: 'throttled' }],
  // Locks, time-outs, shutdown, full log or disk, a database that is starting, moved or read only.
  [
    new Set([
      1222, 596, 601, 615, 701, 802, 921, 922, 927, 945, 952, 976, 983, 1105, 3906, 6005, 8645, 9002, 10053,
      10054, 10060, 17142, 17187, 40143, 40197, 40540, 40613, 4221, 233, -2, 41301, 41302, 41305, 41325,
    ]),
    { kind: 'trouble', trouble: 'unavailable' },
  ],
];
