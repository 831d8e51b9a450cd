import type { UnreadableTs } from '../../../../../shared/domain/report';
import type { ReportTotals } from '../../../../../shared/domain/report-totals';
import type { SyncState } from '../../../../../shared/domain/sync-state';
import { several } from './several';

/** Texts of synchronisations and their reports. */
export const syncsEnglish = {
  received: 'Received',
  size: 'Size',
  states: {
    receiving: 'being received',
    queued: 'waiting',
    processing: 'processing',
    ready: 'to fetch',
    failed: 'failed',
    confirmed: 'done',
    abandoned: 'abandoned',
  } satisfies Record<SyncState, string>,
  counts: {
    inserted: 'New',
    updated: 'Changed',
    deleted: 'Deleted',
    unchanged: 'Unchanged',
    duplicates: 'Known',
    conflicts: 'Conflicts',
    held: 'Held',
    rejected: 'Refused',
  } satisfies Record<keyof ReportTotals, string>,
  syncOf: (channel: string) => `Synchronisation: ${channel}`,
  progress: 'Progress',
  isDone: 'done',
  stages: {
    received: 'Received',
    queued: 'Waiting',
    processing: 'Processing',
    processed: 'Answer ready',
    confirmed: 'Carried out',
  },
  underASecond: 'under a second',
  processedIn: (duration: string) => `processed in ${duration}`,
  steps: 'Steps',
  stepNames: {
    received: 'Received',
    queued: 'Queued for a worker',
    processing: 'A worker took it',
    processed: 'Processed',
    downloaded: 'Answer downloaded',
    confirmed: 'Confirmed by the solution',
    'files-removed': 'Files removed by retention',
    'attempt-failed': 'An attempt failed',
    failed: 'Failed for good',
    abandoned: 'Abandoned',
    replay: 'Processed again',
  },
  files: 'Files',
  upload: 'Sent by the solution',
  answer: 'Answer to the solution',
  download: 'Download',
  notKept: 'not kept',
  attempts: 'Attempts',
  confirmReplay: 'Process this upload again?',
  report: 'Report',
  onlyKnown: (count: number) => several(count, 'other without a change', 'others without a change'),
  nothingCame: 'Nothing was sent and nothing changed',
  ignoredFiles: 'Files that the server does not read',
  allIgnored:
    'Nothing in the last upload was read: no file in it is where the server expects one. The folders xml, csv and photos must be at the top level of the archive.',
  earlierPhotoOfName: 'earlier photo with this name',
  missingIds: (table: string, missing: string, ids: string) =>
    `${table}: ${several(Number(missing), 'reading never came', 'readings never came')} (Id ${ids})`,
  drifted: 'The kitchen had something else, and is sent all of',
  cameBack: (className: string, count: number) =>
    `${className}: ${several(count, 'deleted setting came back', 'deleted settings came back')} with other content`,
  /** `found`: the first of them, as it was written. */
  unreadableTs: (className: string, count: number, found: Pick<UnreadableTs, 'id' | 'line' | 'written'>) =>
    `${className}: ${several(count, 'setting has', 'settings have')} a time of change that is not a valid time. It counts as not given: “${found.written}” (Id ${found.id}${found.line === null ? '' : `, line ${found.line}`})`,
  refused: 'Refused',
  allOfThem: 'All of them',
};

export type SyncsWords = typeof syncsEnglish;
