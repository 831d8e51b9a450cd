import { type ChildProcess, fork } from 'node:child_process';
import { backoffMs } from '../shared/domain/backoff';
import type { Logger } from '../shared/log';
import { tryAgainExitCode } from '../shared/process/operator-errors';

export interface Supervised {
  /** Resolves with the message of the process when it is ready for the first time; rejects if it never is. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  /** Stops the process cleanly; it is not started again. */
  stop(): Promise<void>;
}

interface Command {
  readonly name: string;
  /** The script, and its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
}

/** After so many ends before it was ever ready, the process counts as broken, unless it says that it will recover. */
const maxFailedStarts = 3;
/** If a process ran for this time before it ended, it did not fail at its start. */
const steadyMilliseconds = 10_000;

/**
 * Streams make much short-lived garbage, nearly all of it buffers of incoming data. With a small young generation these
 * buffers are freed soon, and large buffers return to the system. Our heap is so small that V8 would take a few such
 * buffers for a full heap, and would mark all of it with every upload: so the heap may double before that. For so small
 * a young generation, several threads are not worthwhile. (`bench/memory.ts`, `bench/upload.ts`: an upload of 20 MB
 * takes half the time.)
 */
export const heapOptions = [
  '--max-semi-space-size=1',
  '--no-parallel-scavenge',
  '--heap-growing-percent=100',
];
export const largeBuffersGoBack = { MALLOC_MMAP_THRESHOLD_: '131072' };

/** Calls that wait for the disk occupy a thread, and a disk serves many of them as fast as one (docs/decisions/077). */
const manyFilesAtOnce = { UV_THREADPOOL_SIZE: '16' };

/** Keeps a process running: starts it, and starts it again whenever it ends, each time after a longer pause. */
export function supervise(command: Command): Supervised {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let failures = 0;
  let wasReady = false;
  let onReady: (said: Readonly<Record<string, unknown>>) => void;
  let onFailed: (error: Error) => void;
  const ready = new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    onReady = resolve;
    onFailed = reject;
  });
  begin();

  return {
    ready,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      const last = child;
      if (last === null || last.exitCode !== null || last.signalCode !== null) return;
      const ended = new Promise((resolve) => last.once('exit', resolve));
      last.kill('SIGTERM');
      await ended;
    },
  };

  function begin(): void {
    const startedAt = Date.now();
    child = fork(command.script, [...command.args], {
      env: { ...largeBuffersGoBack, ...manyFilesAtOnce, ...command.environment },
      execArgv: [...process.execArgv, ...heapOptions],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message) => {
      if (!isReady(message)) return;
      wasReady = true;
      onReady(message.ready);
    });
    child.once('exit', (code, signal) => {
      if (isStopped) return;
      failures = Date.now() - startedAt > steadyMilliseconds ? 1 : failures + 1;
      if (!wasReady && failures >= maxFailedStarts && code !== tryAgainExitCode) {
        onFailed(new Error(`The process "${command.name}" does not start; its log says why.`));
        return;
      }
      const waitMs = backoffMs(failures, { firstMs: 200, maxMs: 10_000 });
      command.log.warn({ process: command.name, code, signal, waitMs }, 'process ended; it is started again');
      timer = setTimeout(begin, waitMs);
    });
  }
}

function isReady(message: unknown): message is { ready: Readonly<Record<string, unknown>> } {
  return (
    typeof message === 'object' && message !== null && 'ready' in message && typeof message.ready === 'object'
  );
}
