import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../shared/config/config';
import { findEmbeddedPostgres } from '../shared/embedded/embedded-postgres';
import { startServer } from '../commands/start-server';

/** The whole server on the embedded default, as `epack start` runs it, with one solution for the benchmark. */
export interface BenchServer {
  readonly url: string;
  readonly port: number;
  /** The token of the solution, for all channels. */
  readonly token: string;
  /** The embedded database. */
  readonly databaseUrl: string;
  /** Adds another solution. Returns its token. */
  enrol(mail: string): Promise<string>;
  stop(): Promise<void>;
}

const script = path.resolve(__dirname, '../epack.js');

/** The admin of each server for benchmarks. */
export const benchAdmin = { email: 'bench@example.org', password: 'bench-password' };

export async function startBenchServer(environment: NodeJS.ProcessEnv = {}): Promise<BenchServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-'));
  await chmod(folder, 0o755);
  const settings: NodeJS.ProcessEnv = {
    ...process.env,
    PORT: '0',
    HOST: '127.0.0.1',
    EPACK_DATA_DIR: folder,
    EPACK_ADMIN_EMAIL: benchAdmin.email,
    EPACK_ADMIN_PASSWORD: benchAdmin.password,
    LOG_LEVEL: 'error',
    ...environment,
  };
  const server = await startServer(readConfig(settings), settings, script);
  const databaseUrl = await findEmbeddedPostgres(folder);
  if (databaseUrl === null) throw new Error('the embedded database does not run');
  const { enrol } = await openBackoffice(server.url, benchAdmin);
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    token: await enrol('kitchen@example.org'),
    databaseUrl,
    enrol,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Signs a user in who may add solutions. */
export async function openBackoffice(
  url: string,
  user: { readonly email: string; readonly password: string },
): Promise<Pick<BenchServer, 'enrol'>> {
  const { token: session } = await post<{ token: string }>(`${url}/api/session`, user);
  return { enrol: (mail) => enrol(url, session, mail) };
}

async function enrol(url: string, session: string, mail: string): Promise<string> {
  const { secret } = await post<{ secret: string }>(
    `${url}/api/solutions`,
    { mail, name: 'Bench kitchen' },
    session,
  );
  return post<string>(`${url}/v4/synchro/login`, {
    mail_solution: mail,
    MAC: '00:11:22:33:44:55',
    secret,
  });
}

async function post<T>(url: string, body: unknown, token?: string): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
