import type { SignInMethod } from '../../../../../shared/stores/staff/session-store';
import { several } from './several';

/** Texts of one’s own account, and of signing in safely. */
export const myAccountEnglish = {
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
};

export type MyAccountWords = typeof myAccountEnglish;
