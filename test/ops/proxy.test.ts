import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request as requestPlain } from 'node:http';
import { request } from 'node:https';
import path from 'node:path';
import { freePort } from '../../shared/embedded/free-port';
import { eventually } from '../queue/eventually';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { testWithProgram } from '../setup/programs';
import { startTestServer, type TestServer } from '../setup/server';
import { zipOf } from '../v4/archive';
import { enrol, tokenOf } from '../v4/on-server';

// Caddy itself, with the file that docker-compose.yml mounts. Only the ports and the folder of its certificates are
// those of the test; the certificate is of its own authority, as for every address that is not public.

const caddyfile = path.resolve(__dirname, '../../docs/operations/Caddyfile');

interface Proxy {
  readonly port: number;
  readonly plainPort: number;
  /** The certificate of the authority that issues its certificates. */
  readonly authority: () => string;
  stop(): Promise<void>;
}

async function startProxy(folder: TestFolder, upstream: string): Promise<Proxy> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const environment = {
    PATH: process.env['PATH'],
    HOME: folder.path,
    XDG_DATA_HOME: folder.path,
    XDG_CONFIG_HOME: folder.path,
    EPACK_PUBLIC_URL: `https://localhost:${port}`,
    EPACK_UPSTREAM: upstream,
  };
  const adapt = ['adapt', '--adapter', 'caddyfile', '--config', caddyfile];
  const adapted = JSON.parse(execFileSync('caddy', adapt, { env: environment, encoding: 'utf8' })) as {
    apps: { http: object };
  };
  const config = path.join(folder.path, 'caddy.json');
  const apps = {
    ...adapted.apps,
    http: { ...adapted.apps.http, http_port: plainPort, https_port: port },
    // The machine that tests run on is not to believe it.
    pki: { certificate_authorities: { local: { install_trust: false } } },
  };
  writeFileSync(config, JSON.stringify({ ...adapted, apps }));
  const child = spawn('caddy', ['run', '--config', config], { env: environment, stdio: 'ignore' });
  const root = path.join(folder.path, 'caddy/pki/authorities/local/root.crt');
  const proxy = { port, plainPort, authority: () => readFileSync(root, 'utf8'), stop: () => ended(child) };
  await eventually('the proxy answers', () =>
    ask(proxy, '/healthz').then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  return proxy;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
}

function ask(
  proxy: Pick<Proxy, 'port' | 'authority'>,
  at: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: 'localhost', port: proxy.port, path: at, method, headers, ca: proxy.authority() };
    const sent = request({ ...options, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Runs `work` with a server and the proxy before it. */
async function behindProxy(work: (proxy: Proxy, server: TestServer) => Promise<void>): Promise<void> {
  const folder = createTestFolder();
  mkdirSync(folder.path, { recursive: true });
  const server = await startTestServer({
    EPACK_TRUST_PROXY: '127.0.0.1',
    EPACK_PUBLIC_URL: 'https://epack.example',
  });
  try {
    const proxy = await startProxy(folder, new URL(server.url).host);
    try {
      await work(proxy, server);
    } finally {
      await proxy.stop();
    }
  } finally {
    await server.stop();
    folder.remove();
  }
}

testWithProgram(
  'caddy',
  'the proxy passes on who calls, whatever the caller claims, and has browsers come by TLS alone',
  () =>
    behindProxy(async (proxy, server) => {
      const { email, password } = server.admin;
      const signedIn = await ask(proxy, '/api/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': '198.51.100.7' },
        body: JSON.stringify({ email, password }),
      });
      expect(signedIn.status).toBe(200);
      const { address } = await server
        .db('audit')
        .where({ action: 'session.start' })
        .orderBy('id', 'desc')
        .first<{ address: string }>('address');
      expect(address).toMatch(/^(127\.0\.0\.1|::1)$/);
      expect(signedIn.headers['strict-transport-security']).toBe('max-age=31536000');
      expect(signedIn.headers['server']).toBeUndefined();
      // Also where the API says nothing of it.
      const notFound = await ask(proxy, '/healthz');
      expect(notFound.headers['strict-transport-security']).toBe('max-age=31536000');
    }),
);

testWithProgram('caddy', 'the proxy sends those who come without TLS to where it is', () =>
  behindProxy(async (proxy) => {
    const redirected = await new Promise<{ status: number | undefined; location: string | undefined }>(
      (resolve, reject) => {
        const options = { host: '127.0.0.1', port: proxy.plainPort, path: '/solutions', agent: false };
        const headers = { Host: 'localhost' };
        requestPlain({ ...options, headers }, (answer) => {
          answer.resume();
          resolve({ status: answer.statusCode, location: answer.headers.location });
        })
          .once('error', reject)
          .end();
      },
    );
    expect(redirected.status).toBe(308);
    expect(redirected.location).toMatch(/^https:\/\/localhost(:\d+)?\/solutions$/);
  }),
);

testWithProgram('caddy', 'the proxy passes uploads and waiting polls on', () =>
  behindProxy(async (proxy, server) => {
    const token = await tokenOf(server, await enrol(server));
    const headers = { Authorization: `Bearer ${token}` };
    const waiting = ask(proxy, '/v4/synchro/statut?wait=60&not=0', { headers });
    const body = zipOf({ 'csv/Tbfridge.csv': 'Id,Temp\n1,3.5\n', 'xml/pad.txt': 'x'.repeat(300_000) });
    const uploaded = await ask(proxy, '/v4/synchro/datas', {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/zip', Expect: '100-continue' },
      body,
    });
    expect([uploaded.status, JSON.parse(uploaded.text)]).toMatchObject([200, { statut: '1' }]);
    expect((await waiting).text).toBe('"1"');
    const refused = await ask(proxy, '/v4/synchro/datas', {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/zip' },
      body,
    });
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([403, { code: 'wrong-status' }]);
  }),
);
