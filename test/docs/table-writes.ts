import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root } from './markdown';

/** A statement that changes a table. */
export interface TableWrite {
  /** Relative to the project. */
  readonly file: string;
  /** Null: the name of the table is only known when it runs. */
  readonly table: string | null;
}

/**
 * The tables that the product's code writes, by its SQL and by its calls of knex. Triggers are not included, because
 * migrations create them.
 */
export function tableWrites(tables: ReadonlySet<string>): TableWrite[] {
  return sourceFiles().flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    if (!/insert|update|delete|del\b|truncate|merge|copy|crement/i.test(text)) return [];
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
    const found: TableWrite[] = [];
    const visit = (node: ts.Node): void => {
      const written = [...writtenBySql(textOf(node), tables), ...writtenByCall(node)];
      found.push(...written.map((table) => ({ file, table })));
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

function sourceFiles(): string[] {
  const rooms = ['api', 'worker', 'shared', 'commands', 'client'];
  return rooms.flatMap((room) =>
    readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `${room}/${name.split(path.sep).join('/')}`),
  );
}

/** The text of a string, without its placeholders. */
function textOf(node: ts.Node): string {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return '';
  return node.head.text + node.templateSpans.map(({ literal }) => ` … ${literal.text}`).join('');
}

const name = String.raw`(?:only\s+)?("?[a-z_]+"?|:\w+:|\?\?)`;
const statements = [
  new RegExp(
    String.raw`\b(?:insert\s+into|delete\s+from|merge\s+into|truncate(?:\s+table)?)\s+${name}`,
    'gi',
  ),
  new RegExp(String.raw`\bupdate\s+${name}(?:\s+(?:as\s+)?\w+)?\s+set\b`, 'gi'),
  new RegExp(String.raw`^\s*copy\s+${name}[^;]*\bfrom\b`, 'gi'),
];

const writtenBySql = (text: string, tables: ReadonlySet<string>): (string | null)[] =>
  statements.flatMap((statement) =>
    [...text.matchAll(statement)].flatMap(([, written = '']): (string | null)[] => {
      if (/^[:?]/.test(written)) return [null];
      const table = written.replaceAll('"', '');
      return tables.has(table) ? [table] : [];
    }),
  );

const writing = new Set(['insert', 'update', 'delete', 'del', 'increment', 'decrement', 'truncate', 'into']);

/** `db('solution').where(…).update(…)`, `trx.insert(…).into('solution')`. */
function writtenByCall(node: ts.Node): string[] {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
  if (!writing.has(node.expression.name.text)) return [];
  if (node.expression.name.text === 'into') return firstText(node);
  for (let at: ts.Node = node.expression.expression; ;) {
    if (ts.isCallExpression(at)) {
      if (!ts.isPropertyAccessExpression(at.expression)) return firstText(at);
      at = at.expression;
    } else if (ts.isPropertyAccessExpression(at)) at = at.expression;
    else return [];
  }
}

function firstText({ arguments: [first] }: ts.CallExpression): string[] {
  const text = first === undefined ? '' : textOf(first);
  return /^[a-z_]+(?: as \w+)?$/.test(text) ? [text.split(' ')[0] ?? ''] : [];
}
