import { rm } from 'node:fs/promises';
import { startTiedShell } from './tied-shell';

/** The data from the global set-up for the global teardown; both run in one process, as separate modules. */
interface TestRun {
  /** Work for the end of the run; the last one given is done first. */
  atEnd(work: () => Promise<void>): void;
}

declare global {
  var epackTestRunEnd: (() => Promise<void>) | undefined;
}

export function startTestRun(folder: string): TestRun {
  // A run that is killed leaves nothing either; PostgreSQL and RabbitMQ end with it by themselves.
  startTiedShell('read -r _ <&4; sleep 3; rm -rf "$0"', { words: [folder] });
  const works: (() => Promise<void>)[] = [
    () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  ];
  globalThis.epackTestRunEnd = async () => {
    for (const work of works.reverse()) await work();
  };
  return { atEnd: (work) => void works.push(work) };
}

export async function endTestRun(): Promise<void> {
  await globalThis.epackTestRunEnd?.();
}
