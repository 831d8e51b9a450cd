import { type Backoffice, type Enrolled, openBackoffice } from '../../client/backoffice';
import type { RetryPolicy } from '../../client/http/backoff';
import { createExchange, type Exchange, type Outgoing } from '../../client/http/exchange';
import type { LocalCopy } from '../../client/local-copy/local-copy';
import { createSolution, type Solution, type SolutionOptions } from '../../client/solution';
import type { SyncEvent } from '../../client/sync-events';
import { startTestServer, type TestServer } from '../setup/server';
import { call, textOf } from '../setup/solution-client';

/** A real server with its worker, seen through HTTP. */
export interface RealServer {
  readonly server: TestServer;
  readonly backoffice: Backoffice;
  /** The network to it, on which nothing fails. */
  readonly exchange: Exchange;
  enrol(): Promise<Enrolled>;
  stop(): Promise<void>;
}

export async function startRealServer(environment: NodeJS.ProcessEnv = {}): Promise<RealServer> {
  const server = await startTestServer(environment);
  await server.startWorker();
  const { exchange, close } = createExchange(server.url);
  const retrying = { policy: quick, random: Math.random, onRetry: () => undefined };
  const backoffice = await openBackoffice({ exchange, ...server.admin, retrying });
  let enrolled = 0;
  return {
    ...{ server, backoffice, exchange },
    enrol: () => {
      enrolled += 1;
      return backoffice.enrol({ mail: `cuisine-${enrolled}@example.org`, name: `Cuisine ${enrolled}` });
    },
    stop: async () => {
      close();
      await server.stop();
    },
  };
}

/** The headers with which staff send JSON to the REST interface, signed in. */
export async function staffHeaders({ server }: RealServer): Promise<Record<string, string>> {
  const json = { 'Content-Type': 'application/json' };
  const body = JSON.stringify(server.admin);
  const session = await call(`${server.url}/api/session`, { method: 'POST', headers: json, body });
  return { ...json, Authorization: `Bearer ${textOf(session.json['token'])}` };
}

export const quick: RetryPolicy = { attempts: 10, firstDelayMs: 5, maxDelayMs: 50 };

/** The program of a solution, with all that happened in it. */
export function programOf(
  { server, exchange }: RealServer,
  { mail, secret }: Enrolled,
  copy: LocalCopy,
  options: Partial<SolutionOptions> = {},
): Solution & { readonly events: SyncEvent[] } {
  const events: SyncEvent[] = [];
  const solution = createSolution({
    url: server.url,
    credentials: { mail, secret, mac: '00:1a:2b:3c:4d:5e' },
    ...{ copy, exchange, retry: quick },
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return { ...solution, events };
}

/** A network whose nth exchange of one kind goes as `fault` has it. */
export function networkWith(
  good: Exchange,
  isMeant: (outgoing: Outgoing) => boolean,
  fault: (good: Exchange, outgoing: Outgoing) => ReturnType<Exchange>,
  nth = 1,
): Exchange {
  let met = 0;
  return (outgoing) => {
    if (!isMeant(outgoing) || (met += 1) !== nth) return good(outgoing);
    return fault(good, outgoing);
  };
}
