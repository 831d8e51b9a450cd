import { z } from 'zod';
import type { OdooSettings } from '../../../shared/systems/odoo';
import { createHttpClient, type HttpAnswer } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';
import { context, type OdooAnswer, type OdooApi } from './api';
import { faultIn, kindOf, plainFault, troubleOf } from './faults';

export interface JsonRpcSettings extends Pick<OdooSettings, 'url' | 'database'> {
  /** An API key of the user may stand in place of the password. */
  readonly auth: { readonly user: string; readonly password: string };
  /** The numbers of users that have signed in, by database, name and password. */
  readonly users: Map<string, number>;
}

/** `/jsonrpc`, Odoo 14 to 18: `common.authenticate`, then `object.execute_kw` with user and password in each call. */
export function createJsonRpcApi(
  { url, database, auth, users }: JsonRpcSettings,
  outside: Outside,
  secrets: readonly string[],
): OdooApi {
  const { user, password } = auth;
  const name = JSON.stringify([url, database, user, password]);
  const client = createHttpClient({
    outside,
    baseUrl: url.replace(/\/+$/, ''),
    secrets,
    headersFor: () => ({}),
  });

  async function send(operation: string, params: object, signal: AbortSignal): Promise<OdooAnswer> {
    const json = { jsonrpc: '2.0', method: 'call', id: 1, params };
    const answer = await client.call({ operation, method: 'POST', path: '/jsonrpc', json }, signal);
    const read = readAnswer(answer);
    if (read.kind === 'result' || kindOf(read.fault) !== 'denied') return read;
    throw denied(troubleOf(read.fault));
  }

  function denied(trouble: Trouble): Trouble {
    users.delete(name);
    client.stop(trouble);
    return trouble;
  }

  async function userNumber(signal: AbortSignal): Promise<number> {
    const known = users.get(name);
    if (known !== undefined) return known;
    const params = { service: 'common', method: 'authenticate', args: [database, user, password, {}] };
    const answer = await send('authenticate', params, signal);
    if (answer.kind === 'fault') throw troubleOf(answer.fault);
    const { value } = answer;
    if (value === false) throw denied(new Trouble('unauthorized', 'the user or the password is wrong'));
    if (typeof value !== 'number') throw new Trouble('unavailable', 'the answer names no user');
    users.set(name, value);
    return value;
  }

  return {
    client,
    readParameters: {},
    async call({ operation, model, method, ids, parameters }, signal) {
      const positional = ids === undefined ? [] : [ids];
      const args = [database, await userNumber(signal), password, model, method, positional];
      const params = { service: 'object', method: 'execute_kw', args: [...args, { ...parameters, context }] };
      return send(operation, params, signal);
    },
    async version(signal) {
      const answer = await send('probe', { service: 'common', method: 'version', args: [] }, signal);
      const value = answer.kind === 'result' ? answer.value : null;
      return versionAnswer.safeParse(value).data?.server_version ?? null;
    },
  };
}

const versionAnswer = z.looseObject({ server_version: z.string() });

const rpcAnswer = z.looseObject({
  jsonrpc: z.literal('2.0'),
  /** Missing if a method returns nothing. */
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string(), data: z.unknown().optional() }).optional(),
});

function readAnswer(answer: HttpAnswer): OdooAnswer {
  const { status, json } = answer;
  if (status < 200 || status >= 300) return { kind: 'fault', fault: plainFault(answer) };
  const parsed = rpcAnswer.safeParse(json);
  if (!parsed.success) throw new Trouble('unavailable', 'the answer does not have the form of JSON-RPC');
  const { error, result = null } = parsed.data;
  if (error === undefined) return { kind: 'result', value: result };
  const fault = faultIn(error.data, status);
  if (fault !== null) return { kind: 'fault', fault };
  throw new Trouble('unavailable', error.message);
}
