import type { Request } from 'express';
import type { SyncState } from '../../../shared/domain/sync-state';
import type { Statut } from '../../../shared/domain/statut';

const english = {
  language: 'en',
  title: 'ePack synchronisation server',
  about:
    'This server exchanges settings, readings, messages and photos with the ePack solutions of professional kitchens.',
  health: 'Health',
  parts: { database: 'Database', queue: 'Queue', files: 'File store' },
  up: 'works',
  down: 'out of reach',
  signIn: 'Sign in',
  signOut: 'Sign out',
  email: 'E-mail',
  password: 'Password',
  wrongCredentials: 'Unknown e-mail or wrong password.',
  tooManyAttempts: 'Too many attempts. Wait five minutes and try again.',
  failed: 'That did not work. Try again.',
  solutions: 'Solutions',
  noSolutions: 'There is no solution yet.',
  solution: 'Solution',
  account: 'Account',
  lastSync: 'Last sync',
  never: 'never',
  alerts: 'Alerts',
  blocked: 'blocked',
  locked: 'locked',
  status: { 0: 'idle', 1: 'processing', 2: 'to fetch' } satisfies Record<Statut, string>,
  nextPage: 'Next page',
  backToSolutions: 'All solutions',
  syncs: 'Last syncs',
  noSyncs: 'This solution has not synchronised yet.',
  received: 'Received',
  channel: 'Channel',
  state: 'State',
  inserted: 'New',
  updated: 'Changed',
  deleted: 'Deleted',
  duplicates: 'Known',
  conflicts: 'Conflicts',
  rejections: 'Rejected',
  states: {
    receiving: 'being received',
    queued: 'waiting',
    processing: 'processing',
    ready: 'to fetch',
    failed: 'failed',
    confirmed: 'done',
    abandoned: 'abandoned',
  } satisfies Record<SyncState, string>,
};

export type Words = { readonly [Name in keyof typeof english]: (typeof english)[Name] };

const french: Words = {
  language: 'fr',
  title: 'Serveur de synchronisation ePack',
  about:
    'Ce serveur échange réglages, relevés, messages et photos avec les solutions ePack des cuisines professionnelles.',
  health: 'État',
  parts: { database: 'Base de données', queue: 'File d’attente', files: 'Fichiers' },
  up: 'en service',
  down: 'injoignable',
  signIn: 'Se connecter',
  signOut: 'Se déconnecter',
  email: 'Adresse e-mail',
  password: 'Mot de passe',
  wrongCredentials: 'Adresse inconnue ou mot de passe erroné.',
  tooManyAttempts: 'Trop de tentatives. Patientez cinq minutes, puis réessayez.',
  failed: 'Cela n’a pas fonctionné. Réessayez.',
  solutions: 'Solutions',
  noSolutions: 'Il n’y a encore aucune solution.',
  solution: 'Solution',
  account: 'Compte',
  lastSync: 'Dernière synchro',
  never: 'jamais',
  alerts: 'Alertes',
  blocked: 'bloquée',
  locked: 'verrouillée',
  status: { 0: 'libre', 1: 'en cours', 2: 'à récupérer' },
  nextPage: 'Page suivante',
  backToSolutions: 'Toutes les solutions',
  syncs: 'Dernières synchronisations',
  noSyncs: 'Cette solution ne s’est pas encore synchronisée.',
  received: 'Reçue',
  channel: 'Canal',
  state: 'État',
  inserted: 'Nouveaux',
  updated: 'Modifiés',
  deleted: 'Supprimés',
  duplicates: 'Connus',
  conflicts: 'Conflits',
  rejections: 'Rejetés',
  states: {
    receiving: 'en réception',
    queued: 'en attente',
    processing: 'en cours',
    ready: 'à récupérer',
    failed: 'échec',
    confirmed: 'terminée',
    abandoned: 'abandonnée',
  },
};

/** In the language that the browser asks for; English where it asks for another. */
export function wordsFor(request: Request): Words {
  return request.acceptsLanguages('en', 'fr') === 'fr' ? french : english;
}

/** e.g. `3 minutes ago`. */
export function ageText(words: Words, time: Date): string {
  const seconds = Math.max(0, Math.round((Date.now() - time.getTime()) / 1000));
  const [size, unit] = ageUnits.find(([unitSeconds]) => seconds >= unitSeconds) ?? ([1, 'second'] as const);
  return new Intl.RelativeTimeFormat(words.language).format(-Math.floor(seconds / size), unit);
}

/** On the clock of the kitchen. */
export function timeText(words: Words, time: Date, timezone: string): string {
  const style = { dateStyle: 'short', timeStyle: 'medium', timeZone: timezone } as const;
  return new Intl.DateTimeFormat(words.language, style).format(time);
}

const ageUnits = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;
