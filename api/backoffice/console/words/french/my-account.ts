import type { MyAccountWords } from '../english/my-account';

export const myAccountFrench: MyAccountWords = {
  myAccount: 'Mon compte',
  changePassword: 'Changer le mot de passe',
  secondFactor: 'Second facteur',
  secondFactorMeaning:
    'À la connexion, le code d’une application de votre téléphone est demandé en plus du mot de passe : qui apprend seulement le mot de passe n’entre pas.',
  setUpSecondFactor: 'Configurer un second facteur',
  secondFactorSteps:
    'Scannez ce code avec une application d’authentification (n’importe laquelle convient), puis saisissez les six chiffres qu’elle affiche.',
  qrCode: 'Code QR pour l’application d’authentification',
  secretByHand: 'Pas d’appareil photo ? Saisissez ceci dans l’application :',
  codeOfApp: 'Code',
  codeHint: 'Les six chiffres affichés par l’application, ou l’un de vos codes de secours.',
  wrongCode:
    'Ce code est faux, a déjà servi ou arrive trop tard. Recommencez si plus de cinq minutes ont passé.',
  beginAgain: 'Recommencer',
  turnOn: 'Activer',
  turnedOn: 'activé',
  turnOff: 'Désactiver',
  recoveryCodes: 'Codes de secours',
  recoveryCodesMeaning:
    'Gardez-les là où vous les trouverez sans votre téléphone. Chacun vous laisse entrer une fois à la place de l’application. Ils ne sont affichés que cette fois.',
  recoveryCodesLeft: (count: number) =>
    count > 1 ? `${count} codes de secours restants` : `${count} code de secours restant`,
  removeSecondFactor: 'Retirer le second facteur',
  removeSecondFactorMeaning:
    'Pour quelqu’un qui a perdu son téléphone et ses codes de secours. Assurez-vous que la demande vient bien de cette personne.',
  noSecondFactor: 'Votre mot de passe suffit, seul, à tout faire ici.',
  proveAgain: 'Est-ce bien vous ?',
  proveAgainMeaning:
    'Votre connexion date un peu. Avant de toucher aux secrets, aux utilisateurs et aux rôles, redonnez votre mot de passe.',
  passwordOf: (email: string) => `Mot de passe de ${email}`,
  goOn: 'Continuer',
  firstPassword:
    'Ce mot de passe a été choisi par quelqu’un d’autre. Choisissez-en un que vous seul connaissez, puis continuez.',
  firstPasswordHint: 'À la première connexion, un autre sera demandé.',
  passwordsOff: 'Connectez-vous par votre fournisseur d’identité.',
  breakGlass: 'Connexion de secours pour les administrateurs',
  tooBusy: 'Trop de connexions en ce moment. Réessayez dans quelques secondes.',
  wrongCurrentPassword: 'Ce n’est pas votre mot de passe actuel.',
  currentPassword: 'Mot de passe actuel',
  changePasswordMeaning: 'Toutes vos autres sessions prennent fin.',
  mySessions: 'Sessions ouvertes',
  signInMethods: { password: 'mot de passe', oidc: 'fournisseur d’identité' },
  thisSession: 'celle-ci',
  endSession: 'Y mettre fin',
  from: 'Depuis',
  lastUsed: 'Dernier usage',
};
