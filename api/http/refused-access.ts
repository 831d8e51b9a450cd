import type { RequestHandler } from 'express';
import type { SecurityTrail } from '../services/security-trail';
import { addressOf } from './address';
import { loggedPath } from './logged-path';
import { userOf } from './request-log';

/**
 * Records in the audit trail which calls of staff or of their browsers were refused: because of a role, or because they
 * came from another site. A 403 to a solution is about the order of the handshake, and is not an attack.
 */
export function createRefusedAccessWatch(trail: Pick<SecurityTrail, 'accessRefused'>): RequestHandler {
  return (request, response, next) => {
    response.once('finish', () => {
      const path = loggedPath(request);
      if (response.statusCode !== 403 || path.startsWith('/v4/')) return;
      const user = userOf(response.locals) ?? null;
      trail.accessRefused({ user, address: addressOf(request), method: request.method, path });
    });
    next();
  };
}
