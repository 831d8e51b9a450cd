import {
  confirmAddressPath,
  confirmationHours,
  type MailLanguage,
  type NotificationEvent,
} from '../../shared/domain/notification';
import type { ClaimedTarget } from '../../shared/stores/notifications/notification-store';
import type { Letter } from './letter';

type Question = Pick<ClaimedTarget, 'language' | 'events' | 'accountName'>;

/**
 * Asks the owner of an address whether notifications may come. `token`: what the link is worth. `publicUrl` null: the
 * reader opens the page by themselves, and types the code there.
 */
export function confirmationLetter(
  { language, events, accountName }: Question,
  token: string,
  publicUrl: string | null,
): Letter {
  const words = inLanguage[language];
  const way =
    publicUrl === null
      ? words.byCode(token)
      : words.byLink(`${publicUrl}${confirmAddressPath}?token=${token}`);
  const list = events.map((event) => `- ${words.events[event]}`).join('\n');
  const paragraphs = [words.who(accountName), list, way, words.otherwise];
  return { subject: `[ePack] ${words.subject}`, text: `${paragraphs.join('\n\n')}\n` };
}

interface Words {
  readonly subject: string;
  readonly who: (account: string | null) => string;
  readonly events: Readonly<Record<NotificationEvent, string>>;
  readonly byLink: (url: string) => string;
  readonly byCode: (code: string) => string;
  readonly otherwise: string;
}

const english: Words = {
  subject: 'Please confirm your address',
  who: (account) =>
    `Someone has entered this address in ePack${account === null ? '' : ` for ${account}`}. ePack will then notify you by e-mail when`,
  events: {
    'sync-failed': 'a synchronisation has failed',
    'solution-stale': 'a solution has not been heard from',
    'approval-waiting': 'an approval is waiting',
    'probe-alert': 'a probe is in alert',
    'pair-paused': 'a pair of systems is paused',
    'entity-given-up': 'a record of a pair was given up',
    'conflict-waiting': 'a conflict of a pair is waiting',
    'pair-stale': 'a pair of systems lags behind',
  },
  byLink: (url) =>
    `If this is right, open this page and confirm it there. The link works once, within ${confirmationHours} hours.\n\n${url}`,
  byCode: (code) =>
    `If this is right, open the page ${confirmAddressPath} of your ePack server and enter this code. It works once, within ${confirmationHours} hours.\n\n${code}`,
  otherwise: 'If you did not expect this, do nothing: no notification will be sent to you.',
};

const french: Words = {
  subject: 'Merci de confirmer votre adresse',
  who: (account) =>
    `Quelqu’un a inscrit cette adresse dans ePack${account === null ? '' : ` pour ${account}`}, pour être prévenu par e-mail lorsque`,
  events: {
    'sync-failed': 'une synchronisation a échoué',
    'solution-stale': 'une solution ne se manifeste plus',
    'approval-waiting': 'une approbation est attendue',
    'probe-alert': 'une sonde est en alerte',
    'pair-paused': 'une paire de systèmes est en pause',
    'entity-given-up': 'un élément d’une paire a été abandonné',
    'conflict-waiting': 'un conflit d’une paire attend une décision',
    'pair-stale': 'une paire de systèmes a pris du retard',
  },
  byLink: (url) =>
    `Si c’est bien le cas, ouvrez cette page et confirmez. Le lien fonctionne une seule fois, pendant ${confirmationHours} heures.\n\n${url}`,
  byCode: (code) =>
    `Si c’est bien le cas, ouvrez la page ${confirmAddressPath} de votre serveur ePack et saisissez ce code. Il fonctionne une seule fois, pendant ${confirmationHours} heures.\n\n${code}`,
  otherwise: 'Si vous n’y êtes pour rien, ne faites rien : aucune notification ne vous sera envoyée.',
};

const inLanguage: Readonly<Record<MailLanguage, Words>> = { en: english, fr: french };
