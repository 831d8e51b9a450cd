import { z } from 'zod';
import { planPreparation, type WantedField } from '../../worker/systems/espocrm/prepare';
import type { Outsider, Stage } from './contract';
import { espoFields, espoValues, listed, openEspo } from './espocrm';
import { testOutside } from './outside';

/** A real EspoCRM that the environment names; its user of the API key may do everything with CBeteiligte and webhooks. */
export interface RealEspo {
  readonly url: string;
  readonly apiKey: string;
  readonly administrator: { readonly user: string; readonly password: string };
}

export function realEspo(environment: NodeJS.ProcessEnv): RealEspo | null {
  const url = environment['EPACK_TEST_ESPOCRM_URL'];
  if (url === undefined || url === '') return null;
  return {
    url,
    apiKey: environment['EPACK_TEST_ESPOCRM_API_KEY'] ?? '',
    administrator: { user: 'admin', password: environment['EPACK_TEST_ESPOCRM_ADMIN_PASSWORD'] ?? '' },
  };
}

export const end = { entity: 'CBeteiligte', syncKeyField: 'syncKey', optimistic: true };

const wanted: readonly WantedField[] = [
  { name: 'lastName', type: 'varchar' },
  { name: 'firstName', type: 'varchar' },
  { name: 'dateOfBirth', type: 'date' },
];

/** Does the same as `epack systems prepare`; returns the steps that were needed. */
export async function prepareReal({ url, administrator }: RealEspo): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const plan = await planPreparation({ url, administrator, end, fields: wanted }, testOutside(), signal);
  for (const step of plan.steps) await step.carryOut(signal);
  return plan.steps.map(({ sentence }) => sentence);
}

export async function realStage(real: RealEspo, fields = espoFields): Promise<Stage> {
  const { url, apiKey } = real;
  const { system } = await openEspo({ url, apiKey }, {}, fields);
  return { system, isRemote: true, ...espoValues, outsider: person(real), server: null };
}

const made = z.looseObject({ id: z.string() });

function person({ url, administrator: { user, password } }: RealEspo): Outsider {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const send = async (method: string, path: string, json?: object) => {
    const answer = await fetch(`${url}/api/v1/CBeteiligte${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json', 'x-skip-duplicate-check': 'true' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    if (!answer.ok) throw new Error(`${method} was answered ${answer.status}`);
    return (await answer.json()) as unknown;
  };
  return {
    add: async (fields) => made.parse(await send('POST', '', listed(fields))).id,
    edit: async (key, fields) => {
      await send('PUT', `/${key}`, listed(fields));
    },
    remove: async (key) => {
      await send('DELETE', `/${key}`);
    },
    editLate: null,
  };
}
