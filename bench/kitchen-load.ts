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
  /** How often the server had no room for the upload, and named a later time. */
  readonly refusals: number;
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
  /** One pass through the handshake. A refusal for want of room is repeated when the server says so. */
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
      highestIds: async () => JSON.parse(await taken(call('GET', 'lastIdLogs'))) as Record<string, string>,
      sync: (archive) => syncOnce(call, archive),
    };
  };
  return { kitchen, close: () => agent.destroy() };
}

type Call = (method: string, verb: string, body?: Buffer) => Promise<Answer>;

async function syncOnce(call: Call, archive: Buffer): Promise<SyncTimes> {
  const startedAt = performance.now();
  if ((await taken(call('GET', 'statut'))) !== '"0"') throw new Error('the channel is not free');
  await taken(call('GET', 'lastIdLogs'));
  await taken(call('GET', 'listSyncParams'));
  let refusals = 0;
  let sentAt = performance.now();
  for (;;) {
    const answer = await call('POST', 'datas', archive);
    const seconds = Number(answer.headers['epack-poll-after']);
    if (answer.status !== 503 || !(seconds > 0)) {
      textOf(answer);
      break;
    }
    refusals += 1;
    await sleep(seconds * 1000);
    sentAt = performance.now();
  }
  while ((await taken(call('GET', 'statut?wait=60&not=1'))) !== '"2"');
  const processingMs = performance.now() - sentAt;
  await taken(call('GET', 'datas'));
  await taken(call('POST', 'confirm'));
  return { totalMs: performance.now() - startedAt, processingMs, refusals };
}

interface Answer {
  readonly what: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const taken = async (answer: Promise<Answer>): Promise<string> => textOf(await answer);

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
