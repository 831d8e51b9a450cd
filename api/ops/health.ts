// What the console shows of this process's health.
export type { Health, HealthCheck } from '../../shared/metrics/health';
