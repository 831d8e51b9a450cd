import { z } from 'zod';
import { nameText, text } from '../../../shared/systems/settings-parts';
import type { SystemKind } from '../../../shared/systems/system-kind';

/** In a file of `pairs apply`: `{ kind: notebook, folder: /srv/notebooks }`. */
export const notebookSettings = z.strictObject({ folder: text });
/** In `here` or `there` of a pair: `{ system: ours, book: suppliers }`. */
export const notebookEnd = z.strictObject({ book: nameText.regex(/^[\w-]+$/) });

/** All but `name`, which first becomes a member of `systemKindNames`. */
export const notebook: Omit<SystemKind, 'name'> = {
  label: { en: 'Notebook', fr: 'Carnet' },
  holds: 'records',
  settings: notebookSettings,
  end: notebookEnd,
  secrets: [],
  can: {
    changes: 'scan',
    deletions: 'none',
    writes: 'checked',
    webhooks: 'none',
    isPreparable: false,
    hasFields: true,
  },
};
