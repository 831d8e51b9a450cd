import { labelOf } from '../../shared/catalog/labels';
import { reasonIn } from '../../shared/catalog/tell-reason';
import type { Language } from '../../shared/domain/language';
import { storedReason } from '../../shared/formats/stored-reason';
import type { MailLanguage } from '../../shared/domain/notification';
import type { ClaimedNotification } from '../../shared/stores/notifications/notification-store';
import { inLanguage, type Words } from './letter-words';

/** The body of a webhook call. `publicUrl`: the URL of the server for people. Null: the body contains no link. */
export function webhookBody(notification: ClaimedNotification, publicUrl: string | null): string {
  const { event, occurredAt, facts, solution } = notification;
  return JSON.stringify({
    type: event,
    timestamp: occurredAt.toISOString(),
    data: {
      ...(solution === null
        ? {}
        : {
            solution: { id: String(solution.id), name: solution.name, mail: solution.mail },
            account: { id: String(solution.accountId), name: solution.accountName },
          }),
      ...facts,
      ...(publicUrl === null ? {} : { url: linkOf(notification, publicUrl) }),
    },
  });
}

export interface Letter {
  readonly subject: string;
  readonly text: string;
}

/** One mail for several notifications: if two hundred solutions fall silent in one night, that is one mail. */
export function letterOf(
  notifications: readonly ClaimedNotification[],
  language: MailLanguage,
  publicUrl: string | null,
): Letter {
  const words = inLanguage[language];
  const paragraphs = notifications.map((notification) => paragraphOf(notification, language, publicUrl));
  const [only] = notifications;
  const subject =
    notifications.length === 1 && only !== undefined
      ? titleOf(only, words)
      : words.several(notifications.length);
  return { subject: `[ePack] ${subject}`, text: `${paragraphs.join('\n\n')}\n\n-- \n${words.footer}\n` };
}

function paragraphOf(
  notification: ClaimedNotification,
  language: MailLanguage,
  publicUrl: string | null,
): string {
  const words = inLanguage[language];
  const { solution } = notification;
  return [
    titleOf(notification, words),
    ...(solution === null ? [] : [`${solution.accountName} · ${solution.mail}`]),
    dateOf(notification.occurredAt, language, solution?.timezone ?? 'UTC'),
    ...detailsOf(notification, language),
    ...(publicUrl === null ? [] : [linkOf(notification, publicUrl)]),
  ].join('\n');
}

function titleOf({ event, solution, facts }: ClaimedNotification, words: Words): string {
  const about = solution === null ? textOf(facts['pair']) : solution.name;
  return about === '' ? words.titles[event] : `${words.titles[event]}${words.colon}${about}`;
}

function detailsOf({ event, facts }: ClaimedNotification, language: Language): string[] {
  const words = inLanguage[language];
  switch (event) {
    case 'sync-failed':
      return [
        `${words.channel}${words.colon}${named(words.channels, facts['channel'])}`,
        reasonOf(facts, language),
      ].filter(isSaid);
    case 'solution-stale':
      return [words.silentFor(textOf(facts['hours']))];
    case 'approval-waiting':
      if (textOf(facts['pair']) !== '') return [named(words.waitingWork, facts['kind'])];
      return [
        `${labelOf(language, textOf(facts['className']))}${words.colon}${words.waits(textOf(facts['kind']), textOf(facts['entities']))}`,
      ];
    case 'probe-alert':
      return [
        [textOf(facts['fridge']), textOf(facts['probe']), named(words.alerts, facts['kind'])]
          .filter(isSaid)
          .join(' · '),
      ];
    case 'pair-paused':
      return [
        textOf(facts['system']),
        codedReasonOf(facts, language),
        // Of secrets, the sentence says it all. What a server said stays as it came.
        facts['reasonCode'] === 'secrets-without-value' ? '' : textOf(facts['detail']),
      ].filter(isSaid);
    case 'entity-given-up':
      return [textOf(facts['key']), reasonOf(facts, language), triesOf(facts, words)].filter(isSaid);
    case 'conflict-waiting':
      return [
        textOf(facts['key']),
        [named(words.conflicts, facts['kind']), namesOf(facts['fields'])].filter(isSaid).join(words.colon),
      ].filter(isSaid);
    case 'pair-stale':
      return [words.lagsFor(textOf(facts['minutes']))];
    case 'test':
      return [words.test];
    // Goes out as a letter of its own.
    case 'confirm-address':
      return [];
  }
}

function linkOf({ event, facts, solution }: ClaimedNotification, publicUrl: string): string {
  switch (event) {
    case 'sync-failed':
      return `${publicUrl}/syncs/${textOf(facts['sync'])}`;
    case 'approval-waiting':
      return textOf(facts['pair']) === ''
        ? `${publicUrl}/approvals`
        : `${publicUrl}/pairs/${textOf(facts['pair'])}`;
    case 'pair-paused':
    case 'entity-given-up':
    case 'conflict-waiting':
    case 'pair-stale':
      return `${publicUrl}/pairs/${textOf(facts['pair'])}`;
    case 'solution-stale':
    case 'probe-alert':
      return `${publicUrl}/solutions/${solution?.id ?? ''}`;
    case 'test':
    case 'confirm-address':
      return `${publicUrl}/`;
  }
}

const textOf = (fact: unknown): string =>
  typeof fact === 'string' || typeof fact === 'number' ? String(fact) : '';

/** Why, in the reader's language; what an earlier version noted is in English alone. */
const reasonOf = (facts: ClaimedNotification['facts'], language: Language): string =>
  codedReasonOf(facts, language) || textOf(facts['reason']);

/** Empty: no reason of ours was noted. */
function codedReasonOf(facts: ClaimedNotification['facts'], language: Language): string {
  const why = storedReason(textOf(facts['reasonCode']) || null, facts['reasonValues']);
  return why === null ? '' : reasonIn(language, why, null);
}

/** What is refused at once has no number of attempts to tell. */
const triesOf = ({ attempts }: ClaimedNotification['facts'], words: Words): string =>
  typeof attempts === 'number' && attempts > 1 ? words.givenUpAfter(attempts) : '';

const namesOf = (fact: unknown): string =>
  (Array.isArray(fact) ? fact.map(textOf).filter(isSaid) : []).join(', ');

/** Without a name, the value itself is used. */
const named = (names: Readonly<Record<string, string>>, fact: unknown): string => {
  const text = textOf(fact);
  return Object.hasOwn(names, text) ? (names[text] ?? text) : text;
};

const isSaid = (text: string) => text !== '';

const dateOf = (at: Date, language: MailLanguage, timeZone: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'long', timeZone }).format(at);
