import { isIP } from 'node:net';
import { z } from 'zod';
import { languages } from '../domain/language';
import { passwordSignIns, secondFactorDemands, usualSignInRules } from '../domain/sign-in-rules';
import { passwordLength } from '../domain/staff';
import { hostUrls, wantedServer } from '../db/host-urls';
import { nodeUrls } from '../queue/node-urls';
import { isMailAddress } from '../domain/staff-input';

const megabyte = 2 ** 20;

const whole = (min: number, max: number, fallback: number) => {
  const expected = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, expected)
    .transform(Number)
    .pipe(z.number().min(min, expected).max(max, expected))
    .default(fallback);
};

const url = (...protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (written) => URL.canParse(written) && protocols.includes(new URL(written).protocol),
      `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );

const databaseUrl = z
  .string()
  .refine(
    (written) => hostUrls(written).length > 0,
    'must be a URL that begins with postgres:// or postgresql://',
  )
  .refine(
    (written) => wantedServer(written) !== null,
    'must have no target_session_attrs other than read-write, primary or any',
  );

const anyText = z.string();

/** Several values, separated by commas. */
const list = (isOne: (written: string) => boolean, expected: string) =>
  z.string().transform((written, context) => {
    const items = written
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    if (items.length > 0 && items.every(isOne)) return items;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });

/** An address, or a network such as 10.0.0.0/8. */
const isNetwork = (written: string): boolean => {
  const [address = '', prefix = '0', ...more] = written.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return more.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
};

/** `name=value`, the value percent-encoded. */
const isHeader = (written: string): boolean => /^[\w-]+=(?:[^%]|%[0-9a-f]{2})*$/i.test(written);

const proxiesExpected =
  'must be a list of addresses or networks, such as `10.0.0.0/8,fd00::/8`, or a number from 0 to 10';

const yesOrNo = z.enum(['yes', 'no']).default('no');

const mailAddress = /^(?:[^<>\r\n]{0,100}<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;

const atLeast = (length: number) => z.string().min(length, `must have at least ${length} characters`);

/** Settings that are secrets, or hold one: each may be given as a file, under its name with `_FILE` behind it. */
export const secretSettings = [
  'DATABASE_URL',
  'DATABASE_LISTEN_URL',
  'DATABASE_READ_URL',
  'QUEUE_URL',
  'EPACK_ADMIN_PASSWORD',
  'EPACK_TOKEN_SECRET',
  'EPACK_TOKEN_SECRET_ACCEPTED',
  'EPACK_SECRETS_KEY',
  'EPACK_SECRETS_KEY_ACCEPTED',
  'EPACK_OIDC_CLIENT_SECRET',
  'EPACK_S3_ACCESS_KEY_ID',
  'EPACK_S3_SECRET_ACCESS_KEY',
  'EPACK_SMTP_URL',
  'EPACK_METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const satisfies readonly (keyof (typeof settings)['shape'])[];

/** All settings, by their names in the environment. `docs/configuration.md` is generated from this table. */
export const settings = z.object({
  PORT: whole(0, 65_535, 8080).describe('Port of the front API and the backoffice.'),
  HOST: anyText
    .default('127.0.0.1')
    .describe(
      'Address to listen on. The default can only be reached from this machine; `0.0.0.0` or `::` from everywhere (the container image sets it).',
    ),
  EPACK_DATA_DIR: anyText
    .default('./data')
    .describe('Folder of the file store and, if DATABASE_URL is not set, of the embedded database.'),
  EPACK_FILE_STORE: z
    .enum(['disk', 's3'])
    .default('disk')
    .describe(
      'Where uploads, packages and photos are kept: `disk`, in the data folder; or `s3`, in an object store. See [files in an object store](object-store.md).',
    ),
  EPACK_S3_BUCKET: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, 'must be the name of a bucket')
    .optional()
    .describe('Bucket of the object store. It must exist; the server makes none.'),
  EPACK_S3_ENDPOINT: url('https:', 'http:')
    .optional()
    .describe(
      'Address of an S3 server of your own or of another provider, e.g. `https://s3.example`. Not set: Amazon S3 in EPACK_S3_REGION.',
    ),
  EPACK_S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a region')
    .default('us-east-1')
    .describe('Region of the bucket. Many servers of your own accept only the default.'),
  EPACK_S3_PREFIX: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*\/?$/, 'must be names separated by `/`, such as `epack/files`')
    .refine((written) => !/(^|\/)\.{1,2}(\/|$)/.test(written), 'must contain neither `.` nor `..`')
    .optional()
    .describe('What the keys of all objects begin with, e.g. `epack`, if the bucket also serves others.'),
  EPACK_S3_PATH_STYLE: z
    .enum(['yes', 'no'])
    .optional()
    .describe(
      'Whether the bucket is in the path of the URL (`yes`) or in its host name (`no`). Not set: `yes` with EPACK_S3_ENDPOINT, `no` without.',
    ),
  EPACK_S3_CA_FILE: anyText
    .optional()
    .describe('The same as DATABASE_CA_FILE, for EPACK_S3_ENDPOINT. Not set: the usual authorities.'),
  EPACK_S3_ENCRYPTION: z
    .enum(['AES256', 'aws:kms'])
    .optional()
    .describe(
      'Encryption that the object store must use for what the server writes: `AES256` or `aws:kms`. Not set: what the bucket does by itself.',
    ),
  EPACK_S3_KMS_ID: anyText
    .optional()
    .describe('Key for `aws:kms`, by its id or its ARN. Not set: the key of the bucket.'),
  EPACK_S3_ACCESS_KEY_ID: anyText
    .optional()
    .describe(
      'Key id for the object store. Not set: what the surroundings give, e.g. the role of the machine or of the pod, or the usual `AWS_…` variables.',
    ),
  EPACK_S3_SECRET_ACCESS_KEY: anyText.optional().describe('Secret of that key.'),
  DATABASE_URL: databaseUrl
    .optional()
    .describe(
      'PostgreSQL 15 or later. It may name several servers, `postgres://user:password@a:5432,b:5432/epack`: the server uses the one that accepts writes (see [operations](several-machines.md#postgresql-with-a-standby)). Not set: an embedded PostgreSQL in the data folder.',
    ),
  DATABASE_LISTEN_URL: databaseUrl
    .optional()
    .describe(
      'The same PostgreSQL without a pooler in between, if DATABASE_URL leads to a pooler such as pgbouncer: for notifications and commands. See [several machines](several-machines.md#a-pooler-in-transaction-mode).',
    ),
  DATABASE_READ_URL: databaseUrl
    .optional()
    .describe(
      'A standby of the same PostgreSQL, which exports of readings and the pages of temperatures read. See [several machines](several-machines.md#a-replica-for-exports-and-reports). Not set: they read DATABASE_URL.',
    ),
  EPACK_READ_LAG_SECONDS: whole(0, 3_600, 5).describe(
    'How long an export waits until that standby has everything that was committed before. If it takes longer, or the standby is further behind, DATABASE_URL is read.',
  ),
  DATABASE_CA_FILE: anyText
    .optional()
    .describe(
      'File, in PEM, with the certificates of the authority that signed the certificate of PostgreSQL; for a DATABASE_URL with `?sslmode=verify-full`. Not set: the usual authorities.',
    ),
  EPACK_DATABASE_CONNECTIONS: whole(2, 1000, 10).describe('Most connections to PostgreSQL, per process.'),
  EPACK_PREPARED_STATEMENTS: z
    .enum(['yes', 'no'])
    .optional()
    .describe(
      'Whether connections keep the statements that every sync needs, with their plans. Not set: `yes`, or `no` with DATABASE_LISTEN_URL. Set `no` if something between the server and PostgreSQL does not support prepared statements, or to find out whether a kept plan causes a problem; a sync then costs PostgreSQL twice as much.',
    ),
  QUEUE_URL: z
    .string()
    .refine(
      (written) => nodeUrls(written).length > 0,
      'must be a URL that begins with amqp:// or amqps://, or several of one kind, separated by commas',
    )
    .optional()
    .describe(
      'RabbitMQ. For a cluster, the URLs of its nodes, separated by commas (see [several machines](several-machines.md#rabbitmq-as-a-cluster)). Not set: a queue in PostgreSQL.',
    ),
  QUEUE_CA_FILE: anyText
    .optional()
    .describe('The same as DATABASE_CA_FILE, for RabbitMQ with a QUEUE_URL that begins with `amqps://`.'),
  EPACK_REQUIRE_TLS: yesOrNo.describe(
    'Whether the server must use TLS with verified certificates for database, queue, mail server, identity provider, collector of traces and webhooks. A URL without TLS is then a configuration mistake. See [operations](operations.md#connections-by-tls).',
  ),
  EPACK_ADMIN_EMAIL: z
    .string()
    .refine(isMailAddress, 'must be an e-mail address')
    .optional()
    .describe('E-mail address of the first user, who is created at the first start.'),
  EPACK_ADMIN_PASSWORD: atLeast(passwordLength.least)
    .max(passwordLength.most, `must have at most ${passwordLength.most} characters`)
    .optional()
    .describe(
      `Password of the first user, ${passwordLength.least} to ${passwordLength.most} characters. It is used for no other user.`,
    ),
  EPACK_TOKEN_SECRET: atLeast(32)
    .optional()
    .describe(
      'Key that signs the tokens of solutions, 32 characters or more. Not set: the server makes one and keeps it in the database.',
    ),
  EPACK_TOKEN_MINUTES: whole(1, 43_200, 720).describe('How long a token of a solution is valid.'),
  EPACK_TOKEN_SECRET_ACCEPTED: atLeast(32)
    .optional()
    .describe(
      'Another key of at least the same length. Tokens signed with it are accepted as well, while EPACK_TOKEN_SECRET is being replaced.',
    ),
  EPACK_SECRETS_KEY: atLeast(32)
    .optional()
    .describe(
      'Key that seals the secrets in the database (the keys that sign tokens and webhooks, and the secrets of second factors), 32 random characters or more. Not set: they are stored unsealed.',
    ),
  EPACK_SECRETS_KEY_ACCEPTED: atLeast(32)
    .optional()
    .describe(
      'Another key of at least the same length. It opens secrets as well, while EPACK_SECRETS_KEY is being replaced.',
    ),
  EPACK_TRUST_PROXY: z
    .union(
      [
        z
          .string()
          .regex(/^([0-9]|10)$/)
          .transform(Number),
        list(isNetwork, proxiesExpected),
      ],
      {
        error: proxiesExpected,
      },
    )
    .default(0)
    .describe(
      'Reverse proxies whose X-Forwarded-For is trusted: their addresses or networks, separated by commas; or their number.',
    ),
  EPACK_CONNECTIONS_PER_ADDRESS: whole(8, 100_000, 512).describe(
    'Most connections that one address, or one IPv6 /64, may have at once; any further one is closed. There is no limit for this machine and for the proxies of EPACK_TRUST_PROXY. If that setting is a number, there is no limit for anybody.',
  ),
  EPACK_PUBLIC_URL: url('https:', 'http:')
    .optional()
    .describe(
      'Address at which people reach the server, e.g. `https://epack.example`: for sign-in and for links in mails.',
    ),
  EPACK_LANGUAGE: z
    .enum(languages)
    .default('en')
    .describe(
      'Language of the messages to kitchens about probe alerts and lab results, and of the names of exports that pairs file: `en` or `fr`.',
    ),
  EPACK_OIDC_ISSUER: url('https:', 'http:')
    .optional()
    .describe(
      'OpenID Connect issuer through which staff may sign in; see [sign-in](sign-in.md). Not set: passwords only.',
    ),
  EPACK_OIDC_CLIENT_ID: anyText.optional().describe('Id of this server as a client of the issuer.'),
  EPACK_OIDC_CLIENT_SECRET: anyText.optional().describe('Secret of that client.'),
  EPACK_OIDC_CA_FILE: anyText
    .optional()
    .describe('The same as DATABASE_CA_FILE, for the issuer. Not set: the usual authorities.'),
  EPACK_OIDC_NAME: anyText
    .default('OpenID Connect')
    .describe('Name of the identity provider on the button of the sign-in page.'),
  EPACK_OIDC_SCOPES: anyText.default('openid email').describe('Scopes that the server requests.'),
  EPACK_OIDC_NEW_USERS: z
    .enum(['refuse', 'viewer', 'manager'])
    .default('refuse')
    .describe(
      'What happens if a person who is no user yet signs in: `refuse`, or the role of the new user that is created.',
    ),
  EPACK_OIDC_ROLES: list(
    (pair) => /^[^=]+=(admin|manager|viewer)$/.test(pair),
    'must be a list such as `epack-admins=admin,kitchens=manager`',
  )
    .optional()
    .describe('Which value of the role claim gives which role, e.g. `epack-admins=admin,kitchens=manager`.'),
  EPACK_OIDC_ROLE_CLAIM: anyText.default('groups').describe('The claim whose values EPACK_OIDC_ROLES lists.'),
  EPACK_OIDC_ACCOUNT_CLAIM: anyText
    .optional()
    .describe(
      'Claim that lists the names of the accounts that a person may see. Not set: an admin gives access to accounts on this server.',
    ),
  EPACK_PASSWORDS: z
    .enum(passwordSignIns)
    .default('yes')
    .describe(
      'Whether staff may also sign in with passwords when EPACK_OIDC_ISSUER is set: `yes`; `break-glass`: only admins, in case the provider cannot be reached; `no`.',
    ),
  EPACK_SECOND_FACTOR: z
    .enum(secondFactorDemands)
    .default('nobody')
    .describe(
      'Who must use a second factor when they sign in with a password: `nobody`, `admins` or `everyone`. Everyone may use one.',
    ),
  EPACK_SESSION_IDLE_MINUTES: whole(5, 720, usualSignInRules.idleMinutes).describe(
    'A session of staff ends when it has not been used for this many minutes.',
  ),
  EPACK_ASK_AGAIN_MINUTES: whole(1, 720, usualSignInRules.askAgainMinutes).describe(
    'A user who signed in longer ago than this must enter the password again on the console before changing secrets, users or roles.',
  ),
  EPACK_SMTP_URL: url('smtp:', 'smtps:')
    .optional()
    .describe(
      'Mail server for notifications, e.g. `smtps://user:password@mail.example`. Not set: no mail is sent.',
    ),
  EPACK_SMTP_CA_FILE: anyText
    .optional()
    .describe('The same as DATABASE_CA_FILE, for the mail server. Not set: the usual authorities.'),
  EPACK_MAIL_FROM: z
    .string()
    .regex(mailAddress, 'must be an e-mail address')
    .optional()
    .describe(
      'Sender of the mails, e.g. `ePack <epack@example.org>`. A separate API needs no mail server: this setting tells it that workers send mails.',
    ),
  EPACK_WEBHOOK_HTTP: yesOrNo.describe('Whether webhooks may use plain http.'),
  EPACK_WEBHOOK_NETWORKS: list(isNetwork, 'must be a list of addresses or networks, such as `10.0.5.0/24`')
    .optional()
    .describe('Private addresses or networks that webhooks may call, e.g. `10.0.5.0/24`. Not set: none.'),
  EPACK_MAX_ARCHIVE_BYTES: whole(1, 2 ** 40, 512 * megabyte).describe('Largest upload, in bytes.'),
  EPACK_MAX_UNPACKED_BYTES: whole(1, 2 ** 42, 2048 * megabyte).describe(
    'Largest upload after unpacking, in bytes.',
  ),
  EPACK_MAX_ARCHIVE_ENTRIES: whole(1, 1_000_000, 10_000).describe('Most entries of an upload.'),
  EPACK_MAX_COMPRESSION_RATIO: whole(1, 100_000, 200).describe(
    'Highest compression ratio of an entry that unpacks to more than 1 MiB.',
  ),
  EPACK_MAX_ARCHIVE_RATIO: whole(1, 100_000, 50).describe(
    'Highest compression ratio of a whole upload that unpacks to more than 16 MiB.',
  ),
  EPACK_QUOTA_SYNCS_PER_DAY: whole(1, 2_000_000_000, 10_000).describe(
    'Most uploads that one solution may make in 24 hours, including refused ones. Further uploads get 429.',
  ),
  EPACK_QUOTA_BYTES_PER_DAY: whole(1, 2 ** 49, 1)
    .unwrap()
    .optional()
    .describe(
      'Most bytes that one solution may upload in 24 hours. Further uploads get 429, and a single upload that is larger gets 413. Not set: 16 times EPACK_MAX_ARCHIVE_BYTES.',
    ),
  EPACK_QUOTA_OPEN_UPLOADS: whole(1, 2_000_000_000, 64).describe(
    'Most resumable uploads that one solution may have begun and not finished. Further ones get 429.',
  ),
  EPACK_QUOTA_OPEN_UPLOAD_BYTES: whole(1, 2 ** 49, 1)
    .unwrap()
    .optional()
    .describe(
      'Most bytes that these uploads may announce together. Further ones get 429, and a single upload that is larger gets 413. Not set: 8 times EPACK_MAX_ARCHIVE_BYTES.',
    ),
  EPACK_QUOTA_OPEN_QUARANTINE: whole(1, 2_000_000_000, 10_000).describe(
    'Most items of one solution that may wait in quarantine. Further items are only counted, and their upload is kept.',
  ),
  EPACK_QUOTA_EXTRA_COLUMNS: whole(1, 1_000, 100).describe(
    'Most additional columns, which the log table does not declare, per table and solution. A file with more is refused.',
  ),
  EPACK_DISK_RESERVE_BYTES: whole(0, 2 ** 49, 2048 * megabyte).describe(
    'When the file store has less free space than this (or than a tenth of the disk, if that is less), the server refuses uploads of the solutions that send most, before it must refuse all. `0`: no reserve.',
  ),
  EPACK_UPLOAD_IDLE_SECONDS: whole(1, 50, 30).describe(
    'If an upload sends nothing for this many seconds, it is given up, and its channel is free again.',
  ),
  EPACK_LARGE_PACKAGE_BYTES: whole(1, 2 ** 42, 16 * megabyte).describe(
    'An upload that unpacks to more bytes goes to the queue of large packages.',
  ),
  EPACK_WORKER_SMALL_JOBS: whole(1, 100, 4).describe('Small packages that one worker processes at once.'),
  EPACK_WORKER_LARGE_JOBS: whole(0, 100, 1).describe('Large packages that one worker processes at once.'),
  EPACK_LEASE_SECONDS: whole(2, 55, 6).describe(
    'If a worker does not renew its lease of a job for this many seconds, another worker takes the job over.',
  ),
  EPACK_MAX_ATTEMPTS: whole(1, 100, 5).describe(
    'Attempts at processing a package before it counts as failed.',
  ),
  EPACK_RETENTION_DAYS: whole(1, 36_500, 30).describe(
    'Number of days for which uploads and packages are kept after receipt.',
  ),
  EPACK_DRAIN_SECONDS: whole(0, 3_600, 15).describe(
    'How many seconds a process that is being stopped gives to uploads and jobs that have begun.',
  ),
  EPACK_METRICS_PORT: whole(0, 65_535, 0)
    .unwrap()
    .optional()
    .describe('Separate port of the API, only for /metrics, /healthz and /readyz. Not set: none.'),
  EPACK_METRICS_TOKEN: atLeast(16)
    .optional()
    .describe(
      'Bearer token for /metrics, 16 characters or more. If set, /metrics is on PORT as well. Not set: only on the separate ports, without a token.',
    ),
  EPACK_WORKER_PORT: whole(0, 65_535, 0)
    .unwrap()
    .optional()
    .describe('Port of a worker for /metrics, /healthz and /readyz. Not set: none.'),
  EPACK_WORKER_METRICS_URL: url('http:', 'https:')
    .optional()
    .describe("A worker's /metrics, which the API shows together with its own. `epack start` sets it."),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:')
    .optional()
    .describe(
      'OpenTelemetry collector that traces are sent to, by OTLP over HTTP. Not set: no traces are sent.',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: list(
    isHeader,
    'must be a list such as `Authorization=Bearer%20…,x-team=kitchens`',
  )
    .optional()
    .describe(
      'Headers for that collector, with percent-encoded values, e.g. `Authorization=Bearer%20…`; separated by commas.',
    ),
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('Lowest level that is logged.'),
  EPACK_COMMIT: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'must be 40 hex digits')
    .optional()
    .describe(
      'The commit from which this program was built, if neither the build nor git knows it; `epack sosync` reports it to its callers.',
    ),
});
