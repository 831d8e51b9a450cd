// The words of the interface of sosync, as its callers know them.

export const sosyncSystems = ['fs', 'fso'] as const;
/** `fs`: FundraisingStudio; `fso`: FundraisingStudio Online. */
export type SosyncSystem = (typeof sosyncSystems)[number];

export const sosyncJobStates = ['new', 'inprogress', 'done', 'error_retry', 'error', 'skipped'] as const;
export type SosyncJobState = (typeof sosyncJobStates)[number];

export const sosyncWorkerKinds = ['job', 'protocol'] as const;
/** `job`: has the created jobs done; `protocol`: mirrors every job to the other system. */
export type SosyncWorkerKind = (typeof sosyncWorkerKinds)[number];

export type SosyncWorkerStatus = 'running' | 'stopped' | 'paused';

/** A whole job, by the names that callers know. */
export interface SosyncJob {
  readonly job_id: string;
  readonly job_date: Date;
  /** When the job worker passed it on. */
  readonly job_fetched: Date | null;
  readonly job_start: Date | null;
  readonly job_end: Date | null;
  readonly job_state: SosyncJobState;
  readonly job_run_count: number;
  readonly job_closed_by_job_id: string | null;
  readonly job_error_code: string | null;
  readonly job_error_text: string | null;
  readonly job_log: string | null;
  readonly job_to_fso_sync_version: string | null;
  readonly parent_job_id: string | null;
  readonly source_system: SosyncSystem;
  readonly source_model: string;
  readonly source_record_id: string;
  readonly target_system: SosyncSystem | null;
  readonly target_model: string | null;
  readonly target_record_id: string | null;
  readonly target_request: string | null;
  readonly target_answer: string | null;
}

/** The names of a job, in the order in which they are told. */
export const sosyncJobNames = [
  'job_id',
  'job_date',
  'job_fetched',
  'job_start',
  'job_end',
  'job_state',
  'job_run_count',
  'job_closed_by_job_id',
  'job_error_code',
  'job_error_text',
  'job_log',
  'job_to_fso_sync_version',
  'parent_job_id',
  'source_system',
  'source_model',
  'source_record_id',
  'target_system',
  'target_model',
  'target_record_id',
  'target_request',
  'target_answer',
] as const satisfies readonly (keyof SosyncJob)[];

export const otherSosyncSystem = (system: SosyncSystem): SosyncSystem => (system === 'fs' ? 'fso' : 'fs');
