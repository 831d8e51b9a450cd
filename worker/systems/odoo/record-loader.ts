import { Trouble } from '../../pipeline/trouble';
import type { RecordLoader } from '../record-loader';
import { context, type OdooApi } from './api';
import { kindOf, sentenceOf, troubleOf } from './faults';
import { faultOfLoad } from './loading';

/** Loads records of any model by their external ids: one call, all rows or none. */
export const createOdooLoader = (api: OdooApi): RecordLoader => ({
  async load({ model, fields, rows }, signal) {
    const parameters = { fields, data: rows, context };
    const answer = await api.call({ operation: 'load', model, method: 'load', parameters }, signal);
    if (answer.kind === 'result') {
      const reason = faultOfLoad(answer.value, rows.length);
      return reason === null ? { kind: 'loaded' } : { kind: 'refused', reason };
    }
    const kind = kindOf(answer.fault);
    if (kind === 'refused') return { kind: 'refused', reason: sentenceOf(answer.fault) };
    // If a field does not exist, this concerns every row: all rows are sent again once it exists.
    if (kind === 'invalid') throw new Trouble('unavailable', sentenceOf(answer.fault));
    throw troubleOf(answer.fault);
  },
});
