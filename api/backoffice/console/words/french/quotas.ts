import type { QuotasWords } from '../english/quotas';
import { several } from './several';

export const quotasFrench: QuotasWords = {
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
};
