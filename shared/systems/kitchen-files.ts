import { z } from 'zod';
import { findLogTable } from '../catalog/log-tables';
import { nameText } from './settings-parts';
import type { SystemKind } from './system-kind';

/** The photos and readings of the kitchens of this installation. It needs no address and no password. */
export const kitchenFilesSettings = z.strictObject({});

const customer = nameText.describe('The name of an account.');
const kitchen = z.union([nameText, z.int().min(1)]).describe('The mail or the number of a solution.');
const logName = nameText.refine(
  (name) => findLogTable(name) !== undefined,
  'must be the name of a log, e.g. Tbfridge',
);

/** What is filed of which kitchens. A list that is left out leaves nobody and nothing out. */
export const kitchenFilesEnd = z.strictObject({
  accounts: z
    .array(customer)
    .min(1)
    .max(1_000)
    .optional()
    .describe('The customers whose kitchens are filed.'),
  solutions: z.array(kitchen).min(1).max(10_000).optional().describe('The kitchens that are filed.'),
  photos: z.boolean().default(true).describe('False: photos are not filed.'),
  exports: z
    .enum(['ended-months', 'every-month', 'none'])
    .default('ended-months')
    .describe(
      'The readings of each log as one CSV file a month. `ended-months`: a month is filed once it is over; `every-month`: the current month is filed as well, and again at each change.',
    ),
  logs: z.array(logName).min(1).max(100).optional().describe('The logs that are exported.'),
  csv: z
    .enum(['excel', 'plain'])
    .default('excel')
    .describe('`excel`: as a French Excel reads it; `plain`: with commas, and times in UTC.'),
});
export type KitchenFilesEnd = z.output<typeof kitchenFilesEnd>;

export const kitchenFiles: SystemKind = {
  name: 'kitchen-files',
  label: { en: 'Photos and exports of kitchens', fr: 'Photos et exports des cuisines' },
  holds: 'documents',
  settings: kitchenFilesSettings,
  end: kitchenFilesEnd,
  secrets: [],
  can: {
    changes: 'timestamp',
    deletions: 'none',
    writes: 'none',
    webhooks: 'none',
    isPreparable: false,
    hasFields: false,
  },
};
