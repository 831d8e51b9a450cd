import { z } from 'zod';
import { callLimits, folderEnd, text } from './settings-parts';
import type { SystemKind } from './system-kind';

/** A folder on the machine of the worker. */
export const fileTreeSettings = z.strictObject({
  folder: text.describe('Its path, from the root of the file system.'),
  limits: callLimits({ atOnce: 64 }),
});

export const fileTree: SystemKind = {
  name: 'file-tree',
  label: { en: 'Folder', fr: 'Dossier' },
  holds: 'documents',
  settings: fileTreeSettings,
  end: folderEnd,
  secrets: [],
  can: {
    changes: 'scan',
    deletions: 'none',
    writes: 'checked',
    webhooks: 'none',
    isPreparable: false,
    hasFields: false,
  },
};
