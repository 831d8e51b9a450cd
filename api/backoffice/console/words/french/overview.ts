import type { OverviewWords } from '../english/overview';

export const overviewFrench: OverviewWords = {
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
  unbalancedLogs: 'Tables dont des relevés ont disparu',
  doubtfulReadings: 'Relevés douteux',
  tablesUnbalanced: (count: number) =>
    count === 1 ? 'relevés disparus dans une table' : `relevés disparus dans ${count} tables`,
  tablesWithImpossibleTimes: (count: number) =>
    count === 1 ? 'heures impossibles dans une table' : `heures impossibles dans ${count} tables`,
  untrustedProxy: (address: string) =>
    `${address} relaie des appels sans être reconnu : pour ce serveur, tout le monde appelle de là et partage ses limites. Si c’est votre proxy, réglez EPACK_TRUST_PROXY.`,
};
