import type { Channel } from '../../shared/domain/channel';
import type { MailLanguage, NotificationType } from '../../shared/domain/notification';
import type { ProbeAlertKind } from '../../shared/domain/probe-alert';

/** What letters say, in one language. */
export interface Words {
  readonly titles: Readonly<Record<NotificationType, string>>;
  readonly colon: string;
  readonly channel: string;
  readonly channels: Readonly<Record<Channel, string>>;
  readonly alerts: Readonly<Record<ProbeAlertKind, string>>;
  /** By the kind of a conflict. */
  readonly conflicts: Readonly<Record<ConflictKind, string>>;
  /** Of a pair, by what has to be approved. */
  readonly waitingWork: Readonly<Record<'changes' | 'deletions', string>>;
  readonly givenUpAfter: (attempts: number) => string;
  readonly test: string;
  readonly footer: string;
  readonly several: (count: number) => string;
  readonly silentFor: (hours: string) => string;
  readonly lagsFor: (minutes: string) => string;
  /** `entities`: how many; empty: not known. */
  readonly waits: (kind: string, entities: string) => string;
}

type ConflictKind = 'fields' | 'deletion' | 'place' | 'match' | 'name' | 'flip';

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
  conflicts: {
    fields: 'Both sides changed the same fields',
    deletion: 'One side deleted it, the other changed it',
    place: 'Both sides moved it',
    match: 'Several records could be the same',
    name: 'Another record has its name',
    flip: 'A field goes back and forth',
  },
  waitingWork: { changes: 'Changes wait for a decision.', deletions: 'Deletions wait for a decision.' },
  givenUpAfter: (attempts) => `Given up after ${attempts} attempts.`,
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
  conflicts: {
    fields: 'Les deux côtés ont modifié les mêmes champs',
    deletion: 'Un côté a supprimé la fiche, l’autre l’a modifiée',
    place: 'Les deux côtés ont déplacé la fiche',
    match: 'Plusieurs fiches pourraient être la même',
    name: 'Une autre fiche porte déjà ce nom',
    flip: 'Un champ change sans cesse dans un sens puis dans l’autre',
  },
  waitingWork: {
    changes: 'Des modifications attendent une décision.',
    deletions: 'Des suppressions attendent une décision.',
  },
  givenUpAfter: (attempts) => `Abandon après ${attempts} tentatives.`,
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

export const inLanguage: Readonly<Record<MailLanguage, Words>> = { en: english, fr: french };
