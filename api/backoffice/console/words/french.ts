import type { Words } from './english';
import { alertsFrench } from './french/alerts';
import { auditFrench } from './french/audit';
import { backgroundWorkFrench } from './french/background-work';
import { conflictsFrench } from './french/conflicts';
import { deviceFrench } from './french/device';
import { everywhereFrench } from './french/everywhere';
import { messagesFrench } from './french/messages';
import { myAccountFrench } from './french/my-account';
import { notificationsFrench } from './french/notifications';
import { offlineFilesFrench } from './french/offline-files';
import { oneSolutionFrench } from './french/one-solution';
import { overviewFrench } from './french/overview';
import { pairsFrench } from './french/pairs';
import { paramsFrench } from './french/params';
import { problemsFrench } from './french/problems';
import { quarantineFrench } from './french/quarantine';
import { quotasFrench } from './french/quotas';
import { readingsFrench } from './french/readings';
import { rolloutsFrench } from './french/rollouts';
import { solutionsFrench } from './french/solutions';
import { syncsFrench } from './french/syncs';
import { templatesFrench } from './french/templates';
import { usersFrench } from './french/users';

/** No-break spaces come before : ; ? and !, as in French print, so that no sign begins a line. */
export const french: Words = {
  language: 'fr',
  locale: 'fr-FR',
  byte: 'o',
  colon: ' : ',
  pairs: pairsFrench,
  ...everywhereFrench,
  ...problemsFrench,
  ...overviewFrench,
  ...solutionsFrench,
  ...rolloutsFrench,
  ...offlineFilesFrench,
  ...oneSolutionFrench,
  ...quarantineFrench,
  ...syncsFrench,
  ...paramsFrench,
  ...readingsFrench,
  ...messagesFrench,
  ...deviceFrench,
  ...alertsFrench,
  ...conflictsFrench,
  ...auditFrench,
  ...notificationsFrench,
  ...myAccountFrench,
  ...backgroundWorkFrench,
  ...templatesFrench,
  ...usersFrench,
  ...quotasFrench,
};
