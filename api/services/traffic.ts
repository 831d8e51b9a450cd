import type { Channel } from '../../shared/domain/channel';

/** Counters of the calls of solutions. */
export interface Traffic {
  /** The number of status polls. A plain number: a poll must not cost more than an addition. */
  polls: number;
  /** Polls that currently wait for a change of status. */
  waitingPolls: number;
  readonly uploadTaken: (channel: Channel, bytes: number) => void;
  /** `code`: the error code in the response to the solution. */
  readonly uploadRefused: (code: string) => void;
}
