import type { RequestHandler } from 'express';

/** Loads routes with the first request that reaches them, because their code takes memory. A failed load is tried again. */
export function lazyRoutes(load: () => Promise<RequestHandler>): RequestHandler {
  let routes: Promise<RequestHandler> | null = null;
  return (request, response, next) => {
    routes ??= load().catch((error: unknown) => {
      routes = null;
      throw error;
    });
    routes.then((handle) => handle(request, response, next)).catch(next);
  };
}
