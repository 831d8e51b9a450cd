import { z } from 'zod';
import { callLimits, folderEnd, httpUrl, nameText, userAndPassword } from './settings-parts';
import type { SystemKind } from './system-kind';

/** ELO, by its index server. */
export const eloSettings = z.strictObject({
  url: httpUrl.describe('The index server of the archive, e.g. https://elo.example/ix-Archiv.'),
  auth: userAndPassword.describe('A user of our own: a lock that this user left behind is released.'),
  folderMask: nameText
    .optional()
    .describe(
      'The keywording form of new folders, by its name or number. Left out: the one that ELO chooses.',
    ),
  documentMask: nameText
    .optional()
    .describe(
      'The keywording form of new documents, by its name or number. Left out: the one that ELO chooses.',
    ),
  limits: callLimits({ atOnce: 4 }),
});
export type EloSettings = z.output<typeof eloSettings>;

export const eloEnd = folderEnd;
export type EloEnd = z.output<typeof eloEnd>;

export const elo: SystemKind = {
  name: 'elo',
  label: { en: 'ELO', fr: 'ELO' },
  holds: 'documents',
  settings: eloSettings,
  end: eloEnd,
  secrets: ['auth.password'],
  can: {
    changes: 'timestamp',
    deletions: 'tops',
    writes: 'conditional',
    webhooks: 'none',
    isPreparable: false,
  },
};
