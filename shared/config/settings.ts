import { z } from 'zod';

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

const atLeast = (length: number) => z.string().min(length, `must have at least ${length} characters`);

/** Every setting there is, under its name in the environment. `docs/configuration.md` is written from this table. */
export const settings = z.object({
  PORT: whole(0, 65_535, 8080).describe('Port of the front API and the backoffice.'),
  HOST: anyText.optional().describe('Address to listen on. Not set: all, IPv4 and IPv6.'),
  EPACK_DATA_DIR: anyText
    .default('./data')
    .describe('Folder of the file store and, where no DATABASE_URL is set, of the embedded database.'),
  DATABASE_URL: url('postgres:', 'postgresql:')
    .optional()
    .describe('PostgreSQL 15 or later. Not set: an embedded PostgreSQL in the data folder.'),
  EPACK_DATABASE_CONNECTIONS: whole(2, 1000, 10).describe('Most connections to PostgreSQL, per process.'),
  QUEUE_URL: url('amqp:', 'amqps:').optional().describe('RabbitMQ. Not set: a queue in PostgreSQL.'),
  EPACK_ADMIN_EMAIL: anyText.optional().describe('The first user, made at the first start.'),
  EPACK_ADMIN_PASSWORD: atLeast(8).optional().describe('Password of the first user.'),
  EPACK_TOKEN_SECRET: atLeast(32)
    .optional()
    .describe('Key that signs the tokens of solutions. Not set: one is made and kept in the database.'),
  EPACK_TOKEN_MINUTES: whole(1, 43_200, 720).describe('How long a token of a solution is valid.'),
  EPACK_TRUST_PROXY: whole(0, 10, 0).describe(
    'How many reverse proxies stand before the API; their X-Forwarded-For is believed.',
  ),
  EPACK_MAX_ARCHIVE_BYTES: whole(1, 2 ** 40, 512 * megabyte).describe('Largest upload.'),
  EPACK_MAX_UNPACKED_BYTES: whole(1, 2 ** 42, 2048 * megabyte).describe('Largest upload once unpacked.'),
  EPACK_MAX_ARCHIVE_ENTRIES: whole(1, 1_000_000, 10_000).describe('Most entries of an upload.'),
  EPACK_MAX_COMPRESSION_RATIO: whole(1, 100_000, 200).describe(
    'Highest compression ratio of an entry that unpacks to more than 1 MiB.',
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
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('Least level that is logged.'),
});
