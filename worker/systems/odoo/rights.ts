import type { OdooApi } from './api';
import { kindOf, troubleOf } from './faults';

/** Odoo's own words for the actions on a model. */
export type Action = 'read' | 'create' | 'write' | 'unlink';

/** Whether our user may do that with records of a model; rules may still forbid it for single records. */
export async function mayDo(
  api: OdooApi,
  model: string,
  action: Action,
  signal: AbortSignal,
): Promise<boolean> {
  const old = { method: 'check_access_rights', parameters: { operation: action, raise_exception: false } };
  const answer = await api.call({ operation: 'rights', model, ...old }, signal);
  if (answer.kind === 'result') return answer.value === true;
  if (kindOf(answer.fault) !== 'no-model' && kindOf(answer.fault) !== 'invalid')
    throw troubleOf(answer.fault);
  // The name of the method since version 18.
  const parameters = { operation: action };
  const newer = await api.call({ operation: 'rights', model, method: 'has_access', parameters }, signal);
  if (newer.kind === 'fault') throw troubleOf(newer.fault);
  return newer.value === true;
}
