import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Exchange, type Outgoing } from '../http/exchange';
import { jsonBody, readJson } from '../http/messages';
import { readProblem } from '../http/problem';
import { createDurableFiles } from '../local-copy/durable-files';
import { gaveUpWaiting } from '../solution-error';

export interface ImportOptions {
  readonly exchange: Exchange;
  /** Of staff who may edit the solution: see `signInAsStaff`. */
  readonly token: string;
  /** The file from the stick. */
  readonly file: string;
  /** Where the response is written. */
  readonly responseTo: string;
  readonly maxWaitSeconds: number;
}

const takenShape = z.object({
  id: z.string(),
  solutionName: z.string(),
  isReady: z.boolean(),
  channels: z.array(z.object({ channel: z.string(), outcome: z.string(), detail: z.string().nullable() })),
});

export type TakenFile = z.output<typeof takenShape>;

export interface StaffCredentials {
  readonly email: string;
  readonly password: string;
}

/** @returns the token of a new session. @throws ServerProblem if the server refuses. */
export async function signInAsStaff(exchange: Exchange, credentials: StaffCredentials): Promise<string> {
  const { headers, body } = jsonBody(credentials);
  const session = await send(exchange, { method: 'POST', path: '/api/session', headers, body });
  return (await readJson(session, z.object({ token: z.string() }))).token;
}

/** Has a server take in the file of a solution, as staff, and writes its response. @throws ServerProblem. */
export async function importFile(options: ImportOptions): Promise<TakenFile> {
  const { exchange, token, file, responseTo } = options;
  const authorized = { Authorization: `Bearer ${token}`, Accept: 'application/json' };
  const { size } = await stat(file);
  const taken = await send(exchange, {
    method: 'POST',
    path: `/api/offline-files?name=${encodeURIComponent(path.basename(file).slice(-255))}`,
    headers: { ...authorized, 'Content-Type': 'application/octet-stream' },
    body: { bytes: size, open: () => createReadStream(file) },
  });
  const ready = await untilReady(options, authorized, await readJson(taken, takenShape));
  const response = await send(exchange, {
    method: 'GET',
    path: `/api/offline-files/${ready.id}/response`,
    headers: authorized,
  });
  await createDurableFiles(true).write(responseTo, response.body);
  return ready;
}

/** Most files are small and soon ready; a large one is not asked for all the time. */
const firstPollMs = 100;
const lastPollMs = 2000;

async function untilReady(
  { exchange, maxWaitSeconds }: ImportOptions,
  headers: Readonly<Record<string, string>>,
  taken: TakenFile,
): Promise<TakenFile> {
  const deadline = Date.now() + maxWaitSeconds * 1000;
  let now = taken;
  for (let delayMs = firstPollMs; !now.isReady; delayMs = Math.min(2 * delayMs, lastPollMs)) {
    if (Date.now() >= deadline) throw gaveUpWaiting(maxWaitSeconds);
    await sleep(delayMs);
    const answer = await send(exchange, { method: 'GET', path: `/api/offline-files/${taken.id}`, headers });
    now = await readJson(answer, takenShape);
  }
  return now;
}

async function send(exchange: Exchange, call: Omit<Outgoing, 'idleTimeoutMs'>) {
  const answer = await exchange({ ...call, idleTimeoutMs: 120_000 });
  return answer.status < 400 ? answer : Promise.reject(await readProblem(answer));
}
