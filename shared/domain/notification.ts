/**
 * The events about which someone can be notified. `sync-failed`: an upload could not be processed. `solution-stale`: no
 * finished sync for so many hours. `approval-waiting`: so much was deleted, changed or replaced that someone must
 * decide. `probe-alert`: a probe is out of its limits, or silent. Of pairs of systems: `pair-paused`: a system refuses
 * us, or a pair cannot continue as it is. `entity-given-up`: something is not tried any more. `conflict-waiting`: both
 * sides changed one thing, and someone must decide. `pair-stale`: work of a pair has waited for an hour.
 */
export const notificationEvents = [
  'sync-failed',
  'solution-stale',
  'approval-waiting',
  'probe-alert',
  'pair-paused',
  'entity-given-up',
  'conflict-waiting',
  'pair-stale',
] as const;
export type NotificationEvent = (typeof notificationEvents)[number];

/** `test`: someone wants to see that it arrives. `confirm-address`: the owner of an address is asked whether mails may come. */
export const notificationTypes = [...notificationEvents, 'test', 'confirm-address'] as const;
export type NotificationType = (typeof notificationTypes)[number];

export const targetKinds = ['email', 'webhook'] as const;
export type TargetKind = (typeof targetKinds)[number];

export const mailLanguages = ['en', 'fr'] as const;
export type MailLanguage = (typeof mailLanguages)[number];

/** `parked`: it failed so often that it is only tried again when someone asks for it. */
export const notificationStates = ['waiting', 'delivered', 'parked'] as const;
export type NotificationState = (typeof notificationStates)[number];

/** How long the link that confirms an address is valid. */
export const confirmationHours = 72;

/** The page on which someone confirms their address. */
export const confirmAddressPath = '/confirm-address';

/** How long the previous secret of a webhook still signs its calls. */
export const secretOverlapHours = 24;
