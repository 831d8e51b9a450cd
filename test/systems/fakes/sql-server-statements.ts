import type { FakeDatabase, FakeTable, Row } from './sql-server-tables';
import { transact } from './sql-server-tables';
import { cast, type Cell, cellOf, compare, isEqual, shown, wireType, wireValue } from './sql-server-values';
import { ServerError, type TdsStatement } from './tds-server';
import type { Parameter, ResultSet, WireType } from './tds-wire';

/**
 * Carries out exactly the statements that the connector sends, as SQL Server would; whatever else comes is refused. It
 * knows them by their form, not by their text: names, columns and conditions may be any.
 */
export function runStatement(database: FakeDatabase, { text, parameters }: TdsStatement): ResultSet {
  const { masked, names } = mask(text);
  const run: Run = { database, names, parameters, written: [] };
  if (masked.includes('from sys.columns as c')) return describe(run);
  if (masked.includes('from sys.indexes as i\njoin')) return uniqueColumns(run);
  if (masked.includes("serverproperty('ProductVersion')"))
    return { types: ['nvarchar', 'nvarchar', 'int'], rows: [['16.0.4165.4', String(Date.now()), null]] };
  if (masked.includes('change_tracking_current_version()')) return versions(run);
  if (masked === 'select convert(varchar(18), min_active_rowversion(), 1)') return minActive(run);
  if (masked.startsWith('declare @since')) return changes(run, masked);
  if (masked.startsWith('set nocount on')) return batch(run, masked);
  return select(run, masked);
}

interface Run {
  readonly database: FakeDatabase;
  readonly names: readonly string[];
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The cells that `@k` contains. */
  written: Cell[];
}

/** Names in brackets may hold anything: each becomes `§1§`. */
function mask(text: string): { masked: string; names: string[] } {
  const names: string[] = [];
  const masked = text.replaceAll(/\[((?:[^\]]|\]\])+)\]/g, (_, name: string) => {
    names.push(name.replaceAll(']]', ']'));
    return `§${names.length - 1}§`;
  });
  return { masked, names };
}

const nameOf = ({ names }: Run, masked: string): string => {
  const name = names[Number(/^§(\d+)§$/.exec(masked)?.[1] ?? -1)];
  if (name === undefined) throw new Error(`no name in brackets: ${masked}`);
  return name;
};

function tableOf(run: Run, masked: string): FakeTable {
  const [schema = '', table = ''] = masked.split('.');
  const name = `${nameOf(run, schema)}.${nameOf(run, table)}`;
  const found = run.database.tables.get(name);
  if (found === undefined) throw new ServerError(208, `Invalid object name '${name}'.`);
  return found;
}

const quotedTable = (run: Run, parameter: string): FakeTable | undefined => {
  const { names } = mask(String(run.parameters.get(parameter)));
  return run.database.tables.get(names.join('.'));
};

// The catalogue

function describe({ database, parameters }: Run): ResultSet {
  const table = database.tables.get(`${String(parameters.get('@p1'))}.${String(parameters.get('@p2'))}`);
  const types: WireType[] = [
    'nvarchar',
    'nvarchar',
    'int',
    'int',
    'int',
    'nvarchar',
    'bit',
    'int',
    'bit',
    'bit',
    'int',
    'int',
    'int',
    'int',
    'int',
    'int',
  ];
  return { types, rows: table === undefined ? [] : table.columns.map((column) => columnRow(table, column)) };
}

function columnRow(
  { wish, rights }: FakeTable,
  { name, type, isRequired, isIdentity, computed, default: usual }: FakeTable['columns'][number],
) {
  const [base = '', first = '0', second = '0'] = type.split(/[(),]/);
  const isText = /char/.test(base);
  const bytes = first === 'max' ? -1 : Number(first) * (base.startsWith('n') ? 2 : 1);
  const isUnique = name === wish.key || (wish.unique ?? []).some(({ columns }) => columns.join() === name);
  const number = (is: boolean) => (is ? 1 : 0);
  return [
    name,
    base,
    bytes,
    Number(first) || 0,
    Number(second) || 0,
    isText ? 'Latin1_General_CI_AS' : null,
    isRequired !== true && name !== wish.key && isIdentity !== true && type !== 'timestamp',
    number(usual !== undefined),
    isIdentity === true,
    computed !== undefined,
    number(isUnique),
    number(wish.trigger !== undefined),
    number(rights.SELECT),
    number(rights.INSERT),
    number(rights.UPDATE),
    number(rights.DELETE),
  ];
}

function uniqueColumns(run: Run): ResultSet {
  const table = quotedTable(run, '@p2');
  const index = table?.wish.unique?.find(({ name }) => name === run.parameters.get('@p1'));
  return { types: ['nvarchar'], rows: (index?.columns ?? []).map((name) => [name]) };
}

// What changed

function versions(run: Run): ResultSet {
  const table = quotedTable(run, '@p1');
  const isTracked = table !== undefined && table.wish.isTracked !== false;
  const row = isTracked ? [String(run.database.version), String(table.oldestVersion)] : [null, null];
  return { types: ['nvarchar', 'nvarchar'], rows: [row] };
}

function minActive({ database }: Run): ResultSet {
  const value = shown('timestamp', database.activeFrom ?? database.rowversion + 1n, '1');
  return { types: ['varchar'], rows: [[value]] };
}

function changes(run: Run, masked: string): ResultSet {
  const found =
    /^declare @since bigint = cast\(@p1 as bigint\);\nselect c\.SYS_CHANGE_OPERATION, (.*) from changetable\(changes (\S+), @since\) as c left join (\S+) as t on t\.(§\d+§) = c\.(§\d+§)(?: where c\.(§\d+§) > (.*?))? order by c\.(§\d+§) offset 0 rows fetch next (\d+) rows only$/s.exec(
      masked,
    );
  if (found === null) throw new Error('a statement of another form');
  const [, list = '', name = '', again = '', , , , after, , most = '0'] = found;
  const table = tableOf(run, name);
  if (table !== tableOf(run, again)) throw new Error('two tables');
  const since = BigInt(String(run.parameters.get('@p1')));
  const behind = after === undefined ? null : evaluate(run, table, after, {});
  const { key } = table.wish;
  const keyType = table.columns.find(({ name: column }) => column === key)?.type ?? 'int';
  const changed = [...table.changes]
    .filter(([, change]) => change.version > since)
    .map(([text, change]) => ({ key: cast(keyType, text), change, row: table.rows.get(text) ?? null }))
    .filter((one) => one.key !== null && (behind === null || compare(one.key, behind) > 0))
    .sort((one, other) => (one.key === null || other.key === null ? 0 : compare(one.key, other.key)))
    .slice(0, Number(most));
  const expressions = split(list);
  return {
    types: ['nvarchar', ...expressions.map((expression) => typeOf(run, table, expression))],
    rows: changed.map(({ key: value, change, row }) => [
      row === null ? 'D' : change.created > since ? 'I' : 'U',
      ...expressions.map((expression) =>
        expression.includes('c.')
          ? wireValue(evaluate(run, table, expression.replaceAll('c.', 't.'), { [key]: value }))
          : wireValue(row === null ? null : evaluate(run, table, expression, row)),
      ),
    ]),
  };
}

// Rows

function select(run: Run, masked: string): ResultSet {
  const found =
    /^select (.*) from (§\d+§\.§\d+§) as t(?: where (.*?))?(?: order by t\.(§\d+§) offset 0 rows fetch next (\d+) rows only)?$/s.exec(
      masked,
    );
  if (found === null) throw new Error('a statement of another form');
  const [, list = '', name = '', where, order, most] = found;
  const table = tableOf(run, name);
  if (!table.rights.SELECT)
    throw new ServerError(
      229,
      `The SELECT permission was denied on the object '${table.wish.name}', database 'dadi', schema 'dbo'.`,
    );
  const rows = matching(run, table, where);
  if (order !== undefined) {
    const column = nameOf(run, order);
    rows.sort((one, other) => compareCells(one[column] ?? null, other[column] ?? null));
  }
  const expressions = split(list);
  return {
    types: expressions.map((expression) => typeOf(run, table, expression)),
    rows: rows
      .slice(0, most === undefined ? rows.length : Number(most))
      .map((row) => expressions.map((expression) => wireValue(evaluate(run, table, expression, row)))),
  };
}

const compareCells = (one: Cell, other: Cell): number =>
  one === null || other === null ? 0 : compare(one, other);

const matching = (run: Run, table: FakeTable, where: string | undefined): Row[] =>
  [...table.rows.values()].filter(
    (row) =>
      where === undefined || where.split(' and ').every((condition) => holds(run, table, condition, row)),
  );

function holds(run: Run, table: FakeTable, condition: string, row: Row): boolean {
  if (condition === '1 = 0') return false;
  const value = (expression: string) => evaluate(run, table, expression, row);
  const [, nothing] = /^(.*) is null$/.exec(condition) ?? [];
  if (nothing !== undefined) return value(nothing) === null;
  const [, one = '', list] = /^(.*?) in \((.*)\)$/s.exec(condition) ?? [];
  if (list === 'select k from @k') return run.written.some((key) => isEqual(key, value(one)));
  if (list !== undefined) return split(list).some((other) => isEqual(value(one), value(other)));
  const [, left = '', operator = '', right = ''] = /^(.*?) (=|>=|>|<) (.*)$/s.exec(condition) ?? [];
  const [here, there] = [value(left), value(right)];
  if (here === null || there === null) return false;
  const order = compare(here, there);
  switch (operator) {
    case '=':
      return order === 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    default:
      throw new Error(`a condition of another form: ${condition}`);
  }
}

// One write

function batch(run: Run, masked: string): ResultSet {
  const lines = masked.split(';\n');
  const [nocount, abort, declare = '', begin, write = '', reading = '', commit] = lines;
  const isWhole =
    nocount === 'set nocount on' &&
    abort === 'set xact_abort on' &&
    begin === 'begin transaction' &&
    commit === 'commit transaction';
  if (!isWhole || lines.length !== 7 || !/^declare @k table \(k .*\)$/.test(declare))
    throw new Error('a batch of another form');
  const [, mark, statement = ''] =
    /^(?:with change_tracking_context \((0x[0-9A-F]+)\) )?(.*)$/s.exec(write) ?? [];
  return writing(run, statement, mark ?? null, () => {
    if (reading === 'select count(*) from @k having count(*) > 0')
      return { types: ['int'], rows: run.written.length === 0 ? [] : [[run.written.length]] };
    return select(run, reading);
  });
}

function writing(run: Run, statement: string, context: string | null, read: () => ResultSet): ResultSet {
  const insert =
    /^insert into (\S+) (?:\((.*?)\) )?output inserted\.(§\d+§) into @k (?:values \((.*)\)|default values)$/s.exec(
      statement,
    );
  const update = /^update t set (.*) output inserted\.(§\d+§) into @k from (\S+) as t where (.*)$/s.exec(
    statement,
  );
  const remove = /^delete t output deleted\.(§\d+§) into @k from (\S+) as t where (.*)$/s.exec(statement);
  const table = tableOf(run, insert?.[1] ?? update?.[3] ?? remove?.[2] ?? '');
  const { key } = table.wish;
  demandRight(table, insert !== null ? 'INSERT' : update !== null ? 'UPDATE' : 'DELETE');
  return transact(run.database, table, context, (writer) => {
    if (insert !== null) {
      const columns = split(insert[2] ?? '').map((name) => nameOf(run, name));
      const values = split(insert[4] ?? '').map((expression) => evaluate(run, table, expression, {}));
      const row = writer.insert(
        Object.fromEntries(columns.map((name, place) => [name, values[place] ?? null])),
      );
      run.written.push(row[key] ?? null);
    } else {
      for (const row of matching(run, table, update?.[4] ?? remove?.[3])) {
        run.written.push(row[key] ?? null);
        if (update === null) writer.remove(row);
        else writer.update(row, changesOf(run, table, update[1] ?? '', row));
      }
    }
    return read();
  });
}

function demandRight({ rights, wish }: FakeTable, right: 'INSERT' | 'UPDATE' | 'DELETE'): void {
  if (!rights[right])
    throw new ServerError(
      229,
      `The ${right} permission was denied on the object '${wish.name}', database 'dadi', schema 'dbo'.`,
    );
}

const changesOf = (run: Run, table: FakeTable, list: string, row: Row): Row =>
  Object.fromEntries(
    split(list).map((change) => {
      const [, name = '', expression = ''] = /^(§\d+§) = (.*)$/s.exec(change) ?? [];
      return [nameOf(run, name), evaluate(run, table, expression, row)];
    }),
  );

// Expressions

/** At the commas that no parenthesis encloses. */
function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let place = 0; place < list.length; place++) {
    if (list[place] === '(') depth += 1;
    if (list[place] === ')') depth -= 1;
    if (list[place] !== ',' || depth > 0) continue;
    parts.push(list.slice(start, place).trim());
    start = place + 1;
  }
  const last = list.slice(start).trim();
  return last === '' ? parts : [...parts, last];
}

const castForm = /^cast\((.*) as ([a-z0-9]+(?:\([^)]*\))?)\)$/s;
const convertForm = /^convert\(([a-z]+\([^)]*\)), (.*?)(?:, (\d+))?\)$/s;
const columnForm = /^[tc]\.(§\d+§)$/;

function evaluate(run: Run, table: FakeTable, expression: string, row: Row): Cell {
  if (expression === 'null') return null;
  const parameter = /^@p\d+$/.test(expression) ? run.parameters.get(expression) : undefined;
  if (parameter !== undefined) return cellOf(parameter);
  const [, inner, type = ''] = castForm.exec(expression) ?? [];
  if (inner !== undefined) return cast(type, evaluate(run, table, inner, row));
  const [, target = '', converted, style] = convertForm.exec(expression) ?? [];
  if (converted !== undefined) {
    const value = evaluate(run, table, converted, row);
    return target.startsWith('binary')
      ? cast('binary', value)
      : shown(columnOf(run, table, converted).type, value, style ?? null);
  }
  return row[columnOf(run, table, expression).name] ?? null;
}

function columnOf(run: Run, table: FakeTable, expression: string): FakeTable['columns'][number] {
  const [, masked] = columnForm.exec(expression) ?? [];
  if (masked === undefined) throw new Error(`an expression of another form: ${expression}`);
  const name = nameOf(run, masked);
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) throw new ServerError(207, `Invalid column name '${name}'.`);
  return column;
}

function typeOf(run: Run, table: FakeTable, expression: string): WireType {
  if (expression === 'null') return 'int';
  const [, target] = convertForm.exec(expression) ?? [];
  if (target === 'nvarchar(max)') return 'nvarchar(max)';
  if (target !== undefined) return target.startsWith('nvarchar') ? 'nvarchar' : 'varchar';
  return wireType(columnOf(run, table, expression).type);
}
