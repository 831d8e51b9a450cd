import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below all ports that Linux (from 32768) and macOS (from 49152) hand out by themselves, to every outgoing connection
 * and to whoever listens on port 0: one of those would soon be another's, between the choice and its use, or while who
 * uses it is started again.
 */
const [firstPort, lastPort] = [20_000, 32_767];

/** A TCP port of 127.0.0.1 that was free a moment ago. The caller must handle that another process takes it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(firstPort, lastPort + 1);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
