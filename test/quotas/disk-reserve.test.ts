import { createDiskReserve } from '../../api/services/disk-reserve';
import { createQuotaService } from '../../api/services/quotas';
import { readConfig } from '../../shared/config/config';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { createQuotaStore } from '../../shared/stores/solutions/quota-store';
import { zipOf } from '../v4/archive';
import { expectProblem, fullSync, onServer, signIn } from '../v4/on-server';
import { openStoreAccess } from '../../shared/stores/store-access';

const gibibyte = 2 ** 30;

// A reserve as large as a tenth of the disk: touched on a disk that is more than nine tenths full. So full no test makes
// one; how much is free is the only thing here that is not real.
const server = onServer({}, { worker: true });

const onDisk = (freeBytes: number) => {
  const { db, config } = server();
  const disk = createDiskFileStore(config.filesDir);
  const space = () => Promise.resolve({ totalBytes: 100 * gibibyte, freeBytes });
  return createDiskReserve({
    files: { ...disk, space },
    quotas: createQuotaStore(db),
    reserveBytes: 10 * gibibyte,
  });
};

const sent = (solutionId: number, bytes: number) =>
  server().db('solution_quota').where({ solution_id: solutionId }).update({ bytes_used: bytes });

describe('the reserve of the disk', () => {
  test('first refuses the solutions that send most, and more of them the less space is left; others go on', async () => {
    const kitchens = await Promise.all([1, 2, 3, 4].map(() => signIn(server())));
    for (const [at, kitchen] of kitchens.entries()) {
      await fullSync(kitchen, zipOf());
      await sent(kitchen.id, [0, 100, 300, 600][at] ?? 0);
    }
    const refusedAt = async (freeGibibytes: number) => {
      const reserve = onDisk(freeGibibytes * gibibyte);
      const refusals = await Promise.all(kitchens.map(({ id }) => reserve.refusalFor(id)));
      return refusals.map((refusal) => refusal !== null);
    };
    expect(await refusedAt(11)).toEqual([false, false, false, false]);
    expect(await refusedAt(9)).toEqual([false, false, false, true]);
    expect(await refusedAt(3)).toEqual([false, false, true, true]);
    expect(await refusedAt(0)).toEqual([false, true, true, true]);
  });

  test('returns 429 with Retry-After, and its package can still be fetched', async () => {
    const client = await signIn(server());
    const { db } = server();
    await sent(client.id, 1);
    const service = createQuotaService({
      ...openStoreAccess(db),
      standard: readConfig({}).quotas,
      reserve: onDisk(0),
    });
    await fullSync(client, zipOf());
    await sent(client.id, 1000);
    await expect(service.needRoomOnDisk(client.id)).rejects.toMatchObject({
      kind: 'too-many',
      code: 'too-many-requests',
      members: { quota: 'disk', of: 'server' },
      retryAfterSeconds: 300,
    });
    expect((await createQuotaStore(db).ofSolution(client.id))?.refusedFor).toBe('server: disk');
    expect((await client.statut()).status).toBe(200);
    expect((await client.lastIdLogs()).status).toBe(200);
  });
});

describe('a server whose disk has less than its reserve', () => {
  const strict = onServer({ EPACK_DISK_RESERVE_BYTES: String(2 ** 49) });

  test('looks at the disk of its file store', async () => {
    const { freeBytes, totalBytes } = (await createDiskFileStore(strict().config.filesDir).space()) ?? {
      freeBytes: 0,
      totalBytes: 0,
    };
    expect(totalBytes).toBeGreaterThan(0);
    const client = await signIn(strict());
    await strict().db('solution_quota').insert({ solution_id: client.id, bytes_used: 1 });
    const answer = await client.postBare(zipOf());
    // A tenth of the disk: on one that has more free, nobody is refused.
    if (freeBytes >= totalBytes / 10) expect(answer.status).toBe(200);
    else expectProblem(answer, 429, 'too-many-requests');
  });
});
