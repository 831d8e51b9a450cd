import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFlagService } from '../../api/backoffice/services/flags';
import { commandLineCaller } from '../../shared/domain/staff';
import { eventually } from '../queue/eventually';
import { type SolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, unzip, zipOf } from '../v4/archive';
import { edit } from '../v4/edits';
import { reach2, signIn, storedFiles } from '../v4/on-server';
import { openStoreAccess } from '../../shared/stores/store-access';
import { createProcesses, holdTable, jobOf, type Processes, type RunningProcess } from './on-processes';

let processes: Processes;
beforeAll(async () => {
  processes = await createProcesses({ environment: { EPACK_LEASE_SECONDS: '2', EPACK_MAX_ATTEMPTS: '2' } });
  await processes.startApi();
});
afterAll(() => processes.end());

type Client = SolutionClient & { readonly id: number };

const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3), 'csv/Tboil.csv': 'Id,Temp\n1,170\n' });

/** Resolves when the message is sent, for which the answer does not wait. */
async function post(client: Client, body = archive): Promise<string> {
  const answer = await client.postForm(body);
  expect(answer.status).toBe(200);
  const sync = textOf(answer.json['sync']);
  await eventually('its message is sent', async () => {
    const told = await processes.db('job').where({ sync_id: sync }).whereNotNull('published_at').select('id');
    return told.length === 1;
  });
  return sync;
}

const readings = (client: Client) => processes.db('tbfridge').where({ solution_id: client.id }).select('id');
const messages = () => processes.db('queue_message').select('id');

async function withWorkers(count: number, work: (workers: RunningProcess[]) => Promise<void>): Promise<void> {
  const workers = await Promise.all(Array.from({ length: count }, () => processes.startWorker()));
  try {
    await work(workers);
  } finally {
    for (const worker of workers) worker.thaw();
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

describe('messages', () => {
  test('delivered five times, to two workers, a sync is applied once', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => signIn(processes)));
    const syncs = await Promise.all(clients.map((client) => post(client)));
    await processes.db.raw(
      'insert into queue_message (lane, body) select lane, body from queue_message, generate_series(1, 4)',
    );
    expect(await messages()).toHaveLength(40);
    await withWorkers(2, async () => {
      for (const client of clients) await reach2(client);
      await eventually('every message is settled', async () => (await messages()).length === 0);
    });
    for (const [n, client] of clients.entries()) {
      expect(await jobOf(processes.db, syncs[n] ?? '')).toEqual({ state: 'done', attempts: 1, fence: 1 });
      expect(await readings(client)).toHaveLength(3);
      expect((await client.sync()).json['report']).toMatchObject({
        logs: { Tbfridge: { inserted: 3, duplicates: 0 } },
      });
    }
  });

  test('delivered again when all is done, and confirmed: nothing happens', async () => {
    const client = await signIn(processes);
    const sync = await post(client);
    const { rows } = await processes.db.raw<{ rows: { body: object }[] }>('select body from queue_message');
    await withWorkers(1, async () => {
      await reach2(client);
      await client.confirm();
      await processes.db('queue_message').insert({ lane: 'small', body: JSON.stringify(rows[0]?.body) });
      await eventually('the message is settled', async () => (await messages()).length === 0);
    });
    expect(await jobOf(processes.db, sync)).toEqual({ state: 'done', attempts: 1, fence: 1 });
    expect((await client.statut()).text).toBe('"0"');
  });

  test('lost: the relay sends another', async () => {
    const client = await signIn(processes);
    const sync = await post(client);
    await processes.db('queue_message').delete();
    // It counts as lost after half a minute, which is over now.
    await processes
      .db('job')
      .where({ sync_id: sync })
      .update({ published_at: processes.db.raw(`now() - interval '31 seconds'`) });
    await withWorkers(1, () => reach2(client));
    expect(await readings(client)).toHaveLength(3);
  });

  test('and its job with it: the sync gets another job', async () => {
    const client = await signIn(processes);
    const sync = await post(client);
    await processes.db('queue_message').delete();
    await processes.db('job').where({ sync_id: sync }).delete();
    await withWorkers(1, () => reach2(client));
    expect(await jobOf(processes.db, sync)).toEqual({ state: 'done', attempts: 1, fence: 1 });
    expect(await readings(client)).toHaveLength(3);
  });

  test('that are not ours are put aside, and delay nothing', async () => {
    const client = await signIn(processes);
    for (const body of [
      '{}',
      '[]',
      '"x"',
      '{"version":2,"jobId":"1"}',
      '{"version":1,"jobId":"no number"}',
      '{"version":1,"jobId":"999999"}',
    ])
      await processes.db('queue_message').insert({ lane: 'small', body });
    await post(client);
    await withWorkers(1, () => reach2(client));
    const aside = await processes.db('queue_message').whereNotNull('dead_at').select('body');
    expect(aside).toHaveLength(4);
    await processes.db('queue_message').delete();
  });
});

describe('a worker that is frozen for longer than its lease', () => {
  /** Freezes the worker in the middle of a COPY into `tboil`, with its transaction open. */
  async function frozenIn(client: Client, worker: RunningProcess): Promise<string> {
    const held = await holdTable(processes.db, 'tboil');
    const sync = await post(client);
    await eventually('the worker waits in its transaction', async () => {
      const { rows } = await processes.db.raw<{ rows: object[] }>(
        `select from pg_locks where relation = 'tboil'::regclass and not granted`,
      );
      return rows.length > 0;
    });
    worker.freeze();
    await held.release();
    return sync;
  }

  test('loses its job to another worker, which does not wait for it; after it is thawed, it commits nothing', async () => {
    const client = await signIn(processes);
    await withWorkers(1, async ([frozen]) => {
      if (frozen === undefined) throw new Error('no worker');
      const sync = await frozenIn(client, frozen);
      await withWorkers(1, async () => {
        await reach2(client);
        expect(await jobOf(processes.db, sync)).toMatchObject({ state: 'done', fence: 2 });
        frozen.thaw();
        // It finds out, and goes on with other work.
        const next = await signIn(processes);
        await post(next);
        await reach2(next);
      });
      await client.confirm();
      await post(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3, 4) }));
      await reach2(client);
    });
    const [first, second] = await processes
      .db('sync')
      .where({ solution_id: client.id })
      .orderBy('received_at')
      .select<{ report: object; state: string; attempts: number }[]>('report', 'state', 'attempts');
    expect(first).toMatchObject({
      state: 'confirmed',
      attempts: 2,
      report: { logs: { Tbfridge: { inserted: 3 }, Tboil: { inserted: 1 } } },
    });
    expect(second).toMatchObject({
      state: 'ready',
      report: { logs: { Tbfridge: { inserted: 1, duplicates: 3 } } },
    });
    expect(await readings(client)).toHaveLength(4);
  });

  test('a channel that staff reset meanwhile stays reset', async () => {
    const client = await signIn(processes);
    await withWorkers(1, async ([worker]) => {
      if (worker === undefined) throw new Error('no worker');
      await frozenIn(client, worker);
      await createFlagService(openStoreAccess(processes.db)).set(
        commandLineCaller,
        { solutionId: client.id, channel: 'synchro' },
        'reset-status',
      );
      await eventually('the status is 0', async () => (await client.statut()).text === '"0"');
      worker.thaw();
      const next = await signIn(processes);
      await post(next);
      await reach2(next);
    });
    expect((await client.statut()).text).toBe('"0"');
    expect(await readings(client)).toEqual([]);
  });
});

describe('a job that fails on every attempt', () => {
  async function expectFailed(client: Client, sync: string): Promise<void> {
    await reach2(client);
    const files = unzip((await client.download()).body);
    expect([...files.keys()].sort()).toEqual(['manifest.json', 'report.json']);
    const report = JSON.parse(files.get('report.json')?.toString() ?? '') as object;
    expect(report).toMatchObject({
      sync,
      outcome: 'failed',
      logs: {},
      params: {},
      reason: expect.any(String) as string,
    });
    expect((await client.sync()).json).toMatchObject({ state: 'failed', statut: '2', attempts: 2, report });
    expect(await jobOf(processes.db, sync)).toMatchObject({ state: 'done', attempts: 2 });
    expect(await readings(client)).toEqual([]);
    expect(await processes.db('quarantine').where({ solution_id: client.id })).toEqual([]);
    expect(await processes.db('log_mark').where({ solution_id: client.id })).toEqual([]);
  }
  const uploadOf = async (sync: string) =>
    (await storedFiles({ config: { filesDir: processes.filesDir } })).filter((file) =>
      file.includes(`uploads/${sync}/`),
    );

  test('ends with status 2 and a report that says failed; nothing is applied, the upload is kept, and due instructions stay due', async () => {
    const client = await signIn(processes);
    await edit(processes, client.id, 'Fridges', '1', { Name: 'Cave' });
    await processes.db.raw(`
      create function refuse_oil() returns trigger language plpgsql as $$ begin raise exception 'no oil today'; end $$;
      create trigger refuse_oil before insert on tboil for each row execute function refuse_oil();`);
    await withWorkers(1, async () => {
      const sync = await post(client);
      await expectFailed(client, sync);
      expect(await uploadOf(sync)).toContain(`uploads/${sync}/archive.zip`);
      await client.confirm();
      expect((await client.statut()).text).toBe('"0"');
      await processes.db.raw('drop trigger refuse_oil on tboil; drop function refuse_oil;');
      const next = await post(client);
      await reach2(client);
      const { report } = (await client.sync()).json;
      expect(report).toMatchObject({
        sync: next,
        outcome: 'processed',
        logs: { Tbfridge: { inserted: 3 }, Tboil: { inserted: 1 } },
      });
      expect([...unzip((await client.download()).body).keys()]).toContain('xml/Fridges-i.xml');
    });
  });

  test('a package whose files cannot be found is not taken for an empty one', async () => {
    const client = await signIn(processes);
    const sync = await post(client);
    const upload = path.join(processes.filesDir, 'uploads', sync);
    await rename(upload, `${upload}-away`);
    await withWorkers(1, () => expectFailed(client, sync));
  });

  test('an attempt that PostgreSQL aborts does not count, however often', async () => {
    const client = await signIn(processes);
    const held = await holdTable(processes.db, 'tboil');
    await withWorkers(1, async () => {
      const sync = await post(client);
      for (let outage = 1; outage <= 4; outage += 1) {
        await eventually('it waits for the table', async () => (await breakOff()) > 0);
        await eventually(
          'it is given back, or taken again',
          async () => ((await jobOf(processes.db, sync))?.fence ?? 0) > outage,
        );
      }
      await held.release();
      await reach2(client);
      expect((await client.sync()).json).toMatchObject({ statut: '2', report: { outcome: 'processed' } });
      expect(await jobOf(processes.db, sync)).toMatchObject({ state: 'done', attempts: 1 });
    });
    expect(await readings(client)).toHaveLength(3);
  });

  /** Ends the sessions of workers that wait for a table. Answers how many. */
  async function breakOff(): Promise<number> {
    const { rows } = await processes.db.raw<{ rows: unknown[] }>(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'epack-worker' and wait_event_type = 'Lock'`,
    );
    return rows.length;
  }

  test('one that kills its worker on every attempt is not tried for ever', async () => {
    const client = await signIn(processes);
    const sync = await post(client);
    for (let death = 0; death < 2; death += 1) {
      const held = await holdTable(processes.db, 'tboil');
      const worker = await processes.startWorker();
      await eventually(
        'it is processed',
        async () => (await jobOf(processes.db, sync))?.attempts === death + 1,
      );
      await sleep(50);
      await worker.kill();
      await held.release();
      await eventually(
        'its lease is over',
        async () =>
          (await processes
            .db('job')
            .where({ sync_id: sync })
            .andWhereRaw('lease_until < now()')
            .first('id')) !== undefined,
      );
    }
    await withWorkers(1, () => reach2(client));
    expect((await client.sync()).json).toMatchObject({
      state: 'failed',
      statut: '2',
      report: { reason: expect.stringContaining('in 2 attempts') as string },
    });
    expect(await processes.db('sync_event').where({ sync_id: sync }).select('step', 'detail')).toContainEqual(
      {
        step: 'failed',
        detail: 'No attempt came to its end.',
      },
    );
    expect(await readings(client)).toEqual([]);
  });
});
