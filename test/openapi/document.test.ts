import SwaggerParser from '@apidevtools/swagger-parser';
import type { OpenApiDocument, OperationObject } from '../../api/openapi/document';
import { AppError } from '../../shared/errors/app-error';
import * as catalog from '../../shared/errors/catalog';
import { problemOf } from '../../api/http/problem';
import { onServer } from '../v4/on-server';
import { createJudge } from './judge';

const server = onServer();
let document: OpenApiDocument;
beforeAll(async () => {
  document = (await (await fetch(`${server().url}/openapi.json`)).json()) as OpenApiDocument;
});

interface Call {
  readonly name: string;
  readonly pointer: readonly [string, string];
  readonly operation: OperationObject;
}

const calls = (): Call[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      pointer: [path, method] as const,
      operation,
    })),
  );

describe('the OpenAPI document', () => {
  test('is OpenAPI 3.1, by the published rules', async () => {
    // The parser resolves references in place.
    const copy = structuredClone(document) as unknown as Parameters<typeof SwaggerParser.validate>[0];
    await expect(SwaggerParser.validate(copy)).resolves.toBeDefined();
    expect(document.openapi).toBe('3.1.0');
  });

  test('gives each operation a name of its own, a chapter that there is, and a summary', () => {
    const ids = calls().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);
    const chapters = document.tags.map(({ name }) => name);
    for (const { operation } of calls()) {
      expect(chapters).toContain(operation.tags[0]);
      expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
    }
    const used = new Set(calls().map(({ operation }) => operation.tags[0]));
    expect(chapters.filter((name) => !used.has(name))).toEqual([]);
  });

  test('names the parameters of each path, all of them and no others', () => {
    for (const { name, operation } of calls()) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const declared = operation.parameters.filter(({ in: place }) => place === 'path');
      expect([name, declared.map((parameter) => parameter.name).sort()]).toEqual([name, inPath.sort()]);
    }
  });

  test('says for each call of a solution that a 503 tells when to come again', () => {
    const ofSolutions = calls().filter(({ pointer: [path] }) => path.startsWith('/v4/'));
    for (const { name, operation } of ofSolutions) {
      const headers = Object.keys(operation.responses['503']?.headers ?? {}).sort();
      expect([name, headers]).toEqual([name, ['Epack-Poll-After', 'Retry-After']]);
    }
  });

  test('names only codes that the catalogue of errors makes, each with its status', () => {
    const made = new Set(codesOfCatalog());
    const unknown = calls().flatMap(({ name, operation }) =>
      Object.entries(operation.responses).flatMap(([status, response]) =>
        codesOf(response.content?.['application/problem+json']?.schema)
          .filter((code) => !made.has(`${status} ${code}`))
          .map((code) => `${name}: ${status} ${code}`),
      ),
    );
    expect(unknown).toEqual([]);
  });

  test('contains every code of the catalogue that can reach a caller', () => {
    const told = new Set(
      calls().flatMap(({ operation }) =>
        Object.entries(operation.responses).flatMap(([status, response]) =>
          codesOf(response.content?.['application/problem+json']?.schema).map((code) => `${status} ${code}`),
        ),
      ),
    );
    const ofPages = ['503 identity-provider-away', '401 sign-in-refused'];
    // This error belongs to no call, but to unknown paths.
    const ofNoCall = [
      '405 method-not-allowed',
      '408 overdue',
      '417 unknown-expectation',
      '431 head-too-large',
    ];
    const internal = [
      ...ofPages,
      ...ofNoCall,
      '409 fence-lost',
      '422 malformed-xml',
      '422 too-many-rejections',
    ];
    // These codes belong to the interface of sosync, which has its own page: docs/sosync.md.
    const ofSosync = [
      '503 no-time-server',
      '406 not-acceptable',
      '400 bad-parameter',
      '400 unknown-model',
      '503 unknown-version',
    ];
    const elsewhere = [...internal, ...ofSosync];
    expect(codesOfCatalog().filter((code) => !told.has(code) && !elsewhere.includes(code))).toEqual([]);
  });

  test('holds examples that its own schemas take', () => {
    const judge = createJudge(document);
    const wrong = calls().flatMap(({ name, pointer, operation }) => {
      const bodies = Object.entries(operation.requestBody?.content ?? {}).map(
        ([type, content]) => [['requestBody', 'content', type, 'schema'], content] as const,
      );
      const answers = Object.entries(operation.responses).flatMap(([status, response]) =>
        Object.entries(response.content ?? {}).map(
          ([type, content]) => [['responses', status, 'content', type, 'schema'], content] as const,
        ),
      );
      const ofContents = [...bodies, ...answers].flatMap(([place, { schema, example }]) =>
        schema === undefined || example === undefined
          ? []
          : judge
              .mistakesIn([...pointer, ...place], example)
              .map((mistake) => `${name} ${place.join('/')}: ${mistake}`),
      );
      const ofParameters = operation.parameters.flatMap((parameter, index) =>
        examplesOf(parameter.schema).flatMap((example) =>
          judge
            .mistakesIn([...pointer, 'parameters', String(index), 'schema'], example)
            .map((mistake) => `${name} ${parameter.name}: ${mistake}`),
        ),
      );
      return [...ofContents, ...ofParameters];
    });
    expect(wrong).toEqual([]);
  });

  test('has an example of every JSON body of requests and responses', () => {
    const without = calls().flatMap(({ name, operation }) =>
      [operation.requestBody, ...Object.values(operation.responses)].flatMap((part) =>
        Object.entries(part?.content ?? {})
          .filter(([type, { example }]) => type === 'application/json' && example === undefined)
          .map(([type]) => `${name} ${type}`),
      ),
    );
    expect(without).toEqual([]);
  });

  test('says who may call: anyone only where this is intended', () => {
    const open = calls().filter(({ operation }) => operation.security.length === 0);
    expect(open.map(({ name }) => name).sort()).toEqual([
      'GET /docs',
      'GET /healthz',
      'GET /metrics',
      'GET /openapi.json',
      'GET /readyz',
      'POST /api/session',
      'POST /hooks/{system}/{token}',
      'POST /v4/{channel}/login',
    ]);
  });
});

describe('the page of it', () => {
  test('shows every call, loads nothing from elsewhere and runs nothing', async () => {
    const page = await fetch(`${server().url}/docs`);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    for (const { operation } of calls()) expect(html).toContain(`id="${operation.operationId}"`);
    expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+=|(src|href)="(https?:)?\/\//);
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const broken = [...html.matchAll(/href="#([^"]+)"/g)].filter(([, id]) => !ids.includes(id));
    expect(broken).toEqual([]);
    expect((await fetch(`${server().url}/docs/style.css`)).headers.get('content-type')).toContain('text/css');
  });
});

/** `404 not-found`, for everything that the catalogue can make, whatever it is told. */
function codesOfCatalog(): string[] {
  return Object.entries(catalog).flatMap(([name, make]) => {
    if (typeof make !== 'function') return [];
    const error: unknown = Reflect.apply(make, undefined, [firstArguments[name] ?? [], []]);
    return error instanceof AppError ? [`${problemOf(error).status} ${error.code}`] : [];
  });
}

/** The first arguments of errors for which an empty list has no meaning. */
const firstArguments: Readonly<Record<string, unknown>> = {
  malformedXml: { code: 'xml-text-between-entities', values: { line: 1 } },
  notReplayable: 'work-is-done',
  offlineFileRefused: 'offline-not-one',
};

function codesOf(schema: unknown): string[] {
  const described = schema as { properties?: { code?: { enum?: string[] } } } | undefined;
  return described?.properties?.code?.enum ?? [];
}

function examplesOf(schema: unknown): unknown[] {
  const { examples, default: usual } = schema as { examples?: unknown[]; default?: unknown };
  return [...(examples ?? []), ...(usual === undefined ? [] : [usual])];
}
