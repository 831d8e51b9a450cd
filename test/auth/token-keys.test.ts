import { rotateTokenKey } from '../../commands/administration';
import { createConfiguredKeys, createKeptKeys, keyOverlapSeconds } from '../../api/services/token-keys';
import { createTokens } from '../../api/services/tokens';
import { readConfig } from '../../shared/config/config';
import { createDatabaseListener, type DatabaseListener } from '../../shared/db/listen';
import { createLogger } from '../../shared/log';
import { noSeal } from '../setup/no-seal';
import { createServerKeyStore } from '../../shared/stores/staff/server-key-store';
import { eventually } from '../queue/eventually';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { headerOf } from '../v4/jwt';

const minutes = 60;

describe('a key that the database keeps', () => {
  let database: TestDatabase;
  let notifications: DatabaseListener;
  beforeEach(async () => {
    database = await createTestDatabase();
    const log = createLogger({ level: 'silent', name: 'test' });
    notifications = createDatabaseListener({ url: database.url, log, applicationName: 'epack-test' });
  });
  afterEach(async () => {
    await notifications.close();
    await database.drop();
  });

  /** As each API process has them. */
  const newProcess = () =>
    createTokens({
      keys: createKeptKeys({
        store: createServerKeyStore(database.db, noSeal),
        tokenMinutes: minutes,
        notifications,
      }),
      minutes,
    });
  const rotate = (isLeaked = false) =>
    rotateTokenKey(readConfig({ DATABASE_URL: database.url, EPACK_TOKEN_MINUTES: String(minutes) }), {
      isLeaked,
    });
  const supersededAgo = (seconds: number) =>
    database
      .db('server_key')
      .whereNotNull('superseded_at')
      .update({ superseded_at: database.db.raw('now() - make_interval(secs => ?)', [seconds]) });

  test('is the same for all processes, whichever starts first', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => newProcess().issue(7, 0)));
    const process = newProcess();
    for (const token of tokens) expect(await process.verify(token)).toMatchObject({ solutionId: 7 });
    expect(await database.db('server_key').count()).toEqual([{ count: '1' }]);
  });

  test('is replaced by a new one, and its tokens stay valid until they expire', async () => {
    const running = newProcess();
    const old = await running.issue(7, 0);
    await rotate();
    const fresh = await newProcess().issue(7, 0);
    expect(headerOf(fresh)['kid']).not.toBe(headerOf(old)['kid']);
    for (const process of [running, newProcess()]) {
      expect(await process.verify(old)).toMatchObject({ solutionId: 7 });
      expect(await process.verify(fresh)).toMatchObject({ solutionId: 7 });
    }
    await supersededAgo(keyOverlapSeconds(minutes) + 1);
    await expect(newProcess().verify(old)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('a process that still signs with it, for the minute in which it does not know better, is believed', async () => {
    const late = newProcess();
    await late.issue(7, 0);
    await rotate();
    const token = await late.issue(7, 0);
    expect(await newProcess().verify(token)).toMatchObject({ solutionId: 7 });
    // The last of those tokens expires within the overlap.
    expect(keyOverlapSeconds(minutes)).toBeGreaterThan(minutes * 60 + 60);
  });

  test('that has leaked is worth nothing, in processes that start from now on and in those that run', async () => {
    await eventually('the processes listen', () => Promise.resolve(notifications.isConnected()));
    const running = newProcess();
    const old = await running.issue(7, 0);
    expect(await running.verify(old)).toMatchObject({ solutionId: 7 });
    await rotate(true);
    await eventually('the running process has heard of it', () =>
      running.verify(old).then(
        () => false,
        () => true,
      ),
    );
    await expect(running.verify(old)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(newProcess().verify(old)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(await running.verify(await running.issue(7, 0))).toMatchObject({ solutionId: 7 });
  });

  test('may be replaced often: each is accepted for its time', async () => {
    const tokens: string[] = [];
    for (let turn = 0; turn < 4; turn++) {
      tokens.push(await newProcess().issue(turn, 0));
      await rotate();
    }
    const process = newProcess();
    for (const [turn, token] of tokens.entries()) {
      expect(await process.verify(token)).toMatchObject({ solutionId: turn });
    }
  });

  test('is replaced in the audit trail', async () => {
    await newProcess().issue(7, 0);
    await rotate();
    expect(await database.db('audit')).toMatchObject([{ actor: 'command line', action: 'key.rotate' }]);
  });

  test('junk makes no process read the database more than once a second', async () => {
    const store = createServerKeyStore(database.db, noSeal);
    let reads = 0;
    const counting = {
      findOrMake: (name: string, seconds: number) => {
        reads += 1;
        return store.findOrMake(name, seconds);
      },
    };
    const tokens = createTokens({
      keys: createKeptKeys({ store: counting, tokenMinutes: minutes, notifications }),
      minutes,
    });
    const stranger = createTokens({ keys: createConfiguredKeys(['x'.repeat(32)]), minutes });
    const junk = await stranger.issue(7, 0);
    const began = Date.now();
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => tokens.verify(junk)));
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(reads).toBeLessThan(4 + (Date.now() - began) / 1000);
  });
});

describe('a key that is configured', () => {
  const [old, fresh] = ['an old key of more than 32 characters', 'a fresh key of more than 32 characters'];
  const at = (...secrets: [string, ...string[]]) =>
    createTokens({ keys: createConfiguredKeys(secrets), minutes });

  test('is replaced in three steps without refusing a token', async () => {
    const [before, announced, replaced] = [at(old), at(old, fresh), at(fresh, old)];
    // While the processes are restarted one after another, two neighbouring steps run side by side.
    const sideBySide = [
      [before, announced],
      [announced, replaced],
      [replaced, at(fresh, old)],
    ] as const;
    for (const [one, other] of sideBySide) {
      expect(await one.verify(await other.issue(7, 0))).toMatchObject({ solutionId: 7 });
      expect(await other.verify(await one.issue(7, 0))).toMatchObject({ solutionId: 7 });
    }
    await expect(at(fresh).verify(await before.issue(7, 0))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('comes from the settings', () => {
    const settings = { EPACK_TOKEN_SECRET: fresh, EPACK_TOKEN_SECRET_ACCEPTED: old };
    expect(readConfig(settings).tokenSecrets).toEqual([fresh, old]);
    expect(readConfig({}).tokenSecrets).toBeNull();
  });

  test('is not replaced by the command', () => {
    const config = readConfig({ EPACK_TOKEN_SECRET: fresh });
    expect(() => rotateTokenKey(config, { isLeaked: false })).toThrow(/EPACK_TOKEN_SECRET/);
  });
});
