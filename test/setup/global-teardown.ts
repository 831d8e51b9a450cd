import { endTestRun } from './test-run';

/** Stops what the set-up started, the last thing first, and removes its folder. */
export default function globalTeardown(): Promise<void> {
  return endTestRun();
}
