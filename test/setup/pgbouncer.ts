import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../shared/embedded/free-port';
import { ourselves, unprivilegedUser } from '../../shared/embedded/system-user';
import { eventually } from '../queue/eventually';
import { accepts } from './accepts';
import { startTiedShell } from './tied-shell';

export interface Pooler {
  /** e.g. `127.0.0.1:6432`. It leads to every database of the server. */
  readonly host: string;
  stop(): void;
}

/**
 * Debian's pgbouncer in transaction mode, in front of a server. It has fewer connections for each database than a test has
 * clients, so that sessions are shared. It ends with this process.
 */
export async function startPooler(serverUrl: string, folder: string): Promise<Pooler> {
  const server = new URL(serverUrl);
  const port = await freePort();
  const config = path.join(folder, 'pgbouncer.ini');
  mkdirSync(folder, { recursive: true });
  writeFileSync(config, settingsFor(server, port, folder));
  writeFileSync(
    path.join(folder, 'users.txt'),
    `"${decodeURIComponent(server.username)}" "${decodeURIComponent(server.password)}"\n`,
  );
  const log = path.join(folder, 'pgbouncer.log');
  const output = openSync(log, 'a');
  // It refuses to run as root.
  const user = ourselves().uid === 0 ? await unprivilegedUser() : null;
  const become =
    user === null ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const child = startTiedShell(becomePooler, {
    words: [...become, '/usr/sbin/pgbouncer', config],
    cwd: folder,
    output,
  });
  closeSync(output);
  await eventually('pgbouncer accepts connections', async () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer does not start: ${readFileSync(log, 'utf8')}`);
    return accepts(port);
  });
  return { host: `127.0.0.1:${port}`, stop: () => void child.kill('SIGKILL') };
}

const settingsFor = (server: URL, port: number, folder: string): string => `[databases]
* = host=${server.hostname} port=${server.port || '5432'}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${path.join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
`;

/** The shell turns into pgbouncer, after it has left a grandchild that ends it with us. */
const becomePooler = '( ( exec >/dev/null 2>&1; read -r _ <&4; kill -KILL $$ ) & ); exec "$0" "$@" 4<&-';
