import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../queue/eventually';
import { type Answer, call, type SolutionClient } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { expectProblem, reach2 } from '../v4/on-server';
import type { Processes } from './on-processes';

// What a solution sees while a part of the server is away, and what it must find in the end.

export type Client = SolutionClient & { readonly id: number };

export const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3) });

export async function untilReady({ url }: Pick<Processes, 'url'>): Promise<void> {
  await eventually('the API is ready', async () => {
    const answer = await call(`${url}/readyz`).catch(() => null);
    return answer?.status === 200;
  });
}

export function expectUnavailable(answer: Answer): void {
  expectProblem(answer, 503, 'unavailable');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
}

/** The result that every solution must find in the end, whatever was unavailable in the meantime. */
export async function expectApplied(
  { db }: Pick<Processes, 'db'>,
  clients: readonly Client[],
): Promise<void> {
  for (const client of clients) {
    await reach2(client);
    expect((await client.sync()).json).toMatchObject({
      state: 'ready',
      report: { outcome: 'processed', logs: { Tbfridge: { inserted: 3, duplicates: 0 } } },
    });
    expect(await db('tbfridge').where({ solution_id: client.id }).select('id')).toHaveLength(3);
    expect((await client.confirm()).status).toBe(200);
  }
}

/** Goes on asking, as solutions do, until the upload is taken. */
export async function postUntilTaken(client: Client, key: string, sent = archive): Promise<void> {
  for (;;) {
    const answer = await client.postForm(sent, {}, { 'Idempotency-Key': key }).catch(() => null);
    if (answer?.status === 200) return;
    if (answer !== null) expect([403, 503]).toContain(answer.status);
    await sleep(100);
  }
}

/** Several whole syncs, one after the other, with new rows each. Each goes on asking until it gets through. */
export async function syncAgainAndAgain(client: Client, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const ids = [1, 2, 3].map((id) => id + 3 * round);
    await postUntilTaken(client, `round-${round}`, zipOf({ 'csv/Tbfridge.csv': fridgeLog(...ids) }));
    await reach2(client);
    await eventually('it is confirmed', async () => {
      const answer = await client.confirm();
      if (answer.status !== 200) expect([403, 503]).toContain(answer.status);
      return answer.status === 200 || (await client.statut()).text === '"0"';
    });
  }
}

/** Every round of `syncAgainAndAgain` was applied, and once. */
export async function expectRounds(
  { db }: Pick<Processes, 'db'>,
  clients: readonly Client[],
  rounds: number,
): Promise<void> {
  for (const { id } of clients) {
    expect(await db('tbfridge').where({ solution_id: id }).select('id')).toHaveLength(3 * rounds);
    const syncs = await db<{ solution_id: number; state: string }>('sync')
      .where({ solution_id: id })
      .select('state');
    expect(syncs.map(({ state }) => state)).toEqual(Array.from({ length: rounds }, () => 'confirmed'));
  }
}

export const reachedStatut = (client: Client, statut: string): Promise<void> =>
  eventually(`the status is ${statut}`, async () => (await client.statut()).text === statut);
