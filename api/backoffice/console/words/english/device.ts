/** Texts of the device of a solution, and of its access. */
export const deviceEnglish = {
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
};

export type DeviceWords = typeof deviceEnglish;
