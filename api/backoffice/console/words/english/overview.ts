/** Texts of the first page. */
export const overviewEnglish = {
  overview: 'Overview',
  alertsToSee: 'alerts to see',
  inQuarantine: 'in quarantine',
  conflictsToDecide: 'conflicts to decide',
  approvalsToDecide: 'approvals waiting',
  openJobs: 'open jobs',
  oldest: 'oldest',
  allPartsUp: 'database, queue, file store',
  syncsPerMinute: 'Synchronisations per minute',
  inTheLastHour: (count: string) => `${count} in the last hour`,
  noSyncsInTheLastHour: 'None in the last hour',
  most: (count: string) => `at most ${count}`,
  now: 'now',
  channelsByStatus: 'Channels by status',
  failedSyncs: 'Failed synchronisations',
  inTheLastDay: 'last 24 hours',
  noFailedSyncs: 'None failed',
  silentSolutions: 'Silent solutions',
  moreThanADay: 'for more than a day',
  noSilentSolutions: 'All heard from',
  unbalancedLogs: 'Tables with lost readings',
  doubtfulReadings: 'Readings in doubt',
  tablesUnbalanced: (count: number) =>
    count === 1 ? 'readings lost in one table' : `readings lost in ${count} tables`,
  tablesWithImpossibleTimes: (count: number) =>
    count === 1 ? 'impossible times in one table' : `impossible times in ${count} tables`,
  untrustedProxy: (address: string) =>
    `${address} forwards calls, but it is not a trusted proxy. To this server, everyone calls from that address and shares its limits. If it is your proxy, set EPACK_TRUST_PROXY.`,
};

export type OverviewWords = typeof overviewEnglish;
