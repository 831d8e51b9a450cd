import type { OfflineOutcome } from '../../../../../shared/formats/offline-contents';

/** Texts of the files that kitchens without a network send on a stick. */
export const offlineFilesEnglish = {
  offlineFiles: 'Offline files',
  offlineFilesMeaning:
    'A kitchen without a network exports its data to a stick. Take the file in here, then put the response on the same stick.',
  offlineFile: 'File from the stick',
  offlineFileHint: 'Its name ends in .epack. Taking the same file in again does no harm.',
  takeIn: 'Take in',
  noOfflineFiles: 'No file has been taken in yet',
  writtenOnDevice: 'Written on the device',
  takenIn: 'Taken in',
  whatBecameOfIt: 'What became of it',
  response: 'Response',
  fetchResponse: (kitchen: string) => `Response for ${kitchen}`,
  responseNotReady: 'Being processed: load this page again in a moment.',
  offlineOutcomes: {
    accepted: 'taken in',
    'earlier-package': 'an earlier package has to be applied first',
    superseded: 'nothing taken in: the kitchen has synchronised since',
    refused: 'refused',
    busy: 'not yet: another synchronisation is in progress, take the file in again later',
  } satisfies Record<OfflineOutcome, string>,
};

export type OfflineFilesWords = typeof offlineFilesEnglish;
