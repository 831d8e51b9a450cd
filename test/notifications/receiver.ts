import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A received call. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Sets how it responds from now on, after receiving the call. Default: 204. */
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

/** A server of someone else, which may be hostile. */
export async function startReceiver(address = '127.0.0.1', port = 0): Promise<Receiver> {
  const received: Received[] = [];
  let behaviour: Behaviour = well;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      received.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
      behaviour(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const used = (server.address() as AddressInfo).port;
  return {
    url: `http://${address}:${used}/hook`,
    port: used,
    received,
    behave: (next) => {
      behaviour = next;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export const well: Behaviour = (response) => response.writeHead(204).end();

export const status =
  (code: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(code, headers).end();
