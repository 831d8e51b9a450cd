import { z } from 'zod';
import { callLimits, folderEnd, httpUrl, userAndPassword } from './settings-parts';
import type { SystemKind } from './system-kind';

/** ELO, by its index server. */
export const eloSettings = z.strictObject({
  url: httpUrl.describe('The index server of the archive, e.g. https://elo.example/ix-Archiv.'),
  auth: userAndPassword,
  limits: callLimits({ atOnce: 4 }),
});

export const elo: SystemKind = {
  name: 'elo',
  label: { en: 'ELO', fr: 'ELO' },
  isAvailable: false,
  holds: 'documents',
  settings: eloSettings,
  end: folderEnd,
  secrets: ['auth.password'],
  can: {
    changes: 'timestamp',
    deletions: 'each',
    writes: 'conditional',
    webhooks: 'none',
    isPreparable: false,
  },
};
