import { Readable } from 'node:stream';
import type { z } from 'zod';
import { badAnswer, connectionLost } from '../solution-error';
import type { Answer, OutgoingBody } from './exchange';
import { readText } from './problem';

/** The server learns from `Date` how wrong this device's clock is. */
export function commonHeaders(now: Date): Record<string, string> {
  return { Date: now.toUTCString(), 'User-Agent': userAgent, Accept: '*/*' };
}

const userAgent = 'epack-solution/4.0';

/**
 * @throws SolutionError `connection-lost` if the response is cut off, `bad-answer` if it has another shape.
 */
export async function readJson<T>(answer: Answer, shape: z.ZodType<T>): Promise<T> {
  const text = await readText(answer.body, maxJsonBytes).catch((error: unknown) => {
    throw error instanceof RangeError
      ? badAnswer(error.message)
      : connectionLost('the answer broke off', error);
  });
  const decoded = shape.safeParse(parse(text));
  if (!decoded.success) throw badAnswer(decoded.error.issues.map((issue) => issue.message).join('; '));
  return decoded.data;
}

const maxJsonBytes = 16 * 1024 * 1024;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer('it is not JSON');
  }
}

/** A body that is small enough to be kept in memory. */
export function jsonBody(value: unknown): { headers: Record<string, string>; body: OutgoingBody } {
  return bufferBody(Buffer.from(JSON.stringify(value)), 'application/json');
}

function bufferBody(
  bytes: Buffer,
  contentType: string,
): { headers: Record<string, string>; body: OutgoingBody } {
  return {
    headers: { 'Content-Type': contentType },
    body: { bytes: bytes.length, open: () => Readable.from([bytes], { objectMode: false }) },
  };
}
