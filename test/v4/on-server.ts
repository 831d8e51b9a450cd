import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createSolutionService, type SolutionInput } from '../../api/backoffice/services/solutions';
import type { Channel } from '../../shared/domain/channel';
import { commandLineCaller } from '../../shared/domain/staff';
import { eventually } from '../queue/eventually';
import { startTestServer, type TestServer } from '../setup/server';
import {
  type Answer,
  call,
  createSolutionClient,
  login,
  type SolutionClient,
  textOf,
} from '../setup/solution-client';
import { openStoreAccess } from '../../shared/stores/store-access';

/** A server for all tests of the file, known inside tests and hooks. */
export function onServer(
  environment: NodeJS.ProcessEnv = {},
  { worker = false }: { worker?: boolean } = {},
): () => TestServer {
  let server: TestServer | undefined;
  beforeAll(async () => {
    const started = await startTestServer(environment);
    server = started;
    await eventually('the server is ready', async () => (await call(`${started.url}/readyz`)).status === 200);
    if (worker) await started.startWorker();
  });
  afterAll(() => server?.stop());
  return () => {
    if (server === undefined) throw new Error('The server is known only inside tests and hooks.');
    return server;
  };
}

export interface Enrolled {
  readonly id: number;
  readonly mail: string;
  readonly secret: string;
  readonly mac: string;
}

let enrolled = 0;

/** A new solution, which has not signed in yet. */
export async function enrol(
  server: Pick<TestServer, 'db'>,
  particulars: Partial<SolutionInput> = {},
): Promise<Enrolled> {
  enrolled += 1;
  const made = await createSolutionService(openStoreAccess(server.db)).create(commandLineCaller, {
    mail: `Kitchen${enrolled}@example.org`,
    name: `Kitchen ${enrolled}`,
    accountId: null,
    loginPolicy: 'secret',
    confirmation: 'explicit',
    timezone: 'Europe/Paris',
    ...particulars,
  });
  return { ...made, mac: `00:1a:2b:3c:4d:${(enrolled % 256).toString(16).padStart(2, '0')}` };
}

/** The token of a solution. */
export async function tokenOf(server: Pick<TestServer, 'url'>, solution: Enrolled): Promise<string> {
  const answer = await login(server.url, solution);
  if (answer.status !== 200) throw new Error(`No login: ${answer.text}`);
  return textOf(answer.json);
}

/** A new solution that has signed in, on one of its channels. */
export async function signIn(
  server: Pick<TestServer, 'db' | 'url'>,
  channel: Channel = 'synchro',
  particulars: Partial<SolutionInput> = {},
): Promise<SolutionClient & { readonly id: number }> {
  const solution = await enrol(server, particulars);
  const client = createSolutionClient(server.url, await tokenOf(server, solution), channel);
  return { ...client, id: solution.id };
}

/** Uploads, and waits until the instruction package is there. Answers the sync. */
export async function syncTo2(client: SolutionClient, archive: Buffer): Promise<string> {
  const posted = await client.postForm(archive);
  if (posted.status !== 200) throw new Error(`Not taken: ${posted.status} ${posted.text}`);
  await reach2(client);
  return textOf(posted.json['sync']);
}

/** Waits until the instruction package is there. */
export async function reach2(client: SolutionClient): Promise<void> {
  await eventually('the status is 2', async () => (await client.statut('?wait=20&not=1')).text === '"2"');
}

/** The whole handshake with everything confirmed. Answers the sync. */
export async function fullSync(client: SolutionClient, archive: Buffer): Promise<string> {
  const sync = await syncTo2(client, archive);
  const confirmed = await client.confirm();
  if (confirmed.status !== 200) throw new Error(`Not confirmed: ${confirmed.text}`);
  return sync;
}

/** Every file below the file store, relative to it. */
export async function storedFiles(server: {
  readonly config: { readonly filesDir: string };
}): Promise<string[]> {
  const { filesDir } = server.config;
  const entries = await readdir(filesDir, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(filesDir, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Holds an answer to the form of a refusal. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.json['code'], body: answer.json }).toMatchObject({
    status,
    code,
    body: {
      status,
      code,
      type: expect.any(String) as string,
      title: expect.any(String) as string,
      detail: expect.any(String) as string,
    },
  });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.text).not.toMatch(leak);
}

/** A stack, an SQL text, a path of the server. */
const leak =
  /\bat .+:\d+:\d+|node_modules|\bselect\b.*\bfrom\b|\binsert into\b|(?<!\.\.)\/(tmp|var|home|usr|work)\//i;
