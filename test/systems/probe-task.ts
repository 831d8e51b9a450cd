import type { Db } from '../../shared/db/database';
import { createSeal } from '../../shared/seal/seal';
import { createSystemStore } from '../../shared/stores/pairs/system-store';
import { createSystemTaskStore } from '../../shared/stores/pairs/system-task-store';
import { createSystemDoor } from '../../worker/pairs/system-door';
import { createLimiters, secretsFrom } from '../../worker/pairs/system-secrets';
import { runSystemTask } from '../../worker/pairs/system-tasks';
import { createConnectors } from '../../worker/systems/connectors';

export interface ProbeAnswer {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly level: string;
    readonly code: string;
    readonly message: string;
    readonly about?: readonly string[];
    readonly pair?: string;
    readonly side?: string;
  }[];
}

/** As a worker does it, with the connectors as they are. Throws what the task says where it failed. */
export async function probeByTask(
  db: Db,
  environment: Readonly<Record<string, string>>,
  name: string,
  detail: { readonly isRound?: boolean } = {},
): Promise<ProbeAnswer> {
  const system = await createSystemStore(db).find('all', name);
  const tasks = createSystemTaskStore(db);
  const id = await tasks.add({ systemId: system?.id ?? 0, kind: 'probe', detail }, 'test');
  const door = createSystemDoor({
    connectors: createConnectors(),
    secretsOf: secretsFrom({ db, seal: createSeal([]), environment }),
    limiterOf: createLimiters(),
    observe: () => undefined,
  });
  await runSystemTask({ db, door }, id);
  const end = await tasks.endOf(id);
  if (end === null || 'failure' in end) throw new Error(end?.failure ?? 'it has not ended');
  return end.result as unknown as ProbeAnswer;
}
