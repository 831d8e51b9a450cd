import type { OdooSettings } from '../../../shared/systems/odoo';
import type { Limiter, Outside } from '../remote-system';
import type { OdooApi } from './api';
import { createJson2Api } from './json-2';
import { createJsonRpcApi } from './json-rpc';

/** Opens APIs of installed systems. Data that several openings share are kept here. */
export type OpenApi = (settings: OdooSettings, outside: Outside, secrets: readonly string[]) => OdooApi;

export function createOpenApi(): OpenApi {
  /** The numbers of users, by the limiter that all openings of an installed system share. */
  const users = new WeakMap<Limiter, Map<string, number>>();
  return (settings, outside, secrets) => {
    const { auth } = settings;
    if ('apiKey' in auth) return createJson2Api({ ...settings, auth }, outside, [...secrets, auth.apiKey]);
    const known = users.get(outside.limiter) ?? new Map<string, number>();
    users.set(outside.limiter, known);
    return createJsonRpcApi({ ...settings, auth, users: known }, outside, [...secrets, auth.password]);
  };
}
