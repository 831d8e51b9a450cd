import { connect, createServer, type Socket } from 'node:net';

/** Stands between us and a server on this machine, and cuts connections as a bad network does. It knows no protocol. */
export interface CuttingProxy {
  /** `http://127.0.0.1:<port>/`. */
  readonly url: string;
  /** How many connections it has cut. */
  readonly cuts: () => number;
  /** What happens to each connection that is opened from now on. Null: nothing. */
  nextCut: () => Cut | null;
  /** Ends the connections that are open. */
  endAll(): void;
  close(): Promise<void>;
}

/** The connection ends in both directions once so many bytes have passed. */
export interface Cut {
  readonly direction: 'to-server' | 'to-us';
  readonly afterBytes: number;
  /** Done once the bytes have passed, before the connection ends. */
  readonly then?: () => Promise<void>;
}

/** `target` is an address such as `http://127.0.0.1:8080/`. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let cuts = 0;

  const endAll = () => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((ours) => {
    const theirs = connect(Number(port), hostname);
    const cut = proxy.nextCut();
    const end = () => {
      for (const socket of [ours, theirs]) socket.destroy();
    };
    for (const socket of [ours, theirs]) {
      open.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        open.delete(socket);
        end();
      });
    }
    const breakOff = () => {
      cuts += 1;
      void (cut?.then?.() ?? Promise.resolve()).finally(end);
    };
    const limitOf = (direction: Cut['direction']) =>
      cut?.direction === direction ? cut.afterBytes : Infinity;
    pass(ours, theirs, limitOf('to-server'), breakOff);
    pass(theirs, ours, limitOf('to-us'), breakOff);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const proxy: CuttingProxy = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`,
    cuts: () => cuts,
    nextCut: () => null,
    endAll,
    async close() {
      endAll();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}

function pass(from: Socket, to: Socket, limit: number, breakOff: () => void): void {
  let left = limit;
  from.on('data', (piece: Buffer) => {
    if (left <= 0) return;
    const passed = piece.subarray(0, left);
    left -= passed.length;
    if (left <= 0) {
      // The bytes that were passed on arrive before the connection ends.
      to.write(passed, breakOff);
      return;
    }
    if (to.write(passed)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.on('end', () => to.end());
}
