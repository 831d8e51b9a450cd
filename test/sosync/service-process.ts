import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** The built service in a process of its own. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

const program = path.resolve(__dirname, '../../dist/epack.js');

/** With a file as an operator writes it, in `folder`, and parameters that win. Resolves once it listens. */
export async function startProcess({
  databaseUrl,
  folder,
  parameters = [],
  environment = {},
}: {
  readonly databaseUrl: string;
  readonly folder: string;
  readonly parameters?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<ServiceProcess> {
  const conf = path.join(folder, 'dadi.ini');
  writeFileSync(conf, fileFor(new URL(databaseUrl)));
  const child = fork(program, ['sosync', '--conf', conf, '--port', '0', ...parameters], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { ready: { port: number } }) => resolve(message.ready.port));
    child.once('exit', (code) => reject(new Error(`it ended with ${String(code)}`)));
  });
  return { child, url: `http://127.0.0.1:${port}` };
}

/** Resolves to its exit code once it is gone. */
export async function endProcess(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return ended;
}

const fileFor = ({ hostname, port, pathname, username, password, searchParams }: URL): string =>
  [
    '[sosync]',
    'instance = dadi',
    'port = 5050',
    'host = 127.0.0.1',
    `db_host = ${searchParams.get('host') ?? hostname}`,
    `db_port = ${port}`,
    `db_name = ${pathname.slice(1)}`,
    `db_user = ${decodeURIComponent(username)}`,
    `db_user_pw = ${decodeURIComponent(password)}`,
  ].join('\n');
