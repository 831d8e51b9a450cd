import http from 'node:http';
import https from 'node:https';
import type { Channel } from '../../shared/domain/channel';

/** The head of an upload whose body is never sent. */
export interface UploadHead {
  readonly channel: Channel;
  readonly token: string;
  /** What `Content-Length` announces. */
  readonly bytes: number;
}

/**
 * Sends the head of an upload with `Expect: 100-continue`, and no body. @returns `continue` if the server asks for the
 * body, else the status of its refusal. Rejects if there is no response.
 */
export function askBeforeBody(
  baseUrl: string,
  { channel, token, bytes }: UploadHead,
): Promise<'continue' | number> {
  const base = new URL(baseUrl);
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/v4/${channel}/datas`, base);
  const send = base.protocol === 'https:' ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      agent: false,
      timeout: 30_000,
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/zip',
        'Content-Length': String(bytes),
        Expect: '100-continue',
      },
    });
    const end = (outcome: 'continue' | number) => {
      resolve(outcome);
      request.destroy();
    };
    request.on('continue', () => end('continue'));
    request.on('response', ({ statusCode }) => end(statusCode ?? 0));
    request.on('timeout', () => request.destroy(new Error('neither a response nor 100 Continue for 30 s')));
    request.on('error', reject);
    request.flushHeaders();
  });
}
