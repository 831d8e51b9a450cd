import type { Request, RequestHandler, Response, Router } from 'express';
import type { z } from 'zod';
import { badRequest, methodNotAllowed, wrongBodyType } from '../../shared/errors/catalog';
import { decode } from './decode';
import type { Access, Answers, Body, JsonAnswer, Operation, PathParameter } from './operation';

/** A call with its handler. It is mounted and documented from this one object. */
export interface Route extends Operation {
  readonly handlers: readonly RequestHandler[];
}

/** A part of the server: its mounted routes, and their documentation. */
export interface Interface {
  readonly router: Router;
  readonly operations: readonly Operation[];
}

/** A call as it is declared: an operation whose handler gets what the schemas make of the request. */
export interface RouteDeclaration<
  P extends Record<string, unknown>,
  Q extends z.ZodObject,
  H extends z.ZodObject,
  B,
  A extends Answers,
  Context = unknown,
> extends Omit<Operation, 'params' | 'query' | 'headers' | 'body' | 'answers'> {
  readonly params?: { readonly [Name in keyof P]: PathParameter<P[Name]> };
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: Body<B>;
  readonly answers: A;
  readonly handle: (exchange: Exchange<P, z.output<Q>, z.output<H>, B> & Context) => Promise<Reply<A>>;
}

/** The input of a handler: all parts of the call, decoded. */
export interface Exchange<Params, Query, Headers, Given> {
  readonly request: Request;
  readonly response: Response;
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Given;
}

/**
 * The result of a handler: one of the declared statuses, with a body that its schema accepts; or `sent`, if the handler
 * has written the response itself.
 */
export type Reply<A extends Answers> =
  { [Status in keyof A & number]: ReplyWith<Status, A[Status]> }[keyof A & number] | typeof sent;

type ReplyWith<Status, A> =
  A extends JsonAnswer<infer S>
    ? { readonly status: Status; readonly body: z.input<S>; readonly headers?: ReplyHeaders }
    : { readonly status: Status; readonly headers?: ReplyHeaders };

type ReplyHeaders = Readonly<Record<string, string>>;

/** The handler has written the response itself: a file, a stream. */
export const sent = Symbol('sent');

export const reply = <const Status extends number, Given>(
  status: Status,
  body: Given,
  headers: ReplyHeaders = {},
) => ({ status, body, headers });

/** A response without a body. */
export const emptyReply = <const Status extends number>(status: Status, headers: ReplyHeaders = {}) => ({
  status,
  headers,
});

/**
 * Makes the route of a declaration. Path, query, headers and body are decoded, in this order, then the handler runs.
 * Throws what the path parameters say is absent, `wrong-content-type`, `bad-request`, and what the handler throws.
 */
export function createRoute<
  P extends Record<string, unknown>,
  Q extends z.ZodObject,
  H extends z.ZodObject,
  B,
  A extends Answers,
  Context,
>(declaration: RouteDeclaration<P, Q, H, B, A, Context>, contextOf: (request: Request) => Context): Route {
  const { handle, ...operation } = declaration;
  const answer: RequestHandler = async (request, response) => {
    const exchange = { request, response, ...decodedOf(declaration, request) };
    const reply = await handle({ ...exchange, ...contextOf(request) });
    if (reply !== sent) send(response, reply);
  };
  return { ...operation, handlers: [...readersOf(operation.body), answer] };
}

/** Mounts each route at its path. `checksFor`: the checks before routes with restricted access. */
export function mountRoutes(
  router: Router,
  routes: readonly Route[],
  checksFor: (access: Access) => readonly RequestHandler[],
): void {
  for (const { method, path, access, handlers } of routes) {
    router[method](expressPath(path), ...checksFor(access), ...handlers);
  }
}

/** Refuses other methods on the paths of these routes. Mount it after them; `checks` run first. */
export function refuseOtherMethods(
  router: Router,
  routes: readonly Route[],
  checks: readonly RequestHandler[],
): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    // Express uses the route of GET for HEAD.
    const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    router.all(expressPath(path), ...checks, () => {
      throw methodNotAllowed(allowed);
    });
  }
}

/** `/api/solutions/{id}` → `/api/solutions/:id`. */
export const expressPath = (path: string) => path.replace(/\{(\w+)\}/g, ':$1');

function decodedOf<P, Q extends z.ZodObject, H extends z.ZodObject, B>(
  { params, query, headers, body }: Inputs<P, Q, H, B>,
  request: Request,
) {
  return {
    params: paramsOf(params, request),
    query: queryOf(query, request.query),
    headers: (headers === undefined ? {} : decode(headers, request.headers)) as z.output<H>,
    body: body?.decode(request.body) as B,
  };
}

interface Inputs<P, Q, H, B> {
  readonly params?: { readonly [Name in keyof P]: PathParameter<P[Name]> };
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: Body<B>;
}

function paramsOf<P>(
  parameters: { readonly [Name in keyof P]: PathParameter<P[Name]> } | undefined,
  request: Request,
): P {
  const given: [string, PathParameter][] = Object.entries(parameters ?? {});
  const decoded = given.map(([name, { schema, absent }]) => {
    const text = String(request.params[name]);
    const parsed = schema.safeParse(text);
    if (!parsed.success) throw absent(text);
    return [name, parsed.data];
  });
  return Object.fromEntries(decoded) as P;
}

/** A misspelt parameter would be ignored, and the list would contain more than was asked for. Throws `bad-request`. */
function queryOf<Q extends z.ZodObject>(query: Q | undefined, given: Request['query']): z.output<Q> {
  const known = Object.keys(query?.shape ?? {});
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const names = known.length === 0 ? 'takes none' : `takes ${known.join(', ')}`;
    throw badRequest(`This call has no query parameter ${unknown.slice(0, 10).join(', ')}; it ${names}.`);
  }
  return (query === undefined ? {} : decode(query, withoutEmpty(given))) as z.output<Q>;
}

/** Forms send `?search=&state=`. Empty values are ignored. */
const withoutEmpty = (query: Request['query']) =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));

function readersOf(body: Body | undefined): RequestHandler[] {
  return body === undefined ? [] : [refuseOtherTypes(Object.keys(body.content)), ...body.readers];
}

/** A body of another type would not be read and would count as empty. */
function refuseOtherTypes(mediaTypes: readonly string[]): RequestHandler {
  return (request, _response, next) => {
    // Null: there is no body.
    const isOther = request.is([...mediaTypes]) === false;
    if (isOther && request.get('content-length') !== '0') throw wrongBodyType(mediaTypes);
    next();
  };
}

interface AnyReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: ReplyHeaders;
}

function send(response: Response, { status, body, headers = {} }: AnyReply): void {
  response.status(status).set(headers);
  if (body === undefined) response.end();
  else response.json(body);
}
