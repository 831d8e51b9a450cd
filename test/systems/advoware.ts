import { createAdvowareConnector } from '../../worker/systems/advoware/advoware';
import type { RemoteSystem, SystemConnector } from '../../worker/systems/remote-system';
import type { Stage } from './contract';
import { type AdvowareFake, startAdvowareFake } from './fakes/advoware-fake';
import { type TestOutside, testOutside } from './outside';

export const advowareFields = ['name', 'vorname', 'geburtsdatum', 'anrede', 'tel', 'bemerkung'];

export interface OpenedAdvoware {
  readonly system: RemoteSystem;
  readonly outside: TestOutside;
}

export async function openAdvoware(
  fake: AdvowareFake,
  config: object = {},
  particulars: { readonly connector?: SystemConnector; readonly outside?: TestOutside } = {},
): Promise<OpenedAdvoware> {
  const { connector = createAdvowareConnector(), outside = testOutside('advoware') } = particulars;
  const system = await connector.open(
    {
      config: { url: fake.url, auth: fake.auth, ...config },
      end: { entity: 'Beteiligte' },
      fields: advowareFields,
      overlapMinutes: 10,
      secrets: [],
    },
    outside,
  );
  return { system, outside };
}

export interface AdvowareFakes {
  start(): Promise<AdvowareFake>;
  stage(setUp?: (fake: AdvowareFake) => void): Promise<Stage>;
  close(): Promise<void>;
}

export function advowareFakes(): AdvowareFakes {
  const open: AdvowareFake[] = [];
  const start = async () => {
    const fake = await startAdvowareFake();
    open.push(fake);
    return fake;
  };
  return {
    start,
    async stage(setUp) {
      const fake = await start();
      setUp?.(fake);
      const { system } = await openAdvoware(fake);
      return { system, isRemote: true, ...values, outsider: outsiderOf(fake), server: serverOf(fake) };
    },
    async close() {
      await Promise.all(open.splice(0).map((fake) => fake.close()));
    },
  };
}

const values = {
  sample: (number: number) => ({
    name: `O'Möller "${number}"`,
    vorname: 'Zoë',
    geburtsdatum: `1980-02-0${number}T00:00:00`,
    anrede: 'Frau',
    bemerkung: `Zeile 1\nZeile ${number} – 😀`,
  }),
  change: (number: number) => ({ name: `Changed ${number}`, geburtsdatum: `1990-12-1${number}T00:00:00` }),
};

const outsiderOf = (fake: AdvowareFake): Stage['outsider'] => ({
  add: async (fields) => String(fake.add(fields)),
  edit: async (key, fields) => fake.edit(Number(key), fields),
  remove: async (key) => fake.remove(Number(key)),
  editLate: null,
});

function serverOf({ http }: AdvowareFake): Stage['server'] {
  const isData = ({ path }: { path: string }) => path.includes('Beteiligte');
  const isWrite = ({ method, path }: { method: string; path: string }) =>
    method !== 'GET' && isData({ path });
  return {
    calls: () => http.calls.length,
    loseAnswer: () => http.faults.push({ fits: isWrite, losesAnswer: true }),
    answer: (status, headers = {}) => http.faults.push({ fits: isData, answer: { status, headers } }),
    breakAnswer: () => http.faults.push({ fits: isData, breaksAnswer: true }),
    breakListing: () => http.faults.push({ fits: isData, breaksAnswer: true }),
    setClock: (offsetMs) => (http.clockOffsetMs = offsetMs),
    beforeWrite: (before) => http.faults.push({ fits: isWrite, before }),
  };
}
