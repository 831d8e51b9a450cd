import { z } from 'zod';
import { Router } from 'express';
import type { Operation } from '../http/operation';
import { packageVersion } from '../../shared/process/package-version';
import { file, json } from '../http/operation';
import { createRoute, type Interface, mountRoutes, reply, type Route, sent } from '../http/route';
import { createOpenApiDocument, type OpenApiDocument } from './document';
import { documentPage } from './document-page';
import { stylesheet } from './stylesheet';

/**
 * `/openapi.json`: the document of all the operations given, and of its own; `/docs`: the same for people. Everyone may
 * read them, because they describe the calls and contain no data.
 */
export function createDocumentRouter(operations: readonly Operation[]): Interface {
  const router = Router();
  // Made for the first who asks: it is large, and most processes never need it.
  let document: OpenApiDocument | null = null;
  const routes = routesOf(() => (document ??= createOpenApiDocument([...operations, ...routes])));
  mountRoutes(router, routes, () => []);
  router.get('/docs/style.css', (_request, response) => {
    response.type('css').setHeader('Cache-Control', 'public, max-age=300').send(stylesheet);
  });
  return { router, operations: routes };
}

function routesOf(documentOf: () => OpenApiDocument): Route[] {
  let page: string | null = null;
  return [
    createRoute(
      {
        method: 'get',
        path: '/openapi.json',
        id: 'getOpenApiDocument',
        tag: 'Operations',
        summary: 'Returns this document',
        access: 'anyone',
        answers: {
          200: json('OpenAPI 3.1.', z.looseObject({ openapi: z.literal('3.1.0') })),
        },
        async handle() {
          return reply(200, { ...documentOf() }, { 'Cache-Control': 'public, max-age=300' });
        },
      },
      () => ({}),
    ),
    createRoute(
      {
        method: 'get',
        path: '/docs',
        id: 'readDocument',
        tag: 'Operations',
        summary: 'Shows this document as a page',
        access: 'anyone',
        answers: { 200: file('For people.', ['text/html']) },
        async handle({ response }) {
          page ??= documentPage(documentOf(), packageVersion());
          response.type('html').setHeader('Cache-Control', 'public, max-age=300').send(page);
          return sent;
        },
      },
      () => ({}),
    ),
  ];
}
