/** high, low: out of its fridge's limits for longer than the fridge's delay. Source: ePack V4, Probe alerts. */
export const probeAlertKinds = ['high', 'low', 'signal-lost', 'low-battery'] as const;
export type ProbeAlertKind = (typeof probeAlertKinds)[number];

/** escalated: it has been open for too long. */
export const probeAlertStates = ['open', 'escalated', 'closed'] as const;
export type ProbeAlertState = (typeof probeAlertStates)[number];

export const probeAlertLimits = {
  /** Used if the fridge has no delay of its own. */
  delayMinutes: 30,
  signalLossMinutes: 720,
  /** An alert is escalated once it has lasted that many times its delay. */
  escalationFactor: 4,
  /** In percent. An alert opens below `low`, is escalated below `empty`, and closes at `well`. */
  battery: { low: 20, empty: 10, well: 25 },
  /** A reading that is further ahead of our clock than this comes from a device with a wrong clock. */
  believedAheadMinutes: 60,
  /** A latest reading that is older than that when it arrives comes from a wrong clock, or from an archive. */
  believedBehindDays: 30,
  /** The most time spans in which a probe was heard. If there are more, the earliest ones are joined. */
  heardSpans: 100,
} as const;
