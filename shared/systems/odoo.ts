import { z } from 'zod';
import { callLimits, httpUrl, nameText, text, userAndPassword } from './settings-parts';
import type { SystemKind } from './system-kind';

/** Odoo: JSON-2 from version 19 on, JSON-RPC from 14 to 18. */
export const odooSettings = z
  .strictObject({
    url: httpUrl,
    database: text,
    api: z.enum(['json-2', 'json-rpc']).default('json-2'),
    auth: z.union([z.strictObject({ apiKey: text }), userAndPassword], {
      error: 'must be { apiKey }, or { user, password } for json-rpc',
    }),
    limits: callLimits({ atOnce: 4 }),
  })
  .superRefine(({ api, auth }, context) => {
    if ((api === 'json-2') === 'apiKey' in auth) return;
    const needed = api === 'json-2' ? '{ apiKey }' : '{ user, password }';
    context.addIssue({ code: 'custom', path: ['auth'], message: `must be ${needed} for ${api}` });
  });
export type OdooSettings = z.output<typeof odooSettings>;

export const odooEnd = z
  .strictObject({
    model: nameText.describe('E.g. res.partner.'),
    domain: z
      .array(z.json())
      .default([])
      .describe('Only records that it matches, in the words of Odoo. The others count as not there.'),
    includeArchived: z
      .boolean()
      .default(false)
      .describe('Archived records are kept equal as well. Else an archived record counts as deleted.'),
    deletion: z
      .enum(['unlink', 'archive'])
      .default('unlink')
      .describe('What is done with a record that was deleted on the other side.'),
  })
  .superRefine(({ includeArchived, deletion }, context) => {
    if (!includeArchived || deletion === 'unlink') return;
    const message = 'cannot be archive where archived records are kept equal as well: they would come back';
    context.addIssue({ code: 'custom', path: ['deletion'], message });
  });
export type OdooEnd = z.output<typeof odooEnd>;

export const odoo: SystemKind = {
  name: 'odoo',
  label: { en: 'Odoo', fr: 'Odoo' },
  holds: 'records',
  settings: odooSettings,
  end: odooEnd,
  secrets: ['auth.apiKey', 'auth.password'],
  can: {
    changes: 'timestamp',
    deletions: 'none',
    writes: 'checked',
    webhooks: 'none',
    isPreparable: false,
    hasFields: true,
  },
};
