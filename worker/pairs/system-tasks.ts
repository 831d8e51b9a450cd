import { z } from 'zod';
import { type Db, inTransaction } from '../../shared/db/database';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import type { Json } from '../../shared/systems/references';
import { createSystemStore, type RemoteSystemEntry } from '../../shared/stores/pairs/system-store';
import {
  createSystemTaskStore,
  type SystemTask,
  type SystemTaskEnd,
} from '../../shared/stores/pairs/system-task-store';
import type { Finding } from '../systems/probe';
import { probeSystem } from './probe-system';
import type { SystemDoor } from './system-door';

interface Deps {
  readonly db: Db;
  readonly door: SystemDoor;
}

/** Shorter than the API waits for the result. */
const patienceMs = 25_000;
const roundPatienceMs = 300_000;

/** Systems are not all probed in the same minute. */
const roundJitterSeconds = 3_600;

/** Asks for a probe of every system that pairs use. */
export async function askForProbes(db: Db): Promise<void> {
  await inTransaction(db, async ({ db: trx }) => {
    const tasks = createSystemTaskStore(trx);
    const jobs = createJobStore(trx);
    for (const systemId of await tasks.systemsToProbe()) {
      const subject = await tasks.add({ systemId, kind: 'probe', detail: { isRound: true } }, 'schedule');
      await jobs.add({ kind: 'system.probe', subject, afterSeconds: Math.random() * roundJitterSeconds });
    }
  });
}

/** Carries out a task of the API and stores the result, for which the API waits. */
export async function runSystemTask({ db, door }: Deps, id: string): Promise<void> {
  const tasks = createSystemTaskStore(db);
  const task = await tasks.findOpen(id);
  if (task === null) return;
  const system = await createSystemStore(db).findById(task.systemId);
  if (system === null) return;
  await tasks.end(id, await done({ db, door }, task, system));
}

async function done(deps: Deps, task: SystemTask, system: RemoteSystemEntry): Promise<SystemTaskEnd> {
  try {
    switch (task.kind) {
      case 'probe':
        return await probe(deps, task, system);
      case 'register-hook':
        return await registerHook(deps, task.detail, system);
    }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

const probeDetail = z.object({ isRound: z.boolean().default(false) });

async function probe(deps: Deps, { detail }: SystemTask, system: RemoteSystemEntry): Promise<SystemTaskEnd> {
  const { isRound } = probeDetail.parse(detail);
  // Nobody waits for the result, and nobody has changed anything since the system was paused.
  if (isRound && (system.state === 'paused' || system.state === 'throttled'))
    return { failure: `${system.name} must not be called now.` };
  const signal = AbortSignal.timeout(isRound ? roundPatienceMs : patienceMs);
  const { ok, version, findings, clockOffsetMs } = await probeSystem(deps, system, signal);
  const result = { ok, version, findings: findings.map(storedFinding) };
  await createSystemTaskStore(deps.db).keepProbe(system.id, { probe: result, isWell: ok, clockOffsetMs });
  return { result };
}

const storedFinding = ({ level, code, message, about, pair, side }: Finding) => ({
  level,
  code,
  message,
  ...(about === undefined ? {} : { about: [...about] }),
  ...(pair === undefined ? {} : { pair }),
  ...(side === undefined ? {} : { side }),
});

const hookDetail = z.object({ url: z.string(), entities: z.array(z.string()) });

/**
 * Makes a system call an address of this server at every change of some entities. The result contains the keys that
 * sign these calls.
 */
export async function registerHook(
  { door }: { readonly door: Pick<SystemDoor, 'registerWebhooks'> },
  detail: Json,
  system: RemoteSystemEntry,
): Promise<SystemTaskEnd> {
  const { url, entities } = hookDetail.parse(detail);
  const webhooks: Record<string, string> = {};
  for (const entity of entities) {
    const keys = await door.registerWebhooks(system, { entity, url }, AbortSignal.timeout(patienceMs));
    if (keys === null) return { failure: `Systems of the kind ${system.kind} cannot be told to call us.` };
    Object.assign(webhooks, keys);
  }
  return { result: { webhooks } };
}
