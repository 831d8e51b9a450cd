import { createOdooConnector } from '../../worker/systems/odoo/odoo';
import type { RemoteSystem, SystemConnector } from '../../worker/systems/remote-system';
import type { Stage } from './contract';
import type { FakeRequest } from './fakes/http-fake';
import { type OdooFake, startOdooFake } from './fakes/odoo-fake';
import { type TestOutside, testOutside } from './outside';

export const odooFields = ['name', 'ref', 'comment', 'country_id/id', 'x_birth', 'email'];

export type OdooInterface = 'json-2' | 'json-rpc';

export interface OpenedOdoo {
  readonly system: RemoteSystem;
  readonly outside: TestOutside;
}

export interface OdooOpening {
  readonly api?: OdooInterface;
  readonly config?: object;
  readonly end?: object | null;
  readonly fields?: readonly string[];
  readonly connector?: SystemConnector;
  readonly outside?: TestOutside;
}

export async function openOdoo(
  access: Pick<OdooFake, 'url' | 'database' | 'apiKey' | 'user'>,
  { api = 'json-2', config = {}, end = {}, fields = odooFields, ...parts }: OdooOpening = {},
): Promise<OpenedOdoo> {
  const { connector = createOdooConnector(), outside = testOutside('odoo') } = parts;
  const { url, database, apiKey, user } = access;
  const auth = api === 'json-2' ? { apiKey } : user;
  const system = await connector.open(
    {
      config: { url, database, api, auth, ...config },
      end: end === null ? null : { model: 'res.partner', ...end },
      fields,
      overlapMinutes: 10,
      secrets: [],
    },
    outside,
  );
  return { system, outside };
}

export interface OdooFakes {
  start(version?: number): Promise<OdooFake>;
  stage(version: number, opening: OdooOpening): Promise<Stage>;
  close(): Promise<void>;
}

/** Fakes that tests have started, to be closed after each. */
export function odooFakes(): OdooFakes {
  const open: OdooFake[] = [];
  const start = async (version = 19): Promise<OdooFake> => {
    const fake = await startOdooFake({ version });
    open.push(fake);
    return fake;
  };
  return {
    start,
    async stage(version, opening) {
      const fake = await start(version);
      const { system } = await openOdoo(fake, opening);
      return { system, isRemote: true, ...odooValues, outsider: outsiderOf(fake), server: serverOf(fake) };
    },
    async close() {
      await Promise.all(open.splice(0).map((fake) => fake.close()));
    },
  };
}

const run = Math.random().toString(36).slice(2, 8);
const countries = ['base.at', 'base.de', 'base.fr'] as const;

/** Values that a real Odoo keeps as they are. */
export const odooValues = {
  sample: (number: number) => ({
    name: `Zoë O'Möller "${number}" ${run}`,
    ref: `R${number} & <b> – 😀`,
    comment: `<p>Zeile 1<br>Zeile ${number}</p>`,
    'country_id/id': countries[number % countries.length] ?? null,
    x_birth: `1980-02-0${number}`,
    email: `zoe${number}@example.org`,
  }),
  change: (number: number) => ({ name: `Changed ${number} ${run}`, x_birth: `1990-12-1${number}` }),
};

const outsiderOf = (fake: OdooFake): Stage['outsider'] => ({
  add: async (fields) => String(fake.add(ownValues(fake, fields))),
  edit: async (key, fields) => fake.edit(Number(key), ownValues(fake, fields)),
  remove: async (key) => fake.remove(Number(key)),
  editLate: async (key, fields) => fake.edit(Number(key), ownValues(fake, fields), 300),
});

const ownValues = (fake: OdooFake, fields: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) =>
      name.endsWith('/id')
        ? [name.slice(0, -3), fake.store.externalIds.get(String(value))?.id ?? null]
        : [name, value],
    ),
  );

/** The called method, for both interfaces. */
export function calledMethod({ path, text }: FakeRequest): string {
  if (path.startsWith('/json/2/')) return path.split('/')[4] ?? '';
  return /"(search_read|load|write|unlink|fields_get|get_metadata|authenticate)"/.exec(text)?.[1] ?? '';
}

function serverOf({ http }: OdooFake): Stage['server'] {
  const isWrite = (request: FakeRequest) => ['load', 'write', 'unlink'].includes(calledMethod(request));
  const isData = (request: FakeRequest) => isWrite(request) || calledMethod(request) === 'search_read';
  return {
    calls: () => http.calls.length,
    loseAnswer: () => http.faults.push({ fits: isWrite, losesAnswer: true }),
    answer: (status, headers = {}) => http.faults.push({ fits: isData, answer: { status, headers } }),
    breakAnswer: () => http.faults.push({ fits: isData, breaksAnswer: true }),
    breakListing: () =>
      http.faults.push({ fits: ({ text }) => text.includes('"order":"id"'), breaksAnswer: true }),
    setClock: (offsetMs) => (http.clockOffsetMs = offsetMs),
    beforeWrite: (before) => http.faults.push({ fits: isWrite, before }),
  };
}
