import type { Language } from './language';
import type { ProbeAlertKind } from './probe-alert';

/** What can happen to a probe alert. */
export type ProbeEvent = 'opened' | 'escalated' | 'closed';

/** The texts that the kitchen gets on `messagerie`, after the name of the place. */
export const probeEventTexts = {
  high: { opened: 'too warm', escalated: 'still too warm', closed: 'within its limits again' },
  low: { opened: 'too cold', escalated: 'still too cold', closed: 'within its limits again' },
  'signal-lost': { opened: 'no signal', escalated: 'still no signal', closed: 'the signal is back' },
  'low-battery': { opened: 'battery low', escalated: 'battery nearly empty', closed: 'battery well again' },
} as const satisfies Record<ProbeAlertKind, Record<ProbeEvent, string>>;

type EventTexts = (typeof probeEventTexts)[ProbeAlertKind];
export type ProbeEventText = EventTexts[keyof EventTexts];

/** If more probe messages than this are undelivered, they are sent as one digest. */
export const digestAboveMessages = 10;

/** How the subject of a digest begins, by the language of the kitchen. */
export const digestSubjectStarts: Readonly<Record<Language, string>> = { en: 'Probes: ', fr: 'Sondes : ' };
