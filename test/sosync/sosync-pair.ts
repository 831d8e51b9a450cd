import { startSosync, type SosyncService } from '../../commands/sosync/start-sosync';
import { settingsFrom, type SosyncParameters } from '../../commands/sosync/settings';
import { readConfig } from '../../shared/config/config';
import { createLogger } from '../../shared/log';
import type { SystemKindName } from '../../shared/systems/system-kind';
import type { Connector } from '../../worker/systems/remote-system';
import { type FakePair, openFakePair } from '../systems/fake-pair';

/** A pair of fakes, and instances of the interface in front of it. */
export interface SosyncPair {
  readonly pair: FakePair;
  /** Another process would be the same, but for its memory. */
  serve(parameters?: SosyncParameters): Promise<SosyncServed>;
  end(): Promise<void>;
}

interface SosyncPairSettings {
  readonly connectors: Readonly<Partial<Record<SystemKindName, Connector>>>;
  readonly text: string;
  readonly environment: NodeJS.ProcessEnv;
}

export interface SosyncServed {
  readonly url: string;
  stop(): Promise<void>;
}

export const instanceText = `
sosync: { instance: dadi, systems: { fs: espo, fso: advoware }, models: { CBeteiligte: beteiligte, Beteiligte: beteiligte } }
`;

const log = createLogger({ name: 'test', level: 'silent' });

/** `connectors`: to what the jobs are mirrored; `text`: the instance, where it is another. */
export async function openSosyncPair({
  connectors = {},
  text = instanceText,
  environment = {},
}: Partial<SosyncPairSettings> = {}): Promise<SosyncPair> {
  const pair = await openFakePair((sandbox) => sandbox + text);
  const services = sosyncServices({ databaseUrl: pair.database.url, connectors, environment });
  return {
    pair,
    serve: (parameters) => services.serve(parameters),
    async end() {
      await services.end();
      await pair.end();
    },
  };
}

export interface SosyncServices {
  /** Another process would be the same, but for its memory. */
  serve(parameters?: SosyncParameters): Promise<SosyncServed>;
  /** Stops all of them. */
  end(): Promise<void>;
}

/** Instances of the interface on a database.*/
export function sosyncServices({
  databaseUrl,
  connectors = {},
  environment = {},
}: {
  readonly databaseUrl: string;
  readonly connectors?: SosyncPairSettings['connectors'];
  readonly environment?: NodeJS.ProcessEnv;
}): SosyncServices {
  const running = new Set<SosyncService>();
  return {
    async serve(parameters = {}) {
      const settings = settingsFrom(
        { file: 'dadi.ini', text: '[sosync]\ninstance = dadi\nport = 0\nhost = 127.0.0.1\n' },
        parameters,
      );
      const config = readConfig({ DATABASE_URL: databaseUrl });
      const service = await startSosync(settings, config, { log, connectors, environment });
      running.add(service);
      return {
        url: `http://127.0.0.1:${service.port}`,
        async stop() {
          running.delete(service);
          await service.stop();
        },
      };
    },
    async end() {
      for (const service of running) await service.stop();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** By GET, with an Accept of its own where one is given. */
export async function ask(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return answerOf(await fetch(url, { headers }));
}

export const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  type: response.headers.get('content-type') ?? '',
  text: await response.text(),
});

export const objectIn = ({ text }: Answer): Record<string, unknown> =>
  JSON.parse(text) as Record<string, unknown>;

/** A call that creates a job. */
export const createPath = (given: Readonly<Record<string, string>>): string =>
  `/job/create?${new URLSearchParams({
    job_date: '2026-11-30T10:15:00Z',
    source_system: 'fs',
    source_model: 'CBeteiligte',
    ...given,
  }).toString()}`;

/** Tries again until it holds. */
export async function until<T>(
  look: () => Promise<T | null | undefined | false>,
  patienceMs = 30_000,
): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error('it did not come about in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
