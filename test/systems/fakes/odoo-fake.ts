import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake';
import { notFound, OdooException, unprocessable } from './odoo-exception';
import { insert, type MethodCall, methodOf, modelOf, newStore, type OdooStore, remove } from './odoo-methods';

/** A server that speaks both interfaces of Odoo, and fails where the real one does: tried beside versions 17 and 19. */
export interface OdooFake {
  readonly http: HttpFake;
  readonly url: string;
  readonly database: string;
  readonly apiKey: string;
  readonly user: { readonly user: string; readonly password: string };
  readonly store: OdooStore;
  /** The called methods, such as `res.partner/search_read`, one for each accepted call. */
  readonly methods: string[];
  /** Someone else's. Values as they are kept. */
  add(values: Record<string, unknown>): number;
  /** `ageSeconds`: the transaction began so long ago. */
  edit(id: number, values: Record<string, unknown>, ageSeconds?: number): void;
  remove(id: number): void;
  values(id: number): Readonly<Record<string, unknown>> | null;
  close(): Promise<void>;
}

export async function startOdooFake({ version = 19 }: { readonly version?: number } = {}): Promise<OdooFake> {
  let ticks = 0;
  const http = await startHttpFake((request) => respond(request));
  const store = newStore(version, () => (Date.now() + http.clockOffsetMs) * 1000 + (ticks++ % 1000));
  const methods: string[] = [];
  const door: Door = {
    database: 'fundraising',
    apiKey: 'key-of-the-fake-odoo-4711',
    user: { user: 'sosync', password: 'password-of-the-fake' },
    store,
    methods,
  };
  const respond = (request: FakeRequest): FakeAnswer => {
    if (request.path === '/json/version' && version >= 19) return { status: 200, json: versionOf(version) };
    if (request.path.startsWith('/json/2/') && version >= 19) return json2(door, request);
    if (request.path === '/jsonrpc' && version < 22) return jsonRpc(door, request);
    return page(404);
  };
  const partners = modelOf(store, 'res.partner');
  return {
    ...door,
    http,
    url: http.url,
    add: (values) => insert(store, 'res.partner', { type: 'contact', ...values }),
    edit(id, values, ageSeconds = 0) {
      const row = partners.rows.get(id);
      if (row === undefined) throw new Error(`there is no ${id}`);
      Object.assign(row.values, values);
      row.writtenAt = store.now() - ageSeconds * 1_000_000;
    },
    remove: (id) => remove(store, 'res.partner', id),
    values: (id) => partners.rows.get(id)?.values ?? null,
    close: () => http.close(),
  };
}

interface Door {
  readonly database: string;
  readonly apiKey: string;
  readonly user: { readonly user: string; readonly password: string };
  readonly store: OdooStore;
  readonly methods: string[];
}

const userNumber = 2;

const versionOf = (version: number) => ({
  version: `${version}.0`,
  version_info: [version, 0, 0, 'final', 0, ''],
});

const page = (status: number): FakeAnswer => ({
  status,
  html: `<!doctype html>\n<title>${status}</title>\n<p>The requested URL was not found in the server-wide controllers.</p>`,
});

// JSON-2

function json2(door: Door, request: FakeRequest): FakeAnswer {
  const { headers, method, path, json } = request;
  // Without a database there is no such address at all.
  if (headers['x-odoo-database'] !== door.database) return page(404);
  if (headers['content-type'] !== 'application/json') return page(415);
  if (method !== 'POST') return page(405);
  const told = /^bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (told !== door.apiKey) {
    const refused = faultOf(new OdooException('werkzeug.exceptions.Unauthorized', 'Invalid apikey', 401));
    return { ...refused, headers: { 'www-authenticate': 'Bearer ' } };
  }
  const [, , , model = '', name = ''] = path.split('/');
  const { ids = null, context = {}, ...parameters } = groupOf(json);
  try {
    if (!isKnown(door, model)) throw notFound(`the model '${model}' does not exist`);
    const call = { model, method: name, ids: numbersOf(ids), parameters, context: groupOf(context) };
    if (methodOf(door.store, call) === undefined)
      throw notFound(`The method '${model}.${name}' does not exist`);
    if (call.ids !== null && modelMethods.has(name))
      throw unprocessable(`cannot call ${model}.${name} with ids`);
    return { status: 200, json: run(door, call) };
  } catch (error) {
    if (error instanceof OdooException) return faultOf(error);
    throw error;
  }
}

const modelMethods = new Set([
  'search_read',
  'load',
  'fields_get',
  'check_access_rights',
  'check_object_reference',
]);

const faultOf = (error: OdooException): FakeAnswer => ({ status: error.status, json: exceptionOf(error) });

const exceptionOf = ({ className, message }: OdooException) => ({
  name: className,
  message,
  arguments: [message],
  context: {},
  debug: `Traceback (most recent call last):\n  File "odoo/http.py", line 2136\n${className}: ${message}`,
});

// JSON-RPC

function jsonRpc(door: Door, { json }: FakeRequest): FakeAnswer {
  const { params, id } = groupOf(json);
  if (params === undefined) return { ...page(400), html: 'Invalid JSON data' };
  const { service, method, args } = groupOf(params);
  const list: unknown[] = Array.isArray(args) ? args : [];
  try {
    const result = service === 'common' ? common(door, String(method), list) : execute(door, list);
    // A method that returns nothing has no result.
    return { status: 200, json: { jsonrpc: '2.0', id, ...(result === null ? {} : { result }) } };
  } catch (error) {
    if (!(error instanceof OdooException)) throw error;
    const data = exceptionOf(error);
    return {
      status: 200,
      json: { jsonrpc: '2.0', id, error: { code: 200, message: 'Odoo Server Error', data } },
    };
  }
}

function common(door: Door, method: string, [database, user, password]: readonly unknown[]): unknown {
  if (method === 'version') return { server_version: `${door.store.version}.0`, protocol_version: 1 };
  checkDatabase(door, database);
  const isKnownUser =
    user === door.user.user && (password === door.user.password || password === door.apiKey);
  return isKnownUser ? userNumber : false;
}

function execute(
  door: Door,
  [database, uid, password, model, name, args, keywords]: readonly unknown[],
): unknown {
  checkDatabase(door, database);
  if (uid !== userNumber || (password !== door.user.password && password !== door.apiKey))
    throw new OdooException('odoo.exceptions.AccessDenied', 'Access Denied');
  const method = String(name);
  const positional: unknown[] = Array.isArray(args) ? [...(args as unknown[])] : [];
  const ids = modelMethods.has(method) ? null : numbersOf(positional.shift() ?? null);
  const { context = {}, ...named } = groupOf(keywords);
  const parameters = { ...byName(method, positional), ...named };
  const call = { model: String(model), method, ids, parameters, context: groupOf(context) };
  if (!isKnown(door, call.model)) modelOf(door.store, call.model);
  if (methodOf(door.store, call) === undefined)
    throw new OdooException(
      'builtins.AttributeError',
      `The method '${call.model}.${call.method}' does not exist`,
    );
  return run(door, call);
}

/** Most clients give parameters by their places. */
const byName = (method: string, positional: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(
    positional.map((value, place) => [parameterNames[method]?.[place] ?? String(place), value]),
  );

const parameterNames: Readonly<Record<string, readonly string[]>> = {
  search_read: ['domain', 'fields', 'offset', 'limit', 'order'],
  load: ['fields', 'data'],
  write: ['vals'],
  fields_get: ['allfields', 'attributes'],
  check_access_rights: ['operation', 'raise_exception'],
  check_object_reference: ['module', 'xml_id'],
};

function checkDatabase(door: Door, database: unknown): void {
  if (database === door.database) return;
  throw new OdooException(
    'psycopg2.OperationalError',
    `connection to server failed: FATAL:  database "${String(database)}" does not exist\n`,
  );
}

// Both

function run(door: Door, call: MethodCall): unknown {
  const method = methodOf(door.store, call);
  door.methods.push(`${call.model}/${call.method}`);
  return (
    method?.(
      door.store,
      modelOf(door.store, isStored(door, call.model) ? call.model : 'res.partner'),
      call,
    ) ?? null
  );
}

const isStored = (door: Door, model: string) => door.store.models.has(model);
const isKnown = (door: Door, model: string) =>
  isStored(door, model) || model === 'ir.model.data' || model === 'res.users';

const groupOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

const numbersOf = (value: unknown): readonly number[] | null =>
  Array.isArray(value) ? (value as unknown[]).map(Number) : null;
