import { eventually } from '../queue/eventually';
import { zipOf } from './archive';
import { expectProblem, onServer, signIn } from './on-server';

// No worker: what is queued stays queued.

const server = onServer();

/** That many other solutions have sent an upload, so long ago. */
async function othersWait(count: number, seconds: number, lane: 'small' | 'large' = 'small'): Promise<void> {
  const { id } = await signIn(server());
  await server().db.raw(
    `with waiting as (
       insert into sync (id, solution_id, channel, state, archive_key)
       select gen_random_uuid(), :id, 'sondes', 'queued', concat('none/', cast(:id as int), '/', place)
       from generate_series(1, cast(:count as int)) as place returning id
     )
     insert into job (sync_id, lane, created_at, run_after, published_at)
     select id, :lane, now() - make_interval(secs => :seconds), now() - make_interval(secs => :seconds), now() from waiting`,
    { id, count, seconds, lane },
  );
}

const removeJobs = () => server().db('job').delete();

const refusalOf = async (client: Awaited<ReturnType<typeof signIn>>) => {
  let answer = await client.postForm(zipOf());
  await eventually('the crowd is noticed', async () => {
    if (answer.status === 503) return true;
    // It was taken: another solution tries.
    const next = await signIn(server());
    answer = await next.postForm(zipOf());
    return answer.status === 503;
  });
  return answer;
};

afterEach(removeJobs);

test('while many small uploads wait, a further one is refused before its body, its status stays 0, and it is told when to come', async () => {
  await othersWait(250, 20);
  const refused = await refusalOf(await signIn(server()));
  expectProblem(refused, 503, 'unavailable');
  const { 'retry-after': retryAfter, 'epack-poll-after': pollAfter } = refused.headers;
  expect(Number(retryAfter)).toBeGreaterThanOrEqual(5);
  expect(Number(pollAfter)).toBeGreaterThanOrEqual(Number(retryAfter));
  const [one, other] = [await signIn(server()), await signIn(server())];
  const [first, second] = [await one.postForm(zipOf()), await other.postForm(zipOf())];
  expect([first.status, second.status]).toEqual([503, 503]);
  expect(first.headers['retry-after']).not.toBe(second.headers['retry-after']);
  expect((await one.statut()).text).toBe('"0"');
  await removeJobs();
  await eventually('there is room again', async () => (await one.postForm(zipOf())).status === 200);
});

test('large uploads that wait for long keep no small one out, nor does a worker that is away for a while', async () => {
  await othersWait(250, 3_600, 'large');
  await othersWait(100, 3_600);
  for (let round = 0; round < 5; round += 1) {
    const client = await signIn(server());
    await client.statut();
    expect((await client.postForm(zipOf())).status).toBe(200);
  }
});
