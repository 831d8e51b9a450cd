import { createServer, connect, type Server } from 'node:net';
import { startRabbitServer, type RabbitServer } from './rabbitmq-server';

export interface RabbitOnDemand {
  /** Who connects here is sent the url of the run's RabbitMQ, once it answers; a line with `!` first is the reason why not. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Lets the test workers ask for the run's one RabbitMQ. Only the first that asks starts it: a run that needs none
 * waits for none. It lives in this process, which outlives the workers.
 */
export async function startRabbitOnDemand(folder: string): Promise<RabbitOnDemand> {
  let starting: Promise<RabbitServer> | undefined;
  const desk = createServer((socket) => {
    socket.on('error', () => undefined);
    starting ??= startRabbitServer(folder);
    starting.then(
      ({ url }) => socket.end(url),
      (error: unknown) => socket.end(`!${String(error)}`),
    );
  });
  const port = await listen(desk);
  desk.unref();
  return {
    port,
    async stop() {
      desk.close();
      const server = await starting?.catch(() => undefined);
      await server?.kill();
    },
  };
}

/** The worker's side: the url of the run's RabbitMQ. Rejects with the reason where it does not start. */
export function askForRabbit(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    connect(port, '127.0.0.1')
      .on('data', (chunk) => (answer += chunk.toString()))
      .once('end', () => {
        if (answer.startsWith('amqp')) resolve(answer);
        else reject(new Error(answer.slice(1)));
      })
      .once('error', reject);
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('No port was given.'));
      else resolve(address.port);
    });
  });
}
