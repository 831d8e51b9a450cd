import type { OdooApi } from './api';
import { kindOf, troubleOf } from './faults';

/** Odoo's own words for what may be done with a model. */
export type Action = 'read' | 'create' | 'write' | 'unlink';

/** Whether our user may do that with some records of a model: rules may still keep single ones from it. */
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
  // Its name since version 18.
  const parameters = { operation: action };
  const newer = await api.call({ operation: 'rights', model, method: 'has_access', parameters }, signal);
  if (newer.kind === 'fault') throw troubleOf(newer.fault);
  return newer.value === true;
}
