import { databaseError, valueError } from './odoo-exception';
import { type FakeModel, type FakeRow, fieldOf, secondsOf } from './odoo-model';

export interface DomainSettings {
  readonly model: FakeModel;
  /** From 19 on, times are compared by whole seconds. */
  readonly version: number;
  /** A setting of the context: archived records are left out. */
  readonly activeTest: boolean;
}

type Test = (row: FakeRow) => boolean;

/** The test of a domain in Polish notation, with an implicit `&` between separate terms. */
export function testOf(settings: DomainSettings, domain: unknown): Test {
  const parts = Array.isArray(domain) ? [...(domain as unknown[])] : [];
  const tests: Test[] = [];
  while (parts.length > 0) tests.push(next(settings, parts));
  const names = JSON.stringify(domain);
  if (settings.activeTest && settings.model.fields['active'] !== undefined && !names.includes('"active"'))
    tests.push((row) => row.values['active'] !== false);
  return (row) => tests.every((test) => test(row));
}

function next(settings: DomainSettings, parts: unknown[]): Test {
  const part = parts.shift();
  if (part === '|' || part === '&') {
    const [one, other] = [next(settings, parts), next(settings, parts)];
    return part === '|' ? (row) => one(row) || other(row) : (row) => one(row) && other(row);
  }
  if (part === '!') {
    const one = next(settings, parts);
    return (row) => !one(row);
  }
  if (!Array.isArray(part) || part.length !== 3) throw valueError(`Invalid leaf ${JSON.stringify(part)}`);
  const [name, operator, value] = part as unknown[];
  return leaf(settings, String(name), String(operator), value);
}

function leaf(settings: DomainSettings, name: string, operator: string, value: unknown): Test {
  const { model, version } = settings;
  const field = fieldOf(model, name);
  if (name === 'id') checkNumbers(value);
  if (field.store === false) throw valueError(`Non-stored field ${model.name}.${name} cannot be searched.`);
  const isTime = name === 'write_date';
  const valueOf = (row: FakeRow): unknown => {
    if (name === 'id') return row.id;
    if (isTime) return version >= 19 ? secondsOf(row.writtenAt) : preciselyOf(row.writtenAt);
    const kept = row.values[name];
    return kept ?? (field.type === 'boolean' ? false : null);
  };
  const wanted = isTime && typeof value === 'string' && version < 19 ? `${value}.000000` : value;
  return (row) => compare(valueOf(row), operator, wanted);
}

/** As its database has it. */
const preciselyOf = (microseconds: number): string =>
  `${secondsOf(microseconds)}.${String(microseconds % 1_000_000).padStart(6, '0')}`;

function checkNumbers(value: unknown): void {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  if (all.some((one) => typeof one !== 'number'))
    throw databaseError('InvalidTextRepresentation', 'invalid input syntax for type integer');
}

function compare(held: unknown, operator: string, wanted: unknown): boolean {
  switch (operator) {
    case '=':
      return wanted === false ? held === null || held === false : held === wanted;
    case '!=':
      return wanted === false ? held !== null && held !== false : held !== wanted;
    case 'in':
      return Array.isArray(wanted) && wanted.includes(held);
    case '>':
      return held !== null && order(held, wanted) > 0;
    case '>=':
      return held !== null && order(held, wanted) >= 0;
    case '<':
      return held !== null && order(held, wanted) < 0;
    default:
      throw valueError(`the fake knows no ${operator}`);
  }
}

const order = (one: unknown, other: unknown): number =>
  typeof one === 'number' && typeof other === 'number'
    ? one - other
    : String(one) < String(other)
      ? -1
      : Number(String(one) > String(other));
