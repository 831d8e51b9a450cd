// The health of this process, for the console.
export type { Health, HealthCheck } from '../../shared/metrics/health';
export type { ReplicaState } from '../../shared/db/replica';
