import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Caller } from '../../../shared/domain/staff';
import { noAnswerInTime } from '../../../shared/errors/catalog';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type { SystemStore } from '../../../shared/stores/pairs/system-store';
import type {
  SystemTask,
  SystemTaskEnd,
  SystemTaskStore,
} from '../../../shared/stores/pairs/system-task-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { needAdmin } from './rights';
import { foundSystem } from './systems';
import { auditEntry } from './trail';

/** The findings about a system. */
export const probeShape = z.object({
  ok: z.boolean(),
  version: z.string().nullable(),
  findings: z.array(
    z.object({
      level: z.enum(['error', 'warning', 'info']),
      code: z.string(),
      message: z.string(),
      about: z.array(z.string()).optional(),
      /** The pair whose part of the system is probed. */
      pair: z.string().optional(),
      side: z.enum(['here', 'there']).optional(),
    }),
  ),
});
export type SystemProbe = z.output<typeof probeShape>;

/** As the last probe was kept. Null: there was none, or an earlier version of the server kept it. */
export const readProbe = (kept: unknown): SystemProbe | null => probeShape.safeParse(kept).data ?? null;

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly systems: Pick<SystemStore, 'find'>;
  readonly systemTasks: Pick<SystemTaskStore, 'add' | 'endOf'>;
}

interface Deps extends StoreAccess<Stores> {
  /** How long a caller waits for a worker. */
  readonly patienceSeconds?: number;
}

export type SystemTaskService = ReturnType<typeof createSystemTaskService>;

/** Questions of the API to other systems. A worker calls the systems, and the API waits for the result. */
export function createSystemTaskService({ stores, transaction, patienceSeconds = 30 }: Deps) {
  return {
    /** Throws `not-found`, `forbidden`, `no-answer`. */
    async probe(caller: Caller, name: string): Promise<SystemProbe> {
      const system = await foundSystem(stores, caller, name);
      needAdmin(caller);
      const end = await ask(caller, { systemId: system.id, kind: 'probe', detail: {} }, name);
      if ('failure' in end) return failedProbe(end.failure);
      return probeShape.parse(end.result);
    },

    /** Registers our webhook at a system. Throws `no-answer`. */
    registerHook: (
      caller: Caller,
      name: string,
      task: Omit<SystemTask, 'id' | 'kind'>,
    ): Promise<SystemTaskEnd> => ask(caller, { ...task, kind: 'register-hook' }, name),
  };

  async function ask(caller: Caller, task: Omit<SystemTask, 'id'>, name: string): Promise<SystemTaskEnd> {
    const id = await transaction(async (on) => {
      const added = await on.systemTasks.add(task, caller.email);
      await on.jobs.add({ kind: `system.${task.kind}`, subject: added });
      if (task.kind === 'probe')
        await on.audit.add([auditEntry(caller, 'system.probe', { after: { name } })]);
      return added;
    });
    return waitFor(id);
  }

  async function waitFor(id: string): Promise<SystemTaskEnd> {
    const until = Date.now() + patienceSeconds * 1_000;
    for (let pause = 50; Date.now() < until; pause = Math.min(pause * 1.5, 500)) {
      const end = await stores.systemTasks.endOf(id);
      if (end !== null) return end;
      await sleep(pause);
    }
    throw noAnswerInTime(patienceSeconds);
  }
}

const failedProbe = (reason: string): SystemProbe => ({
  ok: false,
  version: null,
  findings: [{ level: 'error', code: 'failed', message: reason }],
});
