import { createHash } from 'node:crypto';
import { z } from 'zod';

// The description of a backup. It is a tar archive: `epack-backup.json` first, then each table in the text format of
// COPY, gzipped and cut into parts, then the files, and `manifest.json` last: without it a backup is not whole.

/**
 * Tables that a stolen backup must not contain, and that a restored server makes again: sessions, and the key that
 * signs tokens. Everyone signs in again; solutions do so by themselves.
 */
export const renewedTables: readonly string[] = [
  'user_session',
  'server_key',
  'oidc_attempt',
  // Unfinished sign-ins and kept forms: both belong to sessions.
  'sign_in_step',
  'form_owner',
  'kept_form',
  // Links in sent mails: the owners are asked again.
  'address_confirmation',
];

export const headerName = 'epack-backup.json';
export const manifestName = 'manifest.json';
export const tablePrefix = 'tables/';
export const filePrefix = 'files/';

const header = z.object({
  format: z.literal(1),
  createdAt: z.string(),
  /** The migrations that made the schema, in the order in which they ran. */
  migrations: z.array(z.string()),
  /** The earlier tables that a table refers to. */
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()) })),
  sequences: z.array(z.object({ name: z.string(), lastValue: z.string(), isCalled: z.boolean() })),
});
export type BackupHeader = z.output<typeof header>;

const manifest = z.object({
  tables: z.record(z.string(), z.object({ rows: z.number(), sha256: z.string() })),
  files: z.object({
    count: z.number(),
    bytes: z.number(),
    /** The digest over a line `<sha256> <key>` for each file, in their order. */
    sha256: z.string(),
    /** Files that the database names and that were missing. */
    missing: z.number(),
  }),
});
export type BackupManifest = z.output<typeof manifest>;

export const headerFrom = (json: string): BackupHeader => decoded(json, header);
export const manifestFrom = (json: string): BackupManifest => decoded(json, manifest);

/** `tables/tbsondes.copy.gz.000001`. */
export const partName = (table: string, part: number) =>
  `${tablePrefix}${table}.copy.gz.${String(part).padStart(6, '0')}`;

export const tableOfPart = (name: string): string | null =>
  /^tables\/(.+)\.copy\.gz\.\d+$/.exec(name)?.[1] ?? null;

/** Counts files as they pass, in a backup and in a restore. */
export function createFileTally() {
  const all = createHash('sha256');
  const tally = { count: 0, bytes: 0 };
  return {
    add(key: string, bytes: number, sha256: string): void {
      tally.count += 1;
      tally.bytes += bytes;
      all.update(`${sha256}  ${key}\n`);
    },
    end: () => ({ ...tally, sha256: all.digest('hex') }),
  };
}

function decoded<T>(json: string, schema: z.ZodType<T>): T {
  const read = schema.safeParse(parsed(json));
  if (!read.success)
    throw new Error('This is no backup of this server, or of a version that this one does not know.');
  return read.data;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
