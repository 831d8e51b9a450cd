import type { Written } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { kindOf, type OdooFault, sentenceOf, troubleOf } from './faults';
import type { Odoo } from './opened';
import { type Action, mayDo } from './rights';
import { refusedBySystem } from '../../pipeline/refusal';

/** The meaning of a fault of a write. */
export interface Verdicts {
  /** Throws `Trouble` if the fault concerns more than this record, or if the result of the write is unknown. */
  ofFault(action: Action, fault: OdooFault, signal: AbortSignal): Promise<Written>;
}

export function createVerdicts({ api, outside, schemas }: Odoo, model: string): Verdicts {
  return {
    async ofFault(action, fault, signal) {
      const reason = sentenceOf(fault);
      switch (kindOf(fault)) {
        case 'missing':
          return { kind: 'stale', item: null };
        case 'refused':
          return refusedBySystem('invalid', reason);
        case 'invalid':
          // A field may have been removed or have changed its type.
          schemas.forget(outside, model);
          return refusedBySystem(fault.status === 413 ? 'too-large' : 'invalid', reason);
        case 'forbidden':
          if (await mayDo(api, model, action, signal)) return refusedBySystem('forbidden', reason);
          throw new Trouble('unauthorized', `our user may not ${action} ${model}`);
        case 'denied':
        case 'no-model':
        case 'busy':
        case 'broken':
          throw troubleOf(fault);
      }
    },
  };
}
