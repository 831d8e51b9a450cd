import { z } from 'zod';
import { callLimits, folderEnd, httpUrl, text } from './settings-parts';
import type { SystemKind } from './system-kind';

/** A document library of SharePoint, by Microsoft Graph. */
export const sharepointSettings = z.strictObject({
  site: text.describe('Host and path, e.g. contoso.sharepoint.com:/sites/akten.'),
  library: text.describe('The name of the library.'),
  auth: z.strictObject({ tenant: text, clientId: text, clientSecret: text }),
  url: httpUrl
    .default('https://graph.microsoft.com')
    .describe('Microsoft Graph, of another cloud for instance.'),
  authority: httpUrl
    .default('https://login.microsoftonline.com')
    .describe('Who gives the tokens, of another cloud for instance.'),
  limits: callLimits({ atOnce: 4 }),
});
export type SharepointSettings = z.output<typeof sharepointSettings>;

export const sharepoint: SystemKind = {
  name: 'sharepoint',
  label: { en: 'SharePoint', fr: 'SharePoint' },
  holds: 'documents',
  settings: sharepointSettings,
  end: folderEnd,
  secrets: ['auth.clientSecret'],
  can: {
    changes: 'delta',
    deletions: 'tops',
    writes: 'conditional',
    webhooks: 'none',
    isPreparable: false,
    hasFields: false,
  },
};
