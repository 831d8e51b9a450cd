import type { Device } from './device';

/** Which request asked for a piece of work: for the logs and the traces of whoever carries it out. */
export interface Origin {
  /** The `X-Request-Id` of its answer. */
  readonly requestId: string | null;
  /** Its place in a trace, as W3C Trace Context writes it. */
  readonly traceparent: string | null;
  /** What the request says about its device. Null: it came from staff. */
  readonly device: Device | null;
}

export const noOrigin: Origin = { requestId: null, traceparent: null, device: null };
