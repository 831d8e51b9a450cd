import type { Label, Language } from '../domain/language';

/**
 * How a value is written on the wire and kept in PostgreSQL.
 * text → text; decimal → double precision; integer → bigint; boolean → boolean;
 * time → timestamptz (an instant; local to the solution where it lacks an offset); date → date.
 */
export type ColumnType = 'text' | 'decimal' | 'integer' | 'boolean' | 'time' | 'date';

export interface Column {
  /** PascalCase, as on the wire. */
  readonly name: string;
  /** As people call it. */
  readonly label: Label;
  readonly type: ColumnType;
  /** e.g. `°C`, `%`, `min`. */
  readonly unit?: string;
  /** The smallest and the largest value that a working device can send. A value outside is quarantined. */
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
  /** What people call each of `oneOf`. */
  readonly choices?: Readonly<Record<string, Label>>;
  /** A thing of one kitchen, like the number of a probe. A template for many kitchens does not hold it. */
  readonly isOfOneKitchen?: true;
}

/** `FridgeId` → `fridge_id`: the column's name in PostgreSQL. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase();
}

export const text = (name: string, label: Label): Column => ({ name, label, type: 'text' });
/** A thing of one kitchen: no template holds it. */
export const ownText = (name: string, label: Label): Column => ({
  ...text(name, label),
  isOfOneKitchen: true,
});
/** `choices`: each value as it is on the wire, and what people call it. */
export const choice = (name: string, label: Label, choices: Readonly<Record<string, Label>>): Column => ({
  name,
  label,
  type: 'text',
  oneOf: Object.keys(choices),
  choices,
});
export const boolean = (name: string, label: Label): Column => ({ name, label, type: 'boolean' });
export const time = (name: string, label: Label): Column => ({ name, label, type: 'time' });
export const date = (name: string, label: Label): Column => ({ name, label, type: 'date' });
export const integer = (name: string, label: Label, bounds: Partial<Bounds> = {}): Column => ({
  name,
  label,
  type: 'integer',
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  ...bounds,
});
export const decimal = (name: string, label: Label, bounds: Bounds): Column => ({
  name,
  label,
  type: 'decimal',
  ...bounds,
});

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

/** In °C, from liquid nitrogen to the hottest oven. A value outside comes from a broken probe. */
export const temperature = (name: string, label: Label): Column =>
  decimal(name, label, { min: -200, max: 600, unit: '°C' });
export const minutes = (name: string, label: Label): Column =>
  integer(name, label, { max: 525_600, unit: 'min' });
export const days = (name: string, label: Label): Column => integer(name, label, { max: 36_500, unit: 'd' });
export const percent = (name: string, label: Label): Column =>
  decimal(name, label, { min: 0, max: 100, unit: '%' });

/** A unit as people write it. */
export const unitIn = (language: Language, unit: string): string => wordyUnits.get(unit)?.[language] ?? unit;

/** All other units are written the same in every language. */
const wordyUnits: ReadonlyMap<string, Label> = new Map([
  ['d', { en: 'days', fr: 'jours' }],
  ['%RH', { en: '% RH', fr: '% HR' }],
]);
