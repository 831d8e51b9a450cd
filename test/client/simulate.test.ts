import { simulate } from '../../client/simulate';
import { channels } from '../../shared/domain/channel';
import { createTestFolder } from '../setup/folder';
import { type RealServer, startRealServer } from './real-server';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

test('after bad networks, wrong clocks and busy people, the server holds exactly what the solutions hold', async () => {
  const { admin, url } = real.server;
  const result = await simulate({
    ...{ url, adminEmail: admin.email, adminPassword: admin.password, dir: createTestFolder().path },
    solutions: 3,
    until: { rounds: 3 },
    minutesPerRound: 120,
    concurrency: 3,
    probes: 2,
    badNetwork: 0.35,
    wrongClocks: true,
    managerEdits: 0.5,
    comparedInDepth: 3,
    seed: 'test',
  });
  expect(result.differences).toEqual([]);
  expect(result.rejected).toBe(0);
  expect(result.syncs).toBeGreaterThanOrEqual(3);
  expect([...result.byChannel.keys()].sort()).toEqual([...channels].sort());
  expect(Object.keys(result.faults)).toEqual(
    expect.arrayContaining(['answer-lost', 'upload-cut', 'answer-cut', 'sent-twice', 'unreachable']),
  );
  const { rows } = await real.server.db.raw<{ rows: object[] }>(
    `select solution_id, channel, report -> 'gaps' as gaps, report -> 'drift' as drift from sync
     where jsonb_exists(report, 'gaps') or jsonb_exists(report, 'drift')`,
  );
  expect(rows).toEqual([]);
});
