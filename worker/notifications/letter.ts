import { labelOf } from '../../shared/catalog/labels';
import { reasonIn } from '../../shared/catalog/tell-reason';
import type { Channel } from '../../shared/domain/channel';
import type { Language } from '../../shared/domain/language';
import type { ProbeAlertKind } from '../../shared/domain/probe-alert';
import { storedReason } from '../../shared/formats/stored-reason';
import type { MailLanguage, NotificationType } from '../../shared/domain/notification';
import type { ClaimedNotification } from '../../shared/stores/notifications/notification-store';

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
      if (textOf(facts['pair']) !== '') return [textOf(facts['kind'])];
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
      return [textOf(facts['system']), textOf(facts['detail'])].filter(isSaid);
    case 'entity-given-up':
      return [textOf(facts['key']), textOf(facts['reason'])].filter(isSaid);
    case 'conflict-waiting':
      return [textOf(facts['key'])].filter(isSaid);
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
function reasonOf(facts: ClaimedNotification['facts'], language: Language): string {
  const why = storedReason(textOf(facts['reasonCode']) || null, facts['reasonValues']);
  return why === null ? textOf(facts['reason']) : reasonIn(language, why, null);
}

/** Without a name, the value itself is used. */
const named = (names: Readonly<Record<string, string>>, fact: unknown): string => {
  const text = textOf(fact);
  return Object.hasOwn(names, text) ? (names[text] ?? text) : text;
};

const isSaid = (text: string) => text !== '';

const dateOf = (at: Date, language: MailLanguage, timeZone: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'long', timeZone }).format(at);

interface Words {
  readonly titles: Readonly<Record<NotificationType, string>>;
  readonly colon: string;
  readonly channel: string;
  readonly channels: Readonly<Record<Channel, string>>;
  readonly alerts: Readonly<Record<ProbeAlertKind, string>>;
  readonly test: string;
  readonly footer: string;
  readonly several: (count: number) => string;
  readonly silentFor: (hours: string) => string;
  readonly lagsFor: (minutes: string) => string;
  /** `entities`: how many; empty: not known. */
  readonly waits: (kind: string, entities: string) => string;
}

const english: Words = {
  titles: {
    'sync-failed': 'A sync has failed',
    'solution-stale': 'A solution is silent',
    'approval-waiting': 'An approval waits',
    'probe-alert': 'A probe is in alert',
    'pair-paused': 'A pair of systems is paused',
    'entity-given-up': 'Something of a pair was given up',
    'conflict-waiting': 'A conflict of a pair waits',
    'pair-stale': 'A pair of systems lags behind',
    test: 'This is a test',
    'confirm-address': 'Please confirm your address',
  },
  colon: ': ',
  channel: 'Channel',
  channels: { synchro: 'settings and logs', sondes: 'probes', messagerie: 'messages', photos: 'photos' },
  alerts: { high: 'too warm', low: 'too cold', 'signal-lost': 'signal lost', 'low-battery': 'battery low' },
  test: 'Someone asked for it in the backoffice. All is well.',
  footer: 'The ePack server sends this to those whom its backoffice lists under notifications.',
  several: (count) => `${count} notifications`,
  silentFor: (hours) => `No finished sync for ${hours} hours.`,
  lagsFor: (minutes) => `What is due has waited for ${minutes} minutes.`,
  waits: (kind, entities) => {
    if (entities === '') return 'a replacement of readings waits for a decision.';
    return `${entities} ${kind === 'changes' ? 'changes' : 'deletions'} wait for a decision.`;
  },
};

const french: Words = {
  titles: {
    'sync-failed': 'Une synchronisation a échoué',
    'solution-stale': 'Une solution ne se manifeste plus',
    'approval-waiting': 'Une approbation est attendue',
    'probe-alert': 'Une sonde est en alerte',
    'pair-paused': 'Une paire de systèmes est en pause',
    'entity-given-up': 'Un élément d’une paire a été abandonné',
    'conflict-waiting': 'Un conflit d’une paire attend une décision',
    'pair-stale': 'Une paire de systèmes a pris du retard',
    test: 'Ceci est un essai',
    'confirm-address': 'Merci de confirmer votre adresse',
  },
  colon: ' : ',
  channel: 'Canal',
  channels: { synchro: 'réglages et relevés', sondes: 'sondes', messagerie: 'messages', photos: 'photos' },
  alerts: {
    high: 'trop chaud',
    low: 'trop froid',
    'signal-lost': 'signal perdu',
    'low-battery': 'pile faible',
  },
  test: 'Quelqu’un l’a demandé dans le backoffice. Tout va bien.',
  footer:
    'Le serveur ePack envoie ceci aux destinataires inscrits sous « notifications » dans le backoffice.',
  several: (count) => `${count} notifications`,
  silentFor: (hours) => `Aucune synchronisation terminée depuis ${hours} heures.`,
  lagsFor: (minutes) => `Le plus ancien élément à traiter attend depuis ${minutes} minutes.`,
  waits: (kind, entities) => {
    if (entities === '') return 'un remplacement de relevés attend une décision.';
    return `${entities} ${kind === 'changes' ? 'modifications attendent' : 'suppressions attendent'} une décision.`;
  },
};

const inLanguage: Readonly<Record<MailLanguage, Words>> = { en: english, fr: french };
