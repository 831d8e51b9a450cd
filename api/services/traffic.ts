import type { Channel } from '../../shared/domain/channel';

/** Counters of the calls of solutions. */
export interface Traffic {
  /** Status polls that were answered. A plain number: a poll must not cost more than an addition. */
  polls: number;
  /** Polls that currently wait for a change of status. */
  waitingPolls: number;
  readonly uploadTaken: (channel: Channel, bytes: number) => void;
  /** `code`: of the error that the solution was told. */
  readonly uploadRefused: (code: string) => void;
}
