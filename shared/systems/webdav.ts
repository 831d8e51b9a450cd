import { z } from 'zod';
import { callLimits, folderEnd, httpUrl, userAndPassword } from './settings-parts';
import type { SystemKind } from './system-kind';

/** A WebDAV server. A probe finds which parts of the standard it really supports. */
export const webdavSettings = z.strictObject({
  url: httpUrl,
  auth: userAndPassword.optional(),
  limits: callLimits({ atOnce: 4 }),
});

export const webdav: SystemKind = {
  name: 'webdav',
  label: { en: 'WebDAV', fr: 'WebDAV' },
  holds: 'documents',
  settings: webdavSettings,
  end: folderEnd,
  secrets: ['auth.password'],
  can: {
    changes: 'scan',
    deletions: 'none',
    writes: 'conditional',
    webhooks: 'none',
    isPreparable: false,
    hasFields: false,
  },
};
