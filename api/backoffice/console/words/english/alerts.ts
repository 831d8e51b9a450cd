import type { ProbeAlertKind, ProbeAlertState } from '../../../../../shared/domain/probe-alert';

/** Texts of alerts. */
export const alertsEnglish = {
  alerts: 'Alerts',
  alert: 'Alert',
  alertsMeaning: 'Probes that were outside their limits for too long, or that stopped sending.',
  alertViews: { new: 'Not seen yet', open: 'Open', all: 'All' },
  alertKinds: {
    high: 'Too warm',
    low: 'Too cold',
    'signal-lost': 'Signal lost',
    'low-battery': 'Battery low',
  } satisfies Record<ProbeAlertKind, string>,
  alertStates: { open: 'open', escalated: 'escalated', closed: 'closed' } satisfies Record<
    ProbeAlertState,
    string
  >,
  since: 'Since',
  seen: 'Seen by',
  notYet: 'not yet',
  comment: 'Comment',
  acknowledge: 'I have seen it',
  acknowledgeTicked: 'I have seen the ticked ones',
  noAlerts: 'No alerts',
  noAlertsMeaning: 'Every probe is within its limits, or someone has dealt with it.',
};

export type AlertsWords = typeof alertsEnglish;
