import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServedFolder {
  readonly url: string;
  stop(): Promise<void>;
}

/** A folder on WebDAV, served by `rclone serve webdav` on this machine. */
export async function serveFolder(folder: string): Promise<ServedFolder> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const words = ['serve', 'webdav', folder, '--config=/dev/null', `--addr=127.0.0.1:${port}`];
  const child = spawn('rclone', words, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (let isUp = false; !isUp;) {
    await sleep(50);
    if (child.exitCode !== null) throw new Error('rclone serve webdav has ended');
    isUp = await fetch(url, { method: 'OPTIONS' }).then(
      (response) => response.ok,
      () => false,
    );
  }
  return {
    url,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}
