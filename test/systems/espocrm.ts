import { createEspocrmConnector } from '../../worker/systems/espocrm/espocrm';
import type { RemoteSystem } from '../../worker/systems/remote-system';
import type { Stage } from './contract';
import {
  type EspocrmFake,
  type EspocrmFakeOptions,
  prepareBeteiligte,
  startEspocrmFake,
} from './fakes/espocrm-fake';
import { type TestOutside, testOutside } from './outside';

export const espoFields = ['firstName', 'lastName', 'dateOfBirth', 'phoneNumber', 'description', 'tags'];

/** A system on a server, as a slice of a pair opens one. */
export interface OpenedEspo {
  readonly system: RemoteSystem;
  readonly outside: TestOutside;
}

export interface EspoAccess {
  readonly url: string;
  readonly apiKey: string;
  readonly secretKey?: string;
}

export async function openEspo(
  access: EspoAccess,
  end: object = {},
  fields = espoFields,
): Promise<OpenedEspo> {
  const { url, ...auth } = access;
  const outside = testOutside('espo');
  const system = await createEspocrmConnector().open(
    {
      config: { url, auth },
      end: { entity: 'CBeteiligte', syncKeyField: 'syncKey', optimistic: true, ...end },
      fields,
      overlapMinutes: 10,
      secrets: [access.apiKey],
    },
    outside,
  );
  return { system, outside };
}

export interface EspoStageOptions {
  readonly server?: EspocrmFakeOptions;
  readonly end?: object;
}

/** Fakes that tests have started, to be closed after each. */
export interface EspoFakes {
  start(options?: EspoStageOptions): Promise<EspocrmFake>;
  stage(options?: EspoStageOptions): Promise<Stage>;
  close(): Promise<void>;
}

export function espoFakes(): EspoFakes {
  const open: EspocrmFake[] = [];
  const start = async ({ server = {}, end = {} }: EspoStageOptions = {}): Promise<EspocrmFake> => {
    const fake = await startEspocrmFake(server);
    open.push(fake);
    await prepareBeteiligte(fake, !('optimistic' in end && end.optimistic === false));
    return fake;
  };
  return {
    start,
    async stage(options = {}) {
      const fake = await start(options);
      const { url, apiKey, secretKey } = fake;
      const access = options.server?.isSigned === true ? { url, apiKey, secretKey } : { url, apiKey };
      const { system } = await openEspo(access, options.end);
      return { system, isRemote: true, ...espoValues, outsider: outsiderOf(fake), server: serverOf(fake) };
    },
    async close() {
      await Promise.all(open.splice(0).map((fake) => fake.close()));
    },
  };
}

const run = Math.random().toString(36).slice(2, 8);

/** Values that a real server keeps as they are as well: it has an opinion about telephone numbers. */
export const espoValues = {
  sample: (number: number) => ({
    firstName: `Zoë ${run}`,
    lastName: `O'Möller "${number}"`,
    dateOfBirth: `1980-02-0${number}`,
    phoneNumber: `+4930123450${number}`,
    description: `Zeile 1\nZeile ${number} & <b> – 😀`,
    tags: '["a","b"]',
  }),
  change: (number: number) => ({ lastName: `Changed ${number}`, dateOfBirth: `1990-12-1${number}` }),
};

const entity = 'CBeteiligte';

const outsiderOf = (fake: EspocrmFake): Stage['outsider'] => ({
  add: async (fields) => fake.add(entity, listed(fields)).id,
  edit: async (key, fields) => void fake.edit(entity, key, listed(fields)),
  remove: async (key) => fake.remove(entity, key),
  editLate: async (key, fields) => void fake.edit(entity, key, listed(fields), 300),
});

/** A field that we show as JSON is a list there. */
export const listed = (fields: object): object =>
  'tags' in fields && typeof fields.tags === 'string'
    ? { ...fields, tags: JSON.parse(fields.tags) as unknown }
    : fields;

function serverOf({ http }: EspocrmFake): Stage['server'] {
  const isWrite = ({ method }: { method: string }) => method !== 'GET';
  const isData = ({ path }: { path: string }) => path.includes(entity);
  return {
    calls: () => http.calls.length,
    loseAnswer: () => http.faults.push({ fits: isWrite, losesAnswer: true }),
    answer: (status, headers = {}) => http.faults.push({ fits: isData, answer: { status, headers } }),
    breakAnswer: () => http.faults.push({ fits: isData, breaksAnswer: true }),
    breakListing: () =>
      http.faults.push({ fits: ({ query }) => query.get('orderBy') === 'id', breaksAnswer: true }),
    setClock: (offsetMs) => (http.clockOffsetMs = offsetMs),
    beforeWrite: (before) => http.faults.push({ fits: isWrite, before }),
  };
}
