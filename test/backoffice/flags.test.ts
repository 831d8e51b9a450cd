import { randomUUID } from 'node:crypto';
import { createFlagStore } from '../../shared/stores/solutions/flag-store';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createStatusStore } from '../../shared/stores/syncs/status-store';
import { createSyncSteps } from '../../shared/stores/syncs/sync-steps';
import type { ChannelKey } from '../../shared/domain/channel';
import { inTransaction } from '../../shared/db/database';
import { archiveKeyOf } from '../../shared/files/layout';
import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';
import { newKitchen, newSync, setStatut } from './fixtures';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

const flagPath = (solution: string, channel: string, flag: string) =>
  `/api/solutions/${solution}/channels/${channel}/flags/${flag}`;
const flagsOf = async (solution: string) =>
  (await admin.call('GET', `/api/solutions/${solution}`)).at('flags') as { channel: string; flag: string }[];

/** The upload of this sync is whole. Returns the id of its job. */
async function queue(key: ChannelKey, syncId: string): Promise<string> {
  const received = {
    archiveKey: archiveKeyOf(syncId),
    archiveSha256: 's',
    archiveBytes: 1,
    unpackedBytes: 1,
  };
  const asked = {
    lane: 'small',
    honoursFlags: true,
    withMessage: false,
    requestId: null,
    traceparent: null,
  } as const;
  const jobId = await createSyncSteps(backoffice.db).queue(key, syncId, received, asked);
  if (jobId === null) throw new Error('the sync could not be queued');
  return jobId;
}

describe('a flag of one solution', () => {
  test.each([
    'replace-from-manager',
    'replace-from-solution',
    'resend-logs',
    'resend-params',
    'rebuild-photo-index',
  ])('%s is set, shown and cleared', async (flag) => {
    const { solution } = await newKitchen(backoffice);
    expect((await admin.call('PUT', flagPath(solution, 'photos', flag))).status).toBe(204);
    expect(await flagsOf(solution)).toEqual([
      { channel: 'photos', flag, setBy: admin.email, setAt: expect.any(String) as string, sync: null },
    ]);
    expect((await admin.call('DELETE', flagPath(solution, 'photos', flag))).status).toBe(204);
    expect(await flagsOf(solution)).toEqual([]);
    expect((await admin.call('DELETE', flagPath(solution, 'photos', flag))).status).toBe(204);
  });

  test('set twice is one flag', async () => {
    const { solution } = await newKitchen(backoffice);
    await admin.call('PUT', flagPath(solution, 'synchro', 'resend-logs'));
    await admin.call('PUT', flagPath(solution, 'synchro', 'resend-logs'));
    expect(await flagsOf(solution)).toHaveLength(1);
  });

  test('set again while a sync honours it asks for one more', async () => {
    const { solution } = await newKitchen(backoffice);
    const key = { solutionId: Number(solution), channel: 'synchro' as const };
    const flags = createFlagStore(backoffice.db);
    const syncId = await newSync(backoffice, solution, { state: 'receiving' });
    await admin.call('PUT', flagPath(solution, 'synchro', 'resend-params'));
    await queue(key, syncId);
    expect(await flags.honouredBy(syncId)).toEqual(['resend-params']);
    await admin.call('PUT', flagPath(solution, 'synchro', 'resend-params'));
    expect(await flags.consume(key, syncId)).toEqual([]);
    expect(await flagsOf(solution)).toHaveLength(1);
  });

  test('is consumed with the name of who set it, which is in the audit trail', async () => {
    const { solution } = await newKitchen(backoffice);
    const key = { solutionId: Number(solution), channel: 'synchro' as const };
    const syncId = await newSync(backoffice, solution, { state: 'receiving' });
    await admin.call('PUT', flagPath(solution, 'synchro', 'resend-params'));
    await queue(key, syncId);
    const consumed = await createFlagStore(backoffice.db).consume(key, syncId);
    expect(consumed).toEqual([{ flag: 'resend-params', setBy: admin.email }]);
    const trail = await admin.call('GET', `/api/audit?solution=${solution}`);
    expect(trail.at('items', 0)).toMatchObject({ action: 'flag.set', user: admin.email });
  });

  test('on a channel or of a kind that there is not, is 404', async () => {
    const { solution } = await newKitchen(backoffice);
    const channel = await admin.call('PUT', flagPath(solution, 'fax', 'resend-logs'));
    expect([channel.status, channel.at('code')]).toEqual([404, 'unknown-channel']);
    expect((await admin.call('PUT', flagPath(solution, 'synchro', 'explode'))).status).toBe(404);
  });

  test('is not for viewers', async () => {
    const { account, solution } = await newKitchen(backoffice);
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('PUT', flagPath(solution, 'synchro', 'resend-logs'))).status).toBe(403);
    expect((await viewer.call('DELETE', flagPath(solution, 'synchro', 'resend-logs'))).status).toBe(403);
  });
});

describe('reset-status', () => {
  const reset = (solution: string) => admin.call('PUT', flagPath(solution, 'synchro', 'reset-status'));
  const statusOf = (solution: string) =>
    createStatusStore(backoffice.db).read({ solutionId: Number(solution), channel: 'synchro' });

  test.each([
    ['receiving', 1],
    ['queued', 1],
    ['processing', 1],
    ['ready', 2],
    ['failed', 2],
  ] as const)(
    'sends a channel whose sync is %s back to 0 at once, and keeps its upload',
    async (state, statut) => {
      const { solution } = await newKitchen(backoffice);
      const upload = [{ name: 'csv/Tbfridge.csv', content: 'Id\n1\n' }];
      const syncId = await newSync(backoffice, solution, { state, upload });
      await setStatut(backoffice, solution, 'synchro', statut, syncId);
      expect((await reset(solution)).status).toBe(204);
      expect(await statusOf(solution)).toMatchObject({ statut: 0, syncId });
      const shown = await admin.call('GET', `/api/syncs/${syncId}`);
      expect(shown.json).toMatchObject({ state: 'abandoned', hasPackage: true });
      expect((await admin.call('GET', `/api/syncs/${syncId}/package`)).status).toBe(200);
      expect(await flagsOf(solution)).toEqual([]);
    },
  );

  test('leaves a channel that is at 0, and every other channel, alone', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution, { channel: 'sondes', state: 'queued' });
    await setStatut(backoffice, solution, 'sondes', 1, syncId);
    const last = await newSync(backoffice, solution, { state: 'confirmed' });
    await setStatut(backoffice, solution, 'synchro', 0, last);
    expect((await reset(solution)).status).toBe(204);
    expect((await admin.call('GET', `/api/syncs/${last}`)).at('state')).toBe('confirmed');
    expect((await admin.call('GET', `/api/syncs/${syncId}`)).at('state')).toBe('queued');
  });

  test('takes the job from its worker, which can no longer commit anything', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution, { state: 'receiving' });
    await setStatut(backoffice, solution, 'synchro', 1, syncId);
    const key = { solutionId: Number(solution), channel: 'synchro' as const };
    const jobId = await queue(key, syncId);
    const job = await createJobStore(backoffice.db).claim(jobId, 60);
    if (job?.sync === undefined || job.sync === null) throw new Error('the job could not be claimed');
    const { sync } = job;
    // The worker is in the middle: it has put something in quarantine, and so holds a share of the sync's row.
    await inTransaction(backoffice.db, async ({ db: trx }) => {
      await trx('quarantine').insert({
        solution_id: solution,
        sync_id: syncId,
        channel: 'synchro',
        kind: 'row',
        file: 'csv/Tbfridge.csv',
        code: 'bad-value',
        reason: 'x',
      });
      expect((await reset(solution)).status).toBe(204);
      const written = { packageKey: 'k', packageSha256: 's', packageBytes: 1 };
      const report = {
        sync: syncId,
        outcome: 'processed',
        params: {},
        logs: {},
        rejections: [],
        ignored: [],
      } as const;
      const photos = { inserted: 0, duplicates: 0, rejected: 0 };
      const isMine = await createSyncSteps(trx).end({ ...job, ...sync }, 'ready', {
        report: { ...report, photos, rejections: [], ignored: [] },
        why: null,
        written,
      });
      expect(isMine).toBe(false);
    });
    expect(await statusOf(solution)).toMatchObject({ statut: 0 });
  });

  test('gives the flags that the sync honoured to the next one', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution, { state: 'receiving' });
    await setStatut(backoffice, solution, 'synchro', 1, syncId);
    await admin.call('PUT', flagPath(solution, 'synchro', 'resend-params'));
    await queue({ solutionId: Number(solution), channel: 'synchro' }, syncId);
    await reset(solution);
    expect(await flagsOf(solution)).toMatchObject([{ flag: 'resend-params', sync: null }]);
  });

  test('records the abandoned sync in the audit trail and in the timeline', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution, { state: 'queued' });
    await setStatut(backoffice, solution, 'synchro', 1, syncId);
    await reset(solution);
    const trail = await admin.call('GET', `/api/audit?solution=${solution}&action=flag.set`);
    expect(trail.at('items', 0)).toMatchObject({
      user: admin.email,
      before: { channel: 'synchro', statut: '1', abandoned: syncId },
      after: { channel: 'synchro', flag: 'reset-status', statut: '0' },
    });
    const timeline = (await admin.call('GET', `/api/syncs/${syncId}`)).at('timeline') as { step: string }[];
    expect(timeline.at(-1)?.step).toBe('abandoned');
  });

  test('and a confirmation at the same moment end in status 0, one way or the other', async () => {
    const { solution } = await newKitchen(backoffice);
    const key = { solutionId: Number(solution), channel: 'synchro' as const };
    for (let round = 0; round < 10; round++) {
      const syncId = await newSync(backoffice, solution, { state: 'ready' });
      await setStatut(backoffice, solution, 'synchro', 2, syncId);
      await Promise.all([reset(solution), createSyncSteps(backoffice.db).confirm(key, syncId)]);
      expect(await statusOf(solution)).toMatchObject({ statut: 0, syncId });
    }
  });
});

describe('a flag for many solutions', () => {
  test('is set for all that are listed', async () => {
    const kitchens = [await newKitchen(backoffice), await newKitchen(backoffice)];
    const solutions = kitchens.map(({ solution }) => solution);
    const answer = await admin.call('PUT', '/api/flags/resend-logs', {
      channel: 'sondes',
      solutions: [solutions[0], Number(solutions[1])],
    });
    expect(answer.status).toBe(204);
    for (const solution of solutions) expect(await flagsOf(solution)).toMatchObject([{ channel: 'sondes' }]);
  });

  test.each(['filter', 'solutions'])('is set for all that a filter finds, given as %s', async (member) => {
    const { account, solution } = await newKitchen(backoffice);
    const other = await newKitchen(backoffice);
    const body = { channel: 'synchro', [member]: { account } };
    expect((await admin.call('PUT', '/api/flags/resend-params', body)).status).toBe(204);
    expect(await flagsOf(solution)).toHaveLength(1);
    expect(await flagsOf(other.solution)).toHaveLength(0);
  });

  test('a filter finds only what the caller sees', async () => {
    const mine = await newKitchen(backoffice);
    const other = await newKitchen(backoffice);
    const manager = await backoffice.signIn('manager', [mine.account]);
    const answer = await manager.call('PUT', '/api/flags/resend-params', { channel: 'synchro', filter: {} });
    expect(answer.status).toBe(204);
    expect(await flagsOf(mine.solution)).toHaveLength(1);
    expect(await flagsOf(other.solution)).toHaveLength(0);
  });

  test('is set for none if one of them does not exist or is not visible', async () => {
    const mine = await newKitchen(backoffice);
    const other = await newKitchen(backoffice);
    const manager = await backoffice.signIn('manager', [mine.account]);
    for (const stranger of [other.solution, '99999999']) {
      const solutions = [mine.solution, stranger];
      const answer = await manager.call('PUT', '/api/flags/resend-params', { channel: 'synchro', solutions });
      expect(answer.status).toBe(404);
    }
    expect(await flagsOf(mine.solution)).toHaveLength(0);
  });

  test('resets many channels at once', async () => {
    const kitchens = await Promise.all(Array.from({ length: 3 }, () => newKitchen(backoffice)));
    for (const { solution } of kitchens) {
      const syncId = await newSync(backoffice, solution, { state: 'queued' });
      await setStatut(backoffice, solution, 'synchro', 1, syncId);
    }
    const solutions = kitchens.map(({ solution }) => solution);
    const body = { channel: 'synchro', solutions };
    expect((await admin.call('PUT', '/api/flags/reset-status', body)).status).toBe(204);
    const busy = await backoffice
      .db('channel_status')
      .whereIn('solution_id', solutions)
      .whereNot({ statut: 0 });
    expect(busy).toEqual([]);
  });

  test.each([
    {},
    { channel: 'synchro' },
    { channel: 'fax', filter: {} },
    { channel: 'synchro', solutions: [] },
    { channel: 'synchro', solutions: [randomUUID()] },
    { channel: 'synchro', filter: { acount: '1' } },
    { channel: 'synchro', solutions: ['1'], filter: {} },
  ])('is refused for %j', async (body) => {
    expect((await admin.call('PUT', '/api/flags/resend-logs', body)).status).toBe(400);
  });
});
