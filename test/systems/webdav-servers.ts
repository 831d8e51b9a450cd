import { type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../shared/embedded/free-port';
import { createTestFolder } from '../setup/folder';
import { startTiedShell } from '../setup/tied-shell';

/** A real WebDAV server of our own on a private port of the loopback address. It ends with this process. */
export interface DavServer {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** The served folder on the disk. Only the server writes there. */
  readonly folder: string;
  /** Starts it again on the same port and folder, and waits until it answers. */
  start(): Promise<void>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

/** Both are packages of Debian; `.ci/run` installs them. */
export const davServerKinds = ['apache', 'apache with digests', 'rclone'] as const;
export type DavServerKind = (typeof davServerKinds)[number];

const user = 'epack';
const password = 'a pass:word ü';

/** `options`: further words for rclone. */
export async function startDavServer(
  kind: DavServerKind,
  options: readonly string[] = [],
): Promise<DavServer> {
  const own = createTestFolder().path;
  const folder = path.join(own, 'files');
  mkdirSync(folder);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const log = path.join(own, 'output.log');
  const command =
    kind === 'rclone'
      ? [...rcloneCommand(folder, port), ...options]
      : await apacheCommand({ own, folder, port, tags: kind === 'apache' ? 'MTime Size' : 'Digest' });
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const output = openSync(log, 'a');
    child = startTiedShell(becomeServer, { words: command, output });
    closeSync(output);
    await untilItAnswers(url, child, log);
  }

  await start();
  return {
    url,
    user,
    password,
    folder,
    start,
    async kill() {
      // The whole session: Apache has children.
      if (child?.pid !== undefined && !hasEnded(child)) process.kill(-child.pid, 'SIGKILL');
      while (child !== null && !hasEnded(child)) await sleep(20);
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** The shell turns into the server ($0 and what follows), after it has left a grandchild that ends it with us. */
const becomeServer = '( ( exec >/dev/null 2>&1; read -r _ <&4; kill -KILL -$$ ) & ); exec "$0" "$@" 4<&-';

const rcloneCommand = (folder: string, port: number): readonly string[] => [
  'rclone',
  'serve',
  'webdav',
  folder,
  '--config=/dev/null',
  `--addr=127.0.0.1:${port}`,
  `--user=${user}`,
  `--pass=${password}`,
];

interface ApacheSettings {
  readonly own: string;
  readonly folder: string;
  readonly port: number;
  /** The source of its ETags. ETags from times are weak while a file is younger than a second. */
  readonly tags: 'MTime Size' | 'Digest';
}

const modules = [
  ['mpm_event', 'mod_mpm_event'],
  ['authn_core', 'mod_authn_core'],
  ['authn_file', 'mod_authn_file'],
  ['authz_core', 'mod_authz_core'],
  ['authz_user', 'mod_authz_user'],
  ['auth_basic', 'mod_auth_basic'],
  ['dav', 'mod_dav'],
  ['dav_fs', 'mod_dav_fs'],
] as const;

/** Started by root, it serves as another user: no server that anybody runs is root. */
async function apacheCommand({ own, folder, port, tags }: ApacheSettings): Promise<readonly string[]> {
  const run = path.join(own, 'run');
  mkdirSync(run);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const one of [folder, run]) await chown(one, serverUserId, serverUserId);
  chmodSync(own, 0o755);
  const users = path.join(own, 'users');
  writeFileSync(users, `${user}:{SHA}${createHash('sha1').update(password).digest('base64')}\n`);
  const config = path.join(own, 'apache.conf');
  writeFileSync(
    config,
    `
ServerRoot ${own}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${run}/pid
Mutex file:${run}
DefaultRuntimeDir ${run}
ErrorLog ${own}/error.log
${modules.map(([name, file]) => `LoadModule ${name}_module /usr/lib/apache2/modules/${file}.so`).join('\n')}
${isRoot ? `User #${serverUserId}\nGroup #${serverUserId}` : ''}
StartServers 1
ThreadsPerChild 16
MinSpareThreads 1
MaxSpareThreads 32
MaxRequestWorkers 32
DocumentRoot ${folder}
DAVLockDB ${run}/locks
FileETag ${tags}
LimitXMLRequestBody 1000000
<Directory ${folder}>
  Dav On
  AuthType Basic
  AuthName files
  AuthUserFile ${users}
  Require valid-user
</Directory>
`,
  );
  return ['/usr/sbin/apache2', '-f', config, '-DFOREGROUND'];
}

/** `www-data` on Debian. */
const serverUserId = 33;

async function untilItAnswers(url: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && !hasEnded(child)) {
    if (
      await fetch(url, { method: 'OPTIONS' }).then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error(`The server does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
}
