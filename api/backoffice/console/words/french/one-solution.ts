import type { OneSolutionWords } from '../english/one-solution';
import { several } from './several';

export const oneSolutionFrench: OneSolutionWords = {
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
      'Quelqu’un a modifié la base de données sans passer par le serveur. Faites renvoyer ses relevés à la cuisine (« resend-logs »), ou reprenez-les d’une sauvegarde. Tout est revérifié dès que des lignes arrivent. Si plus personne ne les a, acceptez-le : ils comptent alors comme absents.',
    acceptLosses: 'Accepter',
    confirmAcceptLosses:
      'Accepter la perte de ces relevés ? Le journal d’audit dira que c’est vous. Un relevé qui arriverait tout de même sera enregistré.',
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
  exactReason: 'Raison exacte',
};
