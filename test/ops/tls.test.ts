import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { SMTPServer } from 'smtp-server';
import { createIdentityProvider } from '../../api/backoffice/oidc/identity-provider';
import { ConfigError, readConfig } from '../../shared/config/config';
import { openConnection } from '../../shared/db/connection';
import { createDatabaseListener } from '../../shared/db/listen';
import { openDatabase } from '../../shared/db/database';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../shared/embedded/embedded-postgres';
import { createLogger } from '../../shared/log';
import { createRabbitQueue } from '../../shared/queue/rabbit-queue';
import { createMailer } from '../../worker/notifications/send-mail';
import { eventually } from '../queue/eventually';
import { type Certificate, createTestAuthority, type TestAuthority } from '../setup/certificates';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { describeWithRabbit } from '../setup/rabbitmq';

const log = createLogger({ level: 'silent', name: 'tls' });

let authority: TestAuthority;
let stranger: TestAuthority;
let folder: TestFolder;
beforeAll(() => {
  [authority, stranger] = [createTestAuthority(), createTestAuthority('Somebody else')];
  folder = createTestFolder();
});
afterAll(() => {
  for (const one of [authority, stranger, folder]) one.remove();
});

const problemsOf = (environment: NodeJS.ProcessEnv): readonly string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
};

describe('EPACK_REQUIRE_TLS=yes', () => {
  const mail = { EPACK_MAIL_FROM: 'epack@example.org' };
  const oidc = {
    EPACK_OIDC_CLIENT_ID: 'epack',
    EPACK_OIDC_CLIENT_SECRET: 'secret',
    EPACK_PUBLIC_URL: 'https://epack.example',
  };

  test.each([
    ['DATABASE_URL', 'postgres://epack:word@db.example/epack', {}],
    ['DATABASE_URL', 'postgres://epack:word@db.example/epack?sslmode=require', {}],
    ['DATABASE_URL', 'postgres://epack:word@db.example/epack?sslmode=no-verify', {}],
    ['DATABASE_URL', 'postgres://epack:word@db.example/epack?sslmode=verify-full&sslmode=disable', {}],
    ['QUEUE_URL', 'amqp://epack:word@queue.example', {}],
    ['EPACK_SMTP_URL', 'smtp://mail.example', mail],
    ['EPACK_SMTP_URL', 'smtp://mail.example?requireTLS=false', mail],
    ['EPACK_SMTP_URL', 'smtp://mail.example?requireTLS=true&requireTLS=false', mail],
    ['EPACK_SMTP_URL', 'smtps://mail.example?tls.rejectUnauthorized=false', mail],
    ['EPACK_SMTP_URL', 'smtp://mail.example?requireTLS=true&ignoreTLS=true', mail],
    ['EPACK_OIDC_ISSUER', 'http://login.example', oidc],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector.example:4318', {}],
    ['EPACK_WEBHOOK_HTTP', 'yes', {}],
  ])('names %s where it is %s, and only then', (setting, value, others) => {
    const problems = problemsOf({ ...others, [setting]: value, EPACK_REQUIRE_TLS: 'yes' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(setting);
    expect(problems[0]).not.toContain('word');
    expect(problemsOf({ ...others, [setting]: value })).toEqual([]);
  });

  test('accepts TLS everywhere, and settings that are not set', () => {
    expect(problemsOf({ EPACK_REQUIRE_TLS: 'yes' })).toEqual([]);
    const sound = {
      ...mail,
      ...oidc,
      EPACK_REQUIRE_TLS: 'yes',
      DATABASE_URL: 'postgres://epack:word@db.example/epack?sslmode=verify-full',
      QUEUE_URL: 'amqps://epack:word@queue.example',
      EPACK_SMTP_URL: 'smtp://mail.example:587?requireTLS=true',
      EPACK_OIDC_ISSUER: 'https://login.example',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example',
    };
    expect(problemsOf(sound)).toEqual([]);
    expect(problemsOf({ ...sound, EPACK_SMTP_URL: 'smtps://user:word@mail.example' })).toEqual([]);
  });
});

describe('a private authority', () => {
  test.each(['DATABASE_CA_FILE', 'QUEUE_CA_FILE', 'EPACK_SMTP_CA_FILE', 'EPACK_OIDC_CA_FILE'])(
    '%s without a connection by TLS is a mistake, as is a file that is not there or holds something else',
    (setting) => {
      expect(problemsOf({ [setting]: authority.file })).toEqual([
        expect.stringContaining(`${setting} needs`),
      ]);
      const byTls = {
        DATABASE_URL: 'postgres://epack@db.example/epack?sslmode=verify-full',
        QUEUE_URL: 'amqps://queue.example',
        EPACK_SMTP_URL: 'smtps://mail.example',
        EPACK_MAIL_FROM: 'epack@example.org',
        EPACK_OIDC_ISSUER: 'https://login.example',
        EPACK_OIDC_CLIENT_ID: 'epack',
        EPACK_OIDC_CLIENT_SECRET: 'secret',
        EPACK_PUBLIC_URL: 'https://epack.example',
      };
      expect(problemsOf({ ...byTls, [setting]: authority.file })).toEqual([]);
      const missing = path.join(folder.path, 'missing.pem');
      expect(problemsOf({ ...byTls, [setting]: missing })).toEqual([`${setting} cannot be read: ENOENT`]);
      const other = path.join(folder.path, 'other.pem');
      writeFileSync(other, 'no certificate');
      expect(problemsOf({ ...byTls, [setting]: other })).toEqual([`${setting} holds no certificate in PEM`]);
    },
  );
});

describe('PostgreSQL by TLS', () => {
  let postgres: EmbeddedPostgres;
  const dataFolder = () => path.join(folder.path, 'postgres');
  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ dataDir: dataFolder(), ephemeral: true });
    present(authority.issue());
  });
  afterAll(() => postgres.stop());

  /** The server shows this certificate from now on. */
  function present({ keyFile, certFile }: Certificate): void {
    const cluster = path.join(dataFolder(), 'postgres/data');
    const { uid, gid } = statSync(cluster);
    const settings = Object.entries({ ssl_key_file: keyFile, ssl_cert_file: certFile }).map(
      ([name, file]) => {
        const copy = path.join(cluster, path.basename(file));
        copyFileSync(file, copy);
        chmodSync(copy, 0o600);
        chownSync(copy, uid, gid);
        return `${name} = '${path.basename(file)}'\n`;
      },
    );
    appendFileSync(path.join(cluster, 'postgresql.conf'), `ssl = on\n${settings.join('')}`);
    const [postmaster] = readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(postmaster), 'SIGHUP');
  }

  const urlWith = (environment: NodeJS.ProcessEnv): string => {
    const at = new URL(postgres.url);
    at.hostname = 'localhost';
    at.searchParams.set('sslmode', 'verify-full');
    return readConfig({ EPACK_REQUIRE_TLS: 'yes', DATABASE_URL: at.href, ...environment }).databaseUrl ?? '';
  };
  const isByTls = async (url: string): Promise<boolean> => {
    const db = openDatabase({ url, maxConnections: 1, applicationName: 'test' });
    try {
      const { rows } = await db.raw<{ rows: { ssl: boolean }[] }>(
        'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
      );
      return rows[0]?.ssl === true;
    } finally {
      await db.destroy();
    }
  };

  test('is used by the pool, by single connections and by the listener, if its authority is trusted', async () => {
    const url = urlWith({ DATABASE_CA_FILE: authority.file });
    await eventually('it speaks TLS', () => isByTls(url).catch(() => false));
    const single = await openConnection(url, 'test');
    const { rows } = await single.query<{ ssl: boolean }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    expect(rows).toEqual([{ ssl: true }]);
    const notifications = createDatabaseListener({ url, log, applicationName: 'by-tls' });
    await eventually('the listener is connected', () => notifications.isConnected());
    const listener = await single.query<{ ssl: boolean }>(
      `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'by-tls'`,
    );
    expect(listener.rows).toEqual([{ ssl: true }]);
    await notifications.close();
    await single.end();
  });

  test('is refused if its authority is not trusted, or if the certificate has another name', async () => {
    await expect(isByTls(urlWith({}))).rejects.toThrow(/certificate/);
    await expect(isByTls(urlWith({ DATABASE_CA_FILE: stranger.file }))).rejects.toThrow(/certificate/);
    present(authority.issue('db.example'));
    const url = urlWith({ DATABASE_CA_FILE: authority.file });
    await eventually('it shows the other name', () =>
      isByTls(url).then(
        () => false,
        (error: unknown) => String(error).includes('db.example'),
      ),
    );
    present(authority.issue());
    await eventually('it shows its own again', () => isByTls(url).catch(() => false));
  });
});

describe('a mail server by TLS', () => {
  const started: SMTPServer[] = [];
  afterAll(() => Promise.all(started.map((one) => new Promise<void>((resolve) => one.close(resolve)))));

  /** `offers`: STARTTLS, TLS from the first byte, or nothing. */
  async function startMailServer(offers: 'starttls' | 'tls' | 'nothing', of: TestAuthority) {
    const { key, cert } = of.issue();
    const received: boolean[] = [];
    const server = new SMTPServer({
      authOptional: true,
      secure: offers === 'tls',
      hideSTARTTLS: offers === 'nothing',
      disabledCommands: offers === 'nothing' ? ['STARTTLS'] : [],
      key,
      cert,
      onData(stream, { secure }, done) {
        stream.on('end', () => {
          received.push(secure);
          done();
        });
        stream.resume();
      },
    });
    server.on('error', () => undefined);
    started.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    return { port: (server.server.address() as AddressInfo).port, received };
  }

  const send = (url: string, file: string) => {
    const config = readConfig({
      EPACK_REQUIRE_TLS: 'yes',
      EPACK_SMTP_URL: url,
      EPACK_SMTP_CA_FILE: file,
      EPACK_MAIL_FROM: 'epack@example.org',
    });
    return createMailer({
      url: config.smtpUrl ?? '',
      authority: config.ownAuthorities.smtp,
      from: 'epack@example.org',
      timeoutMilliseconds: 5_000,
    })({ to: 'chef@example.org', subject: 'A sync has failed', text: 'See the page.', id: '1' });
  };

  test.each([
    ['tls', 'smtps', ''],
    ['starttls', 'smtp', '?requireTLS=true'],
  ] as const)('gets mails by %s, where its authority is believed', async (offers, scheme, options) => {
    const { port, received } = await startMailServer(offers, authority);
    const url = `${scheme}://localhost:${port}/${options}`;
    await send(url, authority.file);
    expect(received).toEqual([true]);
    await expect(send(url, stranger.file)).rejects.toThrow(/certificate/);
    expect(received).toEqual([true]);
  });

  test('gets no mail if it does not support TLS', async () => {
    const { port, received } = await startMailServer('nothing', authority);
    await expect(send(`smtp://localhost:${port}/?requireTLS=true`, authority.file)).rejects.toThrow();
    expect(received).toEqual([]);
  });
});

describe('an identity provider by TLS', () => {
  let provider: HttpsServer;
  const forms: string[] = [];
  const issuer = () => `https://localhost:${(provider.address() as AddressInfo).port}`;
  beforeAll(async () => {
    const { key, cert } = authority.issue();
    provider = createServer({ key, cert }, (request, response) => {
      response.setHeader('Content-Type', 'application/json');
      if (request.url === '/.well-known/openid-configuration') {
        const at = issuer();
        response.end(
          JSON.stringify({
            issuer: at,
            authorization_endpoint: `${at}/auth`,
            token_endpoint: `${at}/token`,
            jwks_uri: `${at}/jwks`,
            response_types_supported: ['code'],
          }),
        );
        return;
      }
      let form = '';
      request.on('data', (chunk: Buffer) => (form += chunk.toString()));
      request.on('end', () => {
        forms.push(form);
        response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
      });
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => provider.close(resolve)));

  const doorTo = (certificates: string | null) =>
    createIdentityProvider({
      issuer: issuer(),
      clientId: 'epack',
      clientSecret: 'secret',
      scopes: 'openid email',
      authority: certificates,
      callbackUrl: 'https://epack.example/signin/oidc/callback',
    });

  test('is called if its authority is trusted', async () => {
    const door = doorTo(authority.cert);
    const proof = door.newProof();
    expect(await door.signInUrl(proof)).toContain(`${issuer()}/auth?`);
    const answer = { code: 'a-code', state: proof.state };
    await expect(door.redeem(proof, answer)).rejects.toMatchObject({ code: 'sign-in-refused' });
    expect(forms).toEqual([expect.stringContaining('code=a-code')]);
  });

  test.each([['the usual ones'], ['another']])('is away where %s are believed', async (which) => {
    const door = doorTo(which === 'another' ? stranger.cert : null);
    await expect(door.signInUrl(door.newProof())).rejects.toMatchObject({ code: 'identity-provider-away' });
    expect(forms).toHaveLength(1);
  });
});

describeWithRabbit('RabbitMQ by TLS', (url) => {
  let front: Server;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    const { key, cert } = authority.issue();
    const { hostname, port } = new URL(url());
    // As a proxy in front of RabbitMQ would, or RabbitMQ itself.
    front = createTlsServer({ key, cert }, (outside) => {
      const inside = connect(Number(port), hostname);
      for (const socket of [outside, inside]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
      }
      outside.pipe(inside).pipe(outside);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => front.close(resolve));
  });

  const queueBehind = (certificates: string | null) => {
    const at = new URL(url());
    const byTls = `amqps://${at.username}:${at.password}@localhost:${(front.address() as AddressInfo).port}`;
    return createRabbitQueue({
      url: byTls,
      authority: certificates,
      prefix: `tls.${process.pid}`,
      patienceMs: 2_000,
      log,
    });
  };

  test('gets messages only if its authority is trusted', async () => {
    const believed = queueBehind(authority.cert);
    await eventually('it is up', () => believed.isUp());
    await believed.publish('small', { version: 1, jobId: '1' });
    expect(await believed.depth('small')).toBe(1);
    await believed.close();
    for (const certificates of [null, stranger.cert]) {
      const queue = queueBehind(certificates);
      await expect(queue.publish('small', { version: 1, jobId: '2' })).rejects.toThrow();
      expect(queue.isUp()).toBe(false);
      await queue.close();
    }
  });
});
