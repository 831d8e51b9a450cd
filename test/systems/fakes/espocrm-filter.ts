import type { EspoRow } from './espocrm-row';

interface Where {
  type: string;
  attribute: string;
  value: unknown;
}

/** The rows that match a listing's `where`, `orderBy`, `offset` and `maxSize`. A text: the reason of a refusal. */
export function rowsThatFit(
  rows: readonly EspoRow[],
  query: URLSearchParams,
  known: ReadonlySet<string>,
): readonly EspoRow[] | string {
  const where = nested(query)['where'];
  const conditions = Object.values(isGroup(where) ? where : {});
  const unknown = unknownAttribute(conditions, known);
  if (unknown !== null) return `Not existing attribute '${unknown}' in where.`;
  const orderBy = query.get('orderBy') ?? 'id';
  const sign = query.get('order') === 'desc' ? -1 : 1;
  const sorted = rows
    .filter((row) => conditions.every((condition) => fits(row, condition)))
    .sort((one, other) => sign * (compare(one[orderBy], other[orderBy]) || compare(one.id, other.id)));
  const offset = Number(query.get('offset') ?? 0);
  return sorted.slice(offset, offset + Number(query.get('maxSize') ?? 20));
}

/** `where[0][value][]=a` as PHP reads it. */
function nested(query: URLSearchParams): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const [name, value] of query) {
    const path = [
      name.replace(/\[.*$/, ''),
      ...[...name.matchAll(/\[([^\]]*)\]/g)].map(([, key = '']) => key),
    ];
    let at = all;
    for (const key of path.slice(0, -1)) {
      const next = at[key];
      const group = isGroup(next) ? next : {};
      at[key] = group;
      at = group;
    }
    const last = path.at(-1) ?? '';
    at[last === '' ? String(Object.keys(at).length) : last] = value;
  }
  return all;
}

function unknownAttribute(conditions: readonly unknown[], known: ReadonlySet<string>): string | null {
  for (const condition of conditions) {
    const { attribute, value } = whereOf(condition);
    if (attribute !== '' && !known.has(attribute)) return attribute;
    if (attribute === '' && isGroup(value)) {
      const inner = unknownAttribute(Object.values(value), known);
      if (inner !== null) return inner;
    }
  }
  return null;
}

function fits(row: EspoRow, condition: unknown): boolean {
  const { type, attribute, value } = whereOf(condition);
  const held = row[attribute] ?? null;
  const inner = isGroup(value) ? Object.values(value) : [];
  switch (type) {
    case 'and':
      return inner.every((one) => fits(row, one));
    case 'or':
      return inner.some((one) => fits(row, one));
    case 'isNull':
      return held === null;
    case 'in':
      return inner.includes(held);
    // Its database compares without regard to case.
    case 'equals':
      return held !== null && textOf(held).toLowerCase() === textOf(value).toLowerCase();
    case 'greaterThan':
      return held !== null && compare(held, value) > 0;
    case 'greaterThanOrEquals':
      return held !== null && compare(held, value) >= 0;
    default:
      throw new Error(`the fake knows no ${type}`);
  }
}

function whereOf(condition: unknown): Where {
  const group = isGroup(condition) ? condition : {};
  return { type: String(group['type']), attribute: textOf(group['attribute']), value: group['value'] };
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const compare = (one: unknown, other: unknown): number => {
  const [ours, theirs] = [String(one), String(other)];
  return ours < theirs ? -1 : ours > theirs ? 1 : 0;
};
