import { backoffMs } from '../domain/backoff';
import type { Logger } from '../log';
import type { JobMessage, DeliveryVerdict } from './job-queue';

/** The action of a queue for a delivery. */
export type Outcome =
  | { readonly what: 'remove' }
  | { readonly what: 'put-aside'; readonly reason: string }
  | { readonly what: 'deliver-again'; readonly afterMs: number };

export interface Delivered {
  /** The body as it was received. It is not trusted, because anybody may have put it there. */
  readonly body: unknown;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
}

/**
 * Handles a delivery and decides what the queue must do with it. Never rejects, because a delivery without an outcome
 * would never be settled.
 */
export async function outcomeOf(
  { body, deliveries }: Delivered,
  handle: (message: JobMessage) => Promise<DeliveryVerdict>,
  log: Logger,
): Promise<Outcome> {
  const message = decodeJobMessage(body);
  if (message === null) return { what: 'put-aside', reason: 'not a message of version 1' };
  try {
    return outcomes[await handle(message)];
  } catch (err) {
    const afterMs = backoffMs(deliveries, { firstMs: 1_000, maxMs: 30_000 });
    log.warn(
      { err, jobId: message.jobId, deliveries, afterMs },
      'A job threw; its message is delivered again',
    );
    return { what: 'deliver-again', afterMs };
  }
}

function decodeJobMessage(body: unknown): JobMessage | null {
  if (typeof body !== 'object' || body === null) return null;
  if (!('version' in body) || body.version !== 1) return null;
  if (!('jobId' in body) || typeof body.jobId !== 'string' || body.jobId === '') return null;
  return { version: 1, jobId: body.jobId };
}

const outcomes: Readonly<Record<DeliveryVerdict, Outcome>> = {
  done: { what: 'remove' },
  retry: { what: 'remove' },
  dead: { what: 'put-aside', reason: 'the worker gave it up' },
};
