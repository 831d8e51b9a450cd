import { type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest, bodyTooLarge, headTooLarge, requestOverdue } from '../../shared/errors/catalog';
import type { Logger } from '../../shared/log';
import { problemOf } from './problem';
import { requestIdOf } from './request-id';

/** Answers unreadable requests with a problem document. Node would answer without a body. */
export function refuseUnreadable(server: Server, log: Pick<Logger, 'info'>): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // It already has its response. Nothing else that it sends is read.
    if (socket.writableEnded) return;
    if (!socket.writable || isHalfAnswered(socket)) {
      socket.destroy();
      return;
    }
    const requestId = requestIdOf(undefined);
    const { status, headers, body } = problemOf(refusalOf(error));
    log.info({ requestId, status, reason: error.code }, 'request');
    socket.end(answerOf(status, { ...headers, 'X-Request-Id': requestId }, body), () => socket.destroy());
  });
}

/** Node stores the current response of the connection there. Its own handler checks it as well. */
function isHalfAnswered(socket: Duplex): boolean {
  const answer = '_httpMessage' in socket ? socket._httpMessage : null;
  return answer instanceof ServerResponse && answer.headersSent;
}

/** By the codes of Node and of its parser. */
function refusalOf({ code }: NodeJS.ErrnoException): Error {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return headTooLarge();
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return bodyTooLarge();
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return requestOverdue();
    default:
      return badRequest('This cannot be read as a request of HTTP/1.1.');
  }
}

function answerOf(status: number, headers: Readonly<Record<string, string>>, body: string): string {
  const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n');
}
