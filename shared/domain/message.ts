import type { LabResult, Verdict } from './lab-result';

/** What the manager tells a solution on the channel `messagerie`. Source: ePack V4, Probe alerts. */
export const messageKinds = ['message', 'probe-alert', 'analysis'] as const;
export type MessageKind = (typeof messageKinds)[number];

export interface NewMessage {
  readonly kind: MessageKind;
  readonly sender: string;
  readonly subject: string;
  readonly body: string;
  /** When what it tells of was; null: it tells of no moment. */
  readonly measuredAt: Date | null;
  readonly isConform: boolean | null;
  /** Of an analysis, and only of one. */
  readonly result: JudgedResult | null;
}

export interface JudgedResult extends LabResult {
  readonly verdict: Verdict;
}
