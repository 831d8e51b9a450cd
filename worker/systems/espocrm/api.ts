import { createHmac } from 'node:crypto';
import type { EspocrmSettings } from '../../../shared/systems/espocrm';
import { createHttpClient, type HttpAnswer, type HttpClient } from '../../outside/http-client';
import type { Outside } from '../remote-system';

/** The interface of an EspoCRM, `api/v1`. Sources: EspoCRM's documentation, and trials with version 9.2.7. */
export interface EspoApi {
  /** `query`: names and values as they are sent. */
  get(operation: string, path: string, query: Query, signal: AbortSignal): Promise<HttpAnswer>;
  send(request: EspoRequest, signal: AbortSignal): Promise<HttpAnswer>;
  readonly client: HttpClient;
}

export type Query = readonly (readonly [string, string])[];

export interface EspoRequest {
  readonly operation: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** True: the response is a key. */
  readonly isSecret?: boolean;
}

export type EspoCredentials =
  | { readonly apiKey: string; readonly secretKey?: string | undefined }
  /** For an administrator, who adds fields. */
  | { readonly user: string; readonly password: string };

export function createEspoApi(
  { url, auth }: { readonly url: string; readonly auth: EspoCredentials },
  outside: Outside,
  secrets: readonly string[],
): EspoApi {
  const client = createHttpClient({
    outside,
    baseUrl: `${url.replace(/\/+$/, '')}/api/v1`,
    secrets: [...secrets, ...Object.values(auth).filter((value) => value !== undefined)],
    headersFor: ({ method, path }) => credentials(auth, method, path),
  });
  return {
    client,
    get: (operation, path, query, signal) =>
      client.call({ operation, method: 'GET', path: withQuery(path, query) }, signal),
    send: (request, signal) => client.call(request, signal),
  };
}

/** The credentials of a system's settings. */
export const credentialsOf = ({ auth }: EspocrmSettings): EspoCredentials => auth;

const withQuery = (path: string, query: Query): string =>
  query.length === 0
    ? path
    : `${path}?${new URLSearchParams(query.map(([name, value]) => [name, value])).toString()}`;

/**
 * EspoCRM, "API Authentication", HMAC: base64 of the key, a colon, and the hash over method, space, slash and path
 * without its query. If there is a secret, the key alone gives no access.
 */
function credentials(auth: EspoCredentials, method: string, path: string): Record<string, string> {
  if ('password' in auth)
    return { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}` };
  if (auth.secretKey === undefined) return { 'x-api-key': auth.apiKey };
  const [plain = ''] = path.split('?');
  const hash = createHmac('sha256', auth.secretKey).update(`${method} ${plain}`).digest('hex');
  return { 'x-hmac-authorization': Buffer.from(`${auth.apiKey}:${hash}`).toString('base64') };
}

// Filters

/** One condition of a listing. `value` of `and` and `or` is a list of conditions. */
export type Condition =
  | {
      readonly type: 'equals' | 'greaterThan' | 'greaterThanOrEquals';
      readonly attribute: string;
      readonly value: string;
    }
  | { readonly type: 'isNull'; readonly attribute: string }
  | { readonly type: 'in'; readonly attribute: string; readonly values: readonly string[] }
  | { readonly type: 'and' | 'or'; readonly all: readonly Condition[] };

/** `where[0][type]=equals&…`, as PHP reads it. */
export const whereOf = (conditions: readonly Condition[], prefix = 'where'): Query =>
  conditions.flatMap((condition, place) => ofCondition(condition, `${prefix}[${place}]`));

function ofCondition(condition: Condition, prefix: string): Query {
  const type = [`${prefix}[type]`, condition.type] as const;
  switch (condition.type) {
    case 'and':
    case 'or':
      return [type, ...whereOf(condition.all, `${prefix}[value]`)];
    case 'isNull':
      return [type, [`${prefix}[attribute]`, condition.attribute]];
    case 'in':
      return [
        type,
        [`${prefix}[attribute]`, condition.attribute],
        ...condition.values.map((value) => [`${prefix}[value][]`, value] as const),
      ];
    case 'equals':
    case 'greaterThan':
    case 'greaterThanOrEquals':
      return [type, [`${prefix}[attribute]`, condition.attribute], [`${prefix}[value]`, condition.value]];
  }
}
