import type { QuarantineState } from '../../../../../shared/domain/quarantine-state';
import type { RefusalCode } from '../../../../../shared/domain/refusal';

/** Why a row, an entity, a file or a photo was refused, and what to do about it. */
export interface Refusal {
  readonly why: string;
  readonly advice: string;
}

const refusedBecause: Readonly<Record<RefusalCode, Refusal>> = {
  'above-limit': {
    why: 'One synchronisation may not change so much of this class.',
    advice: 'If the change is right, process it again; otherwise discard it.',
  },
  'bad-entity': { why: 'The setting cannot be read.', advice: 'Correct its text and process it again.' },
  'bad-header': {
    why: 'The first line of the file does not name its columns.',
    advice: 'Correct the file and process it again.',
  },
  'bad-id': {
    why: 'This Id cannot be stored.',
    advice:
      'Correct it and process it again. A reading has a whole number, a setting a short text without spaces.',
  },
  'bad-photo': {
    why: 'The photo is damaged, or it is not a picture.',
    advice: 'Ask the kitchen to take it again, then discard this one.',
  },
  'bad-quote': {
    why: 'There is a quotation mark where none is allowed.',
    advice: 'Correct the line and process it again.',
  },
  'bad-statement': {
    why: 'What the device reports about itself cannot be read.',
    advice:
      'The rest of its package was applied. If this happens again, have the program on the device updated. You can discard this item.',
  },
  'bad-value': {
    why: 'A value is impossible, or it is not written in the right form.',
    advice: 'Correct it and process it again.',
  },
  'duplicate-column': {
    why: 'The file names the same column twice.',
    advice: 'Correct its first line and process it again.',
  },
  'duplicate-id': {
    why: 'The file contains this Id twice.',
    advice: 'Correct the Id and process the row again, or discard it.',
  },
  'flip-flop': {
    why: 'Two people or programs keep undoing each other’s change.',
    advice:
      'Find out which value is right and set it here. After an hour, the next synchronisation continues by itself.',
  },
  'id-conflict': {
    why: 'The server has a different reading with this Id.',
    advice:
      'A device that was restored or copied often starts numbering again. Check the device, then discard this row, or give it a free Id and process it again.',
  },
  'id-jump': {
    why: 'The Id is far above every Id that this device has used so far. Perhaps a bar code is in the wrong column, or the device was restored.',
    advice:
      'If the number is right, process the row again: the server then accepts Ids up to it. Otherwise correct the Id, or discard the row.',
  },
  'malformed-xml': { why: 'The file is not well-formed XML.', advice: 'Correct it and process it again.' },
  'missing-id': { why: 'It has no Id.', advice: 'Give it a free Id and process it again, or discard it.' },
  'no-id-column': {
    why: 'The file has no column Id.',
    advice: 'Correct its first line and process it again.',
  },
  'quarantine-full': {
    why: 'The kitchen already has as many open items in quarantine as it may have. Those that came later are counted in this one.',
    advice:
      'Deal with the others first. The upload is kept as long as this item is open: then process the upload again, and discard this item.',
  },
  'row-too-large': {
    why: 'The row is longer than the server accepts.',
    advice: 'Shorten it and process it again, or discard it.',
  },
  'too-large': {
    why: 'It is larger than the server accepts.',
    advice: 'Shorten its text and send that, or discard it.',
  },
  'too-many-columns': {
    why: 'The file has more unknown columns than this log may have.',
    advice:
      'Have the program on the device checked. If the columns are wanted, an admin can allow more of them in the settings of the kitchen. Then process the file again.',
  },
  'unknown-message': {
    why: 'The receipt is for a message that the server never sent.',
    advice: 'You can discard it.',
  },
  'unterminated-quote': {
    why: 'A quotation mark is opened but never closed.',
    advice: 'Correct the line and process it again.',
  },
  'wrong-cell-count': {
    why: 'The row does not have as many values as the file has columns.',
    advice: 'Correct it and process it again.',
  },
};

/** Texts of the quarantine, and why something was refused. */
export const quarantineEnglish = {
  refusedBecause,
  /** The text for a code of an earlier version. */
  refusedOtherwise: {
    why: 'It could not be applied.',
    advice: 'Read the reason, correct the text and process it again, or discard it.',
  },
  quarantine: 'Quarantine',
  quarantineMeaning:
    'What could not be applied is kept here as it was sent. The rest of its package was applied.',
  quarantineStates: {
    open: 'open',
    replayed: 'processed again',
    discarded: 'discarded',
    settled: 'settled by the device',
  } satisfies Record<QuarantineState, string>,
  sentTimes: (count: number) => `sent ${count} times`,
  lastTime: 'last',
  fileAndRow: 'File and row',
  noQuarantine: 'Nothing here',
  noQuarantineMeaning: 'Everything that was received could be applied.',
  correctAndReplay: 'Correct it and process it again',
  asItWasSent: 'As it was sent',
  header: 'Columns',
  correctionHint: 'Change only what is wrong. Without a change, it is processed as it was sent.',
  noText: 'Its text was not kept. It is processed as it was sent.',
  discard: 'Discard',
  discardTicked: 'Discard the ticked ones',
  confirmDiscardMany: 'Discard all ticked items? They will not be applied.',
  confirmDiscard: 'Discard it? It will not be applied.',
};

export type QuarantineWords = typeof quarantineEnglish;
