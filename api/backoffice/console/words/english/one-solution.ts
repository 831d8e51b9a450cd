import type { ProbeAlertKind } from '../../../../../shared/domain/probe-alert';
import type { CountedFinding } from '../../../services/support';
import { several } from './several';

/** Texts of the first page of a solution: how it does, and what needs attention. */
export const oneSolutionEnglish = {
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
  exactReason: 'Exact reason',
};

export type OneSolutionWords = typeof oneSolutionEnglish;
