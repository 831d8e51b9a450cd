import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWire, type Reply } from '../../client/conformance/wire';
import { bytesOf } from '../../shared/formats/bytes-of';

/** A request on its way to the server, or what it gets. The body of a request is a text here: zips do not survive it. */
interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Given {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

type Changed = Partial<Given> | undefined;

/** Breaks one sentence of the protocol. `asked` is e.g. `GET /v4/synchro/statut`. */
export interface Mutant {
  /** Changes what the server gets. */
  readonly before?: (asked: string, sent: Sent) => Partial<Sent>;
  /** Changes what the solution gets. Undefined: nothing is changed. */
  readonly after?: (asked: string, reply: Reply, sent: Sent) => Changed | Promise<Changed>;
}

/** A server that is ours, behind a proxy that changes some of what passes. */
export async function startMutant(url: string, { before, after }: Mutant) {
  const wire = createWire(url);
  const proxy = createServer((request, response) => {
    const { method = 'GET', url: path = '/' } = request;
    const asked = `${method} ${path}`;
    void (async () => {
      const received = await bytesOf(request as AsyncIterable<Buffer>);
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers))
        if (typeof value === 'string' && !hop.has(name)) headers[name] = value;
      const sent = { headers, body: received.toString('utf8') };
      const changed = before?.(asked, sent) ?? {};
      const body = changed.body ?? received;
      const reply = await wire.call(path, {
        ...{ method, headers: changed.headers ?? headers },
        ...(body.length === 0 ? {} : { body }),
      });
      const given = (await after?.(asked, reply, sent)) ?? {};
      for (const [name, value] of Object.entries(reply.headers))
        if (value !== undefined && !hop.has(name)) response.setHeader(name, value);
      for (const [name, value] of Object.entries(given.headers ?? {})) response.setHeader(name, value);
      response.writeHead(given.status ?? reply.status).end(Buffer.from(given.body ?? reply.body));
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const close = () => {
    wire.close();
    proxy.close();
    proxy.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

const hop = new Set(['connection', 'content-length', 'expect', 'host', 'keep-alive', 'transfer-encoding']);
