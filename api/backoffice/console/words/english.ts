import type { Language } from '../../../../shared/domain/language';
import { alertsEnglish } from './english/alerts';
import { auditEnglish } from './english/audit';
import { backgroundWorkEnglish } from './english/background-work';
import { conflictsEnglish } from './english/conflicts';
import { deviceEnglish } from './english/device';
import { everywhereEnglish } from './english/everywhere';
import { messagesEnglish } from './english/messages';
import { myAccountEnglish } from './english/my-account';
import { notificationsEnglish } from './english/notifications';
import { offlineFilesEnglish } from './english/offline-files';
import { oneSolutionEnglish } from './english/one-solution';
import { overviewEnglish } from './english/overview';
import { pairsEnglish } from './english/pairs';
import { paramsEnglish } from './english/params';
import { problemsEnglish } from './english/problems';
import { quarantineEnglish } from './english/quarantine';
import { quotasEnglish } from './english/quotas';
import { readingsEnglish } from './english/readings';
import { rolloutsEnglish } from './english/rollouts';
import { solutionsEnglish } from './english/solutions';
import { syncsEnglish } from './english/syncs';
import { templatesEnglish } from './english/templates';
import { usersEnglish } from './english/users';

/** Every text of the pages. A language that lacks one does not compile. */
export type Words = Omit<typeof english, 'language'> & { readonly language: Language };

/** One file for each subject. No two of them give a text the same name. */
export const english = {
  language: 'en' as const,
  /** How dates and numbers are written. */
  locale: 'en-GB',
  byte: 'B',
  /** Between a name and what it is. */
  colon: ': ',
  /** Systems and pairs. */
  pairs: pairsEnglish,
  ...everywhereEnglish,
  ...problemsEnglish,
  ...overviewEnglish,
  ...solutionsEnglish,
  ...rolloutsEnglish,
  ...offlineFilesEnglish,
  ...oneSolutionEnglish,
  ...quarantineEnglish,
  ...syncsEnglish,
  ...paramsEnglish,
  ...readingsEnglish,
  ...messagesEnglish,
  ...deviceEnglish,
  ...alertsEnglish,
  ...conflictsEnglish,
  ...auditEnglish,
  ...notificationsEnglish,
  ...myAccountEnglish,
  ...backgroundWorkEnglish,
  ...templatesEnglish,
  ...usersEnglish,
  ...quotasEnglish,
};
