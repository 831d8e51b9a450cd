import { connect, type Socket } from 'node:net';

/**
 * Sends the same GET over `connections` sockets, one at a time on each, for `seconds`; returns the requests a second.
 * Raw sockets: a full HTTP client would be slower than the servers that it measures.
 */
export async function pollLoad(
  { port, path, token }: { readonly port: number; readonly path: string; readonly token: string },
  seconds: number,
  connections = 64,
): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  let answers = 0;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const startedAt = process.hrtime.bigint();
  for (const socket of sockets) {
    socket.on('data', (data: Buffer) => {
      if (data.indexOf('HTTP/1.1 200') === -1)
        throw new Error(`unexpected answer: ${data.toString('latin1', 0, 200)}`);
      answers += 1;
      socket.write(request);
    });
    socket.write(request);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const elapsed = Number(process.hrtime.bigint() - startedAt) / 1e9;
  for (const socket of sockets) socket.destroy();
  return answers / elapsed;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

// Run as a process of its own, so that it does not share the server's thread: port path token seconds.
const [, script, port, path, token, seconds] = process.argv;
if (script === __filename && port !== undefined && path !== undefined && token !== undefined) {
  pollLoad({ port: Number(port), path, token }, Number(seconds ?? 3)).then(
    (rate) => process.stdout.write(String(rate)),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
