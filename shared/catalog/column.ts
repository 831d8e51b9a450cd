/**
 * How a value is written on the wire and kept in PostgreSQL.
 * text → text; decimal → double precision; integer → bigint; boolean → boolean;
 * time → timestamptz (an instant; local to the solution where it lacks an offset); date → date.
 */
export type ColumnType = 'text' | 'decimal' | 'integer' | 'boolean' | 'time' | 'date';

export interface Column {
  /** PascalCase, as on the wire. */
  readonly name: string;
  readonly type: ColumnType;
  /** e.g. `°C`, `%`, `min`. */
  readonly unit?: string;
  /** Smallest and largest value that can be a true reading; what lies outside is quarantined. */
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
}

/** `FridgeId` → `fridge_id`: the column's name in PostgreSQL. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase();
}

export const text = (name: string): Column => ({ name, type: 'text' });
export const choice = (name: string, ...oneOf: string[]): Column => ({ name, type: 'text', oneOf });
export const boolean = (name: string): Column => ({ name, type: 'boolean' });
export const time = (name: string): Column => ({ name, type: 'time' });
export const date = (name: string): Column => ({ name, type: 'date' });
export const integer = (name: string, min = 0, max = Number.MAX_SAFE_INTEGER, unit?: string): Column => ({
  name,
  type: 'integer',
  min,
  max,
  ...(unit === undefined ? {} : { unit }),
});
export const decimal = (name: string, min: number, max: number, unit?: string): Column => ({
  name,
  type: 'decimal',
  min,
  max,
  ...(unit === undefined ? {} : { unit }),
});

/** °C. From liquid nitrogen to the hottest oven; what lies outside is a broken probe. */
export const temperature = (name: string): Column => decimal(name, -200, 600, '°C');
export const minutes = (name: string): Column => integer(name, 0, 525_600, 'min');
export const percent = (name: string): Column => decimal(name, 0, 100, '%');
