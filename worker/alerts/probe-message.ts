import { knownZone } from '../../shared/domain/known-zone';
import { decimalText, type Language } from '../../shared/domain/language';
import type { ProbeAlertKind } from '../../shared/domain/probe-alert';
import { type ProbeEvent, probeEventTexts } from '../../shared/domain/probe-event';

/** What happened to an alert of a probe, in a kitchen. */
export interface HappenedToProbe {
  readonly kind: ProbeAlertKind;
  readonly event: ProbeEvent;
  /** When the event was. */
  readonly at: Date;
  /** When the condition of the alert began. */
  readonly since: Date;
  readonly probeId: string;
  readonly fridgeName: string | null;
  /** In °C, or in % for a battery. Null for a lost signal. */
  readonly limit: number | null;
  readonly worst: number | null;
  /** Of the kitchen. */
  readonly timezone: string;
}

/** The message to the kitchen on `messagerie`, with times on its own clock. */
export function probeMessage(
  language: Language,
  happened: HappenedToProbe,
): { readonly subject: string; readonly body: string } {
  const words = inLanguage[language];
  const { kind, event, probeId, fridgeName } = happened;
  const place = fridgeName === null ? words.probe(probeId) : `${fridgeName} (${probeId})`;
  return {
    subject: words.about(place, words.events[kind][event]),
    body: words.sentences[kind][event](factsOf(language, words, happened)).trimEnd(),
  };
}

interface Words {
  readonly locale: string;
  readonly percentSign: string;
  readonly probe: (probeId: string) => string;
  readonly about: (place: string, what: string) => string;
  readonly ofLimit: (limit: string) => string;
  readonly highest: (value: string) => string;
  readonly lowest: (value: string) => string;
  readonly dayAndClock: (day: string, clock: string) => string;
  readonly events: Readonly<Record<ProbeAlertKind, Readonly<Record<ProbeEvent, string>>>>;
  readonly sentences: Readonly<
    Record<ProbeAlertKind, Readonly<Record<ProbeEvent, (facts: Facts) => string>>>
  >;
}

/** As texts. `of`: ` of 4 °C`; `worst`: a sentence. Both are empty where the alert does not say. */
interface Facts {
  readonly of: string;
  readonly worst: string;
  readonly percent: string;
  readonly since: string;
  readonly until: string;
}

function factsOf(language: Language, words: Words, happened: HappenedToProbe): Facts {
  const { kind, at, since, limit, worst, timezone } = happened;
  const measured = (value: number) =>
    `${decimalText(language, value)}${kind === 'low-battery' ? words.percentSign : ' °C'}`;
  const extreme = kind === 'high' ? words.highest : words.lowest;
  return {
    of: limit === null ? '' : words.ofLimit(measured(limit)),
    worst: worst === null ? '' : extreme(measured(worst)),
    percent: worst === null ? '' : measured(worst),
    since: timeText(words, since, timezone),
    until: timeText(words, at, timezone),
  };
}

function timeText({ locale, dayAndClock }: Words, time: Date, timezone: string): string {
  const timeZone = knownZone(timezone);
  const written = (form: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...form, timeZone }).format(time);
  return dayAndClock(written({ dateStyle: 'medium' }), written({ timeStyle: 'short' }));
}

const english: Words = {
  locale: 'en-GB',
  percentSign: '%',
  probe: (probeId) => `Probe ${probeId}`,
  about: (place, what) => `${place}: ${what}`,
  ofLimit: (limit) => ` of ${limit}`,
  highest: (value) => `Highest: ${value}.`,
  lowest: (value) => `Lowest: ${value}.`,
  dayAndClock: (day, clock) => `${day}, ${clock}`,
  events: probeEventTexts,
  sentences: {
    high: {
      opened: ({ of, since, worst }) => `Above its upper limit${of} since ${since}. ${worst}`,
      escalated: ({ of, since, worst }) => `Still above its upper limit${of}, since ${since}. ${worst}`,
      closed: ({ of, since, until, worst }) =>
        `It was above its upper limit${of} from ${since} to ${until}. ${worst}`,
    },
    low: {
      opened: ({ of, since, worst }) => `Below its lower limit${of} since ${since}. ${worst}`,
      escalated: ({ of, since, worst }) => `Still below its lower limit${of}, since ${since}. ${worst}`,
      closed: ({ of, since, until, worst }) =>
        `It was below its lower limit${of} from ${since} to ${until}. ${worst}`,
    },
    'signal-lost': {
      opened: ({ since }) => `No reading since ${since}.`,
      escalated: ({ since }) => `Still no reading since ${since}.`,
      closed: ({ since, until }) => `No reading came from ${since} to ${until}.`,
    },
    'low-battery': {
      opened: ({ percent }) => `The battery is at ${percent}. Please change it soon.`,
      escalated: ({ percent }) => `The battery is at ${percent}. Please change it now.`,
      closed: ({ since, until, worst }) => `The battery was low from ${since} to ${until}. ${worst}`,
    },
  },
};

const backWithinLimits = 'de nouveau dans ses limites';

const french: Words = {
  locale: 'fr-FR',
  percentSign: ' %',
  probe: (probeId) => `Sonde ${probeId}`,
  about: (place, what) => `${place} : ${what}`,
  ofLimit: (limit) => ` de ${limit}`,
  highest: (value) => `Maximum : ${value}.`,
  lowest: (value) => `Minimum : ${value}.`,
  dayAndClock: (day, clock) => `${day} à ${clock}`,
  events: {
    high: { opened: 'trop chaud', escalated: 'toujours trop chaud', closed: backWithinLimits },
    low: { opened: 'trop froid', escalated: 'toujours trop froid', closed: backWithinLimits },
    'signal-lost': {
      opened: 'plus de signal',
      escalated: 'toujours pas de signal',
      closed: 'le signal est revenu',
    },
    'low-battery': {
      opened: 'batterie faible',
      escalated: 'batterie presque vide',
      closed: 'batterie de nouveau bonne',
    },
  },
  sentences: {
    high: {
      opened: ({ of, since, worst }) => `Au-dessus de sa limite haute${of} depuis le ${since}. ${worst}`,
      escalated: ({ of, since, worst }) =>
        `Toujours au-dessus de sa limite haute${of}, depuis le ${since}. ${worst}`,
      closed: ({ of, since, until, worst }) =>
        `Du ${since} au ${until}, au-dessus de sa limite haute${of}. ${worst}`,
    },
    low: {
      opened: ({ of, since, worst }) => `Au-dessous de sa limite basse${of} depuis le ${since}. ${worst}`,
      escalated: ({ of, since, worst }) =>
        `Toujours au-dessous de sa limite basse${of}, depuis le ${since}. ${worst}`,
      closed: ({ of, since, until, worst }) =>
        `Du ${since} au ${until}, au-dessous de sa limite basse${of}. ${worst}`,
    },
    'signal-lost': {
      opened: ({ since }) => `Aucun relevé depuis le ${since}.`,
      escalated: ({ since }) => `Toujours aucun relevé depuis le ${since}.`,
      closed: ({ since, until }) => `Aucun relevé n’est venu du ${since} au ${until}.`,
    },
    'low-battery': {
      opened: ({ percent }) => `La batterie est à ${percent}. À changer bientôt.`,
      escalated: ({ percent }) => `La batterie est à ${percent}. À changer maintenant.`,
      closed: ({ since, until, worst }) => `La batterie était faible du ${since} au ${until}. ${worst}`,
    },
  },
};

const inLanguage: Readonly<Record<Language, Words>> = { en: english, fr: french };
