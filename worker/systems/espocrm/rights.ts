import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { EspoApi } from './api';
import { troubleOf } from './refusals';

export type Action = 'read' | 'edit' | 'create' | 'delete';

/** What the user of our key may do with the records of an entity type. */
export interface Rights {
  /** `all`; or `team`, `own`: not those of others; `no`. */
  levelOf(action: Action): string;
}

const appUser = z.looseObject({
  user: z.looseObject({ type: z.string().optional() }),
  acl: z.looseObject({
    table: z.record(z.string(), z.unknown()).optional(),
  }),
});
const levels = z.record(z.string(), z.string());

export async function readRights(api: EspoApi, entity: string, signal: AbortSignal): Promise<Rights> {
  const answer = await api.get('rights', '/App/user', [], signal);
  if (answer.status !== 200) throw troubleOf(answer);
  const parsed = appUser.safeParse(answer.json);
  if (!parsed.success) throw new Trouble('unavailable', 'the answer does not have the form of a user');
  const { user, acl } = parsed.data;
  // An administrator may do everything, and has no table of rights.
  const granted = levels.safeParse(acl.table?.[entity]).data;
  return {
    levelOf(action) {
      if (user.type === 'admin') return 'all';
      return granted?.[action] ?? 'no';
    },
  };
}
