import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, BlockList } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../shared/config/config';
import { secretSettings, settings } from '../../shared/config/settings';
import { freePort } from '../../shared/embedded/free-port';
import { heapOptions, largeBuffersGoBack } from '../../commands/supervisor';
import { createTestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';

// The production shape. No Docker engine is needed: the files are read, and what the image would run is run here.

const root = path.resolve(__dirname, '../..');
const inRoot = (...segments: string[]): string => path.join(root, ...segments);

const words = z.union([z.string(), z.array(z.string())]);
/** Keys that are not here are none that this project uses: one that is misspelt would do nothing. */
const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  user: z.string().optional(),
  hostname: z.string().optional(),
  init: z.boolean().optional(),
  restart: z.enum(['unless-stopped', 'on-failure']),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  command: words.optional(),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  secrets: z
    .array(z.union([z.string(), z.strictObject({ source: z.string(), target: z.string() })]))
    .default([]),
  ports: z.array(z.string()).default([]),
  networks: z.union([
    z.array(z.string()),
    z.record(z.string(), z.strictObject({ ipv4_address: z.string() })).transform((all) => Object.keys(all)),
  ]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z
    .strictObject({
      test: words,
      interval: z.string(),
      timeout: z.string(),
      retries: z.number(),
      start_period: z.string().optional(),
    })
    .optional(),
  read_only: z.boolean(),
  tmpfs: z.array(z.string()),
  cap_drop: z.array(z.string()),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()),
  pids_limit: z.number(),
  mem_limit: z.string(),
  shm_size: z.string().optional(),
  stop_grace_period: z.string().optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).default({}),
});
const composeFile = z.looseObject({
  services: z.record(z.string(), service),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
  networks: z.record(
    z.string(),
    z
      .strictObject({
        internal: z.boolean().optional(),
        ipam: z.strictObject({ config: z.array(z.strictObject({ subnet: z.string() })) }).optional(),
      })
      .nullable(),
  ),
  volumes: z.record(z.string(), z.null()),
});
type Service = z.output<typeof service>;

// Compose merges `<<` as YAML 1.1 does.
const written: unknown = parse(readFileSync(inRoot('docker-compose.yml'), 'utf8'), { merge: true });
const compose = composeFile.parse(written);
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

function serviceOf(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

const secretsOf = ({ secrets }: Service): string[] =>
  secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source));

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

const operator = { EPACK_ADMIN_EMAIL: 'admin@example.org' };

const environmentOf = ({ environment }: Service, given: Readonly<Record<string, string>> = operator) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filledIn(value, given)]));

/** With the secrets where the service sees them: below a folder of the test in the place of `/run/secrets`. */
const onSecrets = (environment: Readonly<Record<string, string>>, folder: string) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace('/run/secrets', folder)]),
  );

/** The secrets that `make-secrets.sh` makes, in a folder of their own. */
function madeSecrets(): { folder: string; make: () => string; remove: () => void } {
  const root = createTestFolder();
  const operations = path.join(root.path, 'docs/operations');
  mkdirSync(operations, { recursive: true });
  cpSync(inRoot('docs/operations/make-secrets.sh'), path.join(operations, 'make-secrets.sh'));
  const make = () => execFileSync('sh', [path.join(operations, 'make-secrets.sh')], { encoding: 'utf8' });
  make();
  return { folder: path.join(root.path, 'secrets'), make, remove: () => root.remove() };
}

describe('docker-compose.yml', () => {
  test('has the processes of the server, the services that they need, and a proxy in a profile', () => {
    const names = services.filter(([, { profiles }]) => profiles.length === 0).map(([name]) => name);
    expect(names.sort()).toEqual(['api', 'migrate', 'postgres', 'rabbitmq', 'worker']);
    expect(serviceOf('proxy').profiles).toEqual(['tls']);
    expect(ours.map(([name, { command }]) => [name, command])).toEqual([
      ['migrate', ['migrate']],
      ['api', ['api']],
      ['worker', ['worker']],
    ]);
  });

  test('publishes only ports of the API and of the proxy; only services that call others reach the internet', () => {
    const published = services.filter(([, { ports }]) => ports.length > 0).map(([name]) => name);
    expect(published).toEqual(['api', 'proxy']);
    const on = (network: string) =>
      services.filter(([, { networks }]) => networks.includes(network)).map(([name]) => name);
    expect(on('front')).toEqual(['api', 'proxy']);
    expect(on('outside')).toEqual(['worker']);
    expect(on('inside')).toEqual(['migrate', 'api', 'worker', 'postgres', 'rabbitmq']);
    expect(compose.networks['inside']?.internal).toBe(true);
  });

  test('publishes the port of the API only on this machine, unless a setting says otherwise', () => {
    const [port = ''] = serviceOf('api').ports;
    expect(filledIn(port, {})).toBe('127.0.0.1:8080:8080');
    expect(filledIn(port, { EPACK_LISTEN: '0.0.0.0', PORT: '80' })).toBe('0.0.0.0:80:8080');
  });

  test('gives each process only the rights that it needs, and only its data to write to', () => {
    for (const [name, one] of services) {
      expect([name, one.read_only, one.cap_drop]).toEqual([name, true, ['ALL']]);
      expect(one.security_opt).toEqual(['no-new-privileges:true']);
      expect(one.cap_add).toEqual(name === 'proxy' ? ['NET_BIND_SERVICE'] : []);
      expect(one.tmpfs[0]).toMatch(/^\/tmp\b/);
      expect(one.pids_limit).toBeLessThanOrEqual(1024);
      expect(filledIn(one.mem_limit, {})).toMatch(/^\d+[gm]$/);
      expect(Object.keys(one.logging.options)).toEqual(['max-size', 'max-file']);
    }
    // The image of ours says it itself.
    expect([serviceOf('postgres').user, serviceOf('rabbitmq').user]).toEqual(['postgres', 'rabbitmq']);
  });

  test('names each image of another project by its digest', () => {
    for (const [, { image }] of services.filter((one) => !ours.includes(one)))
      expect(image).toMatch(/^[a-z]+:\d[\w.-]*@sha256:[0-9a-f]{64}$/);
  });

  test('gives each service only the secrets that it needs', () => {
    const database = ['database_url', 'database_listen_url'];
    const server = [
      ...database,
      ...['queue_url', 'secrets_key', 'secrets_key_accepted', 'metrics_token'],
      ...['s3_access_key_id', 's3_secret_access_key'],
    ];
    const signing = ['token_secret', 'token_secret_accepted', 'oidc_client_secret', 'admin_password'];
    expect(Object.fromEntries(services.map(([name, one]) => [name, secretsOf(one).sort()]))).toEqual({
      migrate: [...database].sort(),
      api: [...server, 'database_read_url', 'otlp_headers', ...signing].sort(),
      worker: [...server, 'otlp_headers', 'smtp_url'].sort(),
      proxy: [],
      postgres: ['postgres_admin_password', 'postgres_password'],
      rabbitmq: ['rabbitmq_user'],
    });
    const used = new Set(services.flatMap(([, one]) => secretsOf(one)));
    expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
  });

  test('tells each service of ours where its secrets are, and keeps them out of its environment', () => {
    for (const [, one] of ours) {
      const inFiles = Object.entries(one.environment).filter(([, value]) =>
        value.startsWith('/run/secrets/'),
      );
      const read = inFiles.map(([, value]) => path.basename(value)).sort();
      expect(read).toEqual(secretsOf(one).sort());
      for (const [name] of inFiles) expect(secretSettings.map((each) => `${each}_FILE`)).toContain(name);
      for (const name of secretSettings) expect(one.environment[name]).toBeUndefined();
    }
    expect(() => environmentOf(serviceOf('api'), {})).toThrow('EPACK_ADMIN_EMAIL must be set');
  });

  test('mounts files that are there', () => {
    const mounted = services.flatMap(([, { volumes }]) => volumes).filter((one) => one.startsWith('./'));
    expect(mounted.map((one) => one.split(':')[2])).toEqual(['ro', 'ro']);
    for (const one of mounted) expect(existsSync(inRoot(one.split(':')[0] ?? ''))).toBe(true);
    for (const file of ['.gitignore', '.dockerignore'])
      expect(readFileSync(inRoot(file), 'utf8')).toMatch(/^secrets\/?$/m);
  });

  test('runs the server as a database role that is no superuser and owns only its database', () => {
    const script = readFileSync(inRoot('docs/operations/database-role.sh'), 'utf8');
    expect(script).toContain(
      'create role epack login nosuperuser nocreatedb nocreaterole noreplication nobypassrls',
    );
    expect(script).toContain('create database epack owner epack');
  });

  test('trusts the proxy in the file, and nobody if the proxy does not run', () => {
    const { networks } = z
      .looseObject({
        services: z.looseObject({
          proxy: z.looseObject({
            networks: z.record(z.string(), z.looseObject({ ipv4_address: z.string() })),
          }),
        }),
      })
      .parse(written).services.proxy;
    const address = networks['front']?.ipv4_address ?? '';
    expect(environmentOf(serviceOf('api'))['EPACK_TRUST_PROXY']).toBe(address);
    const [subnet] = compose.networks['front']?.ipam?.config ?? [];
    const inside = new BlockList();
    const [network = '', prefix] = subnet?.subnet.split('/') ?? [];
    inside.addSubnet(network, Number(prefix));
    expect(inside.check(address)).toBe(true);
  });

  test('passes every setting from the file .env to the services that need it', () => {
    // The settings that the compose file fixes for the containers.
    const fixed = [
      ...['PORT', 'HOST', 'EPACK_DATA_DIR', 'EPACK_TRUST_PROXY', 'EPACK_ADMIN_EMAIL'],
      ...['EPACK_METRICS_PORT', 'EPACK_WORKER_PORT', 'EPACK_WORKER_METRICS_URL'],
      // The image says it.
      'EPACK_COMMIT',
    ];
    const isSecret = (name: string) => secretSettings.some((secret) => secret === name);
    const handed = (name: string) =>
      ['api', 'worker'].some((of) => {
        const { environment } = serviceOf(of);
        return isSecret(name)
          ? environment[`${name}_FILE`] !== undefined
          : filledIn(environment[name] ?? '', { [name]: 'given' }) === 'given';
      });
    expect(Object.keys(settings.shape).filter((one) => !fixed.includes(one) && !handed(one))).toEqual([]);
  });

  test('gives API and worker one file store; it survives them, like database and queue', () => {
    const stores = ours.map(([, { volumes, environment }]) => [volumes, environment['EPACK_DATA_DIR']]);
    for (const store of stores) expect(store).toEqual([['files:/data'], '/data']);
    const mounted = services.flatMap(([, { volumes }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? ''),
    );
    const named = new Set(mounted.filter((source) => !source.startsWith('./')));
    expect([...named].sort()).toEqual(Object.keys(compose.volumes).sort());
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

describe('the secrets that the script makes', () => {
  let secrets: ReturnType<typeof madeSecrets>;
  beforeAll(() => {
    secrets = madeSecrets();
  });
  afterAll(() => secrets.remove());
  const read = (name: string) => readFileSync(path.join(secrets.folder, name), 'utf8');

  test('are those that the services get, in a folder that nobody else can enter', () => {
    const named = Object.values(compose.secrets).map(({ file }) => path.basename(file));
    expect(readdirSync(secrets.folder).sort()).toEqual(named.sort());
    expect(statSync(secrets.folder).mode & 0o777).toBe(0o700);
    // A container reads them as a user of its own.
    for (const name of named) expect(statSync(path.join(secrets.folder, name)).mode & 0o777).toBe(0o644);
  });

  test('fit together, and give each process a valid configuration', () => {
    for (const [name, one] of ours) {
      const config = readConfig(onSecrets(environmentOf(one), secrets.folder));
      expect(config.host).toBe('0.0.0.0');
      expect(config.databaseUrl).toBe(`postgres://epack:${read('postgres_password')}@postgres:5432/epack`);
      expect(config.secretsKeys).toEqual(name === 'migrate' ? [] : [read('secrets_key')]);
      if (name === 'api') expect(config.adminPassword).toBe(read('admin_password'));
      else expect([config.adminPassword, config.tokenSecrets]).toEqual([null, null]);
    }
    const [, password] =
      /^default_user = epack\ndefault_pass = ([\w-]{43})\n$/.exec(read('rabbitmq_user.conf')) ?? [];
    expect(read('queue_url')).toBe(`amqp://epack:${password ?? ''}@rabbitmq:5672`);
    const drawn = ['postgres_admin_password', 'postgres_password', 'admin_password', 'secrets_key'].map(read);
    expect(new Set(drawn).size).toBe(4);
    for (const one of drawn) expect(one).toMatch(/^[\w-]{43}$/);
  });

  test('stay as they are when the script runs again, also those that someone wrote', () => {
    writeFileSync(path.join(secrets.folder, 'smtp_url'), 'smtps://user:word@mail.example\n');
    const before = readdirSync(secrets.folder).map(read);
    expect(secrets.make()).toBe('');
    expect(readdirSync(secrets.folder).map(read)).toEqual(before);
    const environment = environmentOf(serviceOf('worker'), {
      ...operator,
      EPACK_MAIL_FROM: 'epack@example.org',
    });
    expect(readConfig(onSecrets(environment, secrets.folder))).toMatchObject({
      smtpUrl: 'smtps://user:word@mail.example',
    });
  });

  test('give the API no mail server: the sender tells it that mails are sent', () => {
    const environment = environmentOf(serviceOf('api'), {
      ...operator,
      EPACK_MAIL_FROM: 'epack@example.org',
    });
    const config = readConfig(onSecrets(environment, secrets.folder));
    expect([config.smtpUrl, config.signIn.sendsMail]).toEqual([null, true]);
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

  test('copies files that exist, and nothing that was built or stored here', () => {
    const copied = instructions
      .filter(({ keyword, rest }) => keyword === 'COPY' && !rest.startsWith('--from='))
      .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
    expect(copied).toContain('package-lock.json');
    expect(copied.filter((file) => !existsSync(inRoot(file)))).toEqual([]);
    const ignored = readFileSync(inRoot('.dockerignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', 'dist', 'data', '.git']));
  });

  test('only copies files from a stage that the stage has', () => {
    const names = stages.flatMap(({ rest }) => / AS (\w+)$/i.exec(rest)?.[1] ?? []);
    const taken = instructions.flatMap(({ rest }) => /^--from=(\w+)/.exec(rest)?.[1] ?? []);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('runs Node 20.19 or later, as a user that is not root, with its data in a volume', () => {
    for (const { rest } of stages) {
      expect(rest).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}( AS \w+)?$/);
      expect(Number(/^node:(\d+)/.exec(rest)?.[1])).toBeGreaterThanOrEqual(20);
    }
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

  test('starts commands that only need the packages of production', async () => {
    const image = createImage();
    const database = await createTestDatabase();
    // All that the server needs of PostgreSQL, a plain role may do. The tests are to run as one.
    const role = 'select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user';
    expect((await database.db.raw<{ rows: object[] }>(role)).rows).toEqual([
      { rolsuper: false, rolcreaterole: false, rolbypassrls: false },
    ]);
    const port = await freePort();
    const secrets = madeSecrets();
    const environment = {
      ...onSecrets(environmentOf(serviceOf('api')), secrets.folder),
      ...{ DATABASE_URL: database.url, DATABASE_URL_FILE: '', QUEUE_URL_FILE: '' },
    };
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
      secrets.remove();
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
