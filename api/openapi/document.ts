import { z } from 'zod';
import {
  type Access,
  type Answer,
  type Content,
  type Method,
  type Operation,
  type Problems,
  tags,
} from '../http/operation';
import { sampleOf } from './sample';
import { createSchemas, type JsonSchema, type Schemas } from './schemas';

// The document that programs read: OpenAPI 3.1, made of the operations and of nothing else.

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

export type PathItem = Readonly<Partial<Record<Method, OperationObject>>>;

export interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly ParameterObject[];
  readonly requestBody?: { readonly required: boolean; readonly content: ContentObject };
  readonly responses: Readonly<Record<string, ResponseObject>>;
  /** The least role; absent: no member of staff calls it. */
  readonly 'x-epack-role'?: string;
}

export interface ParameterObject {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content?: ContentObject;
}

export type ContentObject = Readonly<
  Record<string, { readonly schema?: JsonSchema; readonly example?: unknown }>
>;

/** Throws where two operations are one call, and where two schemas have one id. */
export function createOpenApiDocument(operations: readonly Operation[]): OpenApiDocument {
  const schemas = createSchemas();
  // Made once for the schemas that it meets, and once more with examples from all of them.
  pathsOf(operations, schemas);
  return {
    openapi: '3.1.0',
    info: { title: 'ePack sync server', version: interfaceVersion, description: introduction },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: pathsOf(operations, schemas),
    components: { schemas: schemas.components(), securitySchemes },
  };
}

/** The version of the interface, not of the product. The first number increases if a caller must change. */
const interfaceVersion = '4.0.0';

const introduction = [
  'Two interfaces: `/api` for staff and for other programs, and `/v4` for the solutions (docs/protocol.md).',
  '',
  'Ids in JSON are texts. Times are RFC 3339 in UTC. Lists come in pages: `?limit=&cursor=`, and each page names the `next`.',
  'Errors are `application/problem+json` (RFC 9457) with a stable `code`. What belongs to an account that the caller does not see is 404, as if it did not exist. A method that a path does not have is 405 `method-not-allowed`, with `Allow`.',
].join('\n');

const securitySchemes = {
  staffToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of `POST /api/session`.',
  },
  staffCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'epack_session',
    description: 'The cookie that a browser gets when it signs in.',
  },
  solutionToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The token of `POST /v4/{channel}/login`.',
  },
};

/** RFC 9457. */
const problem = z
  .looseObject({
    type: z.string().meta({ examples: ['urn:epack:problem:not-found'] }),
    title: z.string().meta({ examples: ['Not found'] }),
    status: z
      .number()
      .int()
      .meta({ examples: [404] }),
    detail: z
      .string()
      .meta({ description: 'A sentence for a person.', examples: ['There is no such solution.'] }),
    code: z.string().meta({ description: 'Stable, for programs.', examples: ['not-found'] }),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457. Some codes have further members, for example `problems` of `invalid-fields`.',
  });

function pathsOf(operations: readonly Operation[], schemas: Schemas): Record<string, PathItem> {
  const paths: Record<string, Partial<Record<Method, OperationObject>>> = {};
  for (const operation of operations) {
    const item = (paths[operation.path] ??= {});
    if (item[operation.method] !== undefined) throw new Error(`${operation.id} is declared twice`);
    item[operation.method] = operationObject(operation, schemas);
  }
  return paths;
}

function operationObject(operation: Operation, schemas: Schemas): OperationObject {
  const { id, tag, summary, description, access, body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(access),
    parameters: parametersOf(operation, schemas),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.isRequired, content: contentOf(body.content, schemas) } }),
    responses: responsesOf(operation, schemas),
    ...(isRole(access) ? { 'x-epack-role': access } : {}),
  };
}

const isRole = (access: Access) => access !== 'anyone' && access !== 'solution';

function securityOf(access: Access): OperationObject['security'] {
  if (access === 'anyone') return [];
  return access === 'solution' ? [{ solutionToken: [] }] : [{ staffToken: [] }, { staffCookie: [] }];
}

function parametersOf({ params = {}, query, headers }: Operation, schemas: Schemas): ParameterObject[] {
  const inPath = Object.entries(params).map(([name, { schema }]) => parameter('path', name, schema, schemas));
  const inQuery = fieldsOf(query).map(([name, schema]) => parameter('query', name, schema, schemas));
  const inHeaders = fieldsOf(headers).map(([name, schema]) =>
    parameter('header', headerName(name), schema, schemas),
  );
  return [...inPath, ...inQuery, ...inHeaders];
}

const fieldsOf = (object: z.ZodObject | undefined) => Object.entries<z.ZodType>(object?.shape ?? {});

function parameter(
  place: ParameterObject['in'],
  name: string,
  shape: z.ZodType,
  schemas: Schemas,
): ParameterObject {
  const { description, ...schema } = schemas.schemaOf(shape);
  const required = place === 'path' || !shape.safeParse(undefined).success;
  return { name, in: place, required, ...(typeof description === 'string' ? { description } : {}), schema };
}

/** `if-match` → `If-Match`. */
const headerName = (name: string) => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());

function contentOf(content: Readonly<Record<string, Content>>, schemas: Schemas): ContentObject {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, one]) => [mediaType, mediaTypeObject(mediaType, one, schemas)]),
  );
}

/** Without a schema: bytes or plain text, as the media type says. */
function mediaTypeObject(
  mediaType: string,
  { schema, example }: Content,
  schemas: Schemas,
): ContentObject[string] {
  if (schema === null) return example === undefined ? {} : { example };
  const described = schemas.schemaOf(schema);
  if (mediaType !== 'application/json') return { schema: described };
  return { schema: described, example: example ?? sampleOf(described, schemas.components()) };
}

function responsesOf(operation: Operation, schemas: Schemas): OperationObject['responses'] {
  const answers = Object.entries(operation.answers).map(([status, answer]): [string, ResponseObject] => [
    status,
    answerObject(answer, schemas),
  ]);
  const problems = Object.entries(problemsOf(operation)).map(([status, codes]): [string, ResponseObject] => [
    status,
    problemObject(operation, Number(status), codes, schemas),
  ]);
  const unforeseen = {
    description: 'Something went wrong on the server.',
    content: problemContent([], schemas),
  };
  // If a response has the same status as a problem, the document describes the response.
  return { ...Object.fromEntries([...problems, ...answers]), default: unforeseen };
}

function answerObject({ description, content, headers = {} }: Answer, schemas: Schemas): ResponseObject {
  return {
    description,
    ...(Object.keys(headers).length === 0 ? {} : { headers: headersOf(headers) }),
    ...(Object.keys(content).length === 0 ? {} : { content: contentOf(content, schemas) }),
  };
}

const headersOf = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );

const headersOfProblems: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'WWW-Authenticate': '`Bearer`' },
  429: { 'Retry-After': 'When to come again, in seconds.' },
  503: { 'Retry-After': 'When to come again, in seconds.' },
};

/** Of the calls of solutions. */
const pollAfterHeader = {
  'Epack-Poll-After': 'The same, spread over the solutions, so that they do not all come again together.',
};

function problemObject(
  { path }: Pick<Operation, 'path'>,
  status: number,
  codes: readonly string[],
  schemas: Schemas,
): ResponseObject {
  const tellsPollAfter = status === 503 && path.startsWith('/v4/');
  const headers = { ...headersOfProblems[status], ...(tellsPollAfter ? pollAfterHeader : {}) };
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    ...(Object.keys(headers).length === 0 ? {} : { headers: headersOf(headers) }),
    content: problemContent(codes, schemas),
  };
}

function problemContent(codes: readonly string[], schemas: Schemas): ContentObject {
  const any = schemas.schemaOf(problem);
  const schema = codes.length === 0 ? any : { ...any, properties: { code: { enum: codes } } };
  return { 'application/problem+json': { schema } };
}

/** The problems that the operation declares, and those that follow from its form. */
export function problemsOf(operation: Operation): Problems {
  const { access, method, path, params = {}, query, headers, body, problems = {} } = operation;
  const reads = body !== undefined && body.readers.length > 0;
  const isEdit = method !== 'get' && method !== 'head' && method !== 'options';
  const hasParams = Object.keys(params).length > 0;
  // Each call of the REST interface refuses query parameters that it does not know.
  const isDecoded =
    hasParams || path.startsWith('/api/') || [query, headers, body].some((part) => part !== undefined);
  const needsMore = access === 'manager' || access === 'admin';
  const implied: [number, boolean, readonly string[]][] = [
    [400, isDecoded, ['bad-request']],
    [401, access !== 'anyone', ['unauthorized', ...(access === 'solution' ? ['blocked', 'locked'] : [])]],
    [403, isRole(access) && isEdit, ['cross-site']],
    [403, needsMore, ['forbidden']],
    [404, hasParams, Object.values(params).map(({ absent }) => absent('').code)],
    [413, reads, ['too-large']],
    [415, reads, ['wrong-content-type']],
    [503, true, ['unavailable']],
  ];
  const all = new Map<number, Set<string>>();
  for (const [status, applies, codes] of implied) if (applies) add(status, codes);
  for (const [status, codes] of Object.entries(problems)) add(Number(status), codes);
  return Object.fromEntries([...all].map(([status, codes]) => [status, [...codes]]));

  function add(status: number, codes: readonly string[]): void {
    all.set(status, new Set([...(all.get(status) ?? []), ...codes]));
  }
}
