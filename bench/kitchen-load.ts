import { Agent, type IncomingMessage, request } from 'node:http';

// Kitchens in loops through the whole handshake of the protocol, for benchmarks. Plain node:http: fetch alone would cost more
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

/**
 * Runs all kitchens at once. Returns how long each sync took, from its first call to its confirmation, in milliseconds.
 */
export async function runKitchens(load: KitchenLoad): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.tokens.length });
  try {
    const times = await Promise.all(load.tokens.map((token) => runKitchen(load, token, agent)));
    return times.flat();
  } finally {
    agent.destroy();
  }
}

async function runKitchen(load: KitchenLoad, token: string, agent: Agent): Promise<number[]> {
  const times: number[] = [];
  const base = `${load.url}/v4/${load.channel}`;
  const ask = (method: string, verb: string, body?: Buffer) =>
    call({ agent, token }, method, `${base}/${verb}`, body);
  for (let sync = load.firstSync; sync < load.firstSync + load.syncs; sync++) {
    const archive = await load.upload(sync);
    const startedAt = performance.now();
    if ((await ask('GET', 'statut')) !== '"0"') throw new Error('the channel is not free');
    await ask('GET', 'lastIdLogs');
    await ask('GET', 'listSyncParams');
    await ask('POST', 'datas', archive);
    while ((await ask('GET', 'statut?wait=60&not=1')) !== '"2"');
    await ask('GET', 'datas');
    await ask('POST', 'confirm');
    times.push(performance.now() - startedAt);
  }
  return times;
}

function call(
  { agent, token }: { readonly agent: Agent; readonly token: string },
  method: string,
  url: string,
  body?: Buffer,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/zip', 'Content-Length': body.length }),
    };
    const sent = request(url, { agent, method, headers }, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('latin1');
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${url}: ${String(response.statusCode)} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
