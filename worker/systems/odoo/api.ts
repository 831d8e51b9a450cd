import type { HttpClient } from '../../outside/http-client';
import type { OdooFault } from './faults';

/** An Odoo, by either of its two interfaces. Sources: Odoo's code, and trials with versions 17 and 19. */
export interface OdooApi {
  /** Throws `Trouble` if Odoo did not reply, or refused our credentials. */
  call(call: OdooCall, signal: AbortSignal): Promise<OdooAnswer>;
  /** The version that it reports; null: none. */
  version(signal: AbortSignal): Promise<string | null>;
  readonly client: HttpClient;
  /**
   * Makes `search_read` return only the numbers of relations. Version 14 does not know this parameter and returns the
   * names as well.
   */
  readonly readParameters: Readonly<Record<string, unknown>>;
}

export interface OdooCall {
  /** The name of the call, for people and for the metrics. */
  readonly operation: string;
  readonly model: string;
  readonly method: string;
  /** The records that the method is called on. Left out: it is a method of the model. */
  readonly ids?: readonly number[];
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type OdooAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'fault'; readonly fault: OdooFault };

/**
 * Sent with every call. Without it Odoo silently leaves out archived records, and `load` reads times in the user's own
 * time zone.
 */
export const context = { active_test: false, tz: 'UTC' } as const;
