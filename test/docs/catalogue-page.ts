import type { Column } from '../../shared/catalog/column';
import { type LogTable, logTables } from '../../shared/catalog/log-tables';
import { type ParameterClass, parameterClasses } from '../../shared/catalog/parameter-classes';

/** `docs/catalogue.md`, from the declarations in `shared/catalog`. */
export function cataloguePage(): string {
  return [
    '# The catalogue',
    '',
    'Every parameter class and log table that this server knows. This page is written from the code:',
    '`EPACK_TEST_WRITE_PAGES=1 npx jest test/docs/catalogue`.',
    '',
    'A column without a type is a text. In brackets: the range outside of which a value is rejected, and the unit; or the choices.',
    '',
    `## Parameter classes (${parameterClasses.length})`,
    '',
    'All of them on `synchro`. Each has `Id`, `idServer`, `Ts` and `IsActive` besides, and the element of an entity is `Def<Class>`.',
    'Who edits: both sides, where nothing is said.',
    '',
    '| class | who edits | columns |',
    '| --- | --- | --- |',
    ...parameterClasses.map(rowOfClass),
    '',
    `## Log tables (${logTables.length})`,
    '',
    'Each has `Id` besides.',
    '',
    '| table | channel | columns |',
    '| --- | --- | --- |',
    ...logTables.map(rowOfTable),
    '',
  ].join('\n');
}

const directions = { both: '', manager: 'the manager', solution: 'the solution' } as const;

const rowOfClass = ({ name, direction, columns }: ParameterClass): string =>
  `| \`${name}\` | ${directions[direction]} | ${columns.map(told).join(', ')} |`;

const rowOfTable = ({ name, channel, columns }: LogTable): string =>
  `| \`${name}\` | ${channel} | ${columns.map(told).join(', ')} |`;

function told({ name, type, unit, min, max, oneOf }: Column): string {
  if (oneOf !== undefined) return `${name} (${oneOf.map((choice) => `\`${choice}\``).join(', ')})`;
  if (type === 'text') return name;
  const isBounded = min !== undefined && max !== undefined && max < Number.MAX_SAFE_INTEGER;
  const range = isBounded ? `${min}…${max}` : min === undefined ? '' : `from ${min}`;
  const limits = [range, unit ?? ''].filter((part) => part !== '').join(' ');
  return `${name} ${type}${limits === '' ? '' : ` (${limits})`}`;
}
