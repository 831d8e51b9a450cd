import { faultText } from '../../../../../shared/domain/field-fault';
import { several } from './several';

/** Texts of errors, by their code. There are none, because the texts of the server are in English. */
const problems: Readonly<Record<string, string>> = {};

/** Texts of what went wrong: errors, and faults of fields. */
export const problemsEnglish = {
  problems,
  /** What is wrong with a field. */
  fault: faultText,
  problemSeparator: '; ',
  problemOf: (field: string, fault: string) => `${field}: ${fault}`,
  errors: {
    absent: 'Page not found',
    absentAdvice: 'It may have been removed, or it belongs to an account that you cannot see.',
    forbidden: 'You are not allowed to do this',
    forbiddenAdvice:
      'Your role does not allow it, or the page was open for too long. Go back, reload it and try again.',
    busy: 'The channel is busy',
    busyAdvice:
      'A synchronisation is in progress. Wait until it is finished, or reset the channel with a flag.',
    stale: 'Someone else changed this first',
    staleAdvice: 'It has changed since you opened it. Look at the current values and try again.',
    unavailable: 'A part of the server cannot be reached',
    unavailableAdvice: 'Nothing is lost. Try again in a minute.',
    tooMany: 'Too many requests',
    tooManyAdvice: (minutes: number) =>
      `Nothing was done. Try again in ${several(minutes, 'minute', 'minutes')}.`,
    refused: 'This cannot be done',
    refusedAdvice: 'Go back and correct what is wrong:',
    unforeseen: 'Something went wrong on the server',
    unforeseenAdvice:
      'The error has been recorded. Try again. If it happens again, tell the person who runs the server.',
  },
};

export type ProblemsWords = typeof problemsEnglish;
