import { isIP } from 'node:net';
import { z } from 'zod';
import { languages } from '../domain/language';
import { passwordSignIns, secondFactorDemands, usualSignInRules } from '../domain/sign-in-rules';
import { passwordLength } from '../domain/staff';
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

const anyText = z.string();

/** Several, separated by commas. */
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
  'QUEUE_URL',
  'EPACK_ADMIN_PASSWORD',
  'EPACK_TOKEN_SECRET',
  'EPACK_TOKEN_SECRET_ACCEPTED',
  'EPACK_SECRETS_KEY',
  'EPACK_SECRETS_KEY_ACCEPTED',
  'EPACK_OIDC_CLIENT_SECRET',
  'EPACK_SMTP_URL',
  'EPACK_METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const satisfies readonly (keyof (typeof settings)['shape'])[];

/** Every setting there is, under its name in the environment. `docs/configuration.md` is written from this table. */
export const settings = z.object({
  PORT: whole(0, 65_535, 8080).describe('Port of the front API and the backoffice.'),
  HOST: anyText
    .default('127.0.0.1')
    .describe(
      'Address to listen on: this machine alone. `0.0.0.0` or `::` for all; the container image sets it.',
    ),
  EPACK_DATA_DIR: anyText
    .default('./data')
    .describe('Folder of the file store and, where no DATABASE_URL is set, of the embedded database.'),
  DATABASE_URL: url('postgres:', 'postgresql:')
    .optional()
    .describe('PostgreSQL 15 or later. Not set: an embedded PostgreSQL in the data folder.'),
  DATABASE_CA_FILE: anyText
    .optional()
    .describe(
      'File with the certificates of the authority that vouches for PostgreSQL, in PEM, for a DATABASE_URL with `?sslmode=verify-full`. Not set: the usual authorities.',
    ),
  EPACK_DATABASE_CONNECTIONS: whole(2, 1000, 10).describe('Most connections to PostgreSQL, per process.'),
  EPACK_PREPARED_STATEMENTS: z
    .enum(['yes', 'no'])
    .default('yes')
    .describe(
      'Whether connections keep the statements that every sync needs, with their plans. `no` where something between the server and PostgreSQL cannot follow that, or to find out whether a kept plan is at fault; a sync then costs PostgreSQL twice as much.',
    ),
  QUEUE_URL: url('amqp:', 'amqps:').optional().describe('RabbitMQ. Not set: a queue in PostgreSQL.'),
  QUEUE_CA_FILE: anyText
    .optional()
    .describe('The same for RabbitMQ, with a QUEUE_URL that begins with `amqps://`.'),
  EPACK_REQUIRE_TLS: yesOrNo.describe(
    'Whether database, queue, mail server, identity provider and collector of traces may be reached by TLS alone, with certificates that are verified; a setting that says otherwise is then a mistake. Webhooks too. See [operations](operations.md#connections-by-tls).',
  ),
  EPACK_ADMIN_EMAIL: z
    .string()
    .refine(isMailAddress, 'must be an e-mail address')
    .optional()
    .describe('The first user, made at the first start.'),
  EPACK_ADMIN_PASSWORD: atLeast(passwordLength.least)
    .max(passwordLength.most, `must have at most ${passwordLength.most} characters`)
    .optional()
    .describe(
      `Password of the first user, ${passwordLength.least} to ${passwordLength.most} characters. Nobody else gets it.`,
    ),
  EPACK_TOKEN_SECRET: atLeast(32)
    .optional()
    .describe(
      'Key that signs the tokens of solutions, 32 characters or more. Not set: one is made and kept in the database.',
    ),
  EPACK_TOKEN_MINUTES: whole(1, 43_200, 720).describe('How long a token of a solution is valid.'),
  EPACK_TOKEN_SECRET_ACCEPTED: atLeast(32)
    .optional()
    .describe(
      'Another key, as long, whose tokens are accepted as well, while EPACK_TOKEN_SECRET is being replaced.',
    ),
  EPACK_SECRETS_KEY: atLeast(32)
    .optional()
    .describe(
      'Key that seals the secrets in the database (what signs tokens and webhooks, what makes the codes of second factors), 32 random characters or more. Not set: they are kept as they are.',
    ),
  EPACK_SECRETS_KEY_ACCEPTED: atLeast(32)
    .optional()
    .describe('Another key, as long, that opens secrets as well, while EPACK_SECRETS_KEY is being replaced.'),
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
      'Reverse proxies whose X-Forwarded-For is believed: their addresses or networks, separated by commas; or how many there are.',
    ),
  EPACK_CONNECTIONS_PER_ADDRESS: whole(8, 100_000, 512).describe(
    'Connections that one address, or one IPv6 /64, may hold at once; one more is closed. Proxies that EPACK_TRUST_PROXY believes, and this machine itself, may hold as many as they like: a number there believes everyone.',
  ),
  EPACK_PUBLIC_URL: url('https:', 'http:')
    .optional()
    .describe(
      'Under which address people reach the server, e.g. `https://epack.example`: for sign-in and for links in mails.',
    ),
  EPACK_LANGUAGE: z
    .enum(languages)
    .default('en')
    .describe('Language of what the server tells kitchens, probe alerts and lab results: `en` or `fr`.'),
  EPACK_OIDC_ISSUER: url('https:', 'http:')
    .optional()
    .describe(
      'OpenID Connect issuer through which staff may sign in; see [sign-in](sign-in.md). Not set: passwords only.',
    ),
  EPACK_OIDC_CLIENT_ID: anyText.optional().describe('The client that the issuer knows this server as.'),
  EPACK_OIDC_CLIENT_SECRET: anyText.optional().describe('Secret of that client.'),
  EPACK_OIDC_CA_FILE: anyText
    .optional()
    .describe('As DATABASE_CA_FILE, for the issuer. Not set: the usual authorities.'),
  EPACK_OIDC_NAME: anyText.default('OpenID Connect').describe('What the button on the sign-in page names.'),
  EPACK_OIDC_SCOPES: anyText.default('openid email').describe('Scopes that are asked for.'),
  EPACK_OIDC_NEW_USERS: z
    .enum(['refuse', 'viewer', 'manager'])
    .default('refuse')
    .describe('What becomes of a person who is no user yet: refused, or a new user of this role.'),
  EPACK_OIDC_ROLES: list(
    (pair) => /^[^=]+=(admin|manager|viewer)$/.test(pair),
    'must be a list such as `epack-admins=admin,kitchens=manager`',
  )
    .optional()
    .describe('Which value of the role claim gives which role, e.g. `epack-admins=admin,kitchens=manager`.'),
  EPACK_OIDC_ROLE_CLAIM: anyText.default('groups').describe('Claim that EPACK_OIDC_ROLES is about.'),
  EPACK_OIDC_ACCOUNT_CLAIM: anyText
    .optional()
    .describe(
      'Claim that lists the names of the accounts that a person may see. Not set: accounts are given here.',
    ),
  EPACK_PASSWORDS: z
    .enum(passwordSignIns)
    .default('yes')
    .describe(
      'Whether staff may sign in with passwords beside EPACK_OIDC_ISSUER: `yes`; `break-glass`: admins alone, for the day on which the provider is away; `no`.',
    ),
  EPACK_SECOND_FACTOR: z
    .enum(secondFactorDemands)
    .default('nobody')
    .describe(
      'Of whom a second factor is demanded who sign in with a password: `nobody`, `admins` or `everyone`. Everyone may have one.',
    ),
  EPACK_SESSION_IDLE_MINUTES: whole(5, 720, usualSignInRules.idleMinutes).describe(
    'A session of staff that nobody uses for so long ends.',
  ),
  EPACK_ASK_AGAIN_MINUTES: whole(1, 720, usualSignInRules.askAgainMinutes).describe(
    'Whoever signed in longer ago is asked for the password again before secrets, users and roles, on the console.',
  ),
  EPACK_SMTP_URL: url('smtp:', 'smtps:')
    .optional()
    .describe(
      'Mail server for notifications, e.g. `smtps://user:password@mail.example`. Not set: no mail is sent.',
    ),
  EPACK_SMTP_CA_FILE: anyText
    .optional()
    .describe('As DATABASE_CA_FILE, for the mail server. Not set: the usual authorities.'),
  EPACK_MAIL_FROM: z
    .string()
    .regex(mailAddress, 'must be an e-mail address')
    .optional()
    .describe(
      'Sender of the mails, e.g. `ePack <epack@example.org>`. An API on its own needs no mail server: by this it knows that workers send mails.',
    ),
  EPACK_WEBHOOK_HTTP: yesOrNo.describe('Whether webhooks may be plain http.'),
  EPACK_WEBHOOK_NETWORKS: list(isNetwork, 'must be a list of addresses or networks, such as `10.0.5.0/24`')
    .optional()
    .describe(
      'Private addresses or networks that webhooks may reach all the same, e.g. `10.0.5.0/24`. Not set: none.',
    ),
  EPACK_MAX_ARCHIVE_BYTES: whole(1, 2 ** 40, 512 * megabyte).describe('Largest upload.'),
  EPACK_MAX_UNPACKED_BYTES: whole(1, 2 ** 42, 2048 * megabyte).describe('Largest upload once unpacked.'),
  EPACK_MAX_ARCHIVE_ENTRIES: whole(1, 1_000_000, 10_000).describe('Most entries of an upload.'),
  EPACK_MAX_COMPRESSION_RATIO: whole(1, 100_000, 200).describe(
    'Highest compression ratio of an entry that unpacks to more than 1 MiB.',
  ),
  EPACK_MAX_ARCHIVE_RATIO: whole(1, 100_000, 50).describe(
    'Highest compression ratio of a whole upload that unpacks to more than 16 MiB.',
  ),
  EPACK_QUOTA_SYNCS_PER_DAY: whole(1, 2_000_000_000, 10_000).describe(
    'Uploads that one solution may make in 24 hours, the refused ones included. Beyond: 429.',
  ),
  EPACK_QUOTA_BYTES_PER_DAY: whole(1, 2 ** 49, 1)
    .unwrap()
    .optional()
    .describe(
      'Bytes that one solution may upload in 24 hours. Beyond: 429, or 413 where one upload is larger than that. Not set: 16 times EPACK_MAX_ARCHIVE_BYTES.',
    ),
  EPACK_QUOTA_OPEN_UPLOADS: whole(1, 2_000_000_000, 64).describe(
    'Resumable uploads that one solution may have begun and not finished. Beyond: 429.',
  ),
  EPACK_QUOTA_OPEN_UPLOAD_BYTES: whole(1, 2 ** 49, 1)
    .unwrap()
    .optional()
    .describe(
      'Announced lengths of these uploads together. Beyond: 429, or 413 where one upload is larger than that. Not set: 8 times EPACK_MAX_ARCHIVE_BYTES.',
    ),
  EPACK_QUOTA_OPEN_QUARANTINE: whole(1, 2_000_000_000, 10_000).describe(
    'Items of one solution that wait in quarantine. What comes beyond is counted, and its upload is kept.',
  ),
  EPACK_QUOTA_EXTRA_COLUMNS: whole(1, 1_000, 100).describe(
    'Columns of one log table that the table does not declare, per solution. A file with more is refused.',
  ),
  EPACK_DISK_RESERVE_BYTES: whole(0, 2 ** 49, 2048 * megabyte).describe(
    'Free space of the file store below which the solutions that send most are refused, before all are. A tenth of the disk where that is less. `0`: none.',
  ),
  EPACK_UPLOAD_IDLE_SECONDS: whole(1, 50, 30).describe(
    'An upload that sends nothing for so long is given up, and its channel is free again.',
  ),
  EPACK_LARGE_PACKAGE_BYTES: whole(1, 2 ** 42, 16 * megabyte).describe(
    'An upload that unpacks to more goes to the queue of large packages.',
  ),
  EPACK_WORKER_SMALL_JOBS: whole(1, 100, 4).describe('Small packages that one worker processes at once.'),
  EPACK_WORKER_LARGE_JOBS: whole(0, 100, 1).describe('Large packages that one worker processes at once.'),
  EPACK_LEASE_SECONDS: whole(2, 55, 6).describe(
    'A worker that gives no sign for so long loses its job to another.',
  ),
  EPACK_MAX_ATTEMPTS: whole(1, 100, 5).describe(
    'Attempts at processing a package before it counts as failed.',
  ),
  EPACK_RETENTION_DAYS: whole(1, 36_500, 30).describe(
    'Days that uploads and packages are kept after they were received.',
  ),
  EPACK_DRAIN_SECONDS: whole(0, 3_600, 15).describe(
    'How long a process that is told to stop lets uploads and jobs go on that have begun.',
  ),
  EPACK_METRICS_PORT: whole(0, 65_535, 0)
    .unwrap()
    .optional()
    .describe('Port of the API for /metrics, /healthz and /readyz alone. Not set: none.'),
  EPACK_METRICS_TOKEN: atLeast(16)
    .optional()
    .describe(
      'Bearer token for /metrics, 16 characters or more. Set: /metrics is on PORT as well. Not set: only on the ports of its own, without a token.',
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
    .describe('OpenTelemetry collector that traces are sent to, by OTLP over HTTP. Not set: there are none.'),
  OTEL_EXPORTER_OTLP_HEADERS: list(
    isHeader,
    'must be a list such as `Authorization=Bearer%20…,x-team=kitchens`',
  )
    .optional()
    .describe(
      'Headers for that collector, percent-encoded, e.g. `Authorization=Bearer%20…`; separated by commas.',
    ),
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('Least level that is logged.'),
  EPACK_COMMIT: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'must be 40 hex digits')
    .optional()
    .describe(
      'The commit that this program was built from, where neither the build nor git can tell; `epack sosync` tells its callers.',
    ),
});
