import path from 'node:path';
import { z } from 'zod';
import { settings } from './settings';

export type Config = ReturnType<typeof configFrom>;

/** All that is wrong with the environment, at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration has mistakes:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Reads the whole configuration. Throws a `ConfigError` that lists every mistake. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const read = settings.safeParse(withoutEmpty(environment));
  const problems = [
    ...unknownNames(environment),
    ...(read.error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}`),
    ...lonelyAdmin(environment),
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
    host: read.HOST ?? null,
    /** Absolute. */
    dataDir,
    /** Folder of the file store. */
    filesDir: path.join(dataDir, 'files'),
    databaseUrl: read.DATABASE_URL ?? null,
    databaseConnections: read.EPACK_DATABASE_CONNECTIONS,
    queueUrl: read.QUEUE_URL ?? null,
    adminEmail: read.EPACK_ADMIN_EMAIL ?? null,
    adminPassword: read.EPACK_ADMIN_PASSWORD ?? null,
    tokenSecret: read.EPACK_TOKEN_SECRET ?? null,
    tokenMinutes: read.EPACK_TOKEN_MINUTES,
    trustProxy: read.EPACK_TRUST_PROXY,
    maxArchiveBytes: read.EPACK_MAX_ARCHIVE_BYTES,
    maxUnpackedBytes: read.EPACK_MAX_UNPACKED_BYTES,
    maxArchiveEntries: read.EPACK_MAX_ARCHIVE_ENTRIES,
    maxCompressionRatio: read.EPACK_MAX_COMPRESSION_RATIO,
    uploadIdleSeconds: read.EPACK_UPLOAD_IDLE_SECONDS,
    largePackageBytes: read.EPACK_LARGE_PACKAGE_BYTES,
    workerSmallJobs: read.EPACK_WORKER_SMALL_JOBS,
    workerLargeJobs: read.EPACK_WORKER_LARGE_JOBS,
    leaseSeconds: read.EPACK_LEASE_SECONDS,
    maxAttempts: read.EPACK_MAX_ATTEMPTS,
    retentionDays: read.EPACK_RETENTION_DAYS,
    logLevel: read.LOG_LEVEL,
  });
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

function lonelyAdmin({
  EPACK_ADMIN_EMAIL: email = '',
  EPACK_ADMIN_PASSWORD: password = '',
}: NodeJS.ProcessEnv): string[] {
  const isComplete = (email === '') === (password === '');
  return isComplete ? [] : ['EPACK_ADMIN_EMAIL and EPACK_ADMIN_PASSWORD go together: set both or none'];
}

/** Names of ours that belong to the tests and to the reference solution. */
const foreign = /^EPACK_(TEST_|SOLUTION_|URL$)/;
