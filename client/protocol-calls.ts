import { z } from 'zod';
import type { Channel } from '../shared/domain/channel';
import type { ParameterCounts, SyncReport } from '../shared/domain/report';
import { type Statut, statutFrom } from '../shared/domain/statut';
import type { Connection } from './connection';
import { jsonBody } from './http/messages';
import { ServerProblem } from './solution-error';
import type { FailedInstruction } from './local-copy/sync-state';

export interface StatutAnswer {
  readonly statut: Statut;
  /** The sync that the status is about, if there is one. */
  readonly sync: string | null;
  /** When the next poll makes sense, by the server's advice. */
  readonly pollAfterSeconds: number;
}

/**
 * @param wait the call returns as soon as the status differs from `not`, or after this many seconds (1 to 60).
 */
export async function askStatut(
  connection: Connection,
  channel: Channel,
  wait?: { readonly seconds: number; readonly not: Statut },
): Promise<StatutAnswer> {
  const query = wait === undefined ? '' : `?wait=${wait.seconds}&not=${wait.not}`;
  const { value, answer } = await connection.json(
    {
      method: 'GET',
      path: `/v4/${channel}/statut${query}`,
      idleTimeoutMs: ((wait?.seconds ?? 0) + 30) * 1000,
    },
    statutShape,
  );
  return {
    statut: statutFrom(Number(value)),
    sync: headerOf(answer.headers['epack-sync']),
    pollAfterSeconds: Number(headerOf(answer.headers['epack-poll-after']) ?? 1) || 1,
  };
}

/** The highest `Id` that the server has of each log table, `-1` if it has none. */
export async function askHighestIds(
  connection: Connection,
  channel: Channel,
): Promise<ReadonlyMap<string, bigint>> {
  const call = { method: 'GET', path: `/v4/${channel}/lastIdLogs` } as const;
  const { value } = await connection.json(call, z.record(z.string(), z.string().regex(/^(-1|\d{1,19})$/)));
  return new Map(Object.entries(value).map(([table, id]) => [table, BigInt(id)]));
}

/** File names of the parameter classes that the server wants next, e.g. `Fridges.xml`. */
export async function askParameterFiles(
  connection: Connection,
  channel: Channel,
): Promise<readonly string[]> {
  const call = { method: 'GET', path: `/v4/${channel}/listSyncParams` } as const;
  // A name from the server that is not a plain file name must never become a path of ours.
  const { value } = await connection.json(call, z.array(z.string().regex(/^[\w-]{1,100}\.xml$/i)));
  return value;
}

/** Repeating the call does nothing more. @throws ServerProblem `other-sync`, `wrong-status`. */
export async function confirm(
  connection: Connection,
  channel: Channel,
  sync: string,
  failed: readonly FailedInstruction[],
): Promise<void> {
  const call = { method: 'POST', path: `/v4/${channel}/confirm`, ...jsonBody({ sync, failed }) } as const;
  await connection.json(call, z.object({ statut: z.string() }));
}

export interface SyncAnswer {
  readonly sync: string;
  readonly statut: string;
  readonly state: string;
  readonly attempts: number;
  readonly report: SyncReport | null;
}

/** The current or else the last sync; null before the first. */
export async function askSync(connection: Connection, channel: Channel): Promise<SyncAnswer | null> {
  try {
    const { value } = await connection.json({ method: 'GET', path: `/v4/${channel}/sync` }, syncShape);
    return value;
  } catch (error) {
    if (error instanceof ServerProblem && error.code === 'no-sync') return null;
    throw error;
  }
}

/** The server's response to an accepted archive. */
export const acceptedShape = z.object({ sync: z.string(), statut: z.string() });

function headerOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

const statutShape = z.enum(['0', '1', '2']);

const parameterCountsShape: z.ZodType<ParameterCounts> = z.object({
  inserted: z.number(),
  updated: z.number(),
  deleted: z.number(),
  unchanged: z.number(),
  conflicts: z.number(),
  held: z.number(),
  rejected: z.number(),
});

const threeCountsShape = z.object({ inserted: z.number(), duplicates: z.number(), rejected: z.number() });

const idShape = z.string().regex(/^\d{1,19}$/);
const gapsShape = z.object({ missing: z.string(), ranges: z.array(z.tuple([idShape, idShape])) });

/** `report.json`, from a package or from a call. */
export const reportShape: z.ZodType<SyncReport> = z.object({
  sync: z.string(),
  outcome: z.enum(['processed', 'failed']),
  params: z.record(z.string(), parameterCountsShape),
  logs: z.record(z.string(), threeCountsShape),
  photos: threeCountsShape,
  rejections: z.array(
    z.object({
      file: z.string(),
      line: z.number().exactOptional(),
      id: z.string().exactOptional(),
      code: z.string(),
      reason: z.string(),
    }),
  ),
  ignored: z.array(z.string()),
  gaps: z.record(z.string(), gapsShape).exactOptional(),
  drift: z.array(z.string()).exactOptional(),
  reason: z.string().exactOptional(),
});

const syncShape: z.ZodType<SyncAnswer> = z.object({
  sync: z.string(),
  statut: z.string(),
  state: z.string(),
  attempts: z.number(),
  report: reportShape.nullable(),
});
