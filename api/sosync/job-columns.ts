import { type SosyncJob, sosyncJobNames } from '../../shared/domain/sosync';

/** A job as its callers read it: times in ISO 8601, UTC; ids as numbers. */
export function jobColumns(job: SosyncJob): Record<string, string | number | null> {
  return Object.fromEntries(sosyncJobNames.map((name) => [name, columnValue(name, job[name])]));
}

const ids: ReadonlySet<string> = new Set([
  'job_id',
  'job_closed_by_job_id',
  'parent_job_id',
  'source_record_id',
  'target_record_id',
]);

function columnValue(name: string, value: SosyncJob[keyof SosyncJob]): string | number | null {
  if (value instanceof Date) return value.toISOString();
  return ids.has(name) && typeof value === 'string' ? idOf(value) : value;
}

/** Keys that are no numbers stay as they are. */
export const idOf = (written: string): number | string =>
  /^(0|[1-9]\d*)$/.test(written) && Number.isSafeInteger(Number(written)) ? Number(written) : written;
