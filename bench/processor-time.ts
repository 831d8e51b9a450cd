import { readdir, readFile } from 'node:fs/promises';
import { Client } from 'pg';
import type { Db } from '../shared/db/database';

// What Linux says of the processor time of processes.

const ticksPerSecond = 100;

/** The time of the process alone, in milliseconds. */
export const processorTimeOf = async (pid: number): Promise<number> => {
  const { own } = await statOf(pid);
  return own;
};

/** The time of the process and of all its children, ended ones included, in milliseconds. */
export async function processorTimeOfFamily(pid: number): Promise<number> {
  const numbers = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const all = await Promise.all(numbers.map((one) => statOf(one).catch(() => null)));
  const children = all.filter((one) => one?.parent === pid).reduce((sum, one) => sum + (one?.own ?? 0), 0);
  const { own, ended } = await statOf(pid);
  return own + ended + children;
}

/** The process whose children serve the connections of a database on this machine. */
export async function postmasterOf(db: Db): Promise<number> {
  const { rows } = await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
  return parentOf(rows[0]?.pid ?? 0);
}

/** The same for the database at this address. */
export async function postmasterAt(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return await parentOf(rows[0]?.pid ?? 0);
  } finally {
    await client.end();
  }
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
}

async function statOf(pid: number): Promise<{ parent: number; own: number; ended: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may contain any character.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const milliseconds = (...places: number[]) =>
    (places.reduce((sum, place) => sum + (fields[place] ?? 0), 0) * 1000) / ticksPerSecond;
  return { parent: fields[1] ?? 0, own: milliseconds(11, 12), ended: milliseconds(13, 14) };
}
