import type { Outside } from '../remote-system';

/** Runs everything that is done in the folder, within the limits of the system, and reports it to observers. */
export interface FolderCalls {
  /** Runs a write. The timeline of its item shows it. */
  told<T>(operation: string, path: string, signal: AbortSignal, run: () => Promise<T>): Promise<T>;
  /** Runs a read. It is too cheap to be reported. */
  quiet<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T>;
}

export function createCalls({ system, limiter, observe }: Outside): FolderCalls {
  return {
    quiet: (signal, run) => limiter.run(run, signal),
    async told(operation, path, signal, run) {
      const startedAt = new Date();
      const began = performance.now();
      const tell = (fault: string | null) => {
        const milliseconds = Math.round(performance.now() - began);
        const call = { system, operation, method: operation, path, status: null, milliseconds, startedAt };
        observe({ ...call, request: null, answer: null, fault });
      };
      try {
        const done = await limiter.run(run, signal);
        tell(null);
        return done;
      } catch (error) {
        tell(error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
  };
}
