import { z } from 'zod';
import type { Db } from '../../shared/db/database';
import { createSystemStore, type RemoteSystemEntry } from '../../shared/stores/pairs/system-store';
import {
  createSystemTaskStore,
  type SystemTask,
  type SystemTaskEnd,
} from '../../shared/stores/pairs/system-task-store';
import type { Probe, RemoteSystem } from '../systems/remote-system';

/** What is asked of other systems beside the work on pairs. */
export interface SystemDoor {
  /** The installed system alone. It makes no call yet. Throws a sentence where its settings cannot be used. */
  open(system: RemoteSystemEntry): Promise<Pick<RemoteSystem, 'probe' | 'close'>>;
  /**
   * Has the system call `url` at every change of an entity. Returns the keys that sign its calls, by its own ids. Null:
   * its kind cannot.
   */
  registerWebhooks(
    system: RemoteSystemEntry,
    wish: { readonly entity: string; readonly url: string },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | null>;
}

interface Deps {
  readonly db: Db;
  readonly door: SystemDoor;
}

/** Less than the API waits for it. */
const patienceMs = 25_000;

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
        return await probe(deps, system);
      case 'register-hook':
        return await registerHook(deps, task, system);
    }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function probe({ db, door }: Deps, system: RemoteSystemEntry): Promise<SystemTaskEnd> {
  const { ok, version, findings, clockOffsetMs } = await foundBy(door, system);
  const result = {
    ok,
    version,
    findings: findings.map(({ about, ...finding }) => ({
      ...finding,
      ...(about === undefined ? {} : { about: [...about] }),
    })),
  };
  await createSystemTaskStore(db).keepProbe(system.id, { probe: result, isWell: ok, clockOffsetMs });
  return { result };
}

/** A system that cannot be opened was probed as well: that is what was found. */
async function foundBy(door: SystemDoor, system: RemoteSystemEntry): Promise<Probe> {
  try {
    const opened = await door.open(system);
    try {
      return await opened.probe(AbortSignal.timeout(patienceMs));
    } finally {
      await opened.close();
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      version: null,
      clockOffsetMs: null,
      findings: [{ level: 'error', code: 'failed', message }],
    };
  }
}

const hookDetail = z.object({ url: z.string(), entities: z.array(z.string()) });

async function registerHook(
  { door }: Deps,
  { detail }: SystemTask,
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
