import type { QuotaName } from '../../../../../shared/domain/quota';
import { several } from './several';

/** Texts of the limits of use, and of how long data is kept. */
export const quotasEnglish = {
  quotas: 'Limits of use',
  quotasMeaning:
    'How much of the server this kitchen may use, so that no kitchen can hold up the others. Above a limit, its device is told to come back later. Nothing that it has is lost.',
  accountQuotasMeaning:
    'How much all kitchens of this account may use together. Without a value, there is no limit. Uploads and bytes are counted from the moment that a value is set.',
  quota: 'Limit',
  quotaUsed: 'Used',
  quotaLimit: 'Allowed',
  quotaNone: 'no limit',
  quotaOwn: 'Own value',
  quotaOwnHint: 'In bytes, where the limit is about bytes. If it is left empty, the usual value applies.',
  quotaDayEnds: 'Uploads and bytes are counted again from',
  quotaNames: {
    syncsPerDay: 'Uploads in 24 hours',
    bytesPerDay: 'Bytes sent in 24 hours',
    openUploads: 'Unfinished resumable uploads',
    openUploadBytes: 'Bytes of unfinished uploads',
    openQuarantine: 'Open items in quarantine',
    extraColumns: 'Unknown columns of one log',
  } satisfies Record<QuotaName, string>,
  quotaOfDisk: 'the free space on the server',
  quotaRefused: (bound: string, when: string, isOfAccount: boolean) =>
    `An upload was refused ${when}. Limit${isOfAccount ? ' of the account' : ''}: ${bound}.`,
  retention: 'How long data is kept',
  filesKept: (days: number | null) => `files ${days === null ? 'as usual' : several(days, 'day', 'days')}`,
  readingsKept: (days: number | null) =>
    `readings ${days === null ? 'for ever' : several(days, 'day', 'days')}`,
  fileDays: 'Days for uploads and packages',
  fileDaysHint: 'Counted from when they were received. If it is left empty, the value of the server applies.',
  readingDays: 'Days for readings',
  readingDaysHint:
    'Counted from the time of measurement. Older ones are removed for good. If it is left empty, they are kept for ever.',
  confirmRetention: 'Save it? Whatever is older will be removed for good within a few hours.',
};

export type QuotasWords = typeof quotasEnglish;
