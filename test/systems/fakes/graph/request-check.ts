import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import { z } from 'zod';
import type { FakeRequest } from '../http-fake';

const shapes = z.strictObject({
  source: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.strictObject({ query: z.array(z.string()), headers: z.array(z.string()), body: z.json().nullable() }),
    ),
  ),
  schemas: z.record(z.string(), z.json()),
});

/** The members that the pages of Graph describe, but its OpenAPI document leaves out. */
const described = {
  /** "Optional. If unspecified, enumerates the hierarchy's current state." */
  query: { 'GET /drives/{drive-id}/items/{driveItem-id}/microsoft.graph.delta()': ['token', '$select'] },
  /** A parameter of the address of a new file: "driveItem resource type", instance attributes. */
  behavior: '@microsoft.graph.conflictBehavior',
  /** Pages follow links of the server's making. */
  paging: '$skiptoken',
  ifMatch: ['PUT', 'PATCH', 'DELETE', 'POST'],
} as const;

/**
 * Compares requests with the shapes of Graph's own OpenAPI document. Returns what of a request is not in it: an unknown
 * path, parameter, header of a condition, or member of what is sent.
 */
export function createRequestCheck(base: string): (request: FakeRequest) => readonly string[] {
  const { paths, schemas } = shapes.parse(
    JSON.parse(readFileSync(join(__dirname, 'openapi-shapes.json'), 'utf8')),
  );
  const ajv = new Ajv({ strict: false, allErrors: true });
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema({ ...asObject(schema) }, name);
  const bodies = new Map<string, ValidateFunction>();
  const known = Object.keys(paths).map((path) => ({ path, fits: patternOf(path) }));

  function bodyProblems(call: string, schema: z.core.util.JSONType | null, request: FakeRequest): string[] {
    if (schema === null) return request.bytes.length === 0 ? [] : [`${call} has a body`];
    if (request.json === undefined) return [];
    const validate = bodies.get(call) ?? ajv.compile(asObject(schema));
    bodies.set(call, validate);
    if (validate(request.json)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${call} ${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  return (request) => {
    const path = plainPath(request.path.slice(base.length));
    const found = known.find(({ fits }) => fits.test(path));
    if (found === undefined) return [`${request.method} ${path} is no path of Graph`];
    const call = `${request.method} ${found.path}`;
    const operation = paths[found.path]?.[request.method.toLowerCase()];
    if (operation === undefined) return [`${call} is no call of Graph`];
    const more = new Map<string, readonly string[]>(Object.entries(described.query)).get(call) ?? [];
    const allowed = new Set<string>([...operation.query, ...more, described.paging, described.behavior]);
    const unknown = [...request.query.keys()].filter((name) => !allowed.has(name));
    const isBare =
      request.headers['if-match'] === undefined || described.ifMatch.some((one) => one === request.method);
    return [
      ...unknown.map((name) => `${call} has no parameter ${name}`),
      ...(isBare ? [] : [`${call} has no header If-Match`]),
      ...bodyProblems(call, operation.body, request),
    ];
  };
}

const asObject = (schema: z.core.util.JSONType): object =>
  typeof schema === 'object' && schema !== null ? schema : {};

/**
 * The document knows one way to name a thing, by ids, and its functions with their namespace. "All of these URLs are
 * logically equivalent": by a path, or by `root`.
 */
function plainPath(path: string): string {
  return path
    .replace(/^\/sites\/([^/:]+):\/.*$/, '/sites/$1')
    .replace(/^(\/drives\/[^/]+)\/root(?=[:/]|$)(?!$)/, '$1/items/root')
    .replace(/^(\/drives\/[^/]+\/items\/[^/:]+):\/.*?(?::(?=\/|$)|$)/s, '$1')
    .replace(/\/delta$/, '/microsoft.graph.delta()')
    .replace(/\/createUploadSession$/, '/microsoft.graph.createUploadSession');
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/[.()]/g, '\\$&').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
