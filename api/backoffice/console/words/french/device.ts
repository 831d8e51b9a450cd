import type { DeviceWords } from '../english/device';

export const deviceFrench: DeviceWords = {
  device: 'Appareil',
  notBoundYet: 'pas encore liée',
  clock: 'Horloge',
  clockOff: (duration, skew) =>
    Math.abs(skew) < 2 ? 'à l’heure' : `${skew > 0 ? 'en avance' : 'en retard'} de ${duration}`,
  enrolled: 'Inscrite',
  access: 'Accès',
  accessMeaning: 'Ce que vous faites ici prend effet aussitôt.',
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
    'Changer les heures de ces relevés ? Pour revenir en arrière, remettez l’ancien fuseau et relisez-les.',
  beingReadAnew: (count: string, by: string) =>
    `Relecture en cours, ${count} ${count === '0' || count === '1' ? 'relevé' : 'relevés'} jusqu’ici. Demandée par ${by}.`,
  retire: 'Retirer',
  retireMeaning:
    'Une solution retirée n’apparaît plus nulle part et ne peut plus se connecter. Ses données sont conservées jusqu’à ce que l’exploitant du serveur les supprime.',
  confirmRetire: 'Retirer cette solution ? Elle disparaît de toutes les listes et est déconnectée aussitôt.',
};
