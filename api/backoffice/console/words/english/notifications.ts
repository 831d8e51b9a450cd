import type {
  MailLanguage,
  NotificationState,
  NotificationType,
  TargetKind,
} from '../../../../../shared/domain/notification';

/** Texts of notifications. */
export const notificationsEnglish = {
  notifications: 'Notifications',
  notificationsMeaning: 'Who is notified, by e-mail or by webhook, when something needs attention.',
  noMailServer:
    'No mail server is configured (EPACK_SMTP_URL and EPACK_MAIL_FROM): e-mails are not sent. Webhooks are called.',
  noTargets: 'Nobody is notified yet',
  noTargetsAdvice: 'Add an e-mail address, or the URL of a program.',
  toldTo: 'To',
  problemTextOf: 'About',
  targetKinds: { email: 'E-mail', webhook: 'Webhook' } satisfies Record<TargetKind, string>,
  address: 'Address',
  addressHint: 'An e-mail address, or a URL that begins with https://.',
  notificationEvents: {
    'sync-failed': 'a synchronisation has failed',
    'solution-stale': 'a solution has not been heard from',
    'approval-waiting': 'an approval is waiting',
    'probe-alert': 'a probe is in alert',
    'pair-paused': 'a pair of systems is paused',
    'entity-given-up': 'a record of a pair was given up',
    'conflict-waiting': 'a conflict of a pair is waiting',
    'pair-stale': 'a pair of systems lags behind',
    test: 'a test',
    'confirm-address': 'the request to confirm the address',
  } satisfies Record<NotificationType, string>,
  everyAccount: 'every account',
  staleHours: 'Hours without a synchronisation',
  mailLanguage: 'Language of the mails',
  mailLanguages: { en: 'English', fr: 'French' } satisfies Record<MailLanguage, string>,
  addTarget: 'Add',
  paused: 'paused',
  pause: 'Pause: nothing new is sent to it',
  givenUp: (count: number) => `${count} given up`,
  triedAgain: (count: number) => `${count} tried again`,
  whatWasTold: 'What was sent',
  nothingTold: 'Nothing yet',
  notificationStates: {
    waiting: 'waiting',
    delivered: 'delivered',
    parked: 'given up',
  } satisfies Record<NotificationState, string>,
  toBeConfirmed: 'to be confirmed',
  confirmFirst: (hours: number) =>
    `Nothing is sent to this address yet. Its owner must first open the link in the confirmation e-mail, which works for ${hours} hours.`,
  askOwner: 'Send the confirmation e-mail again',
  confirmAddress: 'Confirm your address',
  confirmAddressMeaning: 'Once your address is confirmed, ePack notifies you by e-mail when',
  confirmForAccount: (account: string) => `for ${account}`,
  confirm: 'Confirm',
  addressIsConfirmed: 'Your address is confirmed',
  addressIsConfirmedMeaning:
    'You will receive notifications there from now on. The person who entered your address can change that at any time.',
  confirmLinkIsOver:
    'This link or code no longer works: it has been used, or it is too old. Ask the person who entered your address to send the e-mail again.',
  confirmCode: 'Code from the e-mail',
  sendTest: 'Send a test',
  tryAgain: 'Try again',
  stopTelling: 'Remove',
  confirmStopTelling: 'Remove it? Whatever is waiting to be sent to it is removed as well.',
  newWebhookSecret: 'Make a new secret',
  webhookSecretMeaning:
    'It signs the calls. The program that is called needs it to check that a call comes from this server.',
  secretOverlap: (hours: number) => `For ${hours} hours, the old one signs as well.`,
};

export type NotificationsWords = typeof notificationsEnglish;
