import { existsSync } from 'node:fs';
import { mkdir, rename, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { jobOf } from '../faults/on-processes';
import { eventually } from '../queue/eventually';
import { textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { expectProblem, onServer, reach2, signIn } from '../v4/on-server';

const server = onServer({ EPACK_MAX_ATTEMPTS: '1' }, { worker: true });

/** Nobody may make anything in it, not even root. */
const forbidden = '/sys/kernel';
const isThere = existsSync(forbidden);
const describeWhereForbidden = isThere ? describe : describe.skip;
if (!isThere)
  process.stdout.write(`Tests of a file store that takes nothing are skipped: no ${forbidden}.\n`);

/** Makes a folder of the file store take nothing, while `work` runs. */
async function whileClosed(folder: string, work: () => Promise<void>): Promise<void> {
  const place = path.join(server().config.filesDir, folder);
  const aside = `${place}.aside`;
  await mkdir(place, { recursive: true });
  await rename(place, aside);
  await symlink(forbidden, place);
  try {
    await work();
  } finally {
    await unlink(place);
    await rename(aside, place);
  }
}

describeWhereForbidden('while the file store takes nothing', () => {
  test('an upload returns 503 unavailable and Retry-After, the status stays at 0, and later it is accepted', async () => {
    const client = await signIn(server());
    await whileClosed('uploads', async () => {
      for (const answer of [await client.postBare(zipOf()), await client.postForm(zipOf())]) {
        expectProblem(answer, 503, 'unavailable');
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
    });
    expect((await client.statut()).text).toBe('"0"');
    expect((await client.postForm(zipOf())).status).toBe(200);
    await reach2(client);
  });

  test('a resumable upload returns 503 unavailable, and later it is accepted', async () => {
    const client = await signIn(server());
    const create = () =>
      client.send('uploads', {
        method: 'POST',
        headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '10' },
      });
    await whileClosed('tus', async () => expectProblem(await create(), 503, 'unavailable'));
    expect((await create()).status).toBe(201);
  });

  test('a sync whose package cannot be written is not given up, and is processed once it can be', async () => {
    const client = await signIn(server());
    await whileClosed('packages', async () => {
      const posted = await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) }));
      const sync = textOf(posted.json['sync']);
      await eventually('an attempt has been made', async () => {
        const job = await jobOf(server().db, sync);
        return job?.state === 'queued' && job.fence > 0;
      });
      expect(await jobOf(server().db, sync)).toMatchObject({ attempts: 0 });
      expect((await client.statut()).text).toBe('"1"');
    });
    await reach2(client);
    expect((await client.sync()).json).toMatchObject({ state: 'ready', attempts: 1 });
    expect(await server().db('tbfridge').where({ solution_id: client.id })).toHaveLength(2);
  });
});
