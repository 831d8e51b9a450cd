import type { Readable } from 'node:stream';
import { bytesOf } from '../../shared/formats/bytes-of';
import { ServerProblem } from '../solution-error';
import type { Answer } from './exchange';

/** Reads a refusal (RFC 9457) to its end. A proxy in front of the server may send something else; that is accepted. */
export async function readProblem(answer: Answer): Promise<ServerProblem> {
  const text = await readText(answer.body, maxProblemBytes).catch(() => '');
  const members = decodeMembers(text);
  return new ServerProblem(
    answer.status,
    textMember(members, 'code') ?? `http-${answer.status}`,
    textMember(members, 'detail') ?? textMember(members, 'title') ?? `The server answered ${answer.status}.`,
    waitSeconds(answer.headers, Date.now()),
  );
}

const maxProblemBytes = 64 * 1024;

/** The whole body as UTF-8. @throws RangeError above `maxBytes`. */
export async function readText(body: Readable, maxBytes: number): Promise<string> {
  const tooLong = () => new RangeError(`answer above ${maxBytes} bytes`);
  return (await bytesOf(body, { maxBytes, tooLong })).toString('utf8');
}

function decodeMembers(text: string): Record<string, unknown> {
  try {
    const decoded: unknown = JSON.parse(text);
    return typeof decoded === 'object' && decoded !== null ? { ...decoded } : {};
  } catch {
    return {};
  }
}

function textMember(members: Record<string, unknown>, name: string): string | undefined {
  const value = members[name];
  return typeof value === 'string' ? value : undefined;
}

/** The longer of what the server asks for and what it advises; null if it says neither. */
export function waitSeconds(headers: Answer['headers'], nowMs: number): number | null {
  const asked = retryAfterSeconds(headers['retry-after'], nowMs);
  const advice = headers['epack-poll-after'];
  const advised = typeof advice === 'string' && /^\d{1,5}$/.test(advice) ? Number(advice) : null;
  return asked === null || advised === null ? (asked ?? advised) : Math.max(asked, advised);
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); null if there is neither. */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, (at - nowMs) / 1000);
}
