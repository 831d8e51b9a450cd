import { type RequestHandler, Router } from 'express';
import { unauthorized, unknownRoute } from '../../shared/errors/catalog';
import { type HealthCheck, readinessOf } from '../../shared/metrics/health';
import { metricsContentType } from '../../shared/metrics/metrics';
import { hasToken } from '../../shared/metrics/ops-server';
import type { RequestCount } from './api-metrics';

interface Deps {
  readonly check: HealthCheck;
  readonly isDraining: () => boolean;
  readonly metrics: () => Promise<string>;
  /** Null: `/metrics` is not served here, but on a port of its own, or not at all. */
  readonly metricsToken: string | null;
}

/**
 * `/healthz`: this process runs. `/readyz`: database, queue and file store are reachable; only operators with the token
 * of `/metrics` see which of them is not. `/metrics`: for Prometheus.
 */
export function createOpsRoutes({ check, isDraining, metrics, metricsToken }: Deps): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (request, response) => {
    const { isReady, body } = await readinessOf(check, isDraining);
    const isOperator = metricsToken !== null && hasToken(request.headers.authorization, metricsToken);
    // A stranger must not learn which part is down.
    const shown = isOperator ? body : { status: isReady ? 'ready' : 'not ready' };
    response.status(isReady ? 200 : 503).json(shown);
  });
  router.get('/metrics', async (request, response) => {
    if (metricsToken === null) throw unknownRoute();
    if (!hasToken(request.headers.authorization, metricsToken)) throw unauthorized();
    response.setHeader('Content-Type', metricsContentType);
    response.end(await metrics());
  });
  return router;
}

/** Measures the call, from here to its end. */
export function createRequestCount(countRequest: RequestCount): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const { path } = request;
    response.once('close', () => {
      const status = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted';
      countRequest(areaOf(path), status, (performance.now() - startedAt) / 1000);
    });
    next();
  };
}

/** The area of the call. There are only a few, so that there are few series. */
function areaOf(path: string): string {
  if (path.startsWith('/v4/')) return 'v4';
  return path.startsWith('/api/') ? 'api' : 'console';
}
