import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';

/** Stands between us and a real server, and does what networks do. */
export interface DavProxy {
  readonly url: string;
  /** `PUT /a.txt`, one for each call that came. */
  readonly calls: string[];
  /** Decides for each call what happens to it. */
  mischief: (call: { readonly method: string; readonly path: string }) => Mischief | null;
  close(): Promise<void>;
}

export interface Mischief {
  /** Before the call is handed on. */
  readonly before?: () => Promise<void>;
  /** It is carried out, and the connection is cut. */
  readonly losesAnswer?: boolean;
  /** The answer ends after so many bytes. */
  readonly cutsAnswerAfter?: number;
  /** The request is cut after so many bytes. */
  readonly cutsRequestAfter?: number;
}

/** `target` ends with a slash. */
export async function startDavProxy(target: string): Promise<DavProxy> {
  const { hostname, port, host } = new URL(target);
  const calls: string[] = [];

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    calls.push(`${method} ${decodeURIComponent(url)}`);
    const mischief = proxy.mischief({ method, path: decodeURIComponent(url) });
    await mischief?.before?.();
    const headers: IncomingHttpHeaders = { ...incoming.headers, host };
    // The server would refuse to move something to another one.
    for (const name of ['destination', 'if'] as const) {
      const value = headers[name];
      if (typeof value === 'string') headers[name] = value.replaceAll(proxy.url, target);
    }
    const outgoing = request({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
      if (mischief?.losesAnswer === true) {
        answer.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      pass(answer, response, mischief?.cutsAnswerAfter ?? Infinity, () => incoming.socket.destroy());
    });
    outgoing.on('error', () => incoming.socket.destroy());
    incoming.on('error', () => outgoing.destroy());
    pass(incoming, outgoing, mischief?.cutsRequestAfter ?? Infinity, () => {
      outgoing.destroy();
      incoming.socket.destroy();
    });
  }

  const server = createServer((incoming, response) => void handle(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const proxy: DavProxy = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`,
    calls,
    mischief: () => null,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}

function pass(
  from: IncomingMessage,
  to: { write(bytes: Buffer): boolean; end(): unknown; once(event: 'drain', run: () => void): unknown },
  bytes: number,
  cut: () => void,
): void {
  let left = bytes;
  from.on('data', (piece: Buffer) => {
    const passed = piece.subarray(0, left);
    left -= passed.length;
    if (!to.write(passed)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    // The bytes that were passed on arrive first.
    if (left <= 0) setTimeout(cut, 50);
  });
  from.once('end', () => {
    if (left > 0) to.end();
  });
}
