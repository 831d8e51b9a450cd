import type { RequestHandler } from 'express';
import type { SecurityTrail } from '../services/security-trail';
import { addressOf } from './address';
import { loggedPath } from './logged-path';
import { userOf } from './request-log';

/**
 * Tells the audit trail which calls of staff, or of their browsers, were refused: what a role does not allow, and what
 * came from another site. A solution's 403 is about the order of the handshake, and no attack.
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
