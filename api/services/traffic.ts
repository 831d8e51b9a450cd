import type { Channel } from '../../shared/domain/channel';

/** What is counted of the calls of solutions, where they happen. */
export interface Traffic {
  /** Status polls that were answered. A plain number: a poll must not cost more than an addition. */
  polls: number;
  /** Polls that wait for another status just now. */
  waitingPolls: number;
  readonly uploadTaken: (channel: Channel, bytes: number) => void;
  /** `code`: of the error that the solution was told. */
  readonly uploadRefused: (code: string) => void;
}

/** Counts nothing but what is a plain number. */
export const newTraffic = (on: Pick<Traffic, 'uploadTaken' | 'uploadRefused'> = silent): Traffic => ({
  polls: 0,
  waitingPolls: 0,
  ...on,
});

const silent = { uploadTaken: () => undefined, uploadRefused: () => undefined };
