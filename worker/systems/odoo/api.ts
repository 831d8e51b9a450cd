import type { HttpClient } from '../../outside/http-client';
import type { OdooFault } from './faults';

/** An Odoo, by whichever of its two interfaces. Facts: Odoo's source, and versions 17 and 19 tried. */
export interface OdooApi {
  /** Throws `Trouble` where no answer of Odoo's came, and where it does not let us in. */
  call(call: OdooCall, signal: AbortSignal): Promise<OdooAnswer>;
  /** What it says of itself; null: nothing. */
  version(signal: AbortSignal): Promise<string | null>;
  readonly client: HttpClient;
  /** Has `search_read` tell relations by their numbers alone. Version 14 does not know it: there the name comes along. */
  readonly readParameters: Readonly<Record<string, unknown>>;
}

export interface OdooCall {
  /** What it is, for people and for the metrics. */
  readonly operation: string;
  readonly model: string;
  readonly method: string;
  /** The records whose method it is. Left out: it is a method of the model. */
  readonly ids?: readonly number[];
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type OdooAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'fault'; readonly fault: OdooFault };

/**
 * Of every call. Without it Odoo leaves archived records out in silence, and `load` reads times as those of the
 * user's own zone.
 */
export const context = { active_test: false, tz: 'UTC' } as const;
