import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../shared/config/config';
import { settings } from '../../shared/config/settings';
import { freePort } from '../../shared/embedded/free-port';
import { heapOptions, largeBuffersGoBack } from '../../commands/supervisor';
import { createTestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';

// The production shape. No Docker engine is needed: the files are read, and what the image would run is run here.

const root = path.resolve(__dirname, '../..');
const inRoot = (...segments: string[]): string => path.join(root, ...segments);

const words = z.union([z.string(), z.array(z.string())]);
const service = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  command: words.optional(),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  ports: z.array(z.string()).default([]),
  expose: z.array(z.string()).default([]),
  network_mode: z.string().optional(),
  networks: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  configs: z.array(z.object({ source: z.string() })).default([]),
  healthcheck: z.object({ test: words }).optional(),
  read_only: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  pids_limit: z.number().optional(),
  mem_limit: z.string().optional(),
  privileged: z.boolean().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const composeFile = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() }).nullable()),
  volumes: z.record(z.string(), z.unknown()),
  configs: z.record(z.string(), z.object({ content: z.string() })),
});
type Service = z.output<typeof service>;

// Compose merges `<<` as YAML 1.1 does.
const compose = composeFile.parse(parse(readFileSync(inRoot('docker-compose.yml'), 'utf8'), { merge: true }));
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

function serviceOf(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** As compose would fill it in: `${NAME}`, `${NAME:-default}`, `${NAME:?}`. */
function filledIn(written: string, environment: Readonly<Record<string, string>>): string {
  const reference = /\$\{(\w+)(?::([-?])([^}]*))?\}/g;
  return written.replace(reference, (_, name: string, kind?: string, fallback?: string) => {
    const value = environment[name] ?? '';
    if (value !== '') return value;
    if (kind === '?') throw new Error(`${name} must be set`);
    return fallback ?? '';
  });
}

const operator = {
  POSTGRES_ADMIN_PASSWORD: 'postgres-admin-password',
  POSTGRES_PASSWORD: 'postgres-password',
  RABBITMQ_PASSWORD: 'rabbitmq-password',
  EPACK_ADMIN_EMAIL: 'admin@example.org',
  EPACK_ADMIN_PASSWORD: 'admin-password',
};

const environmentOf = ({ environment }: Service, given: Readonly<Record<string, string>> = operator) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filledIn(value, given)]));

describe('docker-compose.yml', () => {
  test('has the processes of the server and what they stand on', () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      'api',
      'migrate',
      'postgres',
      'rabbitmq',
      'worker',
    ]);
    expect(ours.map(([name, { command }]) => [name, command])).toEqual([
      ['migrate', ['migrate']],
      ['api', ['api']],
      ['worker', ['worker']],
    ]);
  });

  test('publishes a port of the API alone; who sends mails reaches out, the others do not', () => {
    const published = services.filter(([, { ports, expose }]) => ports.length + expose.length > 0);
    expect(published.map(([name]) => name)).toEqual(['api']);
    expect(services.filter(([, { network_mode: mode }]) => mode !== undefined)).toEqual([]);
    const reachesOut = ({ networks }: Service) =>
      networks.some((network) => compose.networks[network]?.internal !== true);
    for (const [, { networks }] of services) expect(networks).toContain('inside');
    expect(compose.networks['inside']?.internal).toBe(true);
    expect(services.filter(([, one]) => reachesOut(one)).map(([name]) => name)).toEqual(['api', 'worker']);
  });

  test('publishes that port on this machine alone, unless someone says otherwise', () => {
    const [port = ''] = serviceOf('api').ports;
    expect(filledIn(port, {})).toBe('127.0.0.1:8080:8080');
    expect(filledIn(port, { EPACK_LISTEN: '0.0.0.0', PORT: '80' })).toBe('0.0.0.0:80:8080');
  });

  test('gives no process a right that it does not need, and ours nothing to write on but their data', () => {
    for (const [, one] of services) {
      expect(one.cap_drop).toEqual(['ALL']);
      expect(one.security_opt).toEqual(['no-new-privileges:true']);
      expect(one.privileged).toBeUndefined();
    }
    for (const [, one] of ours) {
      expect([one.read_only, one.cap_add, one.pids_limit]).toEqual([true, [], 256]);
      expect(one.tmpfs[0]).toMatch(/^\/tmp:size=/);
      expect(filledIn(one.mem_limit ?? '', {})).toBe('1g');
    }
    for (const [, { image }] of services.filter((one) => !ours.includes(one)))
      expect(image).toMatch(/^[a-z]+:\d+\.\d+-[a-z]+$/);
  });

  test('has the server work as a role that is no superuser and owns its database, and nothing else', () => {
    const { content = '' } = compose.configs['role'] ?? {};
    expect(content).toContain('create role epack login nosuperuser nocreatedb nocreaterole noreplication');
    expect(content).toContain('create database epack owner epack');
    expect(environmentOf(serviceOf('api'))['DATABASE_URL']).toBe(
      'postgres://epack:postgres-password@postgres:5432/epack',
    );
    for (const [, { environment }] of ours)
      expect(JSON.stringify(environment)).not.toContain('POSTGRES_ADMIN_PASSWORD');
  });

  test('puts no config that stands in the file into a read-only container, which Compose refuses', () => {
    for (const [, one] of services) if (one.configs.length > 0) expect(one.read_only).toBe(false);
    expect(serviceOf('postgres').configs.map(({ source }) => source)).toEqual(['role']);
  });

  test('holds no secret: each comes from the environment, and nothing starts without it', () => {
    const isSecret = (name: string) => /PASS|SECRET|TOKEN|_KEY/.test(name);
    for (const [, { environment }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (isSecret(name)) expect(value).toMatch(/^\$\{\w+:[?-]\}$/);
        if (value.includes('://')) expect(new RegExp('://\\w+:\\$\\{\\w+:\\?\\}@').test(value)).toBe(true);
      }
    }
    for (const name of Object.keys(operator)) {
      const without = Object.fromEntries(Object.entries(operator).filter(([other]) => other !== name));
      const fillAll = () => services.map(([, one]) => environmentOf(one, without));
      expect(fillAll).toThrow(`${name} must be set`);
    }
  });

  test('gives each process of ours settings that it knows, and that are sound', () => {
    for (const [, one] of ours) {
      const environment = environmentOf(one);
      const unknown = Object.keys(environment).filter((name) => !(name in settings.shape));
      expect(unknown).toEqual([]);
      expect(readConfig(environment).host).toBe('0.0.0.0');
    }
    expect(readConfig(environmentOf(serviceOf('api')))).toMatchObject({ trustProxy: 0, logLevel: 'info' });
  });

  test('hands every setting on to API and worker, from the file .env', () => {
    // What the containers fix among themselves.
    const fixed = [
      ...['PORT', 'HOST', 'DATABASE_URL', 'QUEUE_URL', 'EPACK_DATA_DIR', 'EPACK_TRUST_PROXY'],
      ...['EPACK_ADMIN_EMAIL', 'EPACK_ADMIN_PASSWORD'],
      ...['EPACK_METRICS_PORT', 'EPACK_WORKER_PORT', 'EPACK_WORKER_METRICS_URL'],
    ];
    for (const name of ['api', 'worker']) {
      const { environment } = serviceOf(name);
      const missing = Object.keys(settings.shape).filter(
        (one) => !fixed.includes(one) && filledIn(environment[one] ?? '', { [one]: 'given' }) !== 'given',
      );
      expect(missing).toEqual([]);
    }
    const given = environmentOf(serviceOf('worker'), {
      ...operator,
      EPACK_SMTP_URL: 'smtps://mail.example',
      EPACK_MAIL_FROM: 'epack@example.org',
      EPACK_RETENTION_DAYS: '7',
    });
    expect(readConfig(given)).toMatchObject({ smtpUrl: 'smtps://mail.example', retentionDays: 7 });
  });

  test('lets API and worker see one file store, which outlives them, as do database and queue', () => {
    const stores = ours.map(([, { volumes, environment }]) => [volumes, environment['EPACK_DATA_DIR']]);
    for (const store of stores) expect(store).toEqual([['files:/data'], '/data']);
    const mounted = services.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0]));
    expect([...new Set(mounted)].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  test('checks the health of API, worker, database and queue, and starts in order', () => {
    for (const name of ['api', 'worker', 'postgres', 'rabbitmq'])
      expect(serviceOf(name).healthcheck).toBeDefined();
    const ready = {
      migrate: { condition: 'service_completed_successfully' },
      postgres: { condition: 'service_healthy' },
      rabbitmq: { condition: 'service_healthy' },
    };
    expect(serviceOf('api').depends_on).toEqual(ready);
    expect(serviceOf('worker').depends_on).toEqual(ready);
    expect(serviceOf('migrate').depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  });

  test.each([
    ['api', '8080'],
    ['worker', '9464'],
  ])('asks the %s for its readiness with a command that tells ready from not ready', async (name, inside) => {
    const { healthcheck, environment } = serviceOf(name);
    if (name === 'worker') expect(environment['EPACK_WORKER_PORT']).toBe(inside);
    const [kind, program = '', ...options] =
      typeof healthcheck?.test === 'string' ? [] : (healthcheck?.test ?? []);
    expect(kind).toBe('CMD');
    for (const [status, exitCode] of [
      [200, 0],
      [503, 1],
    ] as const) {
      const asked: string[] = [];
      const api = createServer((request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(status).end('{}');
      });
      await new Promise<void>((resolve) => api.listen(0, resolve));
      const { port } = api.address() as AddressInfo;
      const child = spawn(
        program,
        options.map((option) => option.replaceAll(inside, String(port))),
      );
      expect(await exitOf(child)).toBe(exitCode);
      expect(asked).toEqual(['/readyz']);
      await new Promise((resolve) => api.close(resolve));
    }
  });
});

describe('the Dockerfile', () => {
  const instructions = readFileSync(inRoot('Dockerfile'), 'utf8')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keyword: line.split(/\s+/)[0] ?? '', rest: line.replace(/^\S+\s+/, '') }));
  const stages = instructions.filter(({ keyword }) => keyword === 'FROM');
  const last = instructions.slice(instructions.lastIndexOf(stages.at(-1) ?? { keyword: '', rest: '' }));
  const valueOf = (keyword: string) => last.find((one) => one.keyword === keyword)?.rest ?? '';

  test('copies files that are there, and nothing that was built or kept here', () => {
    const copied = instructions
      .filter(({ keyword, rest }) => keyword === 'COPY' && !rest.startsWith('--from='))
      .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
    expect(copied).toContain('package-lock.json');
    expect(copied.filter((file) => !existsSync(inRoot(file)))).toEqual([]);
    const ignored = readFileSync(inRoot('.dockerignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', 'dist', 'data', '.git']));
  });

  test('takes from a stage what that stage has', () => {
    const names = stages.flatMap(({ rest }) => / AS (\w+)$/i.exec(rest)?.[1] ?? []);
    const taken = instructions.flatMap(({ rest }) => /^--from=(\w+)/.exec(rest)?.[1] ?? []);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('runs Node 20.19 or later, as a user that is not root, with its data in a volume', () => {
    for (const { rest } of stages) expect(Number(/^node:(\d+)/.exec(rest)?.[1])).toBeGreaterThanOrEqual(20);
    expect(valueOf('USER')).toBe('node');
    expect(valueOf('VOLUME')).toBe('/data');
    expect(valueOf('ENV')).toContain('EPACK_DATA_DIR=/data');
    expect(valueOf('ENV')).toContain('HOST=0.0.0.0');
  });

  test('has the command epack on its path', () => {
    expect(last.some(({ rest }) => rest.includes('ln -s /app/dist/epack.js /usr/local/bin/epack'))).toBe(
      true,
    );
    expect(last.some(({ rest }) => rest.includes('chmod +x dist/epack.js'))).toBe(true);
    expect(readFileSync(inRoot('epack.ts'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('gives Node the options that the supervisor gives it', () => {
    expect(entrypoint()).toEqual(['node', ...heapOptions, 'dist/epack.js']);
    for (const [name, value] of Object.entries(largeBuffersGoBack))
      expect(valueOf('ENV')).toContain(`${name}=${value}`);
  });

  test('starts commands that run with the packages of production alone', async () => {
    const image = createImage();
    const database = await createTestDatabase();
    // All that the server needs of PostgreSQL, a plain role may do. The tests are to run as one.
    const role = 'select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user';
    expect((await database.db.raw<{ rows: object[] }>(role)).rows).toEqual([
      { rolsuper: false, rolcreaterole: false, rolbypassrls: false },
    ]);
    const port = await freePort();
    const environment = { ...environmentOf(serviceOf('api')), DATABASE_URL: database.url, QUEUE_URL: '' };
    const start = (command: readonly string[]): ChildProcess =>
      spawn(entrypoint()[0] ?? '', [...entrypoint().slice(1), ...command], {
        cwd: image.app,
        env: { PATH: process.env['PATH'], ...environment, EPACK_DATA_DIR: image.data, PORT: String(port) },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    const running: ChildProcess[] = [];
    try {
      expect(await exitOf(start(['migrate']))).toBe(0);
      running.push(start(listOf('CMD')), start(['worker']));
      await untilReady(`http://127.0.0.1:${port}/readyz`, running);
      for (const child of running) child.kill('SIGTERM');
      expect(await Promise.all(running.map(exitOf))).toEqual([0, 0]);
    } finally {
      for (const child of running) child.kill('SIGKILL');
      await database.drop();
      image.remove();
    }
  });

  const entrypoint = () => listOf('ENTRYPOINT');
  const listOf = (keyword: string) => z.array(z.string()).parse(JSON.parse(valueOf(keyword)));

  /** A folder with what the last stage copies. The packages that only development needs, and the optional ones, are not there. */
  function createImage() {
    const folder = createTestFolder();
    const [app, data] = [path.join(folder.path, 'app'), path.join(folder.path, 'data')];
    if (!existsSync(inRoot('dist/epack.js'))) throw new Error('Run "npm run build" first, as npm test does.');
    for (const made of [path.join(app, 'node_modules'), data]) mkdirSync(made, { recursive: true });
    cpSync(inRoot('dist'), path.join(app, 'dist'), { recursive: true });
    cpSync(inRoot('package.json'), path.join(app, 'package.json'));
    const { dependencies } = z
      .object({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(inRoot('package.json'), 'utf8')));
    for (const name of Object.keys(dependencies)) {
      const link = path.join(app, 'node_modules', name);
      mkdirSync(path.dirname(link), { recursive: true });
      symlinkSync(inRoot('node_modules', name), link);
    }
    return { app, data, remove: () => folder.remove() };
  }
});

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

async function untilReady(url: string, processes: readonly ChildProcess[]): Promise<void> {
  while (processes.every(({ exitCode }) => exitCode === null)) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(100);
  }
  throw new Error('A process ended before it was ready.');
}
