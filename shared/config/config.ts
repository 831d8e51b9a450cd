import path from 'node:path';
import { z } from 'zod';
import { withOption } from '../db/host-urls';
import type { Quotas } from '../domain/quota';
import type { SignInRules } from '../domain/sign-in-rules';
import { type Role, roles } from '../domain/staff';
import { withSecretFiles } from './secret-files';
import { secretSettings, settings } from './settings';
import { authorityIn, ownAuthorities, tlsProblems, withAuthority } from './tls';

export type Config = ReturnType<typeof configFrom>;

/** All mistakes in the environment, at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration has mistakes:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Reads the whole configuration, secrets in files included. Throws a `ConfigError` that lists every mistake. */
export function readConfig(given: NodeJS.ProcessEnv): Config {
  const { environment, problems: unreadable } = withSecretFiles(given);
  const read = settings.safeParse(withoutEmpty(environment));
  const problems = [
    ...unreadable,
    ...unknownNames(environment),
    ...(read.error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}`),
    ...incompleteDatabase(environment),
    ...incompleteAdmin(environment),
    ...incompleteOidc(environment),
    ...incompleteMail(environment),
    ...incompleteS3(environment),
    ...nobodyCanSignIn(environment),
    ...halfSecretsKey(environment),
    ...tlsProblems(environment),
  ];
  if (!read.success || problems.length > 0) throw new ConfigError(problems);
  return configFrom(read.data);
}

/** `docs/configuration.md`, from the table of settings. */
export function configurationMarkdown(): string {
  const rows = Object.entries(settings.shape).map(([name, schema]) => {
    const fallback = schema instanceof z.ZodDefault ? `\`${String(schema.def.defaultValue)}\`` : '';
    return `| \`${name}\` | ${fallback} | ${schema.description ?? ''} |`;
  });
  return [
    '# Configuration',
    '',
    'All settings come from the environment. They are read once, at start, and every mistake is reported at once.',
    'This page is written from the code by `npm run docs:configuration`.',
    '',
    'A secret may be given as a file instead: `NAME_FILE` is the path of a file whose content is the value of `NAME`.',
    'One newline at its end is cut; an empty file is a setting that is not set; both together are a mistake. Files are for',
    `${secretSettings.map((name) => `\`${name}\``).join(', ')}.`,
    '',
    '| variable | default | what it sets |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function configFrom(read: z.output<typeof settings>) {
  const dataDir = path.resolve(read.EPACK_DATA_DIR);
  return Object.freeze({
    port: read.PORT,
    host: read.HOST,
    /** Absolute. */
    dataDir,
    /** Folder of the file store. */
    filesDir: path.join(dataDir, 'files'),
    /** Where files are kept. */
    fileStore: read.EPACK_FILE_STORE,
    /** Null: no object store is configured. */
    s3: s3From(read),
    ...databaseUrlsOf(read),
    databaseConnections: read.EPACK_DATABASE_CONNECTIONS,
    readLagSeconds: read.EPACK_READ_LAG_SECONDS,
    /** A pooler cannot follow prepared statements, unless someone says that it can. */
    preparesStatements:
      (read.EPACK_PREPARED_STATEMENTS ?? (read.DATABASE_LISTEN_URL === undefined ? 'yes' : 'no')) === 'yes',
    queueUrl: read.QUEUE_URL ?? null,
    /** Additional certificate authorities that are trusted. */
    ownAuthorities: ownAuthorities({
      queue: read.QUEUE_CA_FILE,
      smtp: read.EPACK_SMTP_CA_FILE,
      oidc: read.EPACK_OIDC_CA_FILE,
    }),
    adminEmail: read.EPACK_ADMIN_EMAIL ?? null,
    adminPassword: read.EPACK_ADMIN_PASSWORD ?? null,
    tokenMinutes: read.EPACK_TOKEN_MINUTES,
    /** The key that signs, and those that are accepted beside it. Null: kept in the database. */
    tokenSecrets: tokenSecretsOf(read),
    /** The first seals the secrets in the database, every one opens them. None: they are not sealed. */
    secretsKeys: secretsKeysOf(read),
    trustProxy: read.EPACK_TRUST_PROXY,
    connectionsPerAddress: read.EPACK_CONNECTIONS_PER_ADDRESS,
    /** The language of texts for kitchens. */
    language: read.EPACK_LANGUAGE,
    /** Without a slash at its end. */
    publicUrl: read.EPACK_PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    oidc: oidcFrom(read),
    /** How staff sign in. */
    signIn: signInRulesOf(read),
    smtpUrl: read.EPACK_SMTP_URL ?? null,
    mailFrom: read.EPACK_MAIL_FROM ?? null,
    webhookHttp: read.EPACK_WEBHOOK_HTTP === 'yes',
    webhookNetworks: read.EPACK_WEBHOOK_NETWORKS ?? [],
    maxArchiveBytes: read.EPACK_MAX_ARCHIVE_BYTES,
    maxUnpackedBytes: read.EPACK_MAX_UNPACKED_BYTES,
    maxArchiveEntries: read.EPACK_MAX_ARCHIVE_ENTRIES,
    maxCompressionRatio: read.EPACK_MAX_COMPRESSION_RATIO,
    maxArchiveRatio: read.EPACK_MAX_ARCHIVE_RATIO,
    quotas: quotasFrom(read),
    /** Below this free space, the solutions that send most are refused. */
    diskReserveBytes: read.EPACK_DISK_RESERVE_BYTES,
    uploadIdleSeconds: read.EPACK_UPLOAD_IDLE_SECONDS,
    largePackageBytes: read.EPACK_LARGE_PACKAGE_BYTES,
    workerSmallJobs: read.EPACK_WORKER_SMALL_JOBS,
    workerLargeJobs: read.EPACK_WORKER_LARGE_JOBS,
    leaseSeconds: read.EPACK_LEASE_SECONDS,
    maxAttempts: read.EPACK_MAX_ATTEMPTS,
    retentionDays: read.EPACK_RETENTION_DAYS,
    drainSeconds: read.EPACK_DRAIN_SECONDS,
    metricsPort: read.EPACK_METRICS_PORT ?? null,
    metricsToken: read.EPACK_METRICS_TOKEN ?? null,
    workerPort: read.EPACK_WORKER_PORT ?? null,
    workerMetricsUrl: read.EPACK_WORKER_METRICS_URL ?? null,
    otlpEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    /** Additional headers for the trace collector, by name. */
    otlpHeaders: Object.fromEntries((read.OTEL_EXPORTER_OTLP_HEADERS ?? []).map(headerPair)),
    logLevel: read.LOG_LEVEL,
    commit: read.EPACK_COMMIT ?? null,
  });
}

/** Null: no bucket is named. */
function s3From(read: z.output<typeof settings>) {
  const { EPACK_S3_BUCKET: bucket, EPACK_S3_PREFIX: prefix, EPACK_S3_ENDPOINT: endpoint } = read;
  if (bucket === undefined) return null;
  const { EPACK_S3_ACCESS_KEY_ID: accessKeyId, EPACK_S3_SECRET_ACCESS_KEY: secretAccessKey } = read;
  const { EPACK_S3_ENCRYPTION: algorithm, EPACK_S3_KMS_ID: kmsKey } = read;
  const usualStyle = endpoint === undefined ? 'no' : 'yes';
  return {
    bucket,
    endpoint: endpoint ?? null,
    region: read.EPACK_S3_REGION,
    prefix: prefix === undefined ? '' : `${prefix.replace(/\/$/, '')}/`,
    isPathStyle: (read.EPACK_S3_PATH_STYLE ?? usualStyle) === 'yes',
    authority: authorityIn(read.EPACK_S3_CA_FILE),
    encryption: algorithm === undefined ? null : { algorithm, kmsKey: kmsKey ?? null },
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined ? null : { accessKeyId, secretAccessKey },
  };
}

function databaseUrlsOf(read: z.output<typeof settings>) {
  const { DATABASE_URL: usual, DATABASE_LISTEN_URL: direct, DATABASE_READ_URL: reading } = read;
  const authority = read.DATABASE_CA_FILE;
  const known = (url: string | undefined) => (url === undefined ? null : withAuthority(url, authority));
  return {
    /** PostgreSQL itself. Null: the embedded one. */
    databaseUrl: known(direct ?? usual),
    /** The pooler in front of it, which the API and the workers use. Null: there is none. */
    poolerUrl: direct === undefined ? null : known(usual),
    /** The replica that exports and reports read. Null: there is none. */
    replicaUrl: reading === undefined ? null : known(anyServer(reading)),
  };
}

/** Of several standbys, none accepts writes: the first that replies is used. */
const anyServer = (url: string): string => withOption(url, 'target_session_attrs', 'any');

/** The limits of every solution without its own. */
const quotasFrom = (read: z.output<typeof settings>): Quotas => ({
  syncsPerDay: read.EPACK_QUOTA_SYNCS_PER_DAY,
  bytesPerDay: read.EPACK_QUOTA_BYTES_PER_DAY ?? 16 * read.EPACK_MAX_ARCHIVE_BYTES,
  openUploads: read.EPACK_QUOTA_OPEN_UPLOADS,
  openUploadBytes: read.EPACK_QUOTA_OPEN_UPLOAD_BYTES ?? 8 * read.EPACK_MAX_ARCHIVE_BYTES,
  openQuarantine: read.EPACK_QUOTA_OPEN_QUARANTINE,
  extraColumns: read.EPACK_QUOTA_EXTRA_COLUMNS,
});

function tokenSecretsOf(read: z.output<typeof settings>): readonly [string, ...string[]] | null {
  const { EPACK_TOKEN_SECRET: signing, EPACK_TOKEN_SECRET_ACCEPTED: accepted } = read;
  if (signing === undefined) return null;
  return accepted === undefined ? [signing] : [signing, accepted];
}

function signInRulesOf(read: z.output<typeof settings>): SignInRules {
  return {
    passwords: read.EPACK_PASSWORDS,
    secondFactor: read.EPACK_SECOND_FACTOR,
    idleMinutes: read.EPACK_SESSION_IDLE_MINUTES,
    askAgainMinutes: read.EPACK_ASK_AGAIN_MINUTES,
    sendsMail: read.EPACK_MAIL_FROM !== undefined,
  };
}

const secretsKeysOf = ({
  EPACK_SECRETS_KEY: first,
  EPACK_SECRETS_KEY_ACCEPTED: accepted,
}: z.output<typeof settings>): readonly string[] => [first, accepted].filter((key) => key !== undefined);

/** Null: staff sign in with passwords only. */
function oidcFrom(read: z.output<typeof settings>) {
  const { EPACK_OIDC_ISSUER: issuer, EPACK_PUBLIC_URL: publicUrl } = read;
  if (issuer === undefined || publicUrl === undefined) return null;
  return {
    issuer,
    clientId: read.EPACK_OIDC_CLIENT_ID ?? '',
    clientSecret: read.EPACK_OIDC_CLIENT_SECRET ?? '',
    /** What the button says after "Sign in with". */
    name: read.EPACK_OIDC_NAME,
    scopes: read.EPACK_OIDC_SCOPES,
    /** Role of a person who is no user yet. Null: refused. */
    newUsers: read.EPACK_OIDC_NEW_USERS === 'refuse' ? null : read.EPACK_OIDC_NEW_USERS,
    roleClaim: read.EPACK_OIDC_ROLE_CLAIM,
    /** The role for each value of the role claim. Null: roles are given in the backoffice. */
    roles: read.EPACK_OIDC_ROLES?.map(rolePair) ?? null,
    accountClaim: read.EPACK_OIDC_ACCOUNT_CLAIM ?? null,
  };
}

function rolePair(pair: string): { readonly value: string; readonly role: Role } {
  const [value = '', written = ''] = pair.split('=');
  const role = roles.find((known) => known === written);
  if (role === undefined) throw new ConfigError([`EPACK_OIDC_ROLES names no role: ${pair}`]);
  return { value, role };
}

function headerPair(pair: string): [name: string, value: string] {
  const [name = '', ...value] = pair.split('=');
  return [name, decodeURIComponent(value.join('='))];
}

/** An empty variable is one that is not set. */
function withoutEmpty(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
}

/** A misspelt name would be a setting that silently does nothing. */
function unknownNames(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('EPACK_') && !(name in settings.shape) && !foreign.test(name))
    .map((name) => `${name} is not a setting`);
}

function incompleteDatabase({
  DATABASE_URL: usual = '',
  DATABASE_LISTEN_URL: direct = '',
  DATABASE_READ_URL: reading = '',
}: NodeJS.ProcessEnv): string[] {
  const others = { DATABASE_LISTEN_URL: direct, DATABASE_READ_URL: reading };
  return Object.entries(others).flatMap(([name, url]) =>
    url !== '' && usual === '' ? [`${name} needs DATABASE_URL`] : [],
  );
}

function incompleteAdmin({
  EPACK_ADMIN_EMAIL: email = '',
  EPACK_ADMIN_PASSWORD: password = '',
}: NodeJS.ProcessEnv): string[] {
  const isComplete = (email === '') === (password === '');
  return isComplete ? [] : ['EPACK_ADMIN_EMAIL and EPACK_ADMIN_PASSWORD go together: set both or none'];
}

function incompleteOidc(environment: NodeJS.ProcessEnv): string[] {
  const needed = ['EPACK_OIDC_CLIENT_ID', 'EPACK_OIDC_CLIENT_SECRET', 'EPACK_PUBLIC_URL'];
  if ((environment['EPACK_OIDC_ISSUER'] ?? '') === '') return [];
  return needed
    .filter((name) => (environment[name] ?? '') === '')
    .map((name) => `EPACK_OIDC_ISSUER needs ${name}`);
}

function incompleteMail({
  EPACK_SMTP_URL: server = '',
  EPACK_MAIL_FROM: from = '',
}: NodeJS.ProcessEnv): string[] {
  return server !== '' && from === '' ? ['EPACK_SMTP_URL needs EPACK_MAIL_FROM'] : [];
}

function incompleteS3(environment: NodeJS.ProcessEnv): string[] {
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  const problems: string[] = [];
  if (environment['EPACK_FILE_STORE'] === 's3' && !isSet('EPACK_S3_BUCKET'))
    problems.push('EPACK_FILE_STORE=s3 needs EPACK_S3_BUCKET');
  if (isSet('EPACK_S3_ACCESS_KEY_ID') !== isSet('EPACK_S3_SECRET_ACCESS_KEY'))
    problems.push('EPACK_S3_ACCESS_KEY_ID and EPACK_S3_SECRET_ACCESS_KEY go together: set both or none');
  if (isSet('EPACK_S3_KMS_ID') && environment['EPACK_S3_ENCRYPTION'] !== 'aws:kms')
    problems.push('EPACK_S3_KMS_ID needs EPACK_S3_ENCRYPTION=aws:kms');
  return problems;
}

function nobodyCanSignIn({
  EPACK_PASSWORDS: passwords = '',
  EPACK_OIDC_ISSUER: issuer = '',
}: NodeJS.ProcessEnv) {
  const isNeeded = passwords === 'no' || passwords === 'break-glass';
  return isNeeded && issuer === '' ? [`EPACK_PASSWORDS=${passwords} needs EPACK_OIDC_ISSUER`] : [];
}

function halfSecretsKey({
  EPACK_SECRETS_KEY: key = '',
  EPACK_SECRETS_KEY_ACCEPTED: accepted = '',
}: NodeJS.ProcessEnv): string[] {
  if (accepted !== '' && key === '') return ['EPACK_SECRETS_KEY_ACCEPTED needs EPACK_SECRETS_KEY'];
  const isOne = accepted !== '' && accepted === key;
  return isOne
    ? ['EPACK_SECRETS_KEY_ACCEPTED is EPACK_SECRETS_KEY: it must be the one before, or be taken away']
    : [];
}

/** Names of ours that belong to the tests and to the reference solution. */
const foreign = /^EPACK_(TEST_|SOLUTION_|URL$)/;
