import type { SyncReport } from './report';

/** The total counts of a sync: parameters, logs and photos together. */
export interface ReportTotals {
  inserted: number;
  updated: number;
  deleted: number;
  unchanged: number;
  duplicates: number;
  conflicts: number;
  held: number;
  rejected: number;
}

/** Adds up the counts of a report. */
export function totalsOf({
  params,
  logs,
  photos,
}: Pick<SyncReport, 'params' | 'logs' | 'photos'>): ReportTotals {
  const { replaced = 0, ...others } = photos;
  const counts = [
    ...Object.values(params),
    ...Object.values(logs),
    { ...others, inserted: others.inserted + replaced },
  ];
  return counts.map((count) => ({ ...none, ...count })).reduce(sum, none);
}

const none: ReportTotals = {
  inserted: 0,
  updated: 0,
  deleted: 0,
  unchanged: 0,
  duplicates: 0,
  conflicts: 0,
  held: 0,
  rejected: 0,
};

const sum = (a: ReportTotals, b: ReportTotals): ReportTotals => ({
  inserted: a.inserted + b.inserted,
  updated: a.updated + b.updated,
  deleted: a.deleted + b.deleted,
  unchanged: a.unchanged + b.unchanged,
  duplicates: a.duplicates + b.duplicates,
  conflicts: a.conflicts + b.conflicts,
  held: a.held + b.held,
  rejected: a.rejected + b.rejected,
});
