import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Origin } from '../../shared/domain/origin';
import { deviceOf } from './device';

/** The request that a piece of work comes from. A proxy may have begun its trace. */
export function originOf(request: IncomingMessage, response: ServerResponse): Origin {
  const requestId = response.getHeader('X-Request-Id');
  const { traceparent } = request.headers;
  return {
    requestId: typeof requestId === 'string' ? requestId : null,
    traceparent: typeof traceparent === 'string' && isTraceparent.test(traceparent) ? traceparent : null,
    device: deviceOf(request.headers),
  };
}

/** Source: W3C Trace Context, version 00; neither id may be all zeros. */
const isTraceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
