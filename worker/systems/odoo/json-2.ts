import { z } from 'zod';
import type { OdooSettings } from '../../../shared/systems/odoo';
import { createHttpClient, type HttpAnswer } from '../../outside/http-client';
import type { Outside } from '../remote-system';
import { context, type OdooAnswer, type OdooApi } from './api';
import { faultIn, kindOf, plainFault, troubleOf } from './faults';

export interface Json2Settings extends Pick<OdooSettings, 'url' | 'database'> {
  readonly auth: { readonly apiKey: string };
}

/** "External JSON-2 API", Odoo 19 and later: `POST /json/2/<model>/<method>`, all parameters by their names. */
export function createJson2Api(
  { url, database, auth }: Json2Settings,
  outside: Outside,
  secrets: readonly string[],
): OdooApi {
  const client = createHttpClient({
    outside,
    baseUrl: url.replace(/\/+$/, ''),
    secrets,
    headersFor: () => ({ authorization: `bearer ${auth.apiKey}`, 'x-odoo-database': database }),
  });
  return {
    client,
    readParameters: { load: null },
    async call({ operation, model, method, ids, parameters }, signal) {
      const answer = await client.call(
        {
          operation,
          method: 'POST',
          path: `/json/2/${encodeURIComponent(model)}/${encodeURIComponent(method)}`,
          json: { ...parameters, ...(ids === undefined ? {} : { ids }), context },
          // Odoo returns 500 for an unknown field.
          handsBack: ({ json, status }) => faultIn(json, status) !== null,
        },
        signal,
      );
      return readAnswer(client, answer);
    },
    async version(signal) {
      const call = { operation: 'probe', method: 'GET', path: '/json/version' } as const;
      const { json } = await client.call(call, signal);
      return versionAnswer.safeParse(json).data?.version ?? null;
    },
  };
}

const versionAnswer = z.looseObject({ version: z.string() });

function readAnswer(client: OdooApi['client'], answer: HttpAnswer): OdooAnswer {
  const { status, json } = answer;
  if (status >= 200 && status < 300) return { kind: 'result', value: json };
  const fault = faultIn(json, status) ?? plainFault(answer);
  if (kindOf(fault) !== 'denied') return { kind: 'fault', fault };
  const trouble = troubleOf(fault);
  client.stop(trouble);
  throw trouble;
}
