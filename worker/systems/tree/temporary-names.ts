import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { createBoundedMap } from '../bounded-map';

// A file that is being written has a name that says which process writes it, so that files of dead processes are
// recognised.

const pattern = /^\.~epack-([\da-f]{8})-(\d+)-(\d+)-\d+$/;

/** True for the name of a file that is not finished. It is never listed. */
export const isTemporary = (name: string): boolean => pattern.test(name);

let given = 0;

/** Returns a different name in each process and at each call. */
export function temporaryName(): string {
  given += 1;
  return `.~epack-${machine}-${process.pid}-${startOfThis}-${given}`;
}

/** Says that this process no longer writes to the file or folder with that name, and could not remove it. */
export const leaveBehind = (name: string): void => left.set(name, true);

const left = createBoundedMap<string, true>(10_000);

/** True: it was left behind, the process that gave the name has ended, or nothing was written to it for a long time. */
export function isAbandoned(name: string, modifiedAt: Date): boolean {
  const [, host, pid, start] = pattern.exec(name) ?? [];
  if (host === undefined || pid === undefined) return false;
  if (left.get(name) === true) return true;
  if (Date.now() - modifiedAt.getTime() > patienceMs) return true;
  return host === machine && start !== '0' && startOf(Number(pid)) !== start;
}

/** No transfer pauses for so long. */
const patienceMs = 3_600_000;

const startOfThis = startOf(process.pid) ?? '0';

/** The number of a process is only valid on its own machine and in its own PID namespace. */
const machine = createHash('sha256')
  .update(`${hostname()} ${readOr('/proc/sys/kernel/random/boot_id')} ${numbersOfProcesses()}`)
  .digest('hex')
  .slice(0, 8);

/** When a process was started, in ticks since the start of the machine. Null: there is no process with that number. */
function startOf(pid: number): string | null {
  const stat = readOr(`/proc/${pid}/stat`);
  // The name of the process is in brackets and may contain any character.
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
