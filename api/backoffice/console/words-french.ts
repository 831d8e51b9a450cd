import type { FieldFault } from '../../../shared/domain/field-fault';
import type { Words } from './words-english';

const several = (count: number, one: string, many: string) =>
  count <= 1 ? `${count} ${one}` : `${count} ${many}`;

const refusedBecause: Words['refusedBecause'] = {
  'above-limit': {
    why: 'Une synchronisation ne peut pas tant modifier dans cette classe.',
    advice: 'Si c’est voulu, relancez ; sinon, écartez.',
  },
  'bad-entity': { why: 'Le réglage est illisible.', advice: 'Corrigez son texte, puis relancez.' },
  'bad-header': {
    why: 'La première ligne du fichier ne nomme pas ses colonnes.',
    advice: 'Corrigez le fichier, puis relancez.',
  },
  'bad-id': {
    why: 'L’Id n’est pas valable.',
    advice:
      'Corrigez-le, puis relancez : un nombre entier pour un relevé, un texte court sans espace pour un réglage.',
  },
  'bad-photo': {
    why: 'La photo est endommagée, ou n’est pas une image.',
    advice: 'Demandez à la cuisine de la refaire, puis écartez celle-ci.',
  },
  'bad-quote': { why: 'Un guillemet est mal placé.', advice: 'Corrigez la ligne, puis relancez.' },
  'bad-statement': {
    why: 'Ce que l’appareil dit de lui-même est illisible.',
    advice:
      'Le reste de son paquet a été appliqué. Si cela revient, faites mettre à jour le programme de l’appareil ; on peut écarter celui-ci.',
  },
  'bad-value': {
    why: 'Une valeur ne peut pas être vraie, ou est mal écrite.',
    advice: 'Corrigez-la, puis relancez.',
  },
  'duplicate-column': {
    why: 'Le fichier nomme deux fois la même colonne.',
    advice: 'Corrigez sa première ligne, puis relancez.',
  },
  'duplicate-id': {
    why: 'Le fichier contient cet Id deux fois.',
    advice: 'Corrigez l’Id et relancez, ou écartez la ligne.',
  },
  'flip-flop': {
    why: 'Deux personnes ou programmes se contredisent.',
    advice:
      'Trouvez la bonne valeur et fixez-la ici ; après une heure, la synchronisation suivante reprend d’elle-même.',
  },
  'id-conflict': {
    why: 'Le serveur détient un autre relevé sous cet Id.',
    advice:
      'Un appareil restauré ou copié renumérote souvent : vérifiez l’appareil, puis écartez cette ligne, ou donnez-lui un Id libre et relancez-la.',
  },
  'id-jump': {
    why: 'L’Id dépasse de loin tout ce que cet appareil a numéroté jusqu’ici : un code-barres saisi dans la mauvaise colonne, peut-être, ou un appareil restauré.',
    advice:
      'Si le numéro est juste, relancez la ligne : le serveur admettra les Id jusqu’à celui-ci. Sinon, corrigez l’Id, ou écartez la ligne.',
  },
  'malformed-xml': {
    why: 'Le fichier n’est pas du XML bien formé.',
    advice: 'Corrigez-le, puis relancez.',
  },
  'missing-id': { why: 'Il manque un Id.', advice: 'Donnez-en un qui soit libre et relancez, ou écartez.' },
  'no-id-column': {
    why: 'Le fichier n’a pas de colonne Id.',
    advice: 'Corrigez sa première ligne, puis relancez.',
  },
  'quarantine-full': {
    why: 'La cuisine a ici autant d’éléments en attente qu’elle peut en avoir : les suivants sont comptés dans celui-ci.',
    advice:
      'Traitez d’abord les autres. L’envoi est conservé tant que cet élément est ouvert : relancez alors son traitement, puis écartez cet élément.',
  },
  'row-too-large': {
    why: 'La ligne est plus longue que ce que le serveur accepte.',
    advice: 'Abrégez-la et relancez, ou écartez-la.',
  },
  'too-large': {
    why: 'C’est plus grand que ce que le serveur accepte.',
    advice: 'Envoyez un texte abrégé, ou écartez.',
  },
  'too-many-columns': {
    why: 'Le fichier apporte plus de colonnes inconnues que ce journal ne peut en avoir.',
    advice:
      'Faites vérifier le programme de l’appareil. Si ces colonnes sont voulues, un administrateur en autorise davantage dans les réglages de la cuisine ; relancez alors le fichier.',
  },
  'unknown-message': {
    why: 'L’accusé porte sur un message que le serveur n’a jamais envoyé.',
    advice: 'On peut l’écarter.',
  },
  'unterminated-quote': {
    why: 'Un guillemet ouvert n’est jamais fermé.',
    advice: 'Corrigez la ligne, puis relancez.',
  },
  'wrong-cell-count': {
    why: 'La ligne n’a pas autant de valeurs que le fichier a de colonnes.',
    advice: 'Corrigez-la, puis relancez.',
  },
};

const problems: Words['problems'] = {
  'bad-request': 'Il manque quelque chose, ou c’est trop long ou mal écrit.',
  'already-exists': 'Cela existe déjà.',
  'not-confirmed':
    'Cette adresse n’est pas encore confirmée : son propriétaire doit ouvrir le lien de l’e-mail reçu.',
  'already-confirmed': 'Cette adresse est déjà confirmée.',
  'last-admin': 'Il doit rester quelqu’un qui puisse se connecter comme administrateur.',
  'not-replayable': 'Cela ne peut pas être traité à nouveau.',
  'already-decided': 'Quelqu’un en a déjà décidé.',
  'newer-copy-waits':
    'Une copie plus récente de la cuisine est en quarantaine. Corrigez-la et renvoyez-la, ou écartez-la ; modifiez ensuite.',
  stale: 'Cela a changé depuis que vous l’avez ouvert.',
  'too-large': 'C’est plus grand que ce que le serveur accepte.',
};

/** What is wrong with a field. */
function faultText(fault: FieldFault): string {
  switch (fault.code) {
    case 'not-a-field-name':
      return 'ce n’est pas le nom d’un champ';
    case 'not-well-formed':
      return `ce ne sont pas des éléments <${fault.element}> bien formés`;
    case 'not-a-value':
      return 'ce n’est pas une valeur';
    case 'not-a-single-value':
      return 'une seule valeur est attendue';
    case 'character-not-in-xml':
      return 'contient un caractère impossible en XML';
    case 'none-of':
      return `choisissez parmi ${fault.choices.join(', ')}`;
    case 'not-a-number':
      return 'ce n’est pas un nombre';
    case 'not-a-whole-number':
      return 'ce n’est pas un nombre entier';
    case 'not-between':
      return `doit être ${rangeText(fault)}`;
    case 'neither-true-nor-false':
      return 'ni vrai ni faux';
    case 'not-a-date':
      return 'ce n’est pas une date (AAAA-MM-JJ)';
    case 'not-a-time':
      return 'ce n’est pas une date avec heure (AAAA-MM-JJ hh:mm:ss)';
    case 'too-much':
      return 'trop de champs, ou trop longs';
    case 'not-an-id':
      return 'ce n’est pas un Id valable';
    case 'no-such-class':
      return `la classe ${fault.className} n’existe plus`;
    case 'no-such-account':
      return `il n’y a pas de compte ${fault.account}`;
    case 'account-needed':
      return 'choisissez un compte';
    case 'not-an-email':
      return 'ce n’est pas une adresse e-mail';
    case 'not-a-time-zone':
      return 'ce n’est pas un fuseau horaire, p. ex. Europe/Paris';
    case 'empty':
      return 'ne doit pas être vide';
    case 'too-long':
      return `${fault.most} caractères au plus`;
    case 'character-not-kept':
      return 'contient un caractère impossible à enregistrer';
    case 'not-a-url':
      return 'ce n’est pas une URL';
    case 'not-https':
      return fault.allowsHttp ? 'doit commencer par https:// ou http://' : 'doit commencer par https://';
    case 'holds-credentials':
      return 'ne doit contenir ni utilisateur ni mot de passe';
    case 'private-address':
      return 'mène à une adresse privée';
    case 'photo-has-no-text':
      return 'une photo n’a pas de texte';
    case 'wrong-password':
      return 'ce n’est pas le bon';
    case 'too-short':
      return `il faut au moins ${fault.least} caractères`;
    case 'like-the-email':
      return 'il ressemble trop à l’adresse e-mail';
    case 'common-password':
      return 'il est parmi les mots de passe essayés en premier';
    case 'same-password':
      return 'c’est le mot de passe actuel';
    case 'wrong-code':
      return 'ce n’est pas le code du moment, ou il a déjà servi';
    case 'not-to-be-had':
      return 'elle ne peut pas être utilisée ici ; un administrateur peut dire pourquoi';
    case 'no-proof-left':
      return 'impossible : sans secret et avec n’importe quelle MAC, la seule adresse e-mail suffirait pour se connecter';
    case 'other':
      return fault.text;
  }
}

function rangeText({ min, max, unit }: Extract<FieldFault, { code: 'not-between' }>): string {
  const end = unit === undefined ? '' : ` ${unit}`;
  if (min === undefined) return `${max ?? ''}${end} au plus`;
  return max === undefined ? `${min}${end} au moins` : `entre ${min} et ${max}${end}`;
}

/** Before : ; ? and ! stand no-break spaces, as French print has them: a sign never begins a line. */
export const french: Words = {
  language: 'fr',
  locale: 'fr-FR',
  byte: 'o',
  colon: ' : ',

  title: 'Serveur de synchronisation ePack',
  about:
    'Il échange réglages, relevés, messages et photos avec les solutions ePack des cuisines professionnelles.',
  skipToContent: 'Aller au contenu',
  mainMenu: 'Menu principal',
  youAreHere: 'Vous êtes ici',
  pages: 'Pages',
  nextPage: 'Page suivante',
  waiting: 'En attente de quelqu’un',
  signIn: 'Se connecter',
  signInWith: (provider) => `Se connecter avec ${provider}`,
  signOut: 'Se déconnecter',
  email: 'Adresse e-mail',
  password: 'Mot de passe',
  wrongCredentials: 'Adresse inconnue ou mot de passe erroné.',
  tooManyAttempts: 'Trop de tentatives. Patientez cinq minutes, puis réessayez.',
  failed: 'Cela n’a pas fonctionné. Réessayez.',
  refusals: {
    unknown:
      'Votre identité est connue, mais personne ne vous a donné accès ici. Demandez à un administrateur.',
    expired:
      'La connexion a pris trop de temps, a commencé dans un autre navigateur, ou a déjà servi. Recommencez.',
    unverified: 'Votre fournisseur d’identité n’a pas vérifié votre adresse e-mail.',
    'other-person': 'Cette adresse e-mail appartient à une autre identité. Demandez à un administrateur.',
    'no-role': 'Votre fournisseur d’identité ne vous donne aucun rôle ici. Demandez à un administrateur.',
    away: 'Le fournisseur d’identité est injoignable. Réessayez dans une minute, ou utilisez votre mot de passe.',
    'too-many': 'Trop de tentatives. Patientez cinq minutes, puis réessayez.',
    refused: 'Le fournisseur d’identité ne vous a pas laissé entrer.',
  },
  toStart: 'À la page d’accueil',
  parts: {
    database: 'Base de données',
    queue: 'File d’attente',
    files: 'Fichiers',
    room: 'Stockage des fichiers',
  },
  up: 'en service',
  down: 'injoignable',
  full: 'plein',
  all: 'Tous',
  active: 'actif',
  yes: 'oui',
  no: 'non',
  never: 'jamais',
  state: 'État',
  time: 'Heure',
  find: 'Chercher',
  show: 'Afficher',
  save: 'Enregistrer',
  delete: 'Supprimer',
  send: 'Envoyer',
  look: 'Voir',
  correct: 'Corriger',
  decide: 'Décider',
  replay: 'Relancer le traitement',
  name: 'Nom',
  text: 'Texte',
  file: 'Fichier',
  line: 'ligne',
  code: 'Code',
  reason: 'Raison',
  created: 'Création',
  deleted: 'supprimé',
  changed: 'Modifié',
  loading: 'Chargement…',
  readOnly: 'Votre rôle permet de regarder, pas de modifier.',
  noReason: 'Aucune raison n’a été donnée.',
  nothingFound: 'Rien trouvé',
  nothingFoundAdvice: 'Cherchez une partie du nom ou de l’adresse, ou affichez tous les états.',
  formIsKept:
    'Votre session a pris fin. Votre saisie est conservée : connectez-vous, et vous la retrouverez.',
  formIsBack:
    'Votre session avait pris fin avant l’envoi. Votre saisie est reprise ci-dessous ; elle n’est pas encore enregistrée.',
  done: {
    unchanged: 'Rien n’a été modifié.',
    accepted: 'Accepté. Les comptes sont vérifiés à nouveau.',
    retired: 'La solution est retirée. Ses données sont conservées.',
    'read-anew': 'Le serveur relit maintenant ces relevés. Rouvrez cette page pour voir où il en est.',
    saved: 'Enregistré.',
    deleted: 'Supprimé. La solution l’apprendra à sa prochaine synchronisation.',
    'second-factor-off': 'Le second facteur est retiré : le mot de passe seul suffit pour se connecter.',
    'flag-set': 'La demande est posée.',
    'flag-cleared': 'La demande est levée.',
    'flags-set': 'La demande est posée pour toutes.',
    replayed: 'Le traitement est relancé. Voici où il en est.',
    discarded: 'Écarté.',
    decided: 'Décidé. La solution l’apprendra à sa prochaine synchronisation.',
    approved: 'Approuvé.',
    rejected: 'Refusé. Ce qui devait être supprimé est conservé.',
    'acknowledged-many': 'Il est noté que vous les avez vues.',
    acknowledged: 'Il est noté que vous avez vu l’alerte.',
    'test-sent': 'Un essai est en route. Son état figure ci-dessous.',
    'owner-asked': 'La demande de confirmation est en route. Son état figure ci-dessous.',
    'session-ended': 'La session a pris fin.',
    'message-sent': 'Le message partira avec la prochaine synchronisation.',
  },
  problems,
  fault: faultText,
  problemSeparator: ' ; ',
  problemOf: (field, fault) => `${field} : ${fault}`,
  errors: {
    absent: 'Il n’y a rien ici',
    absentAdvice: 'Cela a pu être retiré, ou appartient à un compte que vous ne voyez pas.',
    forbidden: 'Vous ne pouvez pas faire cela',
    forbiddenAdvice:
      'Votre rôle ne le permet pas, ou la page est restée ouverte trop longtemps. Revenez, rechargez-la et réessayez.',
    busy: 'Le canal est occupé',
    busyAdvice: 'Une synchronisation est en cours. Attendez sa fin, ou réinitialisez le canal.',
    stale: 'Quelqu’un a été plus rapide',
    staleAdvice:
      'La valeur a changé depuis que vous l’avez ouverte. Regardez les valeurs actuelles et réessayez.',
    unavailable: 'Une partie du serveur est injoignable',
    unavailableAdvice: 'Rien n’est perdu. Réessayez dans une minute.',
    tooMany: 'Demande trop fréquente',
    tooManyAdvice: (minutes: number) =>
      `Rien n’a été fait. Réessayez dans ${minutes} minute${minutes > 1 ? 's' : ''}.`,
    refused: 'Cela ne peut pas se faire',
    refusedAdvice: 'Revenez et corrigez ce qui ne va pas :',
    unforeseen: 'Une erreur est survenue sur le serveur',
    unforeseenAdvice:
      'Elle a été notée. Réessayez ; si elle persiste, prévenez la personne qui exploite le serveur.',
  },

  overview: 'Vue d’ensemble',
  alertsToSee: 'alertes à voir',
  inQuarantine: 'en quarantaine',
  conflictsToDecide: 'conflits à trancher',
  approvalsToDecide: 'approbations en attente',
  openJobs: 'tâches en cours',
  oldest: 'la plus ancienne',
  allPartsUp: 'base, file d’attente, fichiers',
  syncsPerMinute: 'Synchronisations par minute',
  inTheLastHour: (count) => `${count} dans la dernière heure`,
  noSyncsInTheLastHour: 'Aucune dans la dernière heure',
  most: (count) => `au plus ${count}`,
  now: 'maintenant',
  channelsByStatus: 'Canaux par état',
  failedSyncs: 'Synchronisations en échec',
  inTheLastDay: 'dernières 24 heures',
  noFailedSyncs: 'Aucun échec',
  silentSolutions: 'Solutions muettes',
  moreThanADay: 'depuis plus d’un jour',
  noSilentSolutions: 'Toutes donnent des nouvelles',

  solutions: 'Solutions',
  solution: 'Solution',
  account: 'Compte',
  search: 'Recherche',
  searchHint: 'Nom ou adresse',
  noSolutions: 'Il n’y a encore aucune solution',
  noSolutionsAdvice: 'Inscrivez la première : elle reçoit un secret avec lequel elle se connecte.',
  solutionStates: { active: 'active', blocked: 'bloquée', locked: 'verrouillée', busy: 'occupée' },
  blocked: 'bloquée',
  locked: 'verrouillée',
  tick: (name) => `Cocher ${name}`,
  tickAll: 'Tout cocher sur cette page',
  enrolSolution: 'Inscrire une solution',
  enrol: 'Inscrire',
  noAccountGiven: 'Aucun compte ne vous a encore été donné',
  noAccountGivenAdvice:
    'Un administrateur doit d’abord vous en donner un : vous voyez les solutions de vos comptes.',
  mail: 'Adresse de la solution',
  mailHint: 'C’est avec elle que l’appareil se connecte.',
  loginPolicy: 'Se connecte avec',
  loginPolicies: { secret: 'son secret', mac: 'sa seule adresse MAC (anciens appareils)' },
  confirmation: 'Un paquet compte comme exécuté',
  confirmations: {
    explicit: 'quand la solution le confirme',
    'on-download': 'quand il a été téléchargé (anciens appareils)',
  },
  timezone: 'Fuseau horaire',
  timezoneHint: 'p. ex. Europe/Paris, Indian/Reunion',
  newSecret: 'Un nouveau secret',
  secret: 'Secret',
  shownOnce: 'Notez-le maintenant : il ne sera plus jamais affiché.',
  toTheSolution: 'Vers la solution',
  flagsForMany: 'Une demande pour plusieurs',
  flag: 'Demande',
  forWhich: 'Pour',
  tickedOnes: 'celles qui sont cochées',
  allThatTheFilterFinds: 'toutes celles du filtre',
  setFlag: 'Poser la demande',
  confirmBulk: 'Poser cette demande pour toutes les solutions choisies ?',
  flagNames: {
    'replace-from-manager': 'Tout remplacer sur la solution',
    'replace-from-solution': 'Tout remplacer sur le manager',
    'resend-logs': 'La solution renvoie ses relevés',
    'resend-params': 'Le manager renvoie tous les réglages',
    'rebuild-photo-index': 'Reconstruire l’index des photos',
    'reset-status': 'Réinitialiser le canal maintenant',
  },
  channel: 'Canal',
  channels: { synchro: 'Réglages et relevés', sondes: 'Sondes', messagerie: 'Messages', photos: 'Photos' },
  statuts: { 0: 'libre', 1: 'en cours', 2: 'à récupérer' },

  aboutThisSolution: 'À propos de cette solution',
  tabs: {
    now: 'Maintenant',
    syncs: 'Synchronisations',
    params: 'Réglages de la cuisine',
    readings: 'Relevés',
    temperatures: 'Températures',
    alerts: 'Alertes',
    photos: 'Photos',
    messages: 'Messages',
    settings: 'Appareil et accès',
  },
  noSuchZone: (zone) =>
    `Son fuseau horaire, « ${zone} », n’existe pas : les heures sont en UTC tant que personne ne le corrige.`,
  version: 'Version',
  allWell: 'Tout va bien',
  allWellMeaning: 'Les dernières synchronisations sont allées à leur terme, et rien ne vous attend.',
  andMore: {
    alert: (count) => several(count, 'alerte de plus', 'alertes de plus'),
    quarantined: (count) => `${count} de plus en quarantaine`,
    conflict: (count) => several(count, 'conflit de plus', 'conflits de plus'),
    approval: (count) => several(count, 'approbation de plus', 'approbations de plus'),
    'instruction-failed': (count) =>
      several(
        count,
        'réglage de plus qui n’a pas pu être exécuté',
        'réglages de plus qui n’ont pas pu être exécutés',
      ),
  },
  moreAdvice: 'Ici figurent les plus graves ou les plus récents ; tous se trouvent dans leur liste.',
  toLookAt: (count) => several(count, 'point à regarder', 'points à regarder'),
  neverFinished: 'N’est jamais allée à son terme',
  lastFinished: 'Terminée',
  lastSync: 'Dernière synchronisation',
  syncUnderWay: 'Synchronisation en cours',
  everythingOf: 'Tout ce qui concerne cette solution :',
  lastSyncs: 'Dernières synchronisations',
  allSyncs: 'Toutes',
  noSyncs: 'Aucune synchronisation pour l’instant',
  flags: 'Demandes',
  noFlags: 'Aucune. Une demande obtient quelque chose de particulier de la prochaine synchronisation.',
  setByWhom: (email) => `par ${email}`,
  beingHonoured: 'en cours d’exécution',
  clear: 'Lever',
  clearFlag: (flag) => `Lever : ${flag}`,
  set: 'posée',
  findings: {
    blocked: 'Cette solution est bloquée',
    blockedAdvice: 'Elle ne peut pas se connecter. Débloquez-la une fois l’affaire réglée.',
    locked: 'Cette solution est verrouillée',
    lockedWhy: 'Un appareil avec une autre adresse MAC a essayé de se connecter.',
    noSecret: {
      nothing: 'Elle se connecte avec sa seule adresse e-mail',
      mac: 'Elle se connecte sans secret',
    },
    noSecretWhy: {
      nothing: 'Tout appareil qui connaît cette adresse peut envoyer et lire ses données.',
      mac: 'Elle ne présente que sa MAC, et une MAC n’est pas un secret.',
    },
    noSecretAdvice:
      'Créez un nouveau secret, saisissez-le sur l’appareil, puis réglez « Se connecte avec » sur « son secret ». L’appareil est trop ancien ? Liez au moins sa MAC : oubliez l’ancienne.',
    refusedMac: 'Un autre appareil a essayé de se connecter à sa place',
    refusedMacAdvice:
      'Il a été refusé. Si la cuisine a un nouvel appareil, oubliez l’ancienne MAC. Sinon, demandez qui a essayé.',
    lockedAdvice:
      'Si la cuisine a un nouvel appareil, oubliez l’ancienne MAC et déverrouillez. Sinon, demandez qui a essayé.',
    never: 'Elle ne s’est jamais synchronisée',
    neverAdvice: 'Vérifiez que l’appareil est sur le réseau, et que l’adresse et le secret sont bien saisis.',
    silent: 'Elle est muette',
    silentAdvice:
      'Demandez si l’appareil est allumé et a du réseau. Rien n’est perdu : il enverra ce qu’il a gardé.',
    clock: 'L’horloge de l’appareil est fausse',
    clockWhy: (duration, isAhead) => `Elle est ${isAhead ? 'en avance' : 'en retard'} de ${duration}.`,
    clockAdvice: 'Demandez à la cuisine de régler l’heure : les relevés portent celle de l’appareil.',
    silentTable: (table) => `Aucune ligne depuis sept jours : ${table}`,
    silentTableAdvice:
      'Demandez si la cuisine saisit encore ces relevés, et si l’appareil a été restauré ou remplacé. Si c’est le cas, faites-lui renvoyer ses relevés.',
    unbalanced: (table) => `Des relevés ont disparu, ou ne viennent de nulle part : ${table}`,
    lostRows: (ids) => `Ils étaient enregistrés et n’y sont plus : Id ${ids}.`,
    unknownRows: (ids) => `Aucun envoi ne les a apportés : Id ${ids}.`,
    unbalancedAdvice:
      'Quelqu’un a modifié la base de données sans passer par le serveur. Faites renvoyer ses relevés à la cuisine (« resend-logs »), ou reprenez-les d’une sauvegarde. Tout est revérifié dès que des lignes arrivent. Si plus personne ne les a, acceptez-le : ils comptent alors comme absents.',
    acceptLosses: 'Accepter',
    confirmAcceptLosses:
      'Accepter la perte de ces relevés ? Le journal d’audit dira que c’est vous. Un relevé qui arriverait tout de même sera enregistré.',
    impossibleTimes: (table) => `Heures impossibles : ${table}`,
    impossibleTimesWhy: (count) =>
      `${count} au total sont datés d’avant 2010, ou de plus d’un jour après leur réception.`,
    impossibleTimesAdvice:
      'Demandez à la cuisine de régler l’heure de l’appareil. Ces relevés sont conservés, à compter du jour de leur réception.',
    failed: (channel) => `La dernière synchronisation a échoué : ${channel}`,
    thisFailed: 'Cette synchronisation a échoué',
    failedAdvice: 'Rien n’en a été appliqué, et l’envoi est conservé. Relancez-le une fois la cause écartée.',
    allIgnored: (channel) => `Rien du dernier envoi n’a été lu : ${channel}`,
    allIgnoredAdvice:
      'Aucun fichier n’y est à sa place. Voyez avec la personne qui a configuré l’appareil : les dossiers xml, csv et photos doivent se trouver à la racine de l’archive. L’envoi est conservé.',
    processing: (channel) => `Le traitement dure : ${channel}`,
    processingAdvice:
      'Regardez ses étapes. Si aucun worker ne tourne, démarrez-en un ; la tâche n’est pas perdue.',
    notFetched: (channel) => `La réponse n’a pas été récupérée : ${channel}`,
    notFetchedAdvice:
      'Demandez à la cuisine de synchroniser. Si l’appareil a été remplacé, réinitialisez le canal.',
    alertAdvice: {
      high: 'Appelez la cuisine : déplacer les denrées, regarder la porte, le chargement et le froid.',
      low: 'Appelez la cuisine : regarder le thermostat, et les denrées qui ne doivent pas geler.',
      'signal-lost': 'Demandez si la sonde est à sa place, alimentée, et assez près de son récepteur.',
      'low-battery': 'Faites changer la pile de la sonde.',
    },
    quarantined: {
      row: 'Un relevé a été refusé',
      entity: 'Un réglage a été refusé',
      file: 'Un fichier a été refusé',
      photo: 'Une photo a été refusée',
    },
    conflict: 'Les deux côtés ont modifié le même réglage',
    conflictAdvice: 'Comparez les deux versions et décidez laquelle vaut.',
    approval: (count) =>
      `${several(count, 'modification attend', 'modifications attendent')} une approbation`,
    approvalAdvice:
      'Demandez à la cuisine si elle voulait changer autant de choses, puis approuvez ou refusez.',
    cameBack: (count) =>
      `${several(count, 'réglage supprimé est revenu', 'réglages supprimés sont revenus')} de la cuisine`,
    cameBackAdvice:
      'La cuisine l’a saisi à nouveau, ou son appareil a été restauré d’une ancienne sauvegarde. Supprimez-le encore s’il n’a pas lieu d’être.',
    instruction: (count) =>
      `La solution n’a pas pu exécuter une instruction (${several(count, 'tentative', 'tentatives')})`,
    instructionAdvice:
      'Lisez sa raison, corrigez le réglage et enregistrez-le : il aura une nouvelle chance.',
  },
  worst: (value) => `au pire ${value}`,
  limitOf: (value) => `limite ${value}`,
  after: (duration) => `après ${duration}`,
  refusedBecause,
  refusedOtherwise: {
    why: 'Cela n’a pas pu être appliqué.',
    advice: 'Lisez la raison, corrigez le texte et relancez, ou écartez.',
  },
  technicalReason: 'Raison technique',

  received: 'Reçue',
  size: 'Taille',
  states: {
    receiving: 'en réception',
    queued: 'en attente',
    processing: 'en cours',
    ready: 'à récupérer',
    failed: 'échec',
    confirmed: 'terminée',
    abandoned: 'abandonnée',
  },
  counts: {
    inserted: 'Nouveaux',
    updated: 'Modifiés',
    deleted: 'Supprimés',
    unchanged: 'Inchangés',
    duplicates: 'Connus',
    conflicts: 'Conflits',
    held: 'Retenus',
    rejected: 'Refusés',
  },
  syncOf: (channel) => `Synchronisation : ${channel}`,
  progress: 'Avancement',
  isDone: 'fait',
  stages: {
    received: 'Reçue',
    queued: 'En attente',
    processing: 'En cours',
    processed: 'Réponse prête',
    confirmed: 'Exécutée',
  },
  underASecond: 'moins d’une seconde',
  processedIn: (duration) => `traitée en ${duration}`,
  steps: 'Étapes',
  stepNames: {
    received: 'Reçue',
    queued: 'En attente d’un worker',
    processing: 'Prise par un worker',
    processed: 'Traitée',
    downloaded: 'Réponse téléchargée',
    confirmed: 'Confirmée par la solution',
    'files-removed': 'Fichiers retirés après leur délai',
    'attempt-failed': 'Une tentative a échoué',
    failed: 'Échec définitif',
    abandoned: 'Abandonnée',
    replay: 'Une relance',
  },
  files: 'Fichiers',
  upload: 'Envoyé par la solution',
  answer: 'Réponse à la solution',
  download: 'Télécharger',
  notKept: 'non conservé',
  attempts: 'Tentatives',
  confirmReplay: 'Traiter cet envoi à nouveau ?',
  report: 'Compte rendu',
  onlyKnown: (count) => several(count, 'autre sans changement', 'autres sans changement'),
  nothingCame: 'Rien n’est venu, rien n’a changé',
  ignoredFiles: 'Fichiers que personne ne lit',
  allIgnored:
    'Rien du dernier envoi n’a été lu : aucun fichier n’y est à sa place. Les dossiers xml, csv et photos doivent se trouver à la racine de l’archive.',
  earlierPhotoOfName: 'photo plus ancienne du même nom',
  missingIds: (table, missing, ids) =>
    `${table} : ${several(Number(missing), 'relevé jamais reçu', 'relevés jamais reçus')} (Id ${ids})`,
  drifted: 'La cuisine avait autre chose et reçoit tout de',
  cameBack: (className, count) =>
    `${className} : ${several(count, 'réglage supprimé est revenu', 'réglages supprimés sont revenus')} avec un autre contenu`,
  unreadableTs: (className, count, { id, line, written }) =>
    `${className} : ${several(count, 'réglage porte', 'réglages portent')} une date de modification illisible, considérée comme absente : « ${written} » (Id ${id}${line === null ? '' : `, ligne ${line}`})`,
  refused: 'Refusés',
  allOfThem: 'Tous',

  class: 'Classe',
  editedBy: 'Modifiée par',
  directions: { both: 'les deux côtés', manager: 'le manager seul', solution: 'la solution seule' },
  entities: 'Réglages',
  due: 'à transmettre',
  held: 'retenu',
  parked: 'mis de côté',
  agreed: 'en accord',
  failedTimes: (count) => `échec ×${count}`,
  noParams: 'Aucun réglage pour l’instant',
  noParamsAdvice: 'Ils viennent avec la première synchronisation de la solution.',
  emptyClasses: 'Classes vides',
  addEntity: 'Ajouter',
  noEntities: 'Rien dans cette classe',
  values: 'Valeurs',
  history: 'Historique',
  entity: 'Réglage',
  idHint: 'Un nombre ou un mot, unique dans sa classe.',
  fromTo: (from, to) => `de ${from} à ${to}`,
  undeclaredFields: (count) =>
    `${several(count, 'autre champ', 'autres champs')}, gardés comme la solution les a envoyés`,
  confirmDelete: 'Supprimer aussi sur la solution ?',
  onlySolutionEdits: 'Seule la solution modifie cette classe.',
  couldNotCarryOut: (reason) => `La solution n’a pas pu l’exécuter : ${reason}`,
  fromSync: 'par cette synchronisation',
  theSolution: 'la solution',

  table: 'Table',
  highestId: 'Plus grand Id',
  noReadings: 'Aucun relevé',
  noReadingsAdvice: 'Ils viennent avec la première synchronisation de la solution.',
  downloadCsv: (table) => `${table} en CSV`,
  downloadForExcel: (table) => `${table} pour Excel`,
  conform: 'conforme',
  notConform: 'non conforme',

  noProbes: 'Aucune sonde pour l’instant',
  noProbesAdvice: 'Les sondes parlent sur leur canal ; une enceinte nomme sa sonde dans ses réglages.',
  probe: 'Sonde',
  allProbes: 'Toutes les sondes',
  period: 'Période',
  lastDays: (count) => (count === 1 ? 'dernier jour' : `${count} derniers jours`),
  temperature: 'Température',
  lowestToHighest: 'Du plus bas au plus haut',
  limit: 'Limite',
  limits: 'Limites',
  noLimits: 'sans limites',
  gap: 'Sans relevé',
  chartOf: (probe) => `Températures de ${probe} ; le tableau ci-dessous dit la même chose.`,
  chartNeedsScript: 'Le graphique demande JavaScript. Le tableau ci-dessous dit la même chose.',
  chartFailed: 'Le graphique n’a pas pu être chargé. Le tableau ci-dessous dit la même chose.',
  noReadingsThen: 'Aucun relevé dans cette période',
  dayByDay: 'Jour par jour',
  day: 'Jour',
  lowest: 'Plus bas',
  mean: 'Moyenne',
  highest: 'Plus haut',
  readings: 'Relevés',
  outOfLimits: 'Hors limites',
  lastReading: 'Dernier relevé',
  neverHeard: 'jamais entendue',
  tooWarm: 'trop chaud',
  tooCold: 'trop froid',
  aboveLimit: (duration) => `au-dessus de sa limite${duration === null ? '' : ` depuis ${duration}`}`,
  belowLimit: (duration) => `en dessous de sa limite${duration === null ? '' : ` depuis ${duration}`}`,
  withinLimits: 'dans les limites',

  noPhotos: 'Aucune photo pour l’instant',
  noPhotosAdvice: 'Elles viennent sur le canal des photos.',

  noMessages: 'Rien n’a encore été dit',
  noMessagesAdvice: 'Messages, alertes et résultats de laboratoire paraissent ici, avec leurs accusés.',
  writeMessage: 'Écrire un message',
  subject: 'Objet',
  messageHint: 'Il partira avec la prochaine synchronisation des messages.',
  messageKinds: { message: 'message', 'probe-alert': 'alerte de sonde', analysis: 'résultat de laboratoire' },
  probeEvents: {
    'too warm': 'trop chaud',
    'still too warm': 'toujours trop chaud',
    'too cold': 'trop froid',
    'still too cold': 'toujours trop froid',
    'within its limits again': 'de nouveau dans ses limites',
    'no signal': 'plus de signal',
    'still no signal': 'toujours pas de signal',
    'the signal is back': 'le signal est revenu',
    'battery low': 'batterie faible',
    'battery nearly empty': 'batterie presque vide',
    'battery well again': 'batterie de nouveau bonne',
  },
  read: 'lu',
  delivered: 'reçu',
  toldInDigest: 'La cuisine en est informée par un récapitulatif',
  probeDigest: (alerts) =>
    `Récapitulatif de ${alerts} ${alerts === 1 ? 'alerte de sonde' : 'alertes de sondes'}`,
  waitsForSync: 'en attente',

  device: 'Appareil',
  notBoundYet: 'pas encore liée',
  clock: 'Horloge',
  clockOff: (duration, skew) =>
    Math.abs(skew) < 2 ? 'à l’heure' : `${skew > 0 ? 'en avance' : 'en retard'} de ${duration}`,
  enrolled: 'Inscrite',
  access: 'Accès',
  accessMeaning: 'Ce que vous faites ici vaut aussitôt.',
  unlock: 'Déverrouiller',
  forgetMac: 'Oublier la MAC',
  ignoreMac: 'Accepter toute MAC',
  makeSecret: 'Créer un nouveau secret',
  replaceLeaked: 'Le secret a fuité : le remplacer',
  confirmLeaked:
    'Mettre fin à l’ancien secret maintenant ? L’appareil est déconnecté aussitôt, et le reste jusqu’à la saisie du nouveau secret.',
  confirmSecret:
    'Créer un nouveau secret ? L’ancien reste valable jusqu’à l’usage du nouveau, 24 heures au plus.',
  block: 'Bloquer',
  unblock: 'Débloquer',
  confirmBlock: 'Bloquer cette solution ? Elle est déconnectée aussitôt.',
  otherZone: 'Relevés d’un autre fuseau horaire',
  standElsewhere: (count: string, zone: string, own: string) =>
    `${count} ${count === '1' ? 'relevé enregistré est daté' : 'relevés enregistrés sont datés'} dans le fuseau ${zone}, alors que celui de la solution est ${own}.`,
  unreadableZone: (count: string) =>
    `${count} ${count === '1' ? 'relevé enregistré ne peut pas être relu' : 'relevés enregistrés ne peuvent pas être relus'} : le serveur ignore dans quel fuseau, ou certaines heures du même envoi indiquaient le leur.`,
  readAnewMeaning:
    'Relus, ils gardent l’heure qu’affichait l’horloge de la cuisine, cette fois dans le bon fuseau. D’ici là, ce que la cuisine renvoie compte toujours comme le même relevé.',
  readAnew: (count: string) => `Relire ${count} relevé${count === '1' ? '' : 's'}`,
  confirmReadAnew:
    'Changer les heures de ces relevés ? Pour revenir en arrière, remettez l’ancien fuseau et relisez-les.',
  beingReadAnew: (count: string, by: string) =>
    `Relecture en cours, ${count} ${count === '0' || count === '1' ? 'relevé' : 'relevés'} jusqu’ici. Demandée par ${by}.`,
  retire: 'Retirer',
  retireMeaning:
    'Une solution retirée n’apparaît plus nulle part et ne peut plus se connecter. Ses données sont conservées jusqu’à ce que l’exploitant du serveur les supprime.',
  confirmRetire: 'Retirer cette solution ? Elle disparaît de toutes les listes et est déconnectée aussitôt.',

  alerts: 'Alertes',
  alert: 'Alerte',
  alertsMeaning: 'Sondes restées trop longtemps hors de leurs limites, ou devenues muettes.',
  alertViews: { new: 'Pas encore vues', open: 'En cours', all: 'Toutes' },
  alertKinds: {
    high: 'Trop chaud',
    low: 'Trop froid',
    'signal-lost': 'Signal perdu',
    'low-battery': 'Pile faible',
  },
  alertStates: { open: 'en cours', escalated: 'aggravée', closed: 'finie' },
  since: 'Depuis',
  seen: 'Vue par',
  notYet: 'pas encore',
  comment: 'Commentaire',
  acknowledge: 'Je l’ai vue',
  acknowledgeTicked: 'J’ai vu celles qui sont cochées',
  noAlerts: 'Aucune alerte',
  noAlertsMeaning: 'Chaque sonde est dans ses limites, ou quelqu’un s’en occupe.',

  quarantine: 'Quarantaine',
  quarantineMeaning:
    'Ce qui n’a pas pu être appliqué est gardé ici, comme reçu. Le reste de son paquet a été appliqué.',
  quarantineStates: {
    open: 'à traiter',
    replayed: 'relancé',
    discarded: 'écarté',
    settled: 'réglé par l’appareil',
  },
  sentTimes: (count) => `envoyé ${count} fois`,
  lastTime: 'la dernière',
  fileAndRow: 'Fichier et ligne',
  noQuarantine: 'Rien ici',
  noQuarantineMeaning: 'Tout ce qui est venu a pu être appliqué.',
  correctAndReplay: 'Corriger et relancer',
  asItWasSent: 'Comme reçu',
  header: 'Colonnes',
  correctionHint: 'Changez ce qui est faux, et rien d’autre. Laissé tel quel, il est traité comme reçu.',
  noText: 'Son texte n’a pas été gardé ; il est traité comme reçu.',
  discard: 'Écarter',
  discardTicked: 'Écarter ce qui est coché',
  confirmDiscardMany: 'Écarter tout ce qui est coché ? Cela ne sera pas appliqué.',
  confirmDiscard: 'Écarter ? Cela ne sera pas appliqué.',

  conflicts: 'Conflits',
  conflictsMeaning:
    'Cuisine et manager ont modifié le même champ différemment. Les deux versions restent telles quelles jusqu’à une décision.',
  allConflictsMeaning:
    'Les champs que cuisine et manager ont modifiés différemment, et ce qu’il en est advenu.',
  openOrAll: { open: 'À trancher', all: 'Tous' },
  noConflicts: 'Aucun conflit',
  noConflictsMeaning: 'Personne n’a rien à trancher.',
  bothCopies: 'Les deux versions',
  field: 'Champ',
  agreedBefore: 'Accord précédent',
  managersCopy: 'Manager',
  solutionsCopy: 'Cuisine',
  disputed: 'disputé',
  wasDisputed: 'a été disputé',
  keepManagers: 'Garder celle du manager',
  keepSolutions: 'Garder celle de la cuisine',
  otherValues: 'D’autres valeurs',
  takeThese: 'Prendre celles-ci',
  conflictStates: {
    open: 'à trancher',
    decided: 'tranché',
    resolved: 'résolu par sa règle',
    superseded: 'accord trouvé autrement',
  },
  resolutions: {
    manager: 'la version du manager',
    solution: 'la version de la cuisine',
    fields: 'des valeurs des deux, ou nouvelles',
  },

  approvals: 'Approbations',
  approvalsMeaning: 'Des modifications si nombreuses, ou si douteuses, que quelqu’un doit dire oui.',
  noApprovals: 'Rien à approuver',
  noApprovalsMeaning: 'Aucune synchronisation n’a voulu trop modifier.',
  toDelete: (count, className) => `${className} : ${several(count, 'suppression', 'suppressions')}`,
  toChange: (count, className) => `${className} : ${several(count, 'modification', 'modifications')}`,
  approvalReasons: {
    'first-upload':
      'C’est le premier envoi d’un nouvel appareil : il apporte peut-être ses réglages d’usine, ou ceux d’une ancienne sauvegarde.',
    'many-changes':
      'Plus de la moitié de la classe changerait d’un coup : l’appareil a peut-être perdu ses réglages, ou en apporte d’anciens.',
    resend: 'On a demandé de renvoyer tous les réglages, et ceux de la cuisine sont différents.',
    drift: 'L’appareil signale lui-même qu’il n’a pas ce qui lui a été envoyé.',
  },
  approvalKinds: {
    deletes: 'La cuisine les a supprimés.',
    replace: 'La cuisine remplace tout, et ne les a plus.',
    changes: 'La cuisine en a modifié ou ajouté plus d’un coup que la classe ne le permet.',
    'replace-logs': 'La cuisine remplace tout : ces relevés, elle ne les a plus, ou les a autrement.',
  },
  approvalStates: { open: 'en attente', approved: 'approuvé', rejected: 'refusé', superseded: 'dépassé' },
  whichOnes: 'Lesquels',
  approve: 'Approuver : les supprimer',
  reject: 'Refuser : les garder',

  audit: 'Journal d’audit',
  auditMeaning: 'Qui a fait quoi, quand, d’où.',
  who: 'Qui',
  action: 'Action',
  solutionNumber: 'N° de la solution',
  auditActions: {
    'access.refused': 's’est vu refuser un accès',
    'schedule.pause': 'a suspendu une tâche de fond',
    'schedule.resume': 'a repris une tâche de fond',
    'schedule.run': 'a lancé une tâche de fond à la main',
    'hook.create': 'a créé une adresse pour les webhooks d’un système',
    'hook.delete': 'a supprimé une adresse pour webhooks',
    'hook.secrets': 'a défini les clés de signature des webhooks d’un système',
    'link.join': 'a relié deux fiches à la main',
    'link.look': 'a fait réexaminer un lien',
    'link.unlink': 'a séparé deux fiches',
    'pair.create': 'a ajouté une paire de systèmes',
    'pair.delete': 'a supprimé une paire de systèmes',
    'pair.pause': 'a suspendu une paire de systèmes',
    'pair.resume': 'a repris une paire de systèmes',
    'pair.run': 'a lancé une paire de systèmes à la main',
    'pair.update': 'a modifié une paire de systèmes',
    'pair-job.add': 'a fait examiner une fiche',
    'pair-job.retry': 'a relancé le traitement d’une fiche',
    'plan.decide': 'a tranché sur un plan',
    'plan.make': 'a demandé un plan',
    'system.create': 'a ajouté un système',
    'system.delete': 'a supprimé un système',
    'system.pause': 'a suspendu un système',
    'system.probe': 'a fait tester un système',
    'system.resume': 'a repris un système',
    'system.update': 'a modifié un système',
    'account.create': 'a créé un compte',
    'account.purge': 'a supprimé un compte et tout ce qui était à lui',
    'account.quotas': 'a changé ce qu’un compte peut envoyer',
    'account.readings-removed': 'a supprimé les relevés plus anciens que ce que le compte conserve',
    'account.retention': 'a changé la durée de conservation d’un compte',
    'alert.acknowledge': 'a vu une alerte',
    'analysis.send': 'a envoyé un résultat de laboratoire',
    'approval.decide': 'a décidé d’une approbation',
    'audit.purge': 'a supprimé d’anciennes lignes du journal',
    'backup.restore': 'a restauré une sauvegarde',
    'conflict.decide': 'a tranché un conflit',
    'flag.clear': 'a levé une demande',
    'flag.consume': 'a exécuté une demande',
    'flag.set': 'a posé une demande',
    'key.rotate': 'a créé une nouvelle clé du serveur',
    'log.accept-losses': 'a accepté la perte de relevés',
    'log.read-anew': 'a fait relire des relevés dans un autre fuseau horaire',
    'log.read-anew-asked': 'a demandé de relire des relevés dans un autre fuseau horaire',
    'log.replace': 'a remplacé tous les relevés d’une table',
    'message.send': 'a envoyé un message',
    'notification.retry': 'a relancé une notification',
    'notification-target.create': 'a ajouté un destinataire de notifications',
    'notification-target.confirm': 'a confirmé son adresse pour les notifications',
    'notification-target.delete': 'a retiré un destinataire de notifications',
    'notification-target.replace-secret': 'a créé un nouveau secret de webhook',
    'notification-target.update': 'a modifié un destinataire de notifications',
    'param.delete': 'a supprimé un réglage de la cuisine',
    'param.put': 'a modifié un réglage de la cuisine',
    'photo.replace': 'a envoyé une autre photo sous un nom déjà connu',
    'quarantine.discarded': 'a écarté un élément de la quarantaine',
    'quarantine.replayed': 'a relancé un élément de la quarantaine',
    'replacement.park': 'n’a pas pu exécuter le remplacement d’un fichier',
    'secrets.seal': 'a scellé les secrets de la base de données',
    'session.end': 's’est déconnecté, ou a mis fin à une session',
    'session.end-all': 'a mis fin à toutes les sessions d’un utilisateur',
    'session.start': 's’est connecté',
    'sign-in.failed': 'n’a pas réussi à se connecter',
    'sign-in.limited': 'a tenté trop souvent de se connecter',
    'sign-in.refused': 'n’a pas été autorisé à se connecter',
    'solution.create': 'a inscrit une solution',
    'solution.lock': 's’est présentée avec une autre adresse MAC et a été verrouillée',
    'solution.quotas': 'a changé ce qu’une solution peut envoyer',
    'solution.replace-secret': 'a créé un nouveau secret de solution',
    'solution.purge': 'a supprimé définitivement une solution retirée',
    'solution.retire': 'a retiré une solution',
    'solution.update': 'a modifié une solution',
    'sync.replay': 'a relancé le traitement d’un envoi',
    'user.change-password': 'a changé le mot de passe',
    'user.create': 'a ajouté un utilisateur',
    'user.forget-identities': 'a annulé les identités externes d’un utilisateur',
    'user.second-factor-off': 'a retiré un second facteur',
    'user.second-factor-on': 'a configuré un second facteur',
    'user.link-identity': 's’est connecté par un fournisseur d’identité pour la première fois',
    'user.remove': 'a supprimé un utilisateur',
    'user.update': 'a modifié un utilisateur',
  },
  beforeAndAfter: 'Avant et après',
  before: 'Avant',
  afterwards: 'Après',

  notifications: 'Notifications',
  notificationsMeaning: 'Qui est prévenu, par e-mail ou par webhook, quand quelque chose attend quelqu’un.',
  noMailServer:
    'Aucun serveur de messagerie n’est configuré (EPACK_SMTP_URL et EPACK_MAIL_FROM) : les e-mails ne partent pas. Les webhooks sont appelés.',
  noTargets: 'Personne n’est encore prévenu',
  noTargetsAdvice: 'Ajoutez une adresse e-mail, ou l’URL d’un programme.',
  toldTo: 'Destinataire',
  problemTextOf: 'De quoi',
  targetKinds: { email: 'E-mail', webhook: 'Webhook' },
  address: 'Adresse',
  addressHint: 'Une adresse e-mail, ou une URL qui commence par https://.',
  notificationEvents: {
    'sync-failed': 'une synchronisation a échoué',
    'solution-stale': 'une solution ne se manifeste plus',
    'approval-waiting': 'une approbation est attendue',
    'probe-alert': 'une sonde est en alerte',
    'pair-paused': 'une paire de systèmes est en pause',
    'entity-given-up': 'un élément d’une paire a été abandonné',
    'conflict-waiting': 'un conflit d’une paire attend une décision',
    test: 'un essai',
    'confirm-address': 'la demande de confirmation',
  },
  everyAccount: 'tous les comptes',
  staleHours: 'Silencieuse depuis (heures)',
  mailLanguage: 'Langue des e-mails',
  mailLanguages: { en: 'anglais', fr: 'français' },
  addTarget: 'Ajouter',
  paused: 'en pause',
  pause: 'Mettre en pause : rien de nouveau n’est noté',
  givenUp: (count: number) => `${count} abandonnée${count > 1 ? 's' : ''}`,
  triedAgain: (count: number) => `${count} en nouvel essai`,
  whatWasTold: 'Ce qui a été envoyé',
  nothingTold: 'Rien encore',
  notificationStates: { waiting: 'en attente', delivered: 'remise', parked: 'abandonnée' },
  toBeConfirmed: 'à confirmer',
  confirmFirst: (hours: number) =>
    `Rien n’est encore envoyé à cette adresse. Un e-mail demande l’accord de son propriétaire : le lien fonctionne pendant ${hours} heures.`,
  askOwner: 'Renvoyer la demande de confirmation',
  confirmAddress: 'Confirmez votre adresse',
  confirmAddressMeaning: 'Une fois l’adresse confirmée, ePack vous prévient par e-mail lorsque',
  confirmForAccount: (account: string) => `compte ${account}`,
  confirm: 'Confirmer',
  addressIsConfirmed: 'Votre adresse est confirmée',
  addressIsConfirmedMeaning:
    'Vous y recevrez désormais les notifications. La personne qui l’a inscrite peut changer cela à tout moment.',
  confirmLinkIsOver:
    'Ce lien ou ce code ne fonctionne plus : il a déjà servi, ou il est trop ancien. Faites renvoyer l’e-mail par la personne qui a inscrit votre adresse.',
  confirmCode: 'Code reçu par e-mail',
  webhookUnreachable: 'Le webhook n’a pas pu être joint. La raison figure dans le journal du serveur.',
  mailServerAway:
    'Le serveur de messagerie n’a pas pu être joint. La raison figure dans le journal du serveur.',
  sendTest: 'Envoyer un essai',
  tryAgain: 'Réessayer',
  stopTelling: 'Retirer',
  confirmStopTelling: 'Le retirer ? Ce qui l’attend disparaît aussi.',
  newWebhookSecret: 'Créer un nouveau secret',
  webhookSecretMeaning:
    'Il signe les appels. Le programme appelé en a besoin pour les distinguer de tous les autres.',
  secretOverlap: (hours: number) => `Pendant ${hours} heures, l’ancien signe aussi.`,
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
  unbalancedLogs: 'Tables aux relevés disparus',
  doubtfulReadings: 'Relevés douteux',
  tablesUnbalanced: (count: number) =>
    count === 1 ? 'relevés disparus dans une table' : `relevés disparus dans ${count} tables`,
  tablesWithImpossibleTimes: (count: number) =>
    count === 1 ? 'heures impossibles dans une table' : `heures impossibles dans ${count} tables`,
  untrustedProxy: (address: string) =>
    `${address} relaie des appels sans être reconnu : pour ce serveur, tout le monde appelle de là et partage ses limites. Si c’est votre proxy, réglez EPACK_TRUST_PROXY.`,
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
  users: 'Utilisateurs',
  usersMeaning: 'Qui peut se connecter ici, et quelles solutions chacun voit.',
  role: 'Rôle',
  roles: { admin: 'Administrateur', manager: 'Gestionnaire', viewer: 'Lecteur' },
  roleMeanings: {
    admin: 'Administrateur : tout, utilisateurs compris',
    manager: 'Gestionnaire : modifie ses comptes',
    viewer: 'Lecteur : regarde ses comptes',
  },
  allAccounts: 'tous',
  disabled: 'désactivé',
  addUser: 'Ajouter un utilisateur',
  passwordHint: (least: number) => `Au moins ${least} caractères.`,
  newPassword: 'Nouveau mot de passe',
  newPasswordHint: 'Vide, l’ancien reste. Un nouveau met fin à toutes les sessions de l’utilisateur.',
  mayNotSignIn: 'Ne peut plus se connecter',
  accounts: 'Comptes',
  accountsMeaning:
    'Les clients. Une solution appartient à un compte ; un utilisateur voit ceux qu’on lui a donnés.',
  addAccount: 'Ajouter un compte',
  noAccounts: 'Il n’y a encore aucun compte',
  // Ce qu’une solution ou un compte peut prendre du serveur
  quotas: 'Limites d’usage',
  quotasMeaning:
    'Ce que cette cuisine peut utiliser du serveur, pour qu’aucune ne gêne les autres. Au-delà d’une limite, son appareil est prié de revenir plus tard ; rien de ce qu’il détient n’est perdu.',
  accountQuotasMeaning:
    'Ce que toutes les cuisines de ce compte peuvent utiliser ensemble. Sans valeur, il n’y a pas de limite ; les envois et les octets sont comptés à partir de la première valeur.',
  quota: 'Limite',
  quotaUsed: 'Utilisé',
  quotaLimit: 'Autorisé',
  quotaNone: 'sans limite',
  quotaOwn: 'Valeur propre',
  quotaOwnHint: 'En octets, là où il s’agit d’octets. Laissé vide : la valeur habituelle.',
  quotaDayEnds: 'Les envois et les octets sont recomptés à partir du',
  quotaNames: {
    syncsPerDay: 'Envois en 24 heures',
    bytesPerDay: 'Octets envoyés en 24 heures',
    openUploads: 'Envois par morceaux inachevés',
    openUploadBytes: 'Octets des envois inachevés',
    openQuarantine: 'Éléments en quarantaine',
    extraColumns: 'Colonnes inconnues d’un journal',
  },
  quotaOfDisk: 'la place libre sur le serveur',
  quotaRefused: (bound, when, isOfAccount) =>
    `Un envoi a été refusé ${when}. Limite${isOfAccount ? ' du compte' : ''} : ${bound}.`,
  retention: 'Durée de conservation',
  filesKept: (days) => `fichiers ${days === null ? 'comme d’habitude' : several(days, 'jour', 'jours')}`,
  readingsKept: (days) => `relevés ${days === null ? 'sans limite' : several(days, 'jour', 'jours')}`,
  fileDays: 'Jours pour les envois et les paquets',
  fileDaysHint: 'À partir de leur réception. Vide : comme sur tout le serveur.',
  readingDays: 'Jours pour les relevés',
  readingDaysHint:
    'À partir de la mesure ; les plus anciens sont supprimés définitivement. Vide : sans limite.',
  confirmRetention: 'Enregistrer ? Ce qui est plus ancien sera supprimé définitivement en quelques heures.',

  // Background work
  backgroundWork: 'Tâches de fond',
  backgroundWorkMeaning:
    'Ce que le serveur fait de lui-même, la dernière fois qu’il l’a fait et la prochaine. Un seul processus s’en charge.',
  backgroundKind: 'Tâche',
  lastRun: 'Dernière exécution',
  nextRun: 'Prochaine exécution',
  actions: 'Actions',
  runNow: 'Exécuter',
  pauseWork: 'Suspendre',
  resumeWork: 'Reprendre',
  pausedBy: (who: string) => `Suspendue par ${who}`,
  runSucceeded: 'Faite',
  runFailed: 'Échec',
  runWaits: 'En cours',
  neverRun: 'Pas encore',
  backgroundKinds: {
    'alerts.find-silent-probes': 'Repérer les sondes muettes',
    'parameters.apply-approvals': 'Appliquer les modifications de réglages approuvées',
    'logs.apply-replacements': 'Appliquer les remplacements de relevés approuvés',
    'logs.read-times-anew': 'Relire les heures après la correction d’un fuseau horaire',
    'logs.check-books': 'Vérifier que chaque relevé reçu est toujours là',
    'pair.wake-pairs': 'Réveiller les paires de systèmes que rien ne réveille',
    'notifications.deliver': 'Envoyer les notifications',
    'notifications.find-stale-solutions': 'Repérer les solutions sans nouvelles',
    'notifications.remove-old': 'Supprimer les anciennes notifications',
    'upkeep.free-dead-uploads': 'Libérer les canaux dont l’envoi s’est interrompu',
    'upkeep.requeue-orphans': 'Retrouver les synchronisations sans tâche',
    'upkeep.remove-expired-files': 'Supprimer les fichiers conservés assez longtemps',
    'upkeep.remove-orphan-files': 'Supprimer les fichiers qui n’appartiennent plus à rien',
    'upkeep.remove-abandoned-parts': 'Supprimer les morceaux d’envois abandonnés',
    'upkeep.remove-old-readings': 'Supprimer les relevés conservés assez longtemps',
    'upkeep.remove-stale-rows': 'Supprimer les sessions closes et les tâches terminées',
    'upkeep.seal-audit-trail': 'Sceller le journal d’audit',
    'upkeep.guard-given-ids': 'Veiller à ce qu’aucun numéro ne soit attribué deux fois',
    'notifications.send-staff-mails': 'Envoyer les e-mails au personnel',
  },
};
