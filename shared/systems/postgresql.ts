import { z } from 'zod';
import { callLimits, nameText, portOr, text, tlsMode, userAndPassword } from './settings-parts';
import type { SystemKind } from './system-kind';

/** PostgreSQL. Names of tables and columns are quoted as they are written. */
export const postgresqlSettings = z.strictObject({
  host: text,
  port: portOr(5432),
  database: text,
  auth: userAndPassword,
  tls: tlsMode,
  limits: callLimits({ atOnce: 4 }),
});
export type PostgresqlSettings = z.output<typeof postgresqlSettings>;

export const postgresqlEnd = z.strictObject({
  table: nameText.describe('With its schema, e.g. public.person.'),
  key: nameText.describe('The column of the primary key.'),
  revision: nameText.default('xmin').describe('A column that changes with every change of the row, or xmin.'),
  syncKey: nameText.optional().describe('A unique uuid column that keeps our key of a row.'),
});
export type PostgresqlEnd = z.output<typeof postgresqlEnd>;

export const postgresql: SystemKind = {
  name: 'postgresql',
  label: { en: 'PostgreSQL', fr: 'PostgreSQL' },
  holds: 'records',
  settings: postgresqlSettings,
  end: postgresqlEnd,
  secrets: ['auth.password'],
  can: {
    changes: 'scan',
    deletions: 'none',
    writes: 'conditional',
    webhooks: 'none',
    isPreparable: false,
    hasFields: true,
  },
};
