import type { ObservedFileCall } from '../files/s3-settings';
import type { Metrics } from './metrics';

/** Counts and times the calls to an object store. Nothing is exported before the first call. */
export function countFileCalls(metrics: Metrics): (call: ObservedFileCall) => void {
  const seconds = metrics.histogram(
    'epack_file_store_call_seconds',
    'Time of a call to the object store, with its repetitions, by what became of it.',
    ['operation', 'outcome'],
    [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
  );
  return (call) => seconds({ operation: call.operation, outcome: call.outcome }, call.seconds);
}
