import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readSosyncTime } from '../../shared/formats/sosync-time';
import { type SosyncJob, sosyncJobNames, sosyncJobStates, sosyncSystems } from '../../shared/domain/sosync';
import type { ImportedJob } from '../../shared/stores/sosync/sosync-import-store';

/** A mistake in a line: the end of a sentence that begins with a column. */
export interface LineFault {
  readonly reason: string;
}

/** The required columns of a file; the other columns of a job may be left out. */
const needed = [
  'job_id',
  'job_date',
  'job_state',
  'source_system',
  'source_model',
  'source_record_id',
] as const;

/** The columns that a header lacks, or has twice. */
export function headerFaults(header: readonly string[]): string[] {
  return [
    ...needed.filter((name) => !header.includes(name)).map((name) => `the column ${name} is missing`),
    ...sosyncJobNames
      .filter((name) => header.filter((one) => one === name).length > 1)
      .map((name) => `the column ${name} stands twice`),
  ];
}

/** A line of the old table. Columns that a job does not have are ignored. */
export function oldJobFrom(header: readonly string[], cells: readonly string[]): ImportedJob | LineFault {
  if (cells.length !== header.length)
    return { reason: `has ${cells.length} cells, and the header has ${header.length}` };
  const entries = header.map((name, place) => [name, cells[place] ?? ''] as const);
  const given = entries.filter(([name, value]) => isJobName(name) && !isNothing(value));
  const parsed = shape.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
    return { reason: faults.join('; ') };
  }
  const digest = createHash('sha256').update(JSON.stringify(given)).digest('hex');
  return { ...parsed.data, digest };
}

const isJobName = (name: string): boolean => sosyncJobNames.some((one) => one === name);

/** The ways in which databases write an empty value into CSV. */
const isNothing = (value: string): boolean => value === '' || value === 'NULL' || value === '\\N';

const id = z.string('is missing').regex(/^[1-9]\d{0,17}$/, 'is no id');
const time = z.string('is missing').transform((written, context) => {
  const read = readSosyncTime(written);
  if (read !== null) return read;
  context.addIssue('is no time');
  return z.NEVER;
});
const kept = (most: number) =>
  z
    .string()
    .transform((text) => text.replaceAll('\0', '\ufffd').slice(0, most))
    .nullable()
    .default(null);
const name = z.string('is missing').trim().min(1, 'is missing').max(200, 'has more than 200 characters');

const shape = z.object({
  job_id: id,
  job_date: time,
  job_fetched: time.nullable().default(null),
  job_start: time.nullable().default(null),
  job_end: time.nullable().default(null),
  job_state: z.enum(sosyncJobStates, `is none of ${sosyncJobStates.join(', ')}`),
  job_run_count: z
    .string()
    .regex(/^\d{1,9}$/, 'is no whole number')
    .transform(Number)
    .default(0),
  job_closed_by_job_id: id.nullable().default(null),
  job_error_code: kept(200),
  job_error_text: kept(10_000),
  job_log: kept(100_000),
  job_to_fso_sync_version: kept(200),
  parent_job_id: id.nullable().default(null),
  source_system: z.enum(sosyncSystems, 'is neither fs nor fso'),
  source_model: name,
  source_record_id: name,
  target_system: z.enum(sosyncSystems, 'is neither fs nor fso').nullable().default(null),
  target_model: kept(200),
  target_record_id: kept(200),
  target_request: kept(100_000),
  target_answer: kept(100_000),
}) satisfies z.ZodType<SosyncJob>;
