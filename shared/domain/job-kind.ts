/**
 * Large packages have their own lane, so that they never delay small ones. Background work, for which no kitchen waits,
 * and other systems, which may be slow, have lanes of their own too.
 */
export const lanes = ['small', 'large', 'background', 'pairs'] as const;
export type Lane = (typeof lanes)[number];

/** Every kind of work that workers do: `room.verb`. What a kind does and how often it is tried stands in worker/jobs/kinds.ts. */
export const jobKinds = [
  'solution-sync.process',
  'alerts.judge-readings',
  'alerts.find-silent-probes',
  'parameters.apply-approvals',
  'logs.apply-replacements',
  'logs.read-times-anew',
  'logs.index-times',
  'logs.check-books',
  'logs.check-changed-books',
  'system.probe',
  'system.probe-all',
  'system.register-hook',
  'notifications.deliver',
  'notifications.send-staff-mails',
  'notifications.find-stale-solutions',
  'notifications.remove-old',
  'rollouts.advance',
  'pair.slice',
  'pair.wake-pairs',
  'upkeep.free-dead-uploads',
  'upkeep.requeue-orphans',
  'upkeep.remove-expired-files',
  'upkeep.remove-orphan-files',
  'upkeep.remove-abandoned-parts',
  'upkeep.remove-old-readings',
  'upkeep.remove-stale-rows',
  'upkeep.seal-audit-trail',
  'upkeep.guard-given-ids',
] as const;
export type JobKind = (typeof jobKinds)[number];

/** The kind of a sync's job. Its subject is the sync, and its lane follows from the size of the package. */
export const syncKind = 'solution-sync.process' satisfies JobKind;

/** All but the processing of syncs. */
export type BackgroundKind = Exclude<JobKind, typeof syncKind>;

/** The lane of a kind: what calls other systems has one of its own. */
export const laneOfKind = (kind: BackgroundKind): Lane =>
  kind === 'pair.slice' || kind.startsWith('system.') ? 'pairs' : 'background';

/** The lane of a package of so many bytes, unpacked. */
export const laneOfPackage = (unpackedBytes: number, largePackageBytes: number): Lane =>
  unpackedBytes > largePackageBytes ? 'large' : 'small';

/** This job is created in every transaction that changes a log other than by an upload. */
export const booksChanged = { kind: 'logs.check-changed-books', subject: 'installation' } as const;

/** The subject of a job that concerns the whole installation. */
export const wholeInstallation = 'installation';
