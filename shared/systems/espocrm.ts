import { z } from 'zod';
import { callLimits, httpUrl, nameText, text } from './settings-parts';
import type { SystemKind } from './system-kind';

/** EspoCRM 7 and later, by its interface `api/v1`. */
export const espocrmSettings = z.strictObject({
  url: httpUrl.describe('Where the CRM is: what stands before /api/v1.'),
  auth: z.strictObject({
    apiKey: text,
    secretKey: text.optional().describe('With it, calls are signed (HMAC), and the key alone opens nothing.'),
  }),
  limits: callLimits({ atOnce: 8 }),
});
export type EspocrmSettings = z.output<typeof espocrmSettings>;

export const espocrmEnd = z.strictObject({
  entity: nameText.describe('The entity type, e.g. CBeteiligte.'),
  syncKeyField: nameText
    .optional()
    .describe('A field that keeps our key of a record, so that a creation is never made twice.'),
  duplicates: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('What EspoCRM takes for a duplicate: it is refused, or made all the same.'),
  optimistic: z
    .boolean()
    .default(false)
    .describe(
      'The entity has optimistic concurrency control: writes name the version that they are based on.',
    ),
});
export type EspocrmEnd = z.output<typeof espocrmEnd>;

export const espocrm: SystemKind = {
  name: 'espocrm',
  label: { en: 'EspoCRM', fr: 'EspoCRM' },
  holds: 'records',
  settings: espocrmSettings,
  end: espocrmEnd,
  secrets: ['auth.apiKey', 'auth.secretKey'],
  can: {
    changes: 'timestamp',
    deletions: 'none',
    writes: 'conditional',
    webhooks: 'signed',
    isPreparable: true,
    hasFields: true,
  },
};
