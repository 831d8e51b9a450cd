import express, { type Express, type RequestHandler, type Router } from 'express';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { badRequest, unknownExpectation } from '../shared/errors/catalog';
import type { Logger } from '../shared/log';
import { createDirectRoutes } from './http/direct-routes';
import { takeBody } from './http/expect';
import { createProblemHandler, sendProblem, unknownRouteHandler } from './http/problem';
import { requestIdOf } from './http/request-id';
import { createRefusedAccessWatch } from './http/refused-access';
import { createRequestLog } from './http/request-log';
import type { SecurityTrail } from './services/security-trail';
import { securityHeaders } from './http/security-headers';
import { publicTlsSetting } from './http/transport';
import { refuseUnreadable } from './http/unreadable';
import type { V4Interface } from './v4/router';

export interface AppParts {
  /** If it returns true, it has answered the request, and Express does not see it. */
  readonly statut: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly health: Router;
  /** Measures every call but those of operators. */
  readonly countRequest: RequestHandler;
  readonly v4: V4Interface;
  /** Webhooks in. */
  readonly hooks: Router;
  /** `/api`. */
  readonly backoffice: Router;
  /** `/openapi.json`, `/docs`. */
  readonly documentation: Router;
  /** Pages for people, at all other paths. */
  readonly console: RequestHandler;
  /** Sign-in through an identity provider; null: none is configured. */
  readonly oidc: Router | null;
  readonly log: Logger;
  readonly trail: Pick<SecurityTrail, 'accessRefused'>;
  /** Addresses and networks of the proxies whose X-Forwarded-For is believed, or how many there are. */
  readonly trustProxy: number | readonly string[];
  /** Notices proxies that are not trusted. */
  readonly proxyWatch: RequestHandler;
  /** True: people reach the server only by https. */
  readonly isTlsOnly: boolean;
}

/** Longer than the longest wait of a poll. */
const idleConnectionMilliseconds = 75_000;
/** How long a refused caller may still send before its connection is closed. */
const drainMilliseconds = 5_000;

export interface HttpServer {
  /** Not yet listening. */
  readonly server: Server;
  /** The app with all routes, except for the status poll. */
  readonly app: Express;
}

export function createHttpServer(parts: AppParts): HttpServer {
  const app = createApp(parts);
  const listener = app as RequestListener;
  const answer: RequestListener = (request, response) => {
    if (isWithoutHost(request)) refuse(request, response, badRequest('The header Host is needed.'));
    else if (hasSeveralHosts(request))
      refuse(request, response, badRequest('The header Host is there twice.'));
    else if (!parts.statut(request, response)) {
      begin(request, response);
      listener(request, response);
    }
  };
  // By default, Node refuses such a request without a body.
  const server = createServer({ requireHostHeader: false }, answer);
  // A caller that sends `Expect: 100-continue` is told to continue by the route that needs the body.
  server.on('checkContinue', answer);
  server.on('checkExpectation', (request, response) => refuse(request, response, unknownExpectation()));
  refuseUnreadable(server, parts.log);
  // An upload may take hours on a bad connection. It only matters that bytes keep arriving.
  server.requestTimeout = 0;
  server.timeout = idleConnectionMilliseconds;
  server.keepAliveTimeout = idleConnectionMilliseconds;
  return { server, app };
}

function createApp(parts: AppParts): Express {
  const { health, v4, backoffice, documentation, oidc, log, trail, trustProxy, isTlsOnly } = parts;
  const requestLog = createRequestLog(log);
  const problems = createProblemHandler(log);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', trustProxy);
  app.set(publicTlsSetting, isTlsOnly);
  app.use(
    createDirectRoutes({
      routes: v4.direct,
      before: [securityHeaders, parts.proxyWatch, parts.countRequest, requestLog],
      onError: [...v4.onError, problems],
    }),
  );
  app.use(securityHeaders);
  app.use(parts.proxyWatch);
  app.use(health);
  app.use(parts.countRequest);
  app.use(requestLog);
  app.use(createRefusedAccessWatch(trail));
  app.use(v4.router);
  app.use(takeBody);
  app.use(parts.hooks);
  if (oidc !== null) app.use(oidc);
  app.use(backoffice);
  app.use(documentation);
  app.use(parts.console);
  app.use(unknownRouteHandler);
  app.use(problems);
  return app;
}

/** Source: RFC 9112, 3.2. */
const isWithoutHost = (request: IncomingMessage) =>
  request.headers.host === undefined && request.httpVersion === '1.1';

/**
 * Node uses the first Host header, but a proxy may have used the last one. Source: RFC 9112, 3.2. Every poll calls
 * this.
 */
function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count > 1;
}

function begin(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('X-Request-Id', requestIdOf(request.headers['x-request-id']));
  response.once('finish', () => closeIfUnread(request));
}

/** Ahead of Express. */
function refuse(request: IncomingMessage, response: ServerResponse, refusal: Error): void {
  begin(request, response);
  response.setHeader('Connection', 'close');
  sendProblem(response, refusal);
}

/**
 * The answer is sent, but the body is not read. The caller gets time to read the answer, but not to send the whole
 * body.
 */
function closeIfUnread(request: IncomingMessage): void {
  if (request.complete) return;
  setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, drainMilliseconds).unref();
}
