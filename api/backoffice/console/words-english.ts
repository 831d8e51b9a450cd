import type { Direction } from '../../../shared/catalog/parameter-classes';
import type { AuditAction } from '../../../shared/domain/audit-action';
import type { Channel } from '../../../shared/domain/channel';
import type { Flag } from '../../../shared/domain/flag';
import type { HoldReason } from '../../../shared/domain/successor';
import type { Side } from '../../../shared/domain/merge';
import type { MessageKind } from '../../../shared/domain/message';
import type {
  MailLanguage,
  NotificationState,
  NotificationType,
  TargetKind,
} from '../../../shared/domain/notification';
import type { ProbeAlertKind, ProbeAlertState } from '../../../shared/domain/probe-alert';
import type { ProbeEventText } from '../../../shared/domain/probe-event';
import type { QuarantineState } from '../../../shared/domain/quarantine-state';
import type { Language } from '../../../shared/domain/language';
import { faultText } from '../../../shared/domain/field-fault';
import type { QuotaName } from '../../../shared/domain/quota';
import type { RefusalCode } from '../../../shared/domain/refusal';
import type { UnreadableTs } from '../../../shared/domain/report';
import type { ReportTotals } from '../../../shared/domain/report-totals';
import type { Confirmation, LoginPolicy, SolutionState } from '../../../shared/domain/solution-settings';
import type { Role } from '../../../shared/domain/staff';
import type { Statut } from '../../../shared/domain/statut';
import type { SyncState } from '../../../shared/domain/sync-state';
import type { ApprovalKind, ApprovalState } from '../../../shared/stores/parameters/approval-store';
import type { ConflictState } from '../../../shared/stores/parameters/conflict-store';
import type { CountedFinding } from '../services/support';
import { pairsEnglish } from './words-english-pairs';
import type { SignInMethod } from '../../../shared/stores/staff/session-store';

const several = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

/** Why a row, an entity, a file or a photo was refused, and what to do about it. */
export interface Refusal {
  readonly why: string;
  readonly advice: string;
}

const refusedBecause: Readonly<Record<RefusalCode, Refusal>> = {
  'above-limit': {
    why: 'One synchronisation may not change so much of this class.',
    advice: 'If the change is right, process it again; otherwise discard it.',
  },
  'bad-entity': { why: 'The setting cannot be read.', advice: 'Correct its text and process it again.' },
  'bad-header': {
    why: 'The first line of the file does not name its columns.',
    advice: 'Correct the file and process it again.',
  },
  'bad-id': {
    why: 'This Id cannot be stored.',
    advice:
      'Correct it and process it again. A reading has a whole number, a setting a short text without spaces.',
  },
  'bad-photo': {
    why: 'The photo is damaged, or it is not a picture.',
    advice: 'Ask the kitchen to take it again, then discard this one.',
  },
  'bad-quote': {
    why: 'There is a quotation mark where none is allowed.',
    advice: 'Correct the line and process it again.',
  },
  'bad-statement': {
    why: 'What the device reports about itself cannot be read.',
    advice:
      'The rest of its package was applied. If this happens again, have the program on the device updated. You can discard this item.',
  },
  'bad-value': {
    why: 'A value is impossible, or it is not written in the right form.',
    advice: 'Correct it and process it again.',
  },
  'duplicate-column': {
    why: 'The file names the same column twice.',
    advice: 'Correct its first line and process it again.',
  },
  'duplicate-id': {
    why: 'The file contains this Id twice.',
    advice: 'Correct the Id and process the row again, or discard it.',
  },
  'flip-flop': {
    why: 'Two people or programs keep undoing each other’s change.',
    advice:
      'Find out which value is right and set it here. After an hour, the next synchronisation continues by itself.',
  },
  'id-conflict': {
    why: 'The server has a different reading with this Id.',
    advice:
      'A device that was restored or copied often starts numbering again. Check the device, then discard this row, or give it a free Id and process it again.',
  },
  'id-jump': {
    why: 'The Id is far above every Id that this device has used so far. Perhaps a bar code is in the wrong column, or the device was restored.',
    advice:
      'If the number is right, process the row again: the server then accepts Ids up to it. Otherwise correct the Id, or discard the row.',
  },
  'malformed-xml': { why: 'The file is not well-formed XML.', advice: 'Correct it and process it again.' },
  'missing-id': { why: 'It has no Id.', advice: 'Give it a free Id and process it again, or discard it.' },
  'no-id-column': {
    why: 'The file has no column Id.',
    advice: 'Correct its first line and process it again.',
  },
  'quarantine-full': {
    why: 'The kitchen already has as many open items in quarantine as it may have. Those that came later are counted in this one.',
    advice:
      'Deal with the others first. The upload is kept as long as this item is open: then process the upload again, and discard this item.',
  },
  'row-too-large': {
    why: 'The row is longer than the server accepts.',
    advice: 'Shorten it and process it again, or discard it.',
  },
  'too-large': {
    why: 'It is larger than the server accepts.',
    advice: 'Shorten its text and send that, or discard it.',
  },
  'too-many-columns': {
    why: 'The file has more unknown columns than this log may have.',
    advice:
      'Have the program on the device checked. If the columns are wanted, an admin can allow more of them in the settings of the kitchen. Then process the file again.',
  },
  'unknown-message': {
    why: 'The receipt is for a message that the server never sent.',
    advice: 'You can discard it.',
  },
  'unterminated-quote': {
    why: 'A quotation mark is opened but never closed.',
    advice: 'Correct the line and process it again.',
  },
  'wrong-cell-count': {
    why: 'The row does not have as many values as the file has columns.',
    advice: 'Correct it and process it again.',
  },
};

/** Of errors, by their code. None: what the server says of them is in English already. */
const problems: Readonly<Record<string, string>> = {};

/** Every text of the pages. A language that lacks one does not compile. */
export type Words = Omit<typeof english, 'language'> & { readonly language: Language };

export const english = {
  language: 'en' as const,
  /** How dates and numbers are written. */
  locale: 'en-GB',
  byte: 'B',
  /** Between a name and what it is. */
  colon: ': ',

  /** Systems and pairs. */
  pairs: pairsEnglish,

  // Everywhere
  title: 'ePack synchronisation server',
  about:
    'It exchanges settings, readings, messages and photos with the ePack solutions of professional kitchens.',
  skipToContent: 'Skip to the content',
  mainMenu: 'Main menu',
  youAreHere: 'You are here',
  pages: 'Pages',
  nextPage: 'Next page',
  waiting: 'Waiting for someone',
  signIn: 'Sign in',
  signInWith: (provider: string) => `Sign in with ${provider}`,
  signOut: 'Sign out',
  email: 'E-mail',
  password: 'Password',
  wrongCredentials: 'Unknown e-mail or wrong password.',
  tooManyAttempts: 'Too many attempts. Wait five minutes and try again.',
  failed: 'That did not work. Try again.',
  refusals: {
    unknown: 'Your sign-in is known, but nobody has given you access here. Ask an admin.',
    expired:
      'The sign-in took too long, was begun in another browser, or has been used already. Begin again.',
    unverified: 'Your identity provider has not verified your e-mail address.',
    'other-person': 'This e-mail address belongs to another sign-in. Ask an admin.',
    'no-role': 'Your identity provider gives you no role here. Ask an admin.',
    away: 'The identity provider cannot be reached. Try again in a minute, or use your password.',
    'too-many': 'Too many attempts. Wait five minutes and try again.',
    refused: 'The identity provider did not let you in.',
  },
  toStart: 'Go to the start page',
  parts: { database: 'Database', queue: 'Queue', files: 'File store', room: 'File store' },
  up: 'healthy',
  down: 'cannot be reached',
  full: 'full',
  all: 'All',
  active: 'active',
  yes: 'yes',
  no: 'no',
  never: 'never',
  state: 'State',
  time: 'Time',
  find: 'Find',
  show: 'Show',
  save: 'Save',
  delete: 'Delete',
  send: 'Send',
  look: 'Look',
  correct: 'Correct',
  decide: 'Decide',
  replay: 'Process again',
  name: 'Name',
  text: 'Text',
  file: 'File',
  line: 'line',
  code: 'Code',
  reason: 'Reason',
  created: 'Created',
  deleted: 'deleted',
  changed: 'Changed',
  loading: 'Loading…',
  readOnly: 'With your role, you can look at this but not change it.',
  noReason: 'No reason was given.',
  nothingFound: 'Nothing found',
  nothingFoundAdvice: 'Search for a part of a name or an e-mail address, or show all states.',
  formIsKept: 'Your session has ended. What you entered is kept: sign in, and you will find it again.',
  formIsBack:
    'Your session had ended before this could be sent. What you entered is shown below. It is not saved yet.',
  done: {
    saved: 'Saved.',
    unchanged: 'Nothing was changed.',
    accepted: 'Accepted. The readings are being counted again now.',
    retired: 'The solution is retired. What it sent is kept.',
    'read-anew': 'The server is now reading these times again. Open this page again to follow its progress.',
    deleted: 'Deleted. The solution will learn of it with its next synchronisation.',
    'second-factor-off': 'The second factor is removed. The password alone is now enough to sign in.',
    'flag-set': 'The flag is set.',
    'flag-cleared': 'The flag is cleared.',
    'flags-set': 'The flag is set for all of them.',
    replayed: 'It is being processed again. This page shows the progress.',
    discarded: 'Discarded.',
    decided: 'Decided. The solution will learn of it with its next synchronisation.',
    approved: 'Approved.',
    rejected: 'Rejected. Nothing is deleted.',
    'acknowledged-many': 'It is noted that you have seen them.',
    acknowledged: 'It is noted that you have seen the alert.',
    'test-sent': 'A test is on its way. Its state is shown below.',
    'owner-asked': 'The confirmation e-mail is on its way. Its state is shown below.',
    'session-ended': 'The session has ended.',
    paused: 'Paused.',
    resumed: 'Resumed. The work goes on now.',
    probed: 'Probed. What was found stands below.',
    'run-asked': 'Asked for. A worker begins within seconds.',
    'look-asked': 'Asked for. A worker looks at it within seconds.',
    'plan-approved': 'Approved. A worker carries it out now, and the pair runs from now on.',
    'plan-rejected': 'Rejected. Nothing was written.',
    joined: 'Joined. A worker compares the two within seconds.',
    unlinked: 'Parted. Both stay as they are.',
    'pair-decided': 'Decided. A worker carries it out within seconds.',
    'pair-rejected': 'Rejected. Both sides stay as they are.',
    'message-sent': 'The message will be sent with the next synchronisation.',
  },
  problems,
  /** What is wrong with a field. */
  fault: faultText,
  problemSeparator: '; ',
  problemOf: (field: string, fault: string) => `${field}: ${fault}`,
  errors: {
    absent: 'Page not found',
    absentAdvice: 'It may have been removed, or it belongs to an account that you cannot see.',
    forbidden: 'You are not allowed to do this',
    forbiddenAdvice:
      'Your role does not allow it, or the page was open for too long. Go back, reload it and try again.',
    busy: 'The channel is busy',
    busyAdvice:
      'A synchronisation is in progress. Wait until it is finished, or reset the channel with a flag.',
    stale: 'Someone else changed this first',
    staleAdvice: 'It has changed since you opened it. Look at the current values and try again.',
    unavailable: 'A part of the server cannot be reached',
    unavailableAdvice: 'Nothing is lost. Try again in a minute.',
    tooMany: 'Too many requests',
    tooManyAdvice: (minutes: number) =>
      `Nothing was done. Try again in ${several(minutes, 'minute', 'minutes')}.`,
    refused: 'This cannot be done',
    refusedAdvice: 'Go back and correct what is wrong:',
    unforeseen: 'Something went wrong on the server',
    unforeseenAdvice:
      'The error has been recorded. Try again. If it happens again, tell the person who runs the server.',
  },

  // Overview
  overview: 'Overview',
  alertsToSee: 'alerts to see',
  inQuarantine: 'in quarantine',
  conflictsToDecide: 'conflicts to decide',
  approvalsToDecide: 'approvals waiting',
  openJobs: 'open jobs',
  oldest: 'oldest',
  allPartsUp: 'database, queue, file store',
  syncsPerMinute: 'Synchronisations per minute',
  inTheLastHour: (count: string) => `${count} in the last hour`,
  noSyncsInTheLastHour: 'None in the last hour',
  most: (count: string) => `at most ${count}`,
  now: 'now',
  channelsByStatus: 'Channels by status',
  failedSyncs: 'Failed synchronisations',
  inTheLastDay: 'last 24 hours',
  noFailedSyncs: 'None failed',
  silentSolutions: 'Silent solutions',
  moreThanADay: 'for more than a day',
  noSilentSolutions: 'All heard from',

  // Solutions
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

  // One solution
  aboutThisSolution: 'About this solution',
  tabs: {
    now: 'Now',
    syncs: 'Synchronisations',
    params: 'Settings of the kitchen',
    readings: 'Readings',
    temperatures: 'Temperatures',
    alerts: 'Alerts',
    photos: 'Photos',
    messages: 'Messages',
    settings: 'Device and access',
  },
  noSuchZone: (zone: string) =>
    `Its time zone, “${zone}”, does not exist. Times are shown in UTC until someone sets a valid one.`,
  version: 'Version',
  allWell: 'All is well',
  allWellMeaning: 'The last synchronisations finished, and nothing needs your attention.',
  andMore: {
    alert: (count: number) => several(count, 'more alert', 'more alerts'),
    quarantined: (count: number) => several(count, 'more in quarantine', 'more in quarantine'),
    conflict: (count: number) => several(count, 'more conflict', 'more conflicts'),
    approval: (count: number) => several(count, 'more approval', 'more approvals'),
    'instruction-failed': (count: number) =>
      several(
        count,
        'more setting that could not be carried out',
        'more settings that could not be carried out',
      ),
  } satisfies Record<CountedFinding, (count: number) => string>,
  moreAdvice:
    'Only the most serious or the newest ones are shown here. You find all of them in their own list.',
  toLookAt: (count: number) => several(count, 'thing to look at', 'things to look at'),
  neverFinished: 'Has never finished',
  lastFinished: 'Last finished',
  lastSync: 'Last synchronisation',
  syncUnderWay: 'Synchronisation in progress',
  everythingOf: 'Everything about this solution:',
  lastSyncs: 'Last synchronisations',
  allSyncs: 'All of them',
  noSyncs: 'No synchronisation yet',
  flags: 'Flags',
  noFlags: 'No flag is set. A flag asks the next synchronisation to do something special.',
  setByWhom: (email: string) => `by ${email}`,
  beingHonoured: 'being carried out',
  clear: 'Clear',
  clearFlag: (flag: string) => `Clear: ${flag}`,
  set: 'set',
  findings: {
    blocked: 'This solution is blocked',
    blockedAdvice: 'It cannot sign in. Unblock it when the problem is solved.',
    locked: 'This solution is locked',
    lockedWhy: 'A device with a different MAC address has tried to sign in.',
    noSecret: {
      nothing: 'It signs in with its e-mail address alone',
      mac: 'It signs in without a secret',
    },
    noSecretWhy: {
      nothing: 'Any device that knows the address can send and read its data.',
      mac: 'It only shows its MAC address, and a MAC address is not a secret.',
    },
    noSecretAdvice:
      'Make a new secret, enter it on the device, then set the solution to sign in with its secret. If the device is too old for that, bind it to its MAC address at least: forget the old one.',
    refusedMac: 'Another device tried to sign in as this one',
    refusedMacAdvice:
      'It was refused. If the kitchen has a new device, forget the old MAC address. If not, find out who tried.',
    lockedAdvice:
      'If the kitchen has a new device, forget the old MAC address and unlock the solution. If not, find out who tried.',
    never: 'It has never synchronised',
    neverAdvice:
      'Check that the device is connected to the network, and that the e-mail address and the secret were entered correctly.',
    silent: 'It has not been heard from',
    silentAdvice:
      'Ask whether the device is switched on and connected to the network. Nothing is lost: the device sends what it has kept.',
    clock: 'The clock of the device is wrong',
    clockWhy: (duration: string, isAhead: boolean) => `It is ${duration} ${isAhead ? 'ahead' : 'behind'}.`,
    clockAdvice: 'Ask the kitchen to set the clock. Readings are dated by the clock of the device.',
    silentTable: (table: string) => `No rows for seven days: ${table}`,
    silentTableAdvice:
      'Ask whether the kitchen still records this, and whether the device was restored or replaced. If it was, have it send its readings again.',
    unbalanced: (table: string) => `Readings were lost or added outside the server: ${table}`,
    lostRows: (ids: string) => `These were stored and are missing now: Id ${ids}.`,
    unknownRows: (ids: string) => `No upload contained these: Id ${ids}.`,
    unbalancedAdvice:
      'Someone changed the database without the server. Ask the kitchen to send its readings again (“resend-logs”), or restore them from a backup. The server checks again as soon as readings come. If nobody has them any more, accept the loss: they then count as absent.',
    acceptLosses: 'Accept the loss',
    confirmAcceptLosses:
      'Accept that these readings are lost? The audit trail records that you did. A reading that comes later is still stored.',
    impossibleTimes: (table: string) => `Times that cannot be right: ${table}`,
    impossibleTimesWhy: (count: string) =>
      `In total, ${count} are dated before 2010 or more than a day after they were received.`,
    impossibleTimesAdvice:
      'Ask the kitchen to set the clock of the device. These readings are kept. Their age counts from the day on which they were received.',
    failed: (channel: string) => `The last synchronisation failed: ${channel}`,
    thisFailed: 'This synchronisation failed',
    failedAdvice:
      'None of it was applied, and the upload is kept. Process it again once the cause is removed.',
    allIgnored: (channel: string) => `Nothing in the last upload was read: ${channel}`,
    allIgnoredAdvice:
      'No file in it is where the server expects one. Ask the person who set up the device: the folders xml, csv and photos must be at the top level of the archive. The upload is kept.',
    processing: (channel: string) => `Processing is taking a long time: ${channel}`,
    processingAdvice: 'Look at its steps. If no worker is running, start one. The job is not lost.',
    notFetched: (channel: string) => `The answer has not been downloaded: ${channel}`,
    notFetchedAdvice:
      'Ask the kitchen to synchronise. If the device was replaced, reset the channel with a flag.',
    alertAdvice: {
      high: 'Call the kitchen. Have the goods moved, and have the door, the load and the cooling checked.',
      low: 'Call the kitchen. Have the thermostat checked, and the goods that must not freeze.',
      'signal-lost': 'Ask whether the probe is in its place, has power, and is close enough to its receiver.',
      'low-battery': 'Have the battery of the probe changed.',
    } satisfies Record<ProbeAlertKind, string>,
    quarantined: {
      row: 'A reading was refused',
      entity: 'A setting was refused',
      file: 'A file was refused',
      photo: 'A photo was refused',
    },
    conflict: 'Both sides changed the same setting',
    conflictAdvice: 'Compare both copies and decide which one is right.',
    approval: (count: number) => `${several(count, 'change waits', 'changes wait')} for an approval`,
    approvalAdvice: 'Ask the kitchen whether it meant to change so much. Then approve or reject.',
    cameBack: (count: number) =>
      `${several(count, 'deleted setting has', 'deleted settings have')} come back from the kitchen`,
    cameBackAdvice:
      'The kitchen entered it again, or its device was restored from an old backup. Delete it again if it should not be there.',
    instruction: (count: number) =>
      `The solution could not carry out an instruction (${several(count, 'attempt', 'attempts')})`,
    instructionAdvice: 'Read the reason, correct the setting and save it. The solution then tries again.',
  },
  worst: (value: string) => `worst ${value}`,
  limitOf: (value: string) => `limit ${value}`,
  after: (duration: string) => `after ${duration}`,
  refusedBecause,
  /** Of a code that an earlier version gave. */
  refusedOtherwise: {
    why: 'It could not be applied.',
    advice: 'Read the reason, correct the text and process it again, or discard it.',
  },
  exactReason: 'Exact reason',

  // Synchronisations
  received: 'Received',
  size: 'Size',
  states: {
    receiving: 'being received',
    queued: 'waiting',
    processing: 'processing',
    ready: 'to fetch',
    failed: 'failed',
    confirmed: 'done',
    abandoned: 'abandoned',
  } satisfies Record<SyncState, string>,
  counts: {
    inserted: 'New',
    updated: 'Changed',
    deleted: 'Deleted',
    unchanged: 'Unchanged',
    duplicates: 'Known',
    conflicts: 'Conflicts',
    held: 'Held',
    rejected: 'Refused',
  } satisfies Record<keyof ReportTotals, string>,
  syncOf: (channel: string) => `Synchronisation: ${channel}`,
  progress: 'Progress',
  isDone: 'done',
  stages: {
    received: 'Received',
    queued: 'Waiting',
    processing: 'Processing',
    processed: 'Answer ready',
    confirmed: 'Carried out',
  },
  underASecond: 'under a second',
  processedIn: (duration: string) => `processed in ${duration}`,
  steps: 'Steps',
  stepNames: {
    received: 'Received',
    queued: 'Queued for a worker',
    processing: 'A worker took it',
    processed: 'Processed',
    downloaded: 'Answer downloaded',
    confirmed: 'Confirmed by the solution',
    'files-removed': 'Files removed by retention',
    'attempt-failed': 'An attempt failed',
    failed: 'Failed for good',
    abandoned: 'Abandoned',
    replay: 'Processed again',
  },
  files: 'Files',
  upload: 'Sent by the solution',
  answer: 'Answer to the solution',
  download: 'Download',
  notKept: 'not kept',
  attempts: 'Attempts',
  confirmReplay: 'Process this upload again?',
  report: 'Report',
  onlyKnown: (count: number) => several(count, 'other without a change', 'others without a change'),
  nothingCame: 'Nothing was sent and nothing changed',
  ignoredFiles: 'Files that the server does not read',
  allIgnored:
    'Nothing in the last upload was read: no file in it is where the server expects one. The folders xml, csv and photos must be at the top level of the archive.',
  earlierPhotoOfName: 'earlier photo with this name',
  missingIds: (table: string, missing: string, ids: string) =>
    `${table}: ${several(Number(missing), 'reading never came', 'readings never came')} (Id ${ids})`,
  drifted: 'The kitchen had something else, and is sent all of',
  cameBack: (className: string, count: number) =>
    `${className}: ${several(count, 'deleted setting came back', 'deleted settings came back')} with other content`,
  /** `found`: the first of them, as it was written. */
  unreadableTs: (className: string, count: number, found: Pick<UnreadableTs, 'id' | 'line' | 'written'>) =>
    `${className}: ${several(count, 'setting has', 'settings have')} a time of change that is not a valid time. It counts as not given: “${found.written}” (Id ${found.id}${found.line === null ? '' : `, line ${found.line}`})`,
  refused: 'Refused',
  allOfThem: 'All of them',

  // Settings of the kitchen
  class: 'Class',
  editedBy: 'Edited by',
  directions: {
    both: 'both sides',
    manager: 'the manager alone',
    solution: 'the solution alone',
  } satisfies Record<Direction, string>,
  entities: 'Entities',
  due: 'to be sent',
  held: 'held',
  parked: 'parked',
  agreed: 'agreed',
  failedTimes: (count: number) => `failed ${count}×`,
  noParams: 'No settings yet',
  noParamsAdvice: 'They arrive with the first synchronisation of the solution.',
  emptyClasses: 'Classes without entities',
  addEntity: 'Add one',
  noEntities: 'Nothing in this class',
  values: 'Values',
  history: 'History',
  entity: 'Entity',
  idHint: 'A number or a word that is unique in its class.',
  fromTo: (from: string, to: string) => `${from} to ${to}`,
  undeclaredFields: (count: number) =>
    `${several(count, 'more field', 'more fields')}, kept as the solution sent them`,
  confirmDelete: 'Delete it on the solution as well?',
  onlySolutionEdits: 'Only the solution edits this class.',
  couldNotCarryOut: (reason: string) => `The solution could not carry it out: ${reason}`,
  fromSync: 'from this synchronisation',
  theSolution: 'the solution',

  // Readings
  table: 'Table',
  highestId: 'Highest Id',
  noReadings: 'No readings',
  noReadingsAdvice: 'They arrive with the first synchronisation of the solution.',
  downloadCsv: (table: string) => `${table} as CSV`,
  downloadForExcel: (table: string) => `${table} for a French Excel`,
  conform: 'conform',
  notConform: 'not conform',

  // Temperatures
  noProbes: 'No probe yet',
  noProbesAdvice:
    'Temperatures of probes arrive on the probe channel. The settings of a fridge name its probe.',
  probe: 'Probe',
  allProbes: 'All probes',
  period: 'Period',
  lastDays: (count: number) => (count === 1 ? 'last day' : `last ${count} days`),
  temperature: 'Temperature',
  lowestToHighest: 'Lowest to highest',
  limit: 'Limit',
  limits: 'Limits',
  noLimits: 'no limits',
  gap: 'No readings',
  chartOf: (probe: string) => `Temperatures of ${probe}. The table below shows the same values.`,
  chartNeedsScript: 'The chart needs JavaScript. The table below shows the same values.',
  chartFailed: 'The chart could not be loaded. The table below shows the same values.',
  noReadingsThen: 'No readings in this period',
  dayByDay: 'Day by day',
  day: 'Day',
  lowest: 'Lowest',
  mean: 'Mean',
  highest: 'Highest',
  readings: 'Readings',
  outOfLimits: 'Out of limits',
  lastReading: 'Last reading',
  neverHeard: 'never heard',
  tooWarm: 'too warm',
  tooCold: 'too cold',
  aboveLimit: (duration: string | null) => `above its limit${duration === null ? '' : ` for ${duration}`}`,
  belowLimit: (duration: string | null) => `below its limit${duration === null ? '' : ` for ${duration}`}`,
  withinLimits: 'within limits',

  // Photos
  noPhotos: 'No photos yet',
  noPhotosAdvice: 'They arrive on the photo channel.',

  // Messages
  noMessages: 'No messages yet',
  noMessagesAdvice: 'Messages, alerts and lab results for this kitchen are listed here, with their receipts.',
  writeMessage: 'Write a message',
  subject: 'Subject',
  messageHint: 'It is sent with the next synchronisation of the messages.',
  messageKinds: {
    message: 'message',
    'probe-alert': 'probe alert',
    analysis: 'lab result',
  } satisfies Record<MessageKind, string>,
  /** What happened to a probe, as the kitchen is told. */
  probeEvents: {
    'too warm': 'too warm',
    'still too warm': 'still too warm',
    'too cold': 'too cold',
    'still too cold': 'still too cold',
    'within its limits again': 'within its limits again',
    'no signal': 'no signal',
    'still no signal': 'still no signal',
    'the signal is back': 'the signal is back',
    'battery low': 'battery low',
    'battery nearly empty': 'battery nearly empty',
    'battery well again': 'battery well again',
  } satisfies Record<ProbeEventText, string>,
  read: 'read',
  delivered: 'delivered',
  /** Of a message that goes down as part of another one. */
  toldInDigest: 'Sent to the kitchen in a digest',
  probeDigest: (alerts: number) => `Digest of ${alerts} ${alerts === 1 ? 'probe alert' : 'probe alerts'}`,
  waitsForSync: 'waits',

  // Device and access
  device: 'Device',
  notBoundYet: 'not bound yet',
  clock: 'Clock',
  clockOff: (duration: string, skew: number) =>
    Math.abs(skew) < 2 ? 'right' : `${duration} ${skew > 0 ? 'ahead' : 'behind'}`,
  enrolled: 'Enrolled',
  access: 'Access',
  accessMeaning: 'Changes here take effect at once.',
  unlock: 'Unlock',
  forgetMac: 'Forget the MAC address',
  ignoreMac: 'Accept any MAC address',
  makeSecret: 'Make a new secret',
  replaceLeaked: 'The secret has leaked: replace it',
  confirmLeaked:
    'End the old secret now? The device is signed out at once, and cannot sign in until someone enters the new secret.',
  confirmSecret:
    'Make a new secret? The old one keeps working until the new one is used, but for 24 hours at most.',
  block: 'Block',
  unblock: 'Unblock',
  confirmBlock: 'Block this solution? It is signed out at once.',
  otherZone: 'Readings in another time zone',
  standElsewhere: (count: string, zone: string, own: string) =>
    `${count} stored ${count === '1' ? 'reading has its time' : 'readings have their times'} in ${zone}, but the time zone of the solution is ${own}.`,
  unreadableZone: (count: string) =>
    `${count} stored ${count === '1' ? 'reading' : 'readings'} cannot be read again: the server does not know their time zone, or some times in the same upload named their own.`,
  readAnewMeaning:
    'When they are read again, they keep the hour that the clock in the kitchen showed, but in the right time zone. Until then, a reading that the kitchen sends again still counts as the same reading.',
  readAnew: (count: string) => `Read ${count} again`,
  confirmReadAnew:
    'Change the times of these readings? To undo it, set the time zone back and read them again.',
  beingReadAnew: (count: string, by: string) =>
    `They are being read again: ${count} so far. ${by} asked for it.`,
  retire: 'Retire',
  retireMeaning:
    'A retired solution is no longer shown, and it cannot sign in. What it sent is kept until the person who runs the server removes it.',
  confirmRetire: 'Retire this solution? It disappears from every list and is signed out at once.',

  // Alerts
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

  // Quarantine
  quarantine: 'Quarantine',
  quarantineMeaning:
    'What could not be applied is kept here as it was sent. The rest of its package was applied.',
  quarantineStates: {
    open: 'open',
    replayed: 'processed again',
    discarded: 'discarded',
    settled: 'settled by the device',
  } satisfies Record<QuarantineState, string>,
  sentTimes: (count: number) => `sent ${count} times`,
  lastTime: 'last',
  fileAndRow: 'File and row',
  noQuarantine: 'Nothing here',
  noQuarantineMeaning: 'Everything that was received could be applied.',
  correctAndReplay: 'Correct it and process it again',
  asItWasSent: 'As it was sent',
  header: 'Columns',
  correctionHint: 'Change only what is wrong. Without a change, it is processed as it was sent.',
  noText: 'Its text was not kept. It is processed as it was sent.',
  discard: 'Discard',
  discardTicked: 'Discard the ticked ones',
  confirmDiscardMany: 'Discard all ticked items? They will not be applied.',
  confirmDiscard: 'Discard it? It will not be applied.',

  // Conflicts
  conflicts: 'Conflicts',
  conflictsMeaning:
    'Both sides changed the same field in different ways. Both copies stay as they are until someone decides.',
  allConflictsMeaning:
    'Fields that the kitchen and the manager changed in different ways, and how each conflict ended.',
  openOrAll: { open: 'Open', all: 'All' },
  noConflicts: 'No conflicts',
  noConflictsMeaning: 'There is nothing to decide.',
  bothCopies: 'Both copies',
  field: 'Field',
  agreedBefore: 'Last agreed value',
  managersCopy: 'Manager',
  solutionsCopy: 'Kitchen',
  disputed: 'disputed',
  wasDisputed: 'was disputed',
  keepManagers: 'Keep the manager’s',
  keepSolutions: 'Keep the kitchen’s',
  otherValues: 'Other values',
  takeThese: 'Use these',
  conflictStates: {
    open: 'open',
    decided: 'decided',
    resolved: 'decided by the rule of its class',
    superseded: 'no longer a conflict',
  } satisfies Record<ConflictState, string>,
  resolutions: {
    manager: 'the manager’s copy',
    solution: 'the kitchen’s copy',
    fields: 'a mix of both, or new values',
  } satisfies Record<Side | 'fields', string>,

  // Approvals
  approvals: 'Approvals',
  approvalsMeaning: 'Synchronisations with so many or such doubtful changes that someone must approve them.',
  noApprovals: 'Nothing to approve',
  noApprovalsMeaning: 'No synchronisation wanted to change too much.',
  toDelete: (count: number, className: string) => `${className}: ${several(count, 'deletion', 'deletions')}`,
  toChange: (count: number, className: string) => `${className}: ${several(count, 'change', 'changes')}`,
  /** Of `changes`, why they wait; else the class allows no more. */
  approvalReasons: {
    'first-upload':
      'This is the first upload of a new device. It may contain factory settings, or the settings of an old backup.',
    'many-changes':
      'More than half of the class would change at once. The device may have lost its settings, or it sends old ones.',
    resend: 'Staff asked the kitchen to send all settings again, and what the kitchen has is different.',
    drift: 'The device reports that it has something other than what it was sent.',
  } satisfies Record<HoldReason, string>,
  approvalKinds: {
    deletes: 'The kitchen has deleted them.',
    replace: 'The kitchen replaces everything, and it no longer has these.',
    changes: 'The kitchen changed or added more at once than this class allows.',
    'replace-logs':
      'The kitchen replaces everything. It no longer has these readings, or they are different there.',
  } satisfies Record<ApprovalKind, string>,
  approvalStates: {
    open: 'open',
    approved: 'approved',
    rejected: 'rejected',
    superseded: 'superseded',
  } satisfies Record<ApprovalState, string>,
  whichOnes: 'Which ones',
  approve: 'Approve: delete them',
  reject: 'Reject: keep them',

  // Audit
  audit: 'Audit trail',
  auditMeaning: 'Who did what, when, and from where.',
  who: 'Who',
  action: 'Action',
  solutionNumber: 'Solution number',
  auditActions: {
    'access.refused': 'was refused because it is not allowed',
    'schedule.pause': 'paused background work',
    'schedule.resume': 'resumed background work',
    'schedule.run': 'ran background work by hand',
    'hook.create': 'created an address for the webhooks of a system',
    'hook.delete': 'removed an address for webhooks',
    'hook.secrets': 'set the keys that sign the webhooks of a system',
    'link.join': 'joined two records by hand',
    'link.look': 'asked for a link to be looked at again',
    'link.unlink': 'unlinked two records',
    'pair.create': 'added a pair of systems',
    'pair.delete': 'deleted a pair of systems',
    'pair.pause': 'paused a pair of systems',
    'pair.resume': 'resumed a pair of systems',
    'pair.run': 'ran a pair of systems by hand',
    'pair.update': 'changed a pair of systems',
    'pair-job.add': 'asked for a record to be looked at',
    'pair-job.retry': 'asked for the work on a record to be tried again',
    'plan.decide': 'decided a plan',
    'plan.make': 'asked for a plan',
    'sosync.update': 'changed who may ask for synchronisation by the interface of sosync',
    'system.create': 'added a system',
    'system.delete': 'deleted a system',
    'system.pause': 'paused a system',
    'system.prepare': 'prepared a system for its pairs',
    'system.probe': 'had a system tested',
    'system.resume': 'resumed a system',
    'system.update': 'changed a system',
    'account.create': 'created an account',
    'account.purge': 'removed an account and everything that belonged to it',
    'account.quotas': 'changed how much an account may send',
    'account.readings-removed': 'removed readings older than the account keeps',
    'account.retention': 'changed how long an account keeps data',
    'alert.acknowledge': 'has seen an alert',
    'analysis.send': 'sent a lab result',
    'approval.decide': 'decided an approval',
    'audit.purge': 'removed old entries of the audit trail',
    'backup.restore': 'restored a backup',
    'conflict.decide': 'decided a conflict',
    'flag.clear': 'cleared a flag',
    'flag.consume': 'carried out a flag',
    'flag.set': 'set a flag',
    'key.rotate': 'created a new key for the server',
    'log.accept-losses': 'accepted that readings are lost',
    'log.read-anew': 'read readings again in another time zone',
    'log.read-anew-asked': 'asked for readings to be read again in another time zone',
    'log.replace': 'replaced all readings of a table',
    'message.send': 'sent a message',
    'notification.retry': 'sent a notification again',
    'notification-target.confirm': 'confirmed an address for notifications',
    'notification-target.create': 'added someone to be notified',
    'notification-target.delete': 'removed someone who was notified',
    'notification-target.replace-secret': 'created a new secret for a webhook',
    'notification-target.update': 'changed who is notified about what',
    'param.delete': 'deleted a setting of the kitchen',
    'param.put': 'changed a setting of the kitchen',
    'photo.replace': 'sent a different photo with a known name',
    'quarantine.discarded': 'discarded an item in quarantine',
    'quarantine.replayed': 'processed an item in quarantine again',
    'replacement.park': 'could not carry out the replacement of a file',
    'secrets.seal': 'sealed the secrets in the database',
    'session.end': 'signed out, or ended a session',
    'session.end-all': 'ended all sessions of a user',
    'session.start': 'signed in',
    'sign-in.failed': 'failed to sign in',
    'sign-in.limited': 'tried to sign in too often',
    'sign-in.refused': 'was not let in',
    'solution.create': 'enrolled a solution',
    'solution.lock': 'signed in with a different MAC address and was locked',
    'solution.quotas': 'changed how much a solution may send',
    'solution.replace-secret': 'created a new secret for a solution',
    'solution.purge': 'removed a retired solution for good',
    'solution.retire': 'retired a solution',
    'solution.update': 'changed a solution',
    'sync.replay': 'processed an upload again',
    'user.change-password': 'changed the password',
    'user.create': 'added a user',
    'user.forget-identities': 'removed a user’s sign-ins through the identity provider',
    'user.second-factor-off': 'removed a second factor',
    'user.second-factor-on': 'set up a second factor',
    'user.link-identity': 'signed in through an identity provider for the first time',
    'user.remove': 'removed a user',
    'user.update': 'changed a user',
  } satisfies Record<AuditAction, string>,
  beforeAndAfter: 'Before and after',
  before: 'Before',
  afterwards: 'After',

  // Notifications
  notifications: 'Notifications',
  notificationsMeaning: 'Who is notified, by e-mail or by webhook, when something needs attention.',
  noMailServer:
    'No mail server is configured (EPACK_SMTP_URL and EPACK_MAIL_FROM): e-mails are not sent. Webhooks are called.',
  noTargets: 'Nobody is notified yet',
  noTargetsAdvice: 'Add an e-mail address, or the URL of a program.',
  toldTo: 'To',
  problemTextOf: 'About',
  targetKinds: { email: 'E-mail', webhook: 'Webhook' } satisfies Record<TargetKind, string>,
  address: 'Address',
  addressHint: 'An e-mail address, or a URL that begins with https://.',
  notificationEvents: {
    'sync-failed': 'a synchronisation has failed',
    'solution-stale': 'a solution has not been heard from',
    'approval-waiting': 'an approval is waiting',
    'probe-alert': 'a probe is in alert',
    'pair-paused': 'a pair of systems is paused',
    'entity-given-up': 'a record of a pair was given up',
    'conflict-waiting': 'a conflict of a pair is waiting',
    'pair-stale': 'a pair of systems lags behind',
    test: 'a test',
    'confirm-address': 'the request to confirm the address',
  } satisfies Record<NotificationType, string>,
  everyAccount: 'every account',
  staleHours: 'Hours without a synchronisation',
  mailLanguage: 'Language of the mails',
  mailLanguages: { en: 'English', fr: 'French' } satisfies Record<MailLanguage, string>,
  addTarget: 'Add',
  paused: 'paused',
  pause: 'Pause: nothing new is sent to it',
  givenUp: (count: number) => `${count} given up`,
  triedAgain: (count: number) => `${count} tried again`,
  whatWasTold: 'What was sent',
  nothingTold: 'Nothing yet',
  notificationStates: {
    waiting: 'waiting',
    delivered: 'delivered',
    parked: 'given up',
  } satisfies Record<NotificationState, string>,
  toBeConfirmed: 'to be confirmed',
  confirmFirst: (hours: number) =>
    `Nothing is sent to this address yet. Its owner must first open the link in the confirmation e-mail, which works for ${hours} hours.`,
  askOwner: 'Send the confirmation e-mail again',
  confirmAddress: 'Confirm your address',
  confirmAddressMeaning: 'Once your address is confirmed, ePack notifies you by e-mail when',
  confirmForAccount: (account: string) => `for ${account}`,
  confirm: 'Confirm',
  addressIsConfirmed: 'Your address is confirmed',
  addressIsConfirmedMeaning:
    'You will receive notifications there from now on. The person who entered your address can change that at any time.',
  confirmLinkIsOver:
    'This link or code no longer works: it has been used, or it is too old. Ask the person who entered your address to send the e-mail again.',
  confirmCode: 'Code from the e-mail',
  sendTest: 'Send a test',
  tryAgain: 'Try again',
  stopTelling: 'Remove',
  confirmStopTelling: 'Remove it? Whatever is waiting to be sent to it is removed as well.',
  newWebhookSecret: 'Make a new secret',
  webhookSecretMeaning:
    'It signs the calls. The program that is called needs it to check that a call comes from this server.',
  secretOverlap: (hours: number) => `For ${hours} hours, the old one signs as well.`,

  // One's own
  myAccount: 'My account',
  changePassword: 'Change the password',
  secondFactor: 'Second factor',
  secondFactorMeaning:
    'When you sign in, you are asked for a code from an app on your phone as well as for the password. Someone who only knows the password cannot sign in.',
  setUpSecondFactor: 'Set up a second factor',
  secondFactorSteps:
    'Scan this code with an authenticator app (any one works), then enter the six digits that it shows.',
  qrCode: 'QR code for the authenticator app',
  secretByHand: 'No camera? Enter this in the app:',
  codeOfApp: 'Code',
  codeHint: 'The six digits that the app shows, or one of your recovery codes.',
  wrongCode:
    'This code is wrong, has already been used, or came too late. If you took more than five minutes, start again.',
  beginAgain: 'Start again',
  turnOn: 'Turn on',
  turnedOn: 'on',
  turnOff: 'Turn off',
  recoveryCodes: 'Recovery codes',
  recoveryCodesMeaning:
    'Keep these where you can find them without your phone. Each one works once, in place of the app. They are only shown now.',
  recoveryCodesLeft: (count: number) => several(count, 'recovery code left', 'recovery codes left'),
  removeSecondFactor: 'Remove the second factor',
  removeSecondFactorMeaning:
    'For someone who has lost their phone and their recovery codes. Make sure that the request really comes from them.',
  noSecondFactor: 'Your password alone is enough to do everything here.',
  unbalancedLogs: 'Tables with lost readings',
  doubtfulReadings: 'Readings in doubt',
  tablesUnbalanced: (count: number) =>
    count === 1 ? 'readings lost in one table' : `readings lost in ${count} tables`,
  tablesWithImpossibleTimes: (count: number) =>
    count === 1 ? 'impossible times in one table' : `impossible times in ${count} tables`,
  untrustedProxy: (address: string) =>
    `${address} forwards calls, but it is not a trusted proxy. To this server, everyone calls from that address and shares its limits. If it is your proxy, set EPACK_TRUST_PROXY.`,
  proveAgain: 'Is it you?',
  proveAgainMeaning:
    'You signed in some time ago. Enter your password again before you change secrets, users or roles.',
  passwordOf: (email: string) => `Password of ${email}`,
  goOn: 'Continue',
  firstPassword: 'Someone else chose this password. Choose one that only you know, then continue.',
  firstPasswordHint: 'At the first sign-in, the user must choose a different one.',
  passwordsOff: 'Sign in through your identity provider.',
  breakGlass: 'Emergency sign-in for admins',
  tooBusy: 'Too many people are signing in at the moment. Try again in a few seconds.',
  wrongCurrentPassword: 'That is not your current password.',
  currentPassword: 'Current password',
  changePasswordMeaning: 'All your other sessions will end.',
  mySessions: 'Open sessions',
  signInMethods: { password: 'password', oidc: 'identity provider' } satisfies Record<SignInMethod, string>,
  thisSession: 'this one',
  endSession: 'End it',
  from: 'From',
  lastUsed: 'Last used',

  // Background work
  backgroundWork: 'Background work',
  backgroundWorkMeaning:
    'What the server does by itself, when it last did it, and when it will do it next. One worker runs each task.',
  backgroundKind: 'Work',
  lastRun: 'Last run',
  nextRun: 'Next run',
  actions: 'Actions',
  runNow: 'Run now',
  pauseWork: 'Pause',
  resumeWork: 'Resume',
  pausedBy: (who: string) => `Paused by ${who}`,
  runSucceeded: 'Done',
  runFailed: 'Failed',
  runWaits: 'In progress',
  neverRun: 'Not yet',
  backgroundKinds: {
    'alerts.find-silent-probes': 'Find probes that have gone silent',
    'parameters.apply-approvals': 'Carry out approved changes of settings',
    'logs.apply-replacements': 'Carry out approved replacements of readings',
    'logs.read-times-anew': 'Read times again after a time zone was corrected',
    'logs.check-books': 'Check that every reading received is still there',
    'pair.wake-pairs': 'Wake pairs of systems that are due',
    'notifications.deliver': 'Send notifications',
    'notifications.find-stale-solutions': 'Find solutions that have not been heard from',
    'notifications.remove-old': 'Remove old notifications',
    'upkeep.free-dead-uploads': 'Free channels whose upload was interrupted',
    'upkeep.requeue-orphans': 'Find synchronisations that lost their job',
    'upkeep.remove-expired-files': 'Remove files that have been kept long enough',
    'upkeep.remove-orphan-files': 'Remove files that nothing refers to any more',
    'upkeep.remove-abandoned-parts': 'Remove parts of uploads that were given up',
    'upkeep.remove-old-readings': 'Remove readings that have been kept long enough',
    'upkeep.remove-stale-rows': 'Remove ended sessions and finished jobs',
    'upkeep.seal-audit-trail': 'Seal the audit trail',
    'upkeep.guard-given-ids': 'Make sure that no Id is given out twice',
    'notifications.send-staff-mails': 'Send mails to staff',
  },

  // Users and accounts
  users: 'Users',
  usersMeaning: 'Who can sign in here, and which solutions they see.',
  role: 'Role',
  roles: { admin: 'Admin', manager: 'Manager', viewer: 'Viewer' } satisfies Record<Role, string>,
  roleMeanings: {
    admin: 'Admin: can do everything, including users',
    manager: 'Manager: can edit their accounts',
    viewer: 'Viewer: can look at their accounts',
  } satisfies Record<Role, string>,
  allAccounts: 'all',
  disabled: 'disabled',
  addUser: 'Add a user',
  passwordHint: (least: number) => `At least ${least} characters.`,
  newPassword: 'New password',
  newPasswordHint: 'If it is left empty, the old password stays. A new one ends all sessions of the user.',
  mayNotSignIn: 'Can no longer sign in',
  accounts: 'Accounts',
  accountsMeaning:
    'Accounts are customers. A solution belongs to one account. A user sees the accounts that they were given.',
  addAccount: 'Add an account',
  noAccounts: 'There is no account yet',
  // How much a solution or an account may take of the server
  quotas: 'Limits of use',
  quotasMeaning:
    'How much of the server this kitchen may use, so that no kitchen can hold up the others. Above a limit, its device is told to come back later. Nothing that it has is lost.',
  accountQuotasMeaning:
    'How much all kitchens of this account may use together. Without a value, there is no limit. Uploads and bytes are counted from the moment that a value is set.',
  quota: 'Limit',
  quotaUsed: 'Used',
  quotaLimit: 'Allowed',
  quotaNone: 'no limit',
  quotaOwn: 'Own value',
  quotaOwnHint: 'In bytes, where the limit is about bytes. If it is left empty, the usual value applies.',
  quotaDayEnds: 'Uploads and bytes are counted again from',
  quotaNames: {
    syncsPerDay: 'Uploads in 24 hours',
    bytesPerDay: 'Bytes sent in 24 hours',
    openUploads: 'Unfinished resumable uploads',
    openUploadBytes: 'Bytes of unfinished uploads',
    openQuarantine: 'Open items in quarantine',
    extraColumns: 'Unknown columns of one log',
  } satisfies Record<QuotaName, string>,
  quotaOfDisk: 'the free space on the server',
  quotaRefused: (bound: string, when: string, isOfAccount: boolean) =>
    `An upload was refused ${when}. Limit${isOfAccount ? ' of the account' : ''}: ${bound}.`,
  retention: 'How long data is kept',
  filesKept: (days: number | null) => `files ${days === null ? 'as usual' : several(days, 'day', 'days')}`,
  readingsKept: (days: number | null) =>
    `readings ${days === null ? 'for ever' : several(days, 'day', 'days')}`,
  fileDays: 'Days for uploads and packages',
  fileDaysHint: 'Counted from when they were received. If it is left empty, the value of the server applies.',
  readingDays: 'Days for readings',
  readingDaysHint:
    'Counted from the time of measurement. Older ones are removed for good. If it is left empty, they are kept for ever.',
  confirmRetention: 'Save it? Whatever is older will be removed for good within a few hours.',
};
