import { z } from 'zod';
import type { OdooApi } from '../../worker/systems/odoo/api';
import { createOpenApi } from '../../worker/systems/odoo/open-api';
import { odooSettings } from '../../shared/systems/odoo';
import type { Outsider, Stage } from './contract';
import { type OdooInterface, odooValues, openOdoo } from './odoo';
import { testOutside } from './outside';

/**
 * A real Odoo that the environment names. Its key is an administrator's: a field for a date is made where there is none.
 * With `…_USER` it is called by JSON-RPC, and the key is the user's key or password.
 */
export interface RealOdoo {
  readonly url: string;
  readonly database: string;
  readonly apiKey: string;
  readonly user: { readonly user: string; readonly password: string };
  readonly api: OdooInterface;
}

export function realOdoo(environment: NodeJS.ProcessEnv): RealOdoo | null {
  const url = environment['EPACK_TEST_ODOO_URL'];
  if (url === undefined || url === '') return null;
  const apiKey = environment['EPACK_TEST_ODOO_API_KEY'] ?? '';
  const user = environment['EPACK_TEST_ODOO_USER'] ?? '';
  return {
    url,
    database: environment['EPACK_TEST_ODOO_DB'] ?? '',
    apiKey,
    user: { user, password: apiKey },
    api: user === '' ? 'json-2' : 'json-rpc',
  };
}

const { signal } = new AbortController();

function apiOf({ url, database, apiKey, user, api }: RealOdoo): OdooApi {
  const auth = api === 'json-2' ? { apiKey } : user;
  return createOpenApi()(odooSettings.parse({ url, database, api, auth }), testOutside(), []);
}

async function call(real: RealOdoo, model: string, method: string, parameters: object, ids?: number[]) {
  const answer = await apiOf(real).call(
    {
      operation: 'test',
      model,
      method,
      parameters: { ...parameters },
      ...(ids === undefined ? {} : { ids }),
    },
    signal,
  );
  if (answer.kind === 'fault') throw new Error(`${model}.${method}: ${answer.fault.message}`);
  return answer.value;
}

const loaded = z.looseObject({ ids: z.array(z.int()) });

/** As a person imports it: `create` wants its values without a name by JSON-RPC, and with one by JSON-2. */
async function load(real: RealOdoo, model: string, values: object): Promise<readonly number[]> {
  const parameters = { fields: Object.keys(values), data: [Object.values(values)] };
  return loaded.parse(await call(real, model, 'load', parameters)).ids;
}

const withIds = z.array(z.looseObject({ id: z.int() }));

/** Makes the field that the contract wants and no Odoo has. */
export async function prepareReal(real: RealOdoo): Promise<void> {
  const fields = await call(real, 'res.partner', 'fields_get', { attributes: ['type'] });
  if (typeof fields === 'object' && fields !== null && 'x_birth' in fields) return;
  const domain = [['model', '=', 'res.partner']];
  const [model] = withIds.parse(await call(real, 'ir.model', 'search_read', { domain, fields: ['model'] }));
  const field = { name: 'x_birth', field_description: 'Birth', ttype: 'date', state: 'manual' };
  await load(real, 'ir.model.fields', { ...field, 'model_id/.id': String(model?.id) });
}

export async function realStage(real: RealOdoo): Promise<Stage> {
  const { system } = await openOdoo(real, { api: real.api });
  return { system, isRemote: true, ...odooValues, outsider: outsiderOf(real), server: null };
}

const outsiderOf = (real: RealOdoo): Outsider => ({
  async add(fields) {
    const [made] = await load(real, 'res.partner', fields);
    return String(made);
  },
  async edit(key, fields) {
    await call(real, 'res.partner', 'write', { vals: await ownValues(real, fields) }, [Number(key)]);
  },
  async remove(key) {
    await call(real, 'res.partner', 'unlink', {}, [Number(key)]);
  },
  editLate: null,
});

const reference = z.tuple([z.string(), z.int()]);

async function ownValues(real: RealOdoo, fields: object): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    if (!name.endsWith('/id')) values[name] = value;
    else {
      const [module = '', xmlId = ''] = String(value).split('.');
      const found = await call(real, 'ir.model.data', 'check_object_reference', { module, xml_id: xmlId });
      values[name.slice(0, -3)] = reference.parse(found)[1];
    }
  }
  return values;
}
