import { z } from 'zod';
import { callLimits, nameText, portOr, text, tlsMode, userAndPassword } from './settings-parts';
import type { SystemKind } from './system-kind';

/** Microsoft SQL Server. */
export const sqlServerSettings = z.strictObject({
  host: text,
  port: portOr(1433),
  database: text,
  auth: userAndPassword,
  tls: tlsMode,
  changes: z
    .enum(['tracking', 'rowversion'])
    .default('tracking')
    .describe('How changes are found: Change Tracking, or a rowversion column.'),
  limits: callLimits({ atOnce: 4 }),
});
export type SqlServerSettings = z.output<typeof sqlServerSettings>;

export const sqlServerEnd = z.strictObject({
  table: nameText.describe('With its schema, e.g. dbo.Person.'),
  key: nameText.describe('The column of the primary key.'),
  revision: nameText.optional().describe('A rowversion column: it changes with every change of the row.'),
  syncKey: nameText.optional().describe('A unique uniqueidentifier column that keeps our key of a row.'),
});
export type SqlServerEnd = z.output<typeof sqlServerEnd>;

export const sqlServer: SystemKind = {
  name: 'sql-server',
  label: { en: 'SQL Server', fr: 'SQL Server' },
  holds: 'records',
  settings: sqlServerSettings,
  end: sqlServerEnd,
  secrets: ['auth.password'],
  can: {
    changes: 'delta',
    deletions: 'each',
    writes: 'conditional',
    webhooks: 'none',
    isPreparable: false,
    hasFields: true,
  },
};
