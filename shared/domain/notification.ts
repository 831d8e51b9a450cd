/**
 * What someone can be told of. `sync-failed`: an upload could not be processed. `solution-stale`: no finished sync for
 * so many hours. `approval-waiting`: so much was deleted, changed or replaced that someone must decide. `probe-alert`: a probe is out of its limits, or silent.
 */
export const notificationEvents = [
  'sync-failed',
  'solution-stale',
  'approval-waiting',
  'probe-alert',
] as const;
export type NotificationEvent = (typeof notificationEvents)[number];

/** `test`: someone wants to see that it arrives. */
export type NotificationType = NotificationEvent | 'test';

export const targetKinds = ['email', 'webhook'] as const;
export type TargetKind = (typeof targetKinds)[number];

export const mailLanguages = ['en', 'fr'] as const;
export type MailLanguage = (typeof mailLanguages)[number];

/** `parked`: it failed so often that it is not tried again until someone asks. */
export const notificationStates = ['waiting', 'delivered', 'parked'] as const;
export type NotificationState = (typeof notificationStates)[number];

/** How long the secret of before signs the calls of a webhook as well. */
export const secretOverlapHours = 24;
