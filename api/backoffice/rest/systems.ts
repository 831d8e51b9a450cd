import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { invalidFields, notFound } from '../../../shared/errors/catalog';
import type { Hook } from '../../../shared/stores/pairs/hook-store';
import type { RemoteSystemEntry } from '../../../shared/stores/pairs/system-store';
import { type SystemKind, systemKindNames } from '../../../shared/systems/system-kind';
import { systemKinds } from '../../../shared/systems/system-kinds';
import { instant, json, jsonBody, noContent, pageOf, pathParameter } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import { idOf, idParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import type { HookService } from '../services/hooks';
import type { SystemTaskService } from '../services/system-tasks';
import type { SystemService } from '../services/systems';
import { etagHeader, ifVersion } from './if-match';
import { staffRoute } from './staff-route';

/** The name of a system or of a pair. */
export const nameOf = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .meta({ examples: ['espo'] });

export const nameParameter = (what: string) => pathParameter(nameOf, () => notFound(what));

const kind = z.enum(systemKindNames).meta({ examples: ['espocrm'] });
const schema = z.record(z.string(), z.unknown()).meta({ description: 'A JSON schema.' });
const systemKind = z
  .object({
    name: kind,
    label: z.object({ en: z.string(), fr: z.string() }),
    holds: z.enum(['records', 'documents']),
    settings: schema.meta({ description: 'A JSON schema of `config`.' }),
    end: schema.meta({ description: 'A JSON schema of the members beside `system` in a pair.' }),
    secrets: z
      .array(z.string())
      .readonly()
      .meta({ description: 'Paths in the settings.', examples: [['auth.apiKey']] }),
    can: z.object({
      changes: z.enum(['delta', 'timestamp', 'scan']),
      deletions: z.enum(['each', 'tops', 'none']),
      writes: z.enum(['conditional', 'checked', 'none']),
      webhooks: z.enum(['signed', 'unsigned', 'none']),
      prepare: z.boolean(),
      fields: z
        .boolean()
        .meta({ description: 'Its records or documents have fields that a pair can keep equal.' }),
    }),
  })
  .meta({ id: 'SystemKind' });

const config = z.record(z.string(), z.unknown()).meta({
  description:
    'The members beside `kind` in a pair file. `${NAME}` is read from the secrets, or from the environment of the worker, when it is used.',
  examples: [{ url: 'https://crm.example', auth: { apiKey: '${ESPO_KEY}' } }],
});
const secrets = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'is no name of a secret'),
    z.string().min(1).max(8_000).nullable(),
  )
  .meta({
    description:
      'The secrets by the names in `${NAME}`. They are sealed, and no response contains them. Null removes one; secrets that are not named stay.',
    examples: [{ ESPO_KEY: 'f2b7c5…' }],
  });
const readOnly = z
  .unknown()
  .optional()
  .meta({ description: 'Ignored. It is there so that a response can be sent back.' });
const input = {
  kind,
  config,
  secrets: secrets.optional(),
  account: idOf.nullable().optional().meta({ description: 'Null: the system is the operator’s own.' }),
  version: readOnly,
  state: readOnly,
  pausedAt: readOnly,
  pausedBy: readOnly,
  pausedReason: readOnly,
  notBefore: readOnly,
  probe: readOnly,
  clockOffsetMs: readOnly,
  checkedAt: readOnly,
  secretNames: readOnly,
  createdAt: readOnly,
  changedAt: readOnly,
};
const newSystem = z.strictObject({ name: nameOf, ...input });
const changedSystem = z.strictObject({ name: nameOf.optional(), ...input });

const probe = z
  .object({
    ok: z.boolean(),
    version: z
      .string()
      .nullable()
      .meta({ examples: ['9.2.7'] }),
    findings: z.array(
      z.object({
        level: z.enum(['error', 'warning', 'info']),
        code: z.string().meta({ examples: ['fields-missing'] }),
        message: z.string(),
        about: z.array(z.string()).optional(),
      }),
    ),
  })
  .meta({ id: 'SystemProbe', description: 'The real abilities of the server.' });

const system = z
  .object({
    name: nameOf,
    kind,
    config,
    account: z.string().nullable(),
    version: z.number().int(),
    state: z.enum(['unknown', 'up', 'throttled', 'paused']).meta({
      description: '`throttled`: no call before `notBefore`; `paused`: no call until someone resumes it.',
    }),
    pausedAt: instant.nullable(),
    pausedBy: z.string().nullable().meta({ description: 'Null: this server did it by itself.' }),
    pausedReason: z
      .string()
      .nullable()
      .meta({
        description: '`unauthorized` and what the system returned, or what a person wrote.',
        examples: ['unauthorized: GET returned 401'],
      }),
    notBefore: instant.nullable(),
    probe: z
      .unknown()
      .meta({ description: 'The result of the last probe, as a SystemProbe. Null: there was none.' }),
    clockOffsetMs: z
      .number()
      .nullable()
      .meta({ description: "The system's clock minus ours. It decides nothing." }),
    checkedAt: instant.nullable(),
    secretNames: z
      .array(z.string())
      .readonly()
      .meta({ description: 'The names of the secrets that are kept for the system.' }),
    createdAt: instant,
    changedAt: instant,
  })
  .meta({ id: 'System' });

const hook = z
  .object({
    id: z.string().meta({ examples: ['3'] }),
    entity: z.string().nullable(),
    createdAt: instant,
    createdBy: z.string().nullable(),
    lastAt: instant.nullable(),
    refused: z.number().int().meta({ description: 'The number of calls with a wrong signature.' }),
    webhooks: z.array(z.string()).readonly().meta({
      description:
        'The ids of the webhooks there whose signatures are checked. If there is one, unsigned calls are refused.',
    }),
  })
  .meta({ id: 'SystemHook' });

const madeHook = z
  .object({
    id: z.string().meta({ examples: ['3'] }),
    url: z.string().meta({
      description: 'Shown only once: only a digest of the token in it is kept.',
      examples: ['https://epack.example/hooks/espo/8f0b…'],
    }),
    webhooks: z.array(z.string()).readonly(),
    problem: z.string().nullable().meta({
      description: 'Why the address could not be registered with the system. Null: it was registered.',
    }),
  })
  .meta({ id: 'MadeSystemHook' });

interface Services {
  readonly systems: SystemService;
  readonly systemTasks: SystemTaskService;
  readonly hooks: HookService;
}

const ofSystem = { name: nameParameter('system') };

export const createSystemRoutes = ({ systems, systemTasks, hooks }: Services): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/system-kinds',
    id: 'listSystemKinds',
    tag: 'Systems',
    summary: 'Lists the kinds of systems, with the schema of their settings and what they can do',
    access: 'viewer',
    answers: { 200: json('All kinds.', z.object({ items: z.array(systemKind) })) },
    handle: () => Promise.resolve(reply(200, { items: Object.values(systemKinds).map(kindJson) })),
  }),
  staffRoute({
    method: 'get',
    path: '/api/systems',
    id: 'listSystems',
    tag: 'Systems',
    summary: 'Lists the systems, by name',
    access: 'viewer',
    query: pageQuery(nameOf),
    answers: { 200: json('A page of systems.', pageOf(system)) },
    async handle({ caller, query }) {
      return reply(200, mapPage(await systems.list(caller, pageOfQuery(query)), systemJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/systems',
    id: 'addSystem',
    tag: 'Systems',
    summary: 'Adds a system',
    access: 'admin',
    body: jsonBody(newSystem),
    answers: { 201: json('The system, without its secrets.', system, etagHeader) },
    problems: { 404: ['not-found'], 409: ['already-exists'], 422: ['invalid-fields'] },
    async handle({ caller, body: { account, ...body } }) {
      return withTag(201, await systems.create(caller, { ...body, accountId: account }));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/systems/{name}',
    id: 'getSystem',
    tag: 'Systems',
    summary: 'Shows a system and its state',
    access: 'viewer',
    params: ofSystem,
    answers: { 200: json('The system, without its secrets.', system, etagHeader) },
    async handle({ caller, params }) {
      return withTag(200, await systems.get(caller, params.name));
    },
  }),
  staffRoute({
    method: 'put',
    path: '/api/systems/{name}',
    id: 'putSystem',
    tag: 'Systems',
    summary: 'Adds a system, or changes it',
    description:
      'Secrets that are not named stay. If the server paused the system by itself, a change of its settings resumes it.',
    access: 'admin',
    params: ofSystem,
    headers: ifVersion,
    body: jsonBody(changedSystem),
    answers: {
      200: json('The system, without its secrets.', system, etagHeader),
      201: json('The system, which is new.', system, etagHeader),
    },
    problems: { 412: ['stale'], 422: ['invalid-fields'] },
    async handle({ caller, params, headers, body: { account, ...body } }) {
      needSameName(params.name, body.name);
      const wanted = { ...body, name: params.name, accountId: account };
      const put = await systems.put(caller, wanted, headers['if-match'] ?? null);
      return put.outcome === 'created' ? withTag(201, put.system) : withTag(200, put.system);
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/systems/{name}',
    id: 'deleteSystem',
    tag: 'Systems',
    summary: 'Deletes a system that no pair names',
    access: 'admin',
    params: ofSystem,
    headers: ifVersion,
    answers: { 204: noContent('It is removed.') },
    problems: { 409: ['in-use'], 412: ['stale'] },
    async handle({ caller, params, headers }) {
      await systems.remove(caller, params.name, headers['if-match'] ?? null);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/systems/{name}/probe',
    id: 'probeSystem',
    tag: 'Systems',
    summary: 'Has a worker probe the real abilities of the server',
    access: 'admin',
    params: ofSystem,
    answers: { 200: json('The result, which is kept.', probe) },
    problems: { 504: ['no-answer'] },
    async handle({ caller, params }) {
      return reply(200, await systemTasks.probe(caller, params.name));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/systems/{name}/pause',
    id: 'pauseSystem',
    tag: 'Systems',
    summary: 'Pauses a system: it is not called until someone resumes it',
    access: 'admin',
    params: ofSystem,
    body: jsonBody(z.strictObject({ reason: textOf(500).default('by hand') }), { isRequired: false }),
    answers: { 200: json('The system.', system) },
    async handle({ caller, params, body }) {
      return reply(200, systemJson(await systems.pause(caller, params.name, body.reason)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/systems/{name}/resume',
    id: 'resumeSystem',
    tag: 'Systems',
    summary: 'Resumes a system after a pause or a throttle; its pairs go on at once',
    access: 'admin',
    params: ofSystem,
    answers: { 200: json('The system.', system) },
    async handle({ caller, params }) {
      return reply(200, systemJson(await systems.resume(caller, params.name)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/systems/{name}/hook',
    id: 'listSystemHooks',
    tag: 'Systems',
    summary: 'Lists the addresses at which a system reports changes',
    access: 'viewer',
    params: ofSystem,
    answers: { 200: json('All of them, without their tokens.', z.object({ items: z.array(hook) })) },
    async handle({ caller, params }) {
      return reply(200, { items: (await hooks.list(caller, params.name)).map(hookJson) });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/systems/{name}/hook',
    id: 'addSystemHook',
    tag: 'Systems',
    summary: 'Adds an address at which a system reports changes',
    description:
      'At an EspoCRM, the server registers webhooks for create, update and delete of the entity, and keeps the keys of their signatures. At other systems, enter the address there and the keys here.',
    access: 'admin',
    params: ofSystem,
    body: jsonBody(
      z.strictObject({
        entity: textOf(200)
          .optional()
          .meta({ examples: ['CBeteiligte'] }),
      }),
      {
        isRequired: false,
      },
    ),
    answers: { 201: json('The address, shown this once.', madeHook) },
    problems: { 422: ['invalid-fields'] },
    async handle({ caller, params, body, request }) {
      const origin = `${request.protocol}://${request.host}`;
      const made = await hooks.create(caller, params.name, { entity: body.entity ?? null, origin });
      return reply(201, { ...made, id: String(made.id) });
    },
  }),
  staffRoute({
    method: 'put',
    path: '/api/systems/{name}/hook/{id}',
    id: 'setSystemHookSecrets',
    tag: 'Systems',
    summary: 'Sets the keys that sign the calls of webhooks',
    access: 'admin',
    params: { ...ofSystem, id: idParameter('hook') },
    body: jsonBody(
      z.strictObject({
        secrets: z.record(z.string().min(1).max(200), z.string().min(1).max(1_000).nullable()).meta({
          description:
            'The keys by the id of the webhook there. They are sealed, and no response contains them. Null removes one.',
          examples: [{ '674b1f': 'a1b2…' }],
        }),
      }),
    ),
    answers: { 200: json('The address, without its token.', hook) },
    async handle({ caller, params, body }) {
      return reply(200, hookJson(await hooks.setSecrets(caller, params.name, params.id, body.secrets)));
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/systems/{name}/hook/{id}',
    id: 'deleteSystemHook',
    tag: 'Systems',
    summary: 'Removes an address: calls to it get 404 from now on',
    access: 'admin',
    params: { ...ofSystem, id: idParameter('hook') },
    answers: { 204: noContent('It is removed.') },
    async handle({ caller, params }) {
      await hooks.remove(caller, params.name, params.id);
      return emptyReply(204);
    },
  }),
];

/** Throws `invalid-fields` where the body is about another than the path. */
export function needSameName(inPath: string, inBody: string | undefined): void {
  if (inBody === undefined || inBody === inPath) return;
  throw invalidFields([{ field: 'name', fault: { code: 'other', text: 'is not the one of the path' } }]);
}

const withTag = <const Status extends number>(status: Status, one: RemoteSystemEntry) =>
  reply(status, systemJson(one), { ETag: `"${one.version}"` });

const systemJson = ({ id: _id, accountId, config: settings, ...rest }: RemoteSystemEntry) => ({
  ...rest,
  account: accountId === null ? null : String(accountId),
  config: z.record(z.string(), z.unknown()).parse(settings),
});

const hookJson = (one: Hook) => ({ ...one, id: String(one.id) });

const kindJson = ({ settings, end, can: { isPreparable, hasFields, ...can }, ...rest }: SystemKind) => ({
  ...rest,
  settings: schemaOf(settings),
  end: schemaOf(end),
  can: { ...can, prepare: isPreparable, fields: hasFields },
});

/** As it is written: what is left out may be left out. */
const schemaOf = (of: z.ZodType) => ({ ...z.toJSONSchema(of, { io: 'input', unrepresentable: 'any' }) });
