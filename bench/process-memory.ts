import { readdir, readFile, writeFile } from 'node:fs/promises';

// What Linux says of the processes that a benchmark started.

export interface ProcessMemory {
  readonly pid: number;
  /** The peak resident memory since the last reset. */
  peakBytes(): Promise<number>;
  /** From here on, the peak is counted anew. */
  forgetPeak(): Promise<void>;
}

/** The server's process of that name (`api`, `worker`), among the children of this process. */
export async function findServerProcess(name: string): Promise<ProcessMemory> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [command, status] = await Promise.all([read(entry, 'cmdline'), read(entry, 'status')]);
    const isChild = new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status);
    if (isChild && command.split('\0').includes(name)) return memoryOf(Number(entry));
  }
  throw new Error(`no process ${name}`);
}

function memoryOf(pid: number): ProcessMemory {
  return {
    pid,
    async peakBytes() {
      const status = await read(String(pid), 'status');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
    },
    forgetPeak: () => writeFile(`/proc/${pid}/clear_refs`, '5'),
  };
}

/** Empty if the process has ended meanwhile. */
async function read(pid: string, file: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
