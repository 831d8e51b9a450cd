import type { LabResult, Verdict } from './lab-result';

/**
 * The kinds of messages that the manager sends to a solution on the channel `messagerie`. Source: ePack V4, Probe
 * alerts.
 */
export const messageKinds = ['message', 'probe-alert', 'analysis'] as const;
export type MessageKind = (typeof messageKinds)[number];

export interface NewMessage {
  readonly kind: MessageKind;
  readonly sender: string;
  readonly subject: string;
  readonly body: string;
  /** The time of the event that the message is about. Null: the message is not about an event. */
  readonly measuredAt: Date | null;
  readonly isConform: boolean | null;
  /** Only an analysis has a result. */
  readonly result: JudgedResult | null;
}

export interface JudgedResult extends LabResult {
  readonly verdict: Verdict;
}
