import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

// What is being written has a name that tells which process writes it, so that what a dead one left is known for that.

const pattern = /^\.~epack-([\da-f]{8})-(\d+)-(\d+)-\d+$/;

/** A name of something that is not finished. It is never listed. */
export const isTemporary = (name: string): boolean => pattern.test(name);

let given = 0;

/** No two processes, and no two calls, get the same. */
export function temporaryName(): string {
  given += 1;
  return `.~epack-${machine}-${process.pid}-${startOf(process.pid) ?? '0'}-${given}`;
}

/** True: the process that gave the name has ended, or nothing was written to it for a long time. */
export function isAbandoned(name: string, modifiedAt: Date): boolean {
  const [, host, pid, start] = pattern.exec(name) ?? [];
  if (host === undefined || pid === undefined) return false;
  if (Date.now() - modifiedAt.getTime() > patienceMs) return true;
  return host === machine && start !== '0' && startOf(Number(pid)) !== start;
}

/** No transfer stands still for so long. */
const patienceMs = 3_600_000;

/** Numbers of processes mean something on their own machine alone, and there in their own space of numbers. */
const machine = createHash('sha256')
  .update(`${hostname()} ${readOr('/proc/sys/kernel/random/boot_id')} ${numbersOfProcesses()}`)
  .digest('hex')
  .slice(0, 8);

/** When a process was started, in ticks since the machine was. Null: there is none of that number. */
function startOf(pid: number): string | null {
  const stat = readOr(`/proc/${pid}/stat`);
  // Its name stands in brackets, and may hold any character.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function numbersOfProcesses(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
