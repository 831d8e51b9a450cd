import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTestFolder } from '../setup/folder';
import { startTestServer, type TestServer } from '../setup/server';
import { call } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { expectProblem, reach2, signIn, syncTo2 } from '../v4/on-server';
import { metricsToken } from './scrape';

// A disk of its own that is really full: a file system in memory. Only root may make one.

const disk = createTestFolder();
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk.path]).status === 0;
if (!mounted) process.stdout.write('Tests of a full disk are skipped: no file system can be mounted here.\n');
// In CI they must run.
if (!mounted && process.env['CI'] === 'true')
  test('a file system can be mounted', () => {
    expect(mounted).toBe(true);
  });
const describeWithDisk = mounted ? describe : describe.skip;

describeWithDisk('a server whose disk is full', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ EPACK_DATA_DIR: disk.path, EPACK_METRICS_TOKEN: metricsToken });
    await server.startWorker();
  });
  afterAll(async () => {
    await server.stop();
    spawnSync('umount', [disk.path]);
    disk.remove();
  });

  const filler = path.join(disk.path, 'filler');
  /** Not a byte is free after this. */
  const fill = () => {
    for (let bytes = 2 ** 23; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      try {
        writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' });
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
  };
  const readiness = async () => {
    const told = await call(`${server.url}/readyz`, { headers: { Authorization: `Bearer ${metricsToken}` } });
    return { httpStatus: told.status, ...(told.json as object) };
  };

  test('is ready to read, returns stored data, and accepts uploads again when there is room', async () => {
    const client = await signIn(server);
    await syncTo2(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
    expect(await readiness()).toMatchObject({ httpStatus: 200, can: { read: true, receive: true } });
    fill();
    expect(await readiness()).toMatchObject({
      httpStatus: 200,
      checks: { database: true, queue: true, files: true, room: false, replica: null },
      can: { read: true, receive: false },
    });
    // Strangers and load balancers: there is nowhere better to send those who read.
    expect((await call(`${server.url}/readyz`)).json).toEqual({ status: 'ready' });
    expect((await client.statut()).text).toBe('"2"');
    expect((await client.download()).status).toBe(200);
    expect((await client.confirm()).status).toBe(200);
    expect((await call(`${server.url}/sign-in`)).status).toBe(200);
    const refused = await client.postBare(zipOf({ 'csv/Tbfridge.csv': fridgeLog(2) }));
    expectProblem(refused, 503, 'unavailable');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await client.statut()).text).toBe('"0"');
    rmSync(filler);
    expect(await readiness()).toMatchObject({ httpStatus: 200, can: { read: true, receive: true } });
    expect((await client.postBare(zipOf({ 'csv/Tbfridge.csv': fridgeLog(2) }))).status).toBe(200);
    await reach2(client);
  });
});
