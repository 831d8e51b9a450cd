import { spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../shared/embedded/free-port';
import { accepts } from './accepts';
import { dockerImage, findRabbitSource } from './rabbitmq-source';
import { startTiedShell } from './tied-shell';

/** A RabbitMQ of our own on a private port. Its data survives `stop`, `kill` and `start`; it ends with this process. */
export interface RabbitServer {
  readonly url: string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Starts it again on the same port and the same files; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

/** Starts one, in a folder that it makes; takes 5 to 20 s. */
export async function startRabbitServer(folder: string): Promise<RabbitServer> {
  const source = findRabbitSource();
  if (source.kind === 'none') throw new Error(`RabbitMQ cannot be started: ${source.reason}`);
  mkdirSync(folder, { recursive: true });
  const server =
    source.kind === 'program' ? await programServer(source.file, folder) : await dockerServer(folder);
  await server.start();
  return server;
}

async function programServer(file: string, folder: string): Promise<RabbitServer> {
  const name = `epack-test-${randomBytes(4).toString('hex')}`;
  return prepareNode({ file, folder, name, home: folder, mapperPort: await startPortMapper(), config: '' });
}

export interface RabbitNode {
  readonly file: string;
  readonly folder: string;
  /** Before `@localhost`. */
  readonly name: string;
  /** The Erlang cookie lies in it. Nodes of one cluster have the same. */
  readonly home: string;
  readonly mapperPort: number;
  /** More lines of its configuration. */
  readonly config: string;
}

/** A node that does not run yet. */
export async function prepareNode(node: RabbitNode): Promise<RabbitServer> {
  const { file, folder } = node;
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const environment = await environmentOf(node, port);
  const log = path.join(folder, 'output.log');
  let child: ChildProcess | null = null;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child?.kill(signal);
    while (child !== null && !hasEnded(child)) await sleep(20);
  };
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    async start() {
      const output = openSync(log, 'a');
      child = startTiedShell(becomeRabbit, { words: [file], environment, cwd: folder, output });
      closeSync(output);
      await untilItAnswers(port, child, log);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** The shell turns into RabbitMQ ($0), after it has left a grandchild that ends it with us. */
const becomeRabbit = '( ( exec >/dev/null 2>&1; read -r _ <&4; kill -KILL $$ ) & ); exec "$0" 4<&-';

/** Erlang's own port mapper outlives its nodes; where it finds one that answers, it starts none. */
export async function startPortMapper(): Promise<number> {
  const port = await freePort();
  startTiedShell('epmd -address 127.0.0.1 -port "$0" & read -r _ <&4; kill $!', { words: [String(port)] });
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (await accepts(port)) return port;
    await sleep(20);
  }
  throw new Error('The Erlang port mapper (epmd) does not start.');
}

async function environmentOf(
  { folder, name, home, mapperPort, config: more }: RabbitNode,
  port: number,
): Promise<NodeJS.ProcessEnv> {
  const config = path.join(folder, 'rabbitmq.conf');
  writeFileSync(config, `listeners.tcp.local = 127.0.0.1:${port}\ndisk_free_limit.absolute = 10MB\n${more}`);
  writeFileSync(path.join(folder, 'enabled_plugins'), '[].\n');
  return {
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    HOME: home,
    // As under systemd, the script becomes the server: our child is the process that matters.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: `${name}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(await freePort()),
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: path.join(folder, 'log'),
    RABBITMQ_PID_FILE: path.join(folder, 'pid'),
    // Idle schedulers of Erlang otherwise spin for a while, on processors that the other tests need.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
  };
}

/** Until it greets an AMQP client: an open port alone does not say that the broker is there. */
async function untilItAnswers(port: number, child: ChildProcess | null, log: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline && (child === null || !hasEnded(child))) {
    if (await greets(port)) return;
    await sleep(100);
  }
  throw new Error(`RabbitMQ does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\0\0\x09\x01'));
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(false));
  });
}

async function dockerServer(folder: string): Promise<RabbitServer> {
  const port = await freePort();
  const name = `epack-test-${randomBytes(6).toString('hex')}`;
  const log = path.join(folder, 'output.log');
  writeFileSync(log, docker('create', '--name', name, '-p', `127.0.0.1:${port}:5672`, dockerImage));
  startTiedShell('read -r _ <&4; docker rm -fv "$0"', { words: [name] });
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    async start() {
      docker('start', name);
      await untilItAnswers(port, null, log);
    },
    stop: () => Promise.resolve(void docker('stop', name)),
    kill: () => Promise.resolve(void docker('kill', name)),
  };
}

function docker(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('docker', words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`docker ${words.join(' ')}: ${stderr}`);
  return stdout;
}
