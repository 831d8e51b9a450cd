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
  readonly email: string;
  readonly password: string;
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

/** Has a server take in the file of a solution, as staff, and writes its response. @throws ServerProblem. */
export async function importFile(options: ImportOptions): Promise<TakenFile> {
  const { exchange, email, password, file, responseTo } = options;
  const { headers, body } = jsonBody({ email, password });
  const session = await send(exchange, { method: 'POST', path: '/api/session', headers, body });
  const { token } = await readJson(session, z.object({ token: z.string() }));
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

async function untilReady(
  { exchange, maxWaitSeconds }: ImportOptions,
  headers: Readonly<Record<string, string>>,
  taken: TakenFile,
): Promise<TakenFile> {
  let now = taken;
  for (let waited = 0; !now.isReady; waited++) {
    if (waited >= maxWaitSeconds) throw gaveUpWaiting(maxWaitSeconds);
    await sleep(1000);
    const answer = await send(exchange, { method: 'GET', path: `/api/offline-files/${taken.id}`, headers });
    now = await readJson(answer, takenShape);
  }
  return now;
}

async function send(exchange: Exchange, call: Omit<Outgoing, 'idleTimeoutMs'>) {
  const answer = await exchange({ ...call, idleTimeoutMs: 120_000 });
  return answer.status < 400 ? answer : Promise.reject(await readProblem(answer));
}
