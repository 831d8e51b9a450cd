import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HealthCheck, readinessOf } from './health';
import { metricsContentType } from './metrics';

interface Deps {
  readonly metrics: () => Promise<string>;
  readonly check: HealthCheck;
  readonly isDraining: () => boolean;
  /** Null: whoever reaches the port may read `/metrics`. */
  readonly token: string | null;
}

/** Where a process tells how it is: `/healthz`, `/readyz`, `/metrics`, on a port of its own. Not yet listening. */
export function createOpsServer({ metrics, check, isDraining, token }: Deps): Server {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/healthz') sendJson(response, 200, { status: 'ok' });
    else if (path === '/readyz') {
      const { isReady, body } = await readinessOf(check, isDraining);
      sendJson(response, isReady ? 200 : 503, body);
    } else if (path !== '/metrics') sendJson(response, 404, { status: 'not found' });
    else if (token !== null && !hasToken(request.headers.authorization, token)) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      sendJson(response, 401, { status: 'unauthorized' });
    } else response.writeHead(200, { 'Content-Type': metricsContentType }).end(await metrics());
  };
  return createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
}

/** Listens, and answers the port. Rejects where it is taken. `backlog`: connections that wait to be accepted. */
export async function listenOn(server: Server, port: number, host: string, backlog = 511): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host, backlog }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

/** Compares in the same time, whatever the first wrong character is. */
export function hasToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(sha256(given), sha256(token));
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
