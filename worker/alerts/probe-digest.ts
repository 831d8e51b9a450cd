import type { Language } from '../../shared/domain/language';
import { digestSubjectStarts } from '../../shared/domain/probe-event';
import { type HappenedToProbe, probeMessage } from './probe-message';

/** An alert that a digest lists. */
export type DigestLine =
  | ListedAlert
  /** The text of a message from a version that did not store the alert with it. */
  | { readonly subject: string; readonly body: string };

/** `closedAt` null: it continues. */
export type ListedAlert = Omit<HappenedToProbe, 'event' | 'at'> & { readonly closedAt: Date | null };

export interface DigestContents {
  /** Those that continue come first. At most `digestLines`. */
  readonly goingOn: readonly DigestLine[];
  readonly over: readonly DigestLine[];
  /** With those that are not listed. */
  readonly alerts: number;
  readonly alertsGoingOn: number;
}

/** As much as a device can show and a person reads. */
export const digestLines = 40;
const maxLineLength = 250;

/** Many alerts that wait for a kitchen, as one message: what, which probe, since when, until when. */
export function probeDigest(
  language: Language,
  { goingOn, over, alerts, alertsGoingOn }: DigestContents,
): { readonly subject: string; readonly body: string } {
  const words = inLanguage[language];
  const unlisted = alerts - goingOn.length - over.length;
  const parts = [
    ...section(language, words.goingOn, alertsGoingOn, goingOn),
    ...section(language, words.over, alerts - alertsGoingOn, over),
    ...(unlisted > 0 ? [words.more(unlisted)] : []),
  ];
  return {
    subject: digestSubjectStarts[language] + words.subject(alerts, alertsGoingOn),
    body: parts.join('\n\n'),
  };
}

function section(
  language: Language,
  title: (count: number) => string,
  count: number,
  lines: readonly DigestLine[],
): string[] {
  if (lines.length === 0) return [];
  return [[title(count), ...lines.map((line) => `- ${lineText(language, line)}`)].join('\n')];
}

function lineText(language: Language, line: DigestLine): string {
  const { subject, body } = 'subject' in line ? line : alertText(language, line);
  const text = `${subject}. ${body}`.replaceAll(/\s+/g, ' ');
  return text.length <= maxLineLength ? text : `${text.slice(0, maxLineLength - 1)}…`;
}

/** The kind of alert as when it was opened, with its start and its current end. */
function alertText(language: Language, { closedAt, ...alert }: ListedAlert) {
  const happened = { ...alert, at: closedAt ?? alert.since };
  const { subject } = probeMessage(language, { ...happened, event: 'opened' });
  return {
    subject,
    body: probeMessage(language, { ...happened, event: closedAt === null ? 'opened' : 'closed' }).body,
  };
}

interface Words {
  readonly subject: (alerts: number, goingOn: number) => string;
  readonly goingOn: (count: number) => string;
  readonly over: (count: number) => string;
  readonly more: (count: number) => string;
}

const english: Words = {
  subject: (alerts, goingOn) =>
    `${alerts} ${alerts === 1 ? 'alert' : 'alerts'}, ${goingOn === 0 ? 'all over' : `${goingOn} still going on`}`,
  goingOn: (count) => `Still going on (${count}):`,
  over: (count) => `Over by now (${count}):`,
  more: (count) => `And ${count} more.`,
};

const french: Words = {
  subject: (alerts, goingOn) =>
    `${alerts} ${alerts === 1 ? 'alerte' : 'alertes'}, ${
      goingOn === 0 ? (alerts === 1 ? 'terminée' : 'toutes terminées') : `dont ${goingOn} toujours en cours`
    }`,
  goingOn: (count) => `Toujours en cours (${count}) :`,
  over: (count) => `Terminées (${count}) :`,
  more: (count) => (count === 1 ? 'Et une autre.' : `Et ${count} autres.`),
};

const inLanguage: Readonly<Record<Language, Words>> = { en: english, fr: french };
