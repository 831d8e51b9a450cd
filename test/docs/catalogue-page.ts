import type { Column } from '../../shared/catalog/column';
import { type LogTable, logTables } from '../../shared/catalog/log-tables';
import { type ParameterClass, parameterClasses } from '../../shared/catalog/parameter-classes';

/** `docs/catalogue.md`, from the declarations in `shared/catalog`. */
export function cataloguePage(): string {
  return [
    '# The catalogue',
    '',
    'This page lists every parameter class and log table that this server knows. It is generated from the code:',
    '`EPACK_TEST_WRITE_PAGES=1 npx jest test/docs/catalogue`.',
    '',
    'A column without a type is a text. Brackets contain the allowed range, outside of which a value is rejected, and the unit; or the choices.',
    '',
    `## Parameter classes (${parameterClasses.length})`,
    '',
    'All classes are on the channel `synchro`. Each also has `Id`, `idServer`, `Ts` and `IsActive`. The element of an entity is `Def<Class>`.',
    'If the column "who edits" is empty, both sides edit the class.',
    `A template for many kitchens can hold all classes but ${others}.`,
    `It cannot hold the fields ${ownFields}: they belong to one kitchen.`,
    '',
    '| class | as people call it | who edits | columns |',
    '| --- | --- | --- | --- |',
    ...parameterClasses.map(rowOfClass),
    '',
    `## Log tables (${logTables.length})`,
    '',
    'Each table also has `Id`.',
    '',
    '| table | as people call it | channel | columns |',
    '| --- | --- | --- | --- |',
    ...logTables.map(rowOfTable),
    '',
    '## What people call the columns',
    '',
    'The console and the mails use these names. Columns that are not declared keep the names that the solution sent.',
    '',
    '| column | English | French | of |',
    '| --- | --- | --- | --- |',
    ...labels(),
    '',
  ].join('\n');
}

const others = parameterClasses
  .flatMap(({ name, fitsTemplate }) => (fitsTemplate ? [] : [`\`${name}\``]))
  .join(', ');
const ownFields = [
  ...new Set(
    parameterClasses.flatMap(({ columns }) =>
      columns.filter(({ isOfOneKitchen }) => isOfOneKitchen === true).map(({ name }) => `\`${name}\``),
    ),
  ),
].join(', ');

const directions = { both: '', manager: 'the manager', solution: 'the solution' } as const;

const rowOfClass = ({ name, label, direction, columns }: ParameterClass): string =>
  `| \`${name}\` | ${label.en} / ${label.fr} | ${directions[direction]} | ${columns.map(columnText).join(', ')} |`;

const rowOfTable = ({ name, label, channel, columns }: LogTable): string =>
  `| \`${name}\` | ${label.en} / ${label.fr} | ${channel} | ${columns.map(columnText).join(', ')} |`;

function columnText({ name, type, unit, min, max, oneOf }: Column): string {
  if (oneOf !== undefined) return `${name} (${oneOf.map((choice) => `\`${choice}\``).join(', ')})`;
  if (type === 'text') return name;
  const isBounded = min !== undefined && max !== undefined && max < Number.MAX_SAFE_INTEGER;
  const range = isBounded ? `${min}…${max}` : min === undefined ? '' : `from ${min}`;
  const limits = [range, unit ?? ''].filter((part) => part !== '').join(' ');
  return `${name} ${type}${limits === '' ? '' : ` (${limits})`}`;
}

/** Each name once, with those that use it in this sense where others use it in another one. */
function labels(): string[] {
  const uses = new Map<string, { name: string; en: string; fr: string; of: string[] }>();
  for (const { name: subject, columns } of [...parameterClasses, ...logTables])
    for (const { name, label } of columns) {
      const key = [name, label.en, label.fr].join('|');
      const use = uses.get(key) ?? { name, ...label, of: [] };
      if (!use.of.includes(subject)) use.of.push(subject);
      uses.set(key, use);
    }
  const all = [...uses.values()].sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
  const isAmbiguous = (name: string) => all.filter((use) => use.name === name).length > 1;
  return all.map(
    ({ name, en, fr, of }) => `| ${name} | ${en} | ${fr} | ${isAmbiguous(name) ? of.join(', ') : ''} |`,
  );
}
