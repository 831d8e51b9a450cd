import { type SosyncJob, sosyncJobNames } from '../../shared/domain/sosync';

/** The fields of a mirrored job: its external id, what people call it, and all of its own names. */
export const mirrorFields: readonly string[] = ['id', 'name', ...sosyncJobNames];

/** Made by itself out of the job, so that it is the same whenever the job is sent. */
export function mirroredRow(job: SosyncJob): string[] {
  const name = `${job.source_system} ${job.source_model} ${job.source_record_id}`;
  return [`__sync__.job-${job.job_id}`, name, ...sosyncJobNames.map((one) => cellOf(job[one]))];
}

function cellOf(value: SosyncJob[keyof SosyncJob]): string {
  if (value === null) return '';
  // UTC with whole seconds: Odoo reads nothing finer.
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  return String(value);
}
