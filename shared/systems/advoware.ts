import { z } from 'zod';
import { callLimits, httpUrl, nameText, text } from './settings-parts';
import type { SystemKind } from './system-kind';

/** Advoware, by its interface Advonet. */
export const advowareSettings = z.strictObject({
  url: httpUrl.describe('Serves /api/v1/advonet and, where there is no gateway, /api/v1/Token.'),
  gateway: httpUrl.optional().describe('Serves /api/v1/Token.'),
  auth: z.strictObject({
    appId: text,
    apiKey: text.describe('In base64.'),
    kanzlei: text,
    database: text,
    user: text,
    password: text,
  }),
  signature: text
    .default('64:{appId}:{nonce}:{time}')
    .describe('What is signed for a token; {appId}, {nonce} and {time} are filled in.'),
  limits: callLimits({ atOnce: 2 }),
});
export type AdvowareSettings = z.output<typeof advowareSettings>;

export const advowareEnd = z.strictObject({
  entity: nameText.describe('What stands behind /api/v1/advonet/, e.g. Beteiligte.'),
  key: nameText.default('betNr').describe('The field that holds the number of a record.'),
});
export type AdvowareEnd = z.output<typeof advowareEnd>;

export const advoware: SystemKind = {
  name: 'advoware',
  label: { en: 'Advoware', fr: 'Advoware' },
  holds: 'records',
  settings: advowareSettings,
  end: advowareEnd,
  secrets: ['auth.apiKey', 'auth.password'],
  can: {
    changes: 'scan',
    deletions: 'none',
    writes: 'checked',
    webhooks: 'none',
    isPreparable: false,
    hasFields: true,
  },
};
