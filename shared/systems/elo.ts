import { z } from 'zod';
import { callLimits, folderEnd, httpUrl, nameText, userAndPassword } from './settings-parts';
import type { SystemKind } from './system-kind';

const folderMask = nameText.optional();
const documentMask = nameText.optional();

/** ELO, by its index server. */
export const eloSettings = z.strictObject({
  url: httpUrl.describe('The index server of the archive, e.g. https://elo.example/ix-Archiv.'),
  auth: userAndPassword.describe('A user of our own: a lock that this user left behind is released.'),
  folderMask: folderMask.describe(
    'The keywording form of new folders, by its name or number. Left out: the one that ELO chooses.',
  ),
  documentMask: documentMask.describe(
    'The keywording form of new documents, by its name or number. Left out: the one that ELO chooses.',
  ),
  limits: callLimits({ atOnce: 4 }),
});
export type EloSettings = z.output<typeof eloSettings>;

export const eloEnd = folderEnd.extend({
  folderMask: folderMask.describe('The keywording form of new folders of this pair.'),
  documentMask: documentMask.describe(
    'The keywording form of new documents of this pair. It must have the fields of the pair.',
  ),
});
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
    hasFields: true,
  },
};
