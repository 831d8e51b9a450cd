import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

// Kitchens that go through the whole handshake of the protocol, for benchmarks. Plain node:http: fetch alone would cost more
// than the server.

export interface KitchenLoad {
  readonly url: string;
  readonly channel: string;
  /** The tokens of the kitchens. */
  readonly tokens: readonly string[];
  /** What a kitchen sends in its sync of this number, from 0 on. */
  readonly upload: (sync: number) => Promise<Buffer>;
  /** How many syncs each kitchen makes. */
  readonly syncs: number;
  /** The first of these numbers. */
  readonly firstSync: number;
}

/** How long a sync took, in milliseconds. */
export interface SyncTimes {
  /** From its first call to its confirmation. */
  readonly totalMs: number;
  /** From the upload that was taken to status 2. */
  readonly processingMs: number;
  /** How often the server refused a call for a while, and named a later time. */
  readonly refusals: number;
  /** How often the connection broke during a call, which was then repeated. */
  readonly breaks: number;
}

/** Runs all kitchens at once. */
export async function runKitchens(load: KitchenLoad): Promise<SyncTimes[]> {
  const { kitchen, close } = openKitchens(load.url, load.channel);
  try {
    const times = await Promise.all(load.tokens.map((token) => runKitchen(kitchen(token), load)));
    return times.flat();
  } finally {
    close();
  }
}

async function runKitchen(kitchen: Kitchen, { firstSync, syncs, upload }: KitchenLoad): Promise<SyncTimes[]> {
  const times: SyncTimes[] = [];
  for (let sync = firstSync; sync < firstSync + syncs; sync++)
    times.push(await kitchen.sync(await upload(sync)));
  return times;
}

export interface Kitchen {
  /** The highest id that the server knows of each log table; `-1`: none. */
  highestIds(): Promise<Readonly<Record<string, string>>>;
  /**
   * One pass through the handshake. As a solution does, it repeats a call that was refused for a while when the server says
   * so, and at once if the connection broke.
   */
  sync(archive: Buffer): Promise<SyncTimes>;
}

/** Kitchens that share connections which are kept open. `kitchen`: by its token. */
export function openKitchens(url: string, channel: string) {
  const isSecure = url.startsWith('https:');
  const agent = new (isSecure ? SecureAgent : Agent)({ keepAlive: true, maxSockets: Infinity });
  const send = isSecure ? secureRequest : plainRequest;
  const kitchen = (token: string): Kitchen => {
    const call = (method: string, verb: string, body?: Buffer) =>
      respond({ send, agent, token }, { method, url: `${url}/v4/${channel}/${verb}`, body });
    return {
      highestIds: async () =>
        JSON.parse(await persistent(call, noTroubles())('GET', 'lastIdLogs')) as Record<string, string>,
      sync: (archive) => syncOnce(call, archive),
    };
  };
  return { kitchen, close: () => agent.destroy() };
}

type Call = (method: string, verb: string, body?: Buffer) => Promise<Answer>;

interface Troubles {
  refusals: number;
  breaks: number;
}

const noTroubles = (): Troubles => ({ refusals: 0, breaks: 0 });

async function syncOnce(call: Call, archive: Buffer): Promise<SyncTimes> {
  const startedAt = performance.now();
  const troubles = noTroubles();
  const get = persistent(call, troubles);
  if ((await get('GET', 'statut')) !== '"0"') throw new Error('the channel is not free');
  await get('GET', 'lastIdLogs');
  await get('GET', 'listSyncParams');
  let sentAt: number;
  // An upload of which the server has heard nothing more is given up: the status is 0 again.
  do sentAt = await upload({ call, get, troubles }, archive);
  while ((await untilNot1(get)) === '"0"');
  const processingMs = performance.now() - sentAt;
  await get('GET', 'datas');
  await get('POST', 'confirm');
  return { totalMs: performance.now() - startedAt, processingMs, ...troubles };
}

type Get = (method: string, verb: string) => Promise<string>;

/** Returns when the upload that was taken had been sent. */
async function upload(
  { call, get, troubles }: { call: Call; get: Get; troubles: Troubles },
  archive: Buffer,
): Promise<number> {
  for (;;) {
    const sentAt = performance.now();
    const answer = await unlessBroken(call('POST', 'datas', archive), troubles);
    if (answer === null) {
      // It may have been taken.
      if ((await get('GET', 'statut')) !== '"0"') return sentAt;
    } else if (!(await isRefusedForAWhile(answer, troubles))) {
      textOf(answer);
      return sentAt;
    }
  }
}

async function untilNot1(get: Get): Promise<string> {
  for (;;) {
    const statut = await get('GET', 'statut?wait=60&not=1');
    if (statut !== '"1"') return statut;
  }
}

/** For calls that may be made twice. */
function persistent(call: Call, troubles: Troubles): Get {
  return async (method, verb) => {
    for (;;) {
      const answer = await unlessBroken(call(method, verb), troubles);
      if (answer !== null && !(await isRefusedForAWhile(answer, troubles))) return textOf(answer);
    }
  };
}

/** Null: the connection broke. */
async function unlessBroken(answer: Promise<Answer>, troubles: Troubles): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && broken.has(String(error.code)))) throw error;
    troubles.breaks += 1;
    return null;
  }
}

const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** True, after the time that the server has named: the call is to be repeated. */
async function isRefusedForAWhile({ status, headers }: Answer, troubles: Troubles): Promise<boolean> {
  const seconds = Number(headers['epack-poll-after']);
  if (status !== 503 || !(seconds > 0)) return false;
  troubles.refusals += 1;
  await sleep(seconds * 1000);
  return true;
}

interface Answer {
  readonly what: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function textOf({ what, status, text }: Answer): string {
  if (status === 200) return text;
  throw new Error(`${what}: ${status} ${text}`);
}

interface Caller {
  readonly send: typeof plainRequest;
  readonly agent: Agent;
  readonly token: string;
}

function respond(
  { send, agent, token }: Caller,
  { method, url, body }: { method: string; url: string; body: Buffer | undefined },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/zip', 'Content-Length': body.length }),
    };
    const sent = send(url, { agent, method, headers }, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('latin1');
        const { statusCode: status = 0, headers } = response;
        resolve({ what: `${method} ${url}`, status, headers, text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
