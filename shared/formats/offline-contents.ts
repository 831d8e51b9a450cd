import { z } from 'zod';
import { channels } from '../domain/channel';

// What is in the two offline files. Their parts follow in the order of `channels`.

const failed = z.object({
  file: z.string().min(1).max(200),
  id: z.string().max(64),
  reason: z.string().max(2000),
});
const syncId = z.uuid().toLowerCase();
const digits = z.string().regex(/^(-1|\d{1,19})$/);

/** What a solution exports of one channel. */
const exportedChannel = z.object({
  channel: z.enum(channels),
  /** The sync that is confirmed by this: its package was applied. Null: none. */
  confirms: z.object({ sync: syncId, failed: z.array(failed).max(100_000) }).nullable(),
  /** The last confirmed sync that the solution knows of. The upload is taken only if the server knows none after it. */
  after: syncId.nullable(),
  /** The Idempotency-Key of the upload. */
  key: z.string().min(1).max(255),
  bytes: z.number().int().min(22),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The description in a file `to-server`. */
export const exportedShape = z.object({
  mac: z.string().max(100),
  /** By the clock of the device. */
  writtenAt: z.iso.datetime(),
  channels: z.array(exportedChannel).min(1).max(channels.length),
});

export type Exported = z.output<typeof exportedShape>;
export type ExportedChannel = z.output<typeof exportedChannel>;

/** What became of one channel of an export. */
export const offlineOutcomes = ['accepted', 'earlier-package', 'superseded', 'refused', 'busy'] as const;

/**
 * `accepted`: the upload was taken in. `earlier-package`: the package of an earlier sync has to be applied first.
 * `superseded`: the solution has synchronised since. `refused`: the archive is bad. `busy`: another sync is processed.
 */
export type OfflineOutcome = (typeof offlineOutcomes)[number];

const answeredChannel = z.object({
  channel: z.enum(channels),
  outcome: z.enum(offlineOutcomes),
  /** The sync whose package follows, or was applied before. */
  sync: syncId.nullable(),
  /** The code and the sentence of a refusal. */
  code: z.string().nullable(),
  detail: z.string().nullable(),
  /** The last sync of the channel that the server has seen confirmed. */
  confirmed: syncId.nullable(),
  /** By table, what the next upload need not send again. */
  highestIds: z.record(z.string(), digits),
  parameterFiles: z.array(z.string().regex(/^[\w-]{1,100}\.xml$/i)),
  /** Of the instruction package. 0: none follows. */
  bytes: z.number().int().min(0),
});

/** The description in a file `to-solution`. */
export const answeredShape = z.object({ channels: z.array(answeredChannel).max(channels.length) });

export type AnsweredChannel = z.output<typeof answeredChannel>;
