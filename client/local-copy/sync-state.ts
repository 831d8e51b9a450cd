import { z } from 'zod';
import { type Channel, channels } from '../../shared/domain/channel';
import type { Owed } from './statement';

/** The state that the solution must keep between two runs: `.epack/state.json`. */
export interface SyncState {
  readonly token: Token | null;
  readonly channels: Readonly<Record<Channel, ChannelState>>;
  /** Photos that the server could not read, by name, with the size in bytes that they had: they are not sent again. */
  readonly refusedPhotos: Readonly<Record<string, number>>;
}

export interface Token {
  readonly value: string;
  /** By this device's own clock, whether it is right or wrong. */
  readonly renewAfter: string;
}

export interface ChannelState {
  /** The last built archive, until its sync is confirmed. */
  readonly upload: BuiltUpload | null;
  /** The package that is being fetched, so that a later run can continue after an interruption. */
  readonly download: { readonly sync: string; readonly etag: string } | null;
  /** The package whose instructions are in the local copy but perhaps not yet confirmed. */
  readonly carriedOut: CarriedOut | null;
  /** The last finished sync. */
  readonly lastSync: { readonly sync: string; readonly at: string; readonly outcome: string } | null;
  readonly owed: Owed;
  /** What was exported to a stick and not answered yet, the oldest first. */
  readonly exports: readonly ExportedUpload[];
  /** What the server asked for when it was last heard, or last answered a stick. Null: never. */
  readonly asked: Asked | null;
  /** The last sync that the server is known to have seen confirmed. */
  readonly confirmed: string | null;
}

export interface ExportedUpload {
  /** The UUID of the export. */
  readonly id: string;
  readonly upload: BuiltUpload;
}

export interface Asked {
  /** By table: the rows above it are new to the server. */
  readonly highestIds: Readonly<Record<string, string>>;
  readonly parameterFiles: readonly string[];
}

export interface BuiltUpload {
  /** The Idempotency-Key: the same at every repetition. */
  readonly key: string;
  readonly builtAt: string;
  readonly bytes: number;
  /** Hex, of the archive. */
  readonly sha256: string;
  /** The path of a resumable upload, below the server's address. */
  readonly resumeAt: string | null;
  /** The server's name for the sync, once it has accepted the archive. */
  readonly sync: string | null;
  /** The digest (hex) of each parameter file as it was sent: it shows whether the file has been edited since. */
  readonly sentFiles: Readonly<Record<string, string>>;
  /** The highest `Id` of each table at that time: rows above it have not been sent. */
  readonly highestIds: Readonly<Record<string, string>>;
  /** The receipts of messages in the archive. */
  readonly receipts: readonly string[];
  readonly contents: UploadContents;
}

/** The numbers of things in an archive. */
export interface UploadContents {
  readonly entities: Readonly<Record<string, number>>;
  readonly rows: Readonly<Record<string, number>>;
  readonly photos: number;
}

export interface CarriedOut {
  readonly sync: string;
  readonly carried: number;
  readonly failed: readonly FailedInstruction[];
  /** Classes that differ from the server's belief; null: the package did not contain it. */
  readonly drift: readonly string[] | null;
}

/** One instruction that the solution could not apply, as `confirm` reports it. */
export interface FailedInstruction {
  readonly file: string;
  readonly id: string;
  readonly reason: string;
}

const nothingOwed: Owed = { gaps: {}, drift: [], receipts: [] };

export const untouched: ChannelState = {
  upload: null,
  download: null,
  carriedOut: null,
  lastSync: null,
  owed: nothingOwed,
  exports: [],
  asked: null,
  confirmed: null,
};

export const noContents: UploadContents = { entities: {}, rows: {}, photos: 0 };

export function newSyncState(): SyncState {
  return {
    token: null,
    channels: { synchro: untouched, sondes: untouched, messagerie: untouched, photos: untouched },
    refusedPhotos: {},
  };
}

/**
 * @throws Error if the text is not a state that this version wrote.
 */
export function decodeSyncState(text: string): SyncState {
  return stateSchema.parse(JSON.parse(text));
}

export function encodeSyncState(state: SyncState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

const counts = z.record(z.string(), z.number());

const uploadSchema = z.object({
  key: z.string(),
  builtAt: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  resumeAt: z.string().nullable(),
  sync: z.string().nullable(),
  sentFiles: z.record(z.string(), z.string()),
  highestIds: z.record(z.string(), z.string()),
  receipts: z.array(z.string()).default([]),
  contents: z.object({ entities: counts, rows: counts, photos: z.number() }),
});

const channelSchema = z.object({
  upload: uploadSchema.nullable(),
  download: z.object({ sync: z.string(), etag: z.string() }).nullable(),
  carriedOut: z
    .object({
      sync: z.string(),
      carried: z.number(),
      failed: z.array(z.object({ file: z.string(), id: z.string(), reason: z.string() })),
      drift: z.array(z.string()).nullable().default(null),
    })
    .nullable(),
  lastSync: z.object({ sync: z.string(), at: z.string(), outcome: z.string() }).nullable(),
  owed: z
    .object({
      gaps: z.record(z.string(), z.array(z.tuple([z.string(), z.string()]))),
      drift: z.array(z.string()),
      receipts: z.array(z.string()).default([]),
    })
    .default({ gaps: {}, drift: [], receipts: [] }),
  exports: z.array(z.object({ id: z.string(), upload: uploadSchema })).default([]),
  asked: z
    .object({ highestIds: z.record(z.string(), z.string()), parameterFiles: z.array(z.string()) })
    .nullable()
    .default(null),
  confirmed: z.string().nullable().default(null),
});

const stateSchema = z.object({
  token: z.object({ value: z.string(), renewAfter: z.string() }).nullable(),
  channels: z.record(z.enum(channels), channelSchema),
  refusedPhotos: counts.default({}),
});
