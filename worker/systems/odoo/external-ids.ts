import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { OdooApi } from './api';
import { kindOf, troubleOf } from './faults';

/**
 * External ids of records. The right to read a record is enough to read these; no right to `ir.model.data` is needed.
 */
export interface ExternalIds {
  /** All external ids of each record. */
  of(
    model: string,
    ids: readonly number[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, readonly string[]>>;
  /** The record with this external id, of any model; null: there is none, or our user may not see it. */
  find(externalId: string, signal: AbortSignal): Promise<FoundRecord | null>;
}

export interface FoundRecord {
  readonly model: string;
  readonly id: number;
}

const metadata = z.array(
  z.looseObject({
    id: z.int(),
    /** Before version 16 there is only this member. */
    xmlid: z.union([z.string(), z.literal(false)]).optional(),
    xmlids: z.array(z.looseObject({ xmlid: z.string() })).optional(),
  }),
);

const reference = z.tuple([z.string(), z.union([z.int(), z.literal(false)])]);

export function createExternalIds(api: OdooApi): ExternalIds {
  return {
    async of(model, ids, signal) {
      if (ids.length === 0) return new Map();
      const answer = await api.call(
        { operation: 'external-ids', model, method: 'get_metadata', ids, parameters: {} },
        signal,
      );
      if (answer.kind === 'fault') {
        // One of the records has been deleted meanwhile: the others are read the next time.
        if (kindOf(answer.fault) === 'missing') return new Map();
        throw troubleOf(answer.fault);
      }
      const parsed = metadata.safeParse(answer.value);
      if (!parsed.success)
        throw new Trouble('unavailable', 'the answer does not have the form of external ids');
      return new Map(parsed.data.map(({ id, xmlid, xmlids }) => [id, namesOf(xmlid, xmlids)]));
    },
    async find(externalId, signal) {
      const dot = externalId.indexOf('.');
      if (dot <= 0) return null;
      const parameters = { module: externalId.slice(0, dot), xml_id: externalId.slice(dot + 1) };
      const call = {
        operation: 'find',
        model: 'ir.model.data',
        method: 'check_object_reference',
        parameters,
      };
      const answer = await api.call(call, signal);
      if (answer.kind === 'fault') {
        // "External ID not found in the system"
        if (['invalid', 'forbidden', 'missing'].includes(kindOf(answer.fault))) return null;
        throw troubleOf(answer.fault);
      }
      const parsed = reference.safeParse(answer.value);
      if (!parsed.success)
        throw new Trouble('unavailable', 'the answer does not have the form of a reference');
      const [model, id] = parsed.data;
      return id === false ? null : { model, id };
    },
  };
}

const namesOf = (
  one: string | false | undefined,
  all: readonly { readonly xmlid: string }[] | undefined,
): readonly string[] =>
  all !== undefined && all.length > 0
    ? all.map(({ xmlid }) => xmlid)
    : typeof one === 'string' && one !== ''
      ? [one]
      : [];
