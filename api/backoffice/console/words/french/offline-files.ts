import type { OfflineFilesWords } from '../english/offline-files';

export const offlineFilesFrench: OfflineFilesWords = {
  offlineFiles: 'Fichiers hors ligne',
  offlineFilesMeaning:
    'Une cuisine sans réseau exporte ses données sur une clé USB. Déposez le fichier ici, puis mettez la réponse sur la même clé.',
  offlineFile: 'Fichier de la clé',
  offlineFileHint: 'Son nom se termine par .epack. Déposer deux fois le même fichier est sans conséquence.',
  takeIn: 'Déposer',
  noOfflineFiles: 'Aucun fichier n’a encore été déposé',
  writtenOnDevice: 'Écrit sur l’appareil',
  takenIn: 'Déposé',
  whatBecameOfIt: 'Ce qu’il est devenu',
  response: 'Réponse',
  fetchResponse: (kitchen) => `Réponse pour ${kitchen}`,
  responseNotReady: 'Traitement en cours\u00a0: rechargez cette page dans un instant.',
  offlineOutcomes: {
    accepted: 'pris en charge',
    'earlier-package': 'un paquet antérieur est à appliquer d’abord',
    superseded: 'rien n’a été repris\u00a0: la cuisine s’est synchronisée depuis',
    refused: 'refusé',
    busy: 'pas encore\u00a0: une autre synchronisation est en cours, redéposez le fichier plus tard',
  },
};
