import type { Channel } from '../../../../../shared/domain/channel';
import type { Flag } from '../../../../../shared/domain/flag';
import type {
  Confirmation,
  LoginPolicy,
  SolutionState,
} from '../../../../../shared/domain/solution-settings';
import type { Statut } from '../../../../../shared/domain/statut';

/** Texts of the list of solutions, and of enrolling one. */
export const solutionsEnglish = {
  solutions: 'Solutions',
  solution: 'Solution',
  account: 'Account',
  search: 'Search',
  searchHint: 'Name or mail',
  noSolutions: 'There is no solution yet',
  noSolutionsAdvice: 'Enrol the first one. It gets a secret to sign in with.',
  solutionStates: {
    active: 'active',
    blocked: 'blocked',
    locked: 'locked',
    busy: 'busy',
  } satisfies Record<SolutionState, string>,
  blocked: 'blocked',
  locked: 'locked',
  tick: (name: string) => `Tick ${name}`,
  tickAll: 'Tick all on this page',
  enrolSolution: 'Enrol a solution',
  enrol: 'Enrol',
  noAccountGiven: 'You have no account yet',
  noAccountGivenAdvice:
    'An administrator must give you access to an account first. You then see its solutions.',
  mail: 'E-mail address of the solution',
  mailHint: 'The device signs in with this address.',
  loginPolicy: 'Signs in with',
  loginPolicies: { secret: 'its secret', mac: 'its MAC address alone (older devices)' } satisfies Record<
    LoginPolicy,
    string
  >,
  confirmation: 'A package counts as carried out',
  confirmations: {
    explicit: 'when the solution confirms it',
    'on-download': 'when it has been downloaded (older devices)',
  } satisfies Record<Confirmation, string>,
  timezone: 'Time zone',
  timezoneHint: 'e.g. Europe/Paris, Indian/Reunion',
  newSecret: 'A new secret',
  secret: 'Secret',
  shownOnce: 'Write it down now. It will never be shown again.',
  toTheSolution: 'Go to the solution',
  flagsForMany: 'Set a flag for many',
  flag: 'Flag',
  forWhich: 'For',
  tickedOnes: 'the ticked ones',
  allThatTheFilterFinds: 'all that match the filter',
  setFlag: 'Set the flag',
  confirmBulk: 'Set this flag for all of the chosen solutions?',
  flagNames: {
    'replace-from-manager': 'Replace everything on the solution',
    'replace-from-solution': 'Replace everything on the manager',
    'resend-logs': 'Solution sends its readings again',
    'resend-params': 'Manager sends all settings again',
    'rebuild-photo-index': 'Rebuild the photo index',
    'reset-status': 'Reset the channel now',
  } satisfies Record<Flag, string>,
  channel: 'Channel',
  channels: {
    synchro: 'Settings and logs',
    sondes: 'Probes',
    messagerie: 'Messages',
    photos: 'Photos',
  } satisfies Record<Channel, string>,
  statuts: { 0: 'idle', 1: 'processing', 2: 'to fetch' } satisfies Record<Statut, string>,
};

export type SolutionsWords = typeof solutionsEnglish;
