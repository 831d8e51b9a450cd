import { createHmac, randomBytes } from 'node:crypto';
import { rowsThatFit } from './espocrm-filter';
import type { EspoRow } from './espocrm-row';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake';

// An EspoCRM 9.2 as it was seen to behave, as far as its records, its webhooks and its keys go.

export interface EspoEntity {
  /** Name → type. */
  readonly fields: Record<string, string>;
  optimistic: boolean;
  duplicateCheck: string[];
  readonly rows: Map<string, EspoRow>;
  readonly deleted: Set<string>;
  /** The rights of its user: `all`, `own`, `no`. */
  readonly rights: Record<'read' | 'edit' | 'create' | 'delete', string>;
}

export interface EspocrmFake {
  readonly http: HttpFake;
  readonly url: string;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly admin: { readonly user: string; readonly password: string };
  entity(name: string): EspoEntity;
  /** By a person, in the console. `secondsAgo`: a transaction that was begun then and is committed now. */
  add(entity: string, fields: object, secondsAgo?: number): EspoRow;
  edit(entity: string, id: string, fields: object, secondsAgo?: number): EspoRow;
  remove(entity: string, id: string): void;
  readonly webhooks: Map<string, EspoWebhook>;
  /**
   * Runs its cron, which normally runs every other minute: one call per webhook, with an array of at most 50. Returns
   * the statuses of the responses.
   */
  runCron(): Promise<number[]>;
  /** False: what comes in with a signature of ours is unsigned. */
  signs: boolean;
  close(): Promise<void>;
}

export interface EspoWebhook {
  readonly id: string;
  readonly event: string;
  readonly url: string;
  readonly secretKey: string;
  readonly queue: object[];
}

export interface EspocrmFakeOptions {
  readonly port?: number;
  /** With it, calls must be signed. */
  readonly isSigned?: boolean;
}

export const personFields: Readonly<Record<string, string>> = {
  name: 'personName',
  salutationName: 'enum',
  firstName: 'varchar',
  lastName: 'varchar',
  dateOfBirth: 'date',
  phoneNumber: 'phone',
  description: 'text',
  tags: 'multiEnum',
  createdAt: 'datetime',
  modifiedAt: 'datetime',
};

const salutations = ['', 'Mr.', 'Ms.', 'Mrs.', 'Dr.'];
const mostFailures = 10;

export async function startEspocrmFake(options: EspocrmFakeOptions = {}): Promise<EspocrmFake> {
  const entities = new Map<string, EspoEntity>();
  const webhooks = new Map<string, EspoWebhook>();
  const apiKey = 'fake-espo-api-key-4711';
  const secretKey = 'fake-espo-secret-key-4712';
  const admin = { user: 'admin', password: 'fake-espo-admin-password' };
  let failedLogins: number[] = [];
  let ids = 0;

  const http = await startHttpFake((request) => handle(request), options.port);

  const fake: EspocrmFake = {
    http,
    url: http.url,
    apiKey,
    secretKey,
    admin,
    entity: (name) => present(name),
    add: (entity, fields, secondsAgo = 0) => insert(present(entity), entity, { ...fields }, secondsAgo),
    edit(entity, id, fields, secondsAgo = 0) {
      const row = present(entity).rows.get(id);
      if (row === undefined) throw new Error(`${entity} has no ${id}`);
      save(present(entity), entity, row, { ...fields }, secondsAgo);
      return row;
    },
    remove: (entity, id) => bury(present(entity), entity, id),
    webhooks,
    runCron,
    signs: true,
    close: () => http.close(),
  };
  return fake;

  function present(name: string): EspoEntity {
    const entity = entities.get(name);
    if (entity !== undefined) return entity;
    throw new Error(`there is no entity type ${name}`);
  }

  function handle(request: FakeRequest): FakeAnswer {
    const path = request.path.replace(/^\/api\/v1\//, '').split('/');
    if (isLockedOut()) return refused(403, 'Max failed login attempts exceeded for IP address 127.0.0.1.');
    const who = userOf(request);
    if (who === null) {
      failedLogins.push(Date.now());
      return refused(401);
    }
    const [first = '', second, third] = path;
    if (who === 'admin') return asAdmin(request, first, second, third) ?? records(request, first, second);
    if (first === 'Settings') return { status: 200, json: { version: '9.2.7' } };
    if (first === 'App') return { status: 200, json: appUser() };
    if (first === 'Metadata') return { status: 200, json: metadata(request.query.get('key') ?? '') };
    if (first === 'Webhook') return webhookCall(request, second);
    return records(request, first, second);
  }

  // Who calls

  function isLockedOut(): boolean {
    failedLogins = failedLogins.filter((at) => at > Date.now() - 60_000);
    return failedLogins.length >= mostFailures;
  }

  function userOf({ headers, method, path }: FakeRequest): 'admin' | 'api' | null {
    const basic = `Basic ${Buffer.from(`${admin.user}:${admin.password}`).toString('base64')}`;
    if (headers.authorization !== undefined) return headers.authorization === basic ? 'admin' : null;
    if (options.isSigned === true) {
      const hash = createHmac('sha256', secretKey).update(`${method} ${path.replace('/api/v1', '')}`);
      const signed = Buffer.from(`${apiKey}:${hash.digest('hex')}`).toString('base64');
      return headers['x-hmac-authorization'] === signed ? 'api' : null;
    }
    return headers['x-api-key'] === apiKey ? 'api' : null;
  }

  function appUser(): object {
    const table = [...entities].map(([name, { rights }]): [string, object] => [name, rights]);
    return {
      user: { id: 'u1', type: 'api' },
      acl: { table: { ...Object.fromEntries(table), Webhook: true } },
    };
  }

  function metadata(key: string): unknown {
    const [root, name = '', more] = key.split('.');
    const entity = entities.get(name);
    if (entity === undefined) return null;
    if (root === 'scopes')
      return { entity: true, isCustom: true, duplicateCheckFieldList: entity.duplicateCheck };
    const fields = Object.fromEntries(
      Object.entries(entity.fields).map(([field, type]) => [field, { type }]),
    );
    return more === 'fields' ? fields : { fields, optimisticConcurrencyControl: entity.optimistic };
  }

  // Records

  function records(request: FakeRequest, name: string, id: string | undefined): FakeAnswer {
    const entity = entities.get(name);
    if (entity === undefined) return refused(404, `Controller '${name}' does not exist.`);
    const action = { GET: 'read', POST: 'create', PUT: 'edit', DELETE: 'delete' } as const;
    const { method } = request;
    if (method !== 'GET' && method !== 'POST' && method !== 'PUT' && method !== 'DELETE') return refused(405);
    if (entity.rights[action[method]] === 'no') return refused(403, `No ${action[method]} access.`);
    if (method === 'POST') return create(request, entity, name);
    if (id === undefined) return list(request, entity);
    const row = entity.rows.get(id);
    if (row === undefined) return refused(404, `Record ${id} does not exist.`);
    switch (method) {
      case 'GET':
        return { status: 200, json: whole(entity, row) };
      case 'PUT':
        return update(request, entity, name, row);
      case 'DELETE':
        bury(entity, name, id);
        return { status: 200, json: true };
    }
  }

  function list({ query }: FakeRequest, entity: EspoEntity): FakeAnswer {
    if (Number(query.get('maxSize') ?? 20) > 200)
      return refused(403, 'Max size should not exceed 200. Use offset and limit.');
    const known = new Set(['id', 'versionNumber', ...Object.keys(entity.fields)]);
    const found = rowsThatFit([...entity.rows.values()], query, known);
    if (typeof found === 'string') return refused(400, found);
    const select = (query.get('select') ?? '').split(',').filter((name) => known.has(name));
    const shown = found.map((row) => {
      const all = whole(entity, row);
      return Object.fromEntries(['id', ...select].map((name) => [name, all[name] ?? null]));
    });
    return { status: 200, json: { total: -1, list: shown } };
  }

  /** It takes what it does not know in silence, and no id that it is sent. */
  function create({ json, headers }: FakeRequest, entity: EspoEntity, name: string): FakeAnswer {
    const fields = sound(entity, json);
    if (typeof fields === 'string') return invalid(fields, 'valid');
    if ((fields['lastName'] ?? '') === '') return invalid('lastName', 'required');
    const duplicates = [...entity.rows.values()].filter((row) =>
      entity.duplicateCheck.some((field) => (fields[field] ?? null) !== null && row[field] === fields[field]),
    );
    if (duplicates.length > 0 && headers['x-skip-duplicate-check'] !== 'true')
      return conflict(
        'duplicate',
        duplicates.map((row) => whole(entity, row)),
      );
    const row = insert(entity, name, fields, 0);
    // The response to a creation leaves out null values.
    return {
      status: 200,
      json: Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
    };
  }

  function update(
    { json, headers }: FakeRequest,
    entity: EspoEntity,
    name: string,
    row: EspoRow,
  ): FakeAnswer {
    const fields = sound(entity, json);
    if (typeof fields === 'string') return invalid(fields, 'valid');
    if ('lastName' in fields && (fields['lastName'] ?? '') === '') return invalid('lastName', 'required');
    const version = headers['x-version-number'];
    const differs = Object.entries(fields).some(([field, value]) => (row[field] ?? null) !== value);
    if (entity.optimistic && version !== undefined && Number(version) !== row['versionNumber'] && differs)
      return conflict('modified', {
        values: shownOf(row, Object.keys(fields)),
        versionNumber: row['versionNumber'],
      });
    save(entity, name, row, fields, 0);
    return { status: 200, json: whole(entity, row) };
  }

  function sound(entity: EspoEntity, json: unknown): Record<string, unknown> | string {
    const fields: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(isGroup(json) ? json : {})) {
      const type = entity.fields[field];
      if (type === undefined || field === 'createdAt' || field === 'modifiedAt') continue;
      if (value !== null && !fits(type, field, value)) return field;
      fields[field] = normalised(type, value);
    }
    return fields;
  }

  function insert(entity: EspoEntity, name: string, fields: object, secondsAgo: number): EspoRow {
    ids += 1;
    const row: EspoRow = { id: `6b0d${String(ids).padStart(13, '0')}` };
    entity.rows.set(row.id, row);
    row['createdAt'] = now(secondsAgo);
    write(entity, row, fields, secondsAgo);
    told(`${name}.create`, whole(entity, row));
    return row;
  }

  function save(entity: EspoEntity, name: string, row: EspoRow, fields: object, secondsAgo: number): void {
    const before = { ...row };
    write(entity, row, fields, secondsAgo);
    const changed = Object.fromEntries(
      Object.entries(row).filter(([field, value]) => before[field] !== value && field !== 'versionNumber'),
    );
    told(`${name}.update`, { id: row.id, ...changed });
  }

  /** The same value moves the date as well, and counts. */
  function write(entity: EspoEntity, row: EspoRow, fields: object, secondsAgo: number): void {
    Object.assign(row, fields);
    row['modifiedAt'] = now(secondsAgo);
    const version = row['versionNumber'];
    if (entity.optimistic) row['versionNumber'] = typeof version === 'number' ? version + 1 : 1;
  }

  function bury(entity: EspoEntity, name: string, id: string): void {
    entity.rows.delete(id);
    entity.deleted.add(id);
    told(`${name}.delete`, { id });
  }

  function now(secondsAgo: number): string {
    const at = new Date(Date.now() + http.clockOffsetMs - secondsAgo * 1000);
    return at.toISOString().slice(0, 19).replace('T', ' ');
  }

  // Webhooks

  function told(event: string, payload: object): void {
    for (const webhook of webhooks.values()) if (webhook.event === event) webhook.queue.push(payload);
  }

  function webhookCall({ method, json }: FakeRequest, id: string | undefined): FakeAnswer {
    if (method === 'GET')
      return {
        status: 200,
        json: { total: webhooks.size, list: [...webhooks.values()].map(shownWebhook) },
      };
    if (method === 'DELETE') return { status: webhooks.delete(id ?? '') ? 200 : 404, json: true };
    const { event, url } = isGroup(json) ? json : {};
    if (typeof event !== 'string' || typeof url !== 'string') return invalid('event', 'required');
    ids += 1;
    const webhook = { id: `hook${ids}`, event, url, secretKey: randomBytes(16).toString('hex'), queue: [] };
    webhooks.set(webhook.id, webhook);
    return { status: 201, json: shownWebhook(webhook) };
  }

  async function runCron(): Promise<number[]> {
    const statuses: number[] = [];
    for (const webhook of [...webhooks.values()]) {
      if (webhook.queue.length === 0) continue;
      const batch = webhook.queue.splice(0, 50);
      const body = JSON.stringify(batch);
      const hash = createHmac('sha256', webhook.secretKey).update(body).digest('hex');
      const signature = Buffer.from(`${webhook.id}:${hash}`).toString('base64');
      const { status } = await fetch(webhook.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(fake.signs ? { signature } : {}) },
        body,
      });
      statuses.push(status);
      // "410: the webhook is removed."
      if (status === 410) webhooks.delete(webhook.id);
      else if (status >= 400) webhook.queue.unshift(...batch);
    }
    return statuses;
  }

  // An administrator

  function asAdmin(
    request: FakeRequest,
    first: string,
    second: string | undefined,
    third: string | undefined,
  ): FakeAnswer | null {
    const json = isGroup(request.json) ? request.json : {};
    if (first === 'Metadata') return { status: 200, json: metadata(request.query.get('key') ?? '') };
    if (first === 'EntityManager' && third === 'createEntity') return createEntity(String(json['name']));
    if (first === 'EntityManager' && third === 'updateEntity') return updateEntity(json);
    if (first === 'Admin' && second === 'fieldManager') return createField(third ?? '', json);
    if (first === 'Admin') return { status: 200, json: true };
    return null;
  }

  function createEntity(name: string): FakeAnswer {
    const fields = { ...personFields };
    const rights = { read: 'all', edit: 'all', create: 'all', delete: 'all' };
    const made = {
      fields,
      optimistic: false,
      duplicateCheck: [],
      rows: new Map(),
      deleted: new Set<string>(),
      rights,
    };
    entities.set(`C${name}`, made);
    return { status: 200, json: { name: `C${name}` } };
  }

  function updateEntity(json: Record<string, unknown>): FakeAnswer {
    const entity = entities.get(String(json['name']));
    if (entity === undefined) return refused(404);
    if (typeof json['optimisticConcurrencyControl'] === 'boolean')
      entity.optimistic = json['optimisticConcurrencyControl'];
    const list = json['duplicateCheckFieldList'];
    if (Array.isArray(list)) entity.duplicateCheck = list.map(String);
    return { status: 200, json: true };
  }

  function createField(name: string, json: Record<string, unknown>): FakeAnswer {
    const entity = entities.get(name);
    const field = String(json['name']);
    if (entity === undefined) return refused(404);
    if (entity.fields[field] !== undefined) return refused(409, 'Field already exists.');
    entity.fields[field] = String(json['type']);
    return { status: 200, json };
  }
}

/** As the example of the manual has it. */
export function prepareBeteiligte(fake: EspocrmFake, isOptimistic = true): Promise<void> {
  return makeEntity(fake, 'Beteiligte', {
    syncKey: 'varchar',
    betnr: 'varchar',
    advowareRowId: 'varchar',
    handelsregisterNummer: 'varchar',
    syncStatus: 'varchar',
    syncErrorMessage: 'text',
    syncRetryCount: 'int',
    advowareLastSync: 'datetime',
  }).then(() => {
    const entity = fake.entity('CBeteiligte');
    entity.optimistic = isOptimistic;
    entity.duplicateCheck = ['syncKey'];
  });
}

async function makeEntity(fake: EspocrmFake, name: string, fields: Record<string, string>): Promise<void> {
  const { user, password } = fake.admin;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const post = (path: string, json: object) =>
    fetch(`${fake.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify(json),
    });
  await post('EntityManager/action/createEntity', { name, type: 'Person' });
  for (const [field, type] of Object.entries(fields))
    await post(`Admin/fieldManager/C${name}`, { name: field, type });
  fake.http.calls.length = 0;
}

const shownWebhook = ({ id, event, url, secretKey }: EspoWebhook): object => ({ id, event, url, secretKey });

const whole = (entity: EspoEntity, row: EspoRow): EspoRow => ({
  ...Object.fromEntries(Object.keys(entity.fields).map((field) => [field, null])),
  ...row,
  name: [row['firstName'], row['lastName']].filter((part) => typeof part === 'string').join(' '),
  versionNumber: entity.optimistic ? (row['versionNumber'] ?? null) : undefined,
});

const shownOf = (row: EspoRow, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));

function fits(type: string, field: string, value: unknown): boolean {
  if (field === 'salutationName') return typeof value === 'string' && salutations.includes(value);
  switch (type) {
    case 'date':
      return (
        typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))
      );
    case 'datetime':
      return typeof value === 'string' && /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(value);
    case 'int':
      return Number.isInteger(value);
    case 'multiEnum':
      return Array.isArray(value);
    default:
      return typeof value === 'string' && value.length <= (type === 'text' ? 65_535 : 255);
  }
}

/** Blanks around a short text, and what makes a telephone number readable, are not kept. */
function normalised(type: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'phone') return value.replace(/[ ()/-]/g, '');
  return type === 'varchar' ? value.trim() : value;
}

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refused = (status: number, reason?: string): FakeAnswer =>
  reason === undefined ? { status } : { status, headers: { 'x-status-reason': reason } };

const conflict = (reason: string, json: unknown): FakeAnswer => ({
  status: 409,
  headers: { 'x-status-reason': reason },
  json,
});

const invalid = (field: string, type: string): FakeAnswer => ({
  status: 400,
  headers: { 'x-status-reason': `Field validation failure; field: ${field}, type: ${type}.` },
  json: { messageTranslation: { label: 'validationFailure', scope: null, data: { field, type } } },
});
