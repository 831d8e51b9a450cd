import { createServer, type IncomingMessage, request, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

/** What happens to a call that a fault fits. */
export type Fault =
  /** The server refuses it with this status and code of S3. */
  | { readonly status: number; readonly code: string }
  /** It is carried out, and its response is lost. */
  | 'lose-response'
  /** The connection breaks after so many bytes of the response. */
  | { readonly breakAfterBytes: number };

/** A way to an S3 server on which calls can fail as they do on bad days. */
export interface S3Front {
  readonly endpoint: string;
  /** Asked for each call; null: nothing happens to it. */
  fault: (call: IncomingMessage) => Fault | null;
  readonly calls: IncomingMessage[];
  close(): Promise<void>;
}

/** `tls`: the key and the certificate, for `localhost`. */
export async function openS3Front(
  endpoint: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<S3Front> {
  const target = new URL(endpoint);
  const listener: RequestListener = (call, response) => {
    front.calls.push(call);
    const fault = front.fault(call);
    if (fault !== null && typeof fault === 'object' && 'status' in fault) {
      call.resume();
      response.writeHead(fault.status, { 'Content-Type': 'application/xml' });
      response.end(
        `<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>told to</Message></Error>`,
      );
      return;
    }
    const { method, url, headers } = call;
    const onward = request({ host: target.hostname, port: target.port, method, path: url, headers });
    onward.on('error', () => call.socket.destroy());
    onward.on('response', (answer) => {
      if (fault === 'lose-response') {
        answer.resume().once('end', () => call.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      if (fault === null) {
        pipeline(answer, response, () => undefined);
        return;
      }
      let left = fault.breakAfterBytes;
      answer.on('data', (chunk: Buffer) => {
        response.write(chunk.subarray(0, Math.max(0, left)), () => left <= 0 && call.socket.destroy());
        left -= chunk.length;
      });
    });
    pipeline(call, onward, () => undefined);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const front: S3Front = {
    endpoint: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    fault: () => null,
    calls: [],
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return front;
}
