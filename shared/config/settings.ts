/** What a text must be to become a setting; `parse` answers the value, or a sentence that says what is wrong. */
export interface Setting<T> {
  /** Name of the environment variable. */
  readonly name: string;
  readonly description: string;
  /** As it would be written in the environment; null: not set. */
  readonly fallback: string | null;
  /** Never shown, in no message and no log. */
  readonly secret: boolean;
  readonly parse: (text: string) => Parsed<T>;
}

export type Parsed<T> = { readonly value: T } | { readonly problem: string };

interface Particulars {
  fallback?: string;
  secret?: boolean;
}

function setting<T>(
  name: string,
  description: string,
  parse: (text: string) => Parsed<T>,
  particulars: Particulars = {},
): Setting<T> {
  return {
    name,
    description,
    parse,
    fallback: particulars.fallback ?? null,
    secret: particulars.secret ?? false,
  };
}

const anyText = (value: string): Parsed<string> => ({ value });

const whole =
  (min: number, max: number) =>
  (written: string): Parsed<number> => {
    const value = Number(written);
    return /^\d+$/.test(written) && value >= min && value <= max
      ? { value }
      : { problem: `must be a whole number from ${min} to ${max}` };
  };

const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (written: string): Parsed<T> => {
    const value = values.find((candidate) => candidate === written);
    return value === undefined ? { problem: `must be one of ${values.join(', ')}` } : { value };
  };

const url =
  (...protocols: readonly string[]) =>
  (written: string): Parsed<string> =>
    URL.canParse(written) && protocols.includes(new URL(written).protocol)
      ? { value: written }
      : { problem: `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}` };

const atLeast =
  (length: number) =>
  (written: string): Parsed<string> =>
    written.length >= length ? { value: written } : { problem: `must have at least ${length} characters` };

/** Every setting there is. `docs/configuration.md` is written from this table. */
export const settings = {
  port: setting('PORT', 'Port of the front API and the backoffice.', whole(0, 65_535), { fallback: '8080' }),
  host: setting('HOST', 'Address to listen on.', anyText, { fallback: '0.0.0.0' }),
  dataDir: setting(
    'EPACK_DATA_DIR',
    'Folder of the file store and, where no DATABASE_URL is set, of the embedded database.',
    anyText,
    { fallback: './data' },
  ),
  databaseUrl: setting(
    'DATABASE_URL',
    'PostgreSQL 15 or later. Not set: an embedded PostgreSQL in the data folder.',
    url('postgres:', 'postgresql:'),
    { secret: true },
  ),
  databaseConnections: setting(
    'EPACK_DATABASE_CONNECTIONS',
    'Most connections to PostgreSQL, per process.',
    whole(2, 1000),
    {
      fallback: '10',
    },
  ),
  queueUrl: setting('QUEUE_URL', 'RabbitMQ. Not set: a queue in PostgreSQL.', url('amqp:', 'amqps:'), {
    secret: true,
  }),
  adminEmail: setting('EPACK_ADMIN_EMAIL', 'The first user, made at the first start.', anyText),
  adminPassword: setting('EPACK_ADMIN_PASSWORD', 'Password of the first user.', atLeast(8), { secret: true }),
  tokenSecret: setting(
    'EPACK_TOKEN_SECRET',
    'Key that signs the tokens of solutions. Not set: one is made and kept in the database.',
    atLeast(32),
    { secret: true },
  ),
  tokenMinutes: setting('EPACK_TOKEN_MINUTES', 'How long a token of a solution is valid.', whole(1, 43_200), {
    fallback: '720',
  }),
  trustProxy: setting(
    'EPACK_TRUST_PROXY',
    'How many reverse proxies stand before the API; their X-Forwarded-For is believed.',
    whole(0, 10),
    { fallback: '0' },
  ),
  maxArchiveBytes: setting('EPACK_MAX_ARCHIVE_BYTES', 'Largest upload.', whole(1, 2 ** 40), {
    fallback: '536870912',
  }),
  maxUnpackedBytes: setting('EPACK_MAX_UNPACKED_BYTES', 'Largest upload once unpacked.', whole(1, 2 ** 42), {
    fallback: '2147483648',
  }),
  maxArchiveEntries: setting('EPACK_MAX_ARCHIVE_ENTRIES', 'Most entries of an upload.', whole(1, 1_000_000), {
    fallback: '10000',
  }),
  maxCompressionRatio: setting(
    'EPACK_MAX_COMPRESSION_RATIO',
    'Highest compression ratio of an entry that unpacks to more than 1 MiB.',
    whole(1, 100_000),
    { fallback: '200' },
  ),
  uploadIdleSeconds: setting(
    'EPACK_UPLOAD_IDLE_SECONDS',
    'An upload that sends nothing for so long is given up, and its channel is free again.',
    whole(1, 55),
    { fallback: '30' },
  ),
  largePackageBytes: setting(
    'EPACK_LARGE_PACKAGE_BYTES',
    'An upload that unpacks to more goes to the queue of large packages.',
    whole(1, 2 ** 42),
    { fallback: '16777216' },
  ),
  workerSmallJobs: setting(
    'EPACK_WORKER_SMALL_JOBS',
    'Small packages that one worker processes at once.',
    whole(1, 100),
    {
      fallback: '4',
    },
  ),
  workerLargeJobs: setting(
    'EPACK_WORKER_LARGE_JOBS',
    'Large packages that one worker processes at once.',
    whole(0, 100),
    {
      fallback: '1',
    },
  ),
  leaseSeconds: setting(
    'EPACK_LEASE_SECONDS',
    'A worker that gives no sign for so long loses its job to another.',
    whole(2, 55),
    { fallback: '6' },
  ),
  maxAttempts: setting(
    'EPACK_MAX_ATTEMPTS',
    'Attempts at processing a package before it counts as failed.',
    whole(1, 100),
    {
      fallback: '5',
    },
  ),
  retentionDays: setting(
    'EPACK_RETENTION_DAYS',
    'Days that uploads and packages are kept after their sync.',
    whole(1, 36_500),
    { fallback: '30' },
  ),
  logLevel: setting('LOG_LEVEL', 'Least level that is logged.', oneOf('error', 'warn', 'info', 'debug'), {
    fallback: 'info',
  }),
} as const;
