import { randomBytes } from 'node:crypto';
import { TOTP } from 'otpauth';
import { findWrongKeys, resealSecrets } from '../../commands/secrets-commands';
import { createKeptKeys } from '../../api/services/token-keys';
import { createTokens } from '../../api/services/tokens';
import { createSecondFactorService, isRightCode } from '../../api/backoffice/services/second-factor';
import { createNotificationService } from '../../api/backoffice/services/notifications';
import { ConfigError, readConfig } from '../../shared/config/config';
import { createDatabaseListener, type DatabaseListener } from '../../shared/db/listen';
import { createLogger } from '../../shared/log';
import { commandLineCaller } from '../../shared/domain/staff';
import type { Caller } from '../../shared/domain/staff';
import { createSeal, SealError, type Seal } from '../../shared/seal/seal';
import { noSeal } from '../setup/no-seal';
import { createServerKeyStore } from '../../shared/stores/staff/server-key-store';
import { needKeysOfSecrets, secretColumns } from '../../shared/stores/staff/sealed-secret-store';
import { createNotificationStore } from '../../shared/stores/notifications/notification-store';
import { epack } from '../commands/epack';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openStoreAccess } from '../../shared/stores/store-access';

const newKey = () => randomBytes(32).toString('base64');

describe('a seal', () => {
  const [first, second] = [newKey(), newKey()];

  test('hides what it seals, differently each time, and opens it again', () => {
    const seal = createSeal([first]);
    const sealed = seal.seal('whsec_é', 'webhook-secret');
    expect(sealed).toMatch(/^sealed:v1:[\w-]{8}:[\w-]{16}:[\w-]+$/);
    expect(seal.seal('whsec_é', 'webhook-secret')).not.toBe(sealed);
    expect(seal.open(sealed, 'webhook-secret')).toBe('whsec_é');
    const bytes = randomBytes(32);
    const kept = seal.sealBytes(bytes, 'token-key');
    expect(Buffer.from(kept).includes(bytes)).toBe(false);
    expect(Buffer.from(seal.openBytes(kept, 'token-key')).equals(bytes)).toBe(true);
  });

  test('opens what another accepted key sealed, and reports that it must be sealed again', () => {
    const old = createSeal([second]).seal('secret', 'webhook-secret');
    const rotating = createSeal([first, second]);
    expect(rotating.open(old, 'webhook-secret')).toBe('secret');
    expect([rotating.isCurrent(old), rotating.isCurrent('secret')]).toEqual([false, false]);
    expect(rotating.isCurrent(rotating.seal('secret', 'webhook-secret'))).toBe(true);
    expect(() => createSeal([first]).open(old, 'webhook-secret')).toThrow(/key that is not set/);
  });

  test('without a key leaves secrets as they are, and opens none that is sealed', () => {
    expect(noSeal.isOn).toBe(false);
    expect(noSeal.seal('secret', 'webhook-secret')).toBe('secret');
    expect(noSeal.open('secret', 'webhook-secret')).toBe('secret');
    expect(() => noSeal.open(createSeal([first]).seal('s', 'token-key'), 'token-key')).toThrow(SealError);
  });

  test('opens nothing that was altered, or that belongs elsewhere', () => {
    const seal = createSeal([first]);
    const sealed = seal.seal('secret', 'webhook-secret');
    expect(() => seal.open(sealed, 'token-key')).toThrow(/altered, or belongs elsewhere/);
    const [start, rest] = [sealed.slice(0, -6), sealed.slice(-6)];
    const altered = start + (rest.startsWith('A') ? 'B' : 'A') + rest.slice(1);
    for (const wrong of [
      altered,
      sealed.slice(0, -8),
      sealed.split(':').slice(0, 4).join(':'),
      `${sealed}AAAA`,
    ])
      expect(() => seal.open(wrong, 'webhook-secret')).toThrow(SealError);
    for (const wrong of ['sealed:v1:', 'sealed:v1:x:y:z'])
      expect(() => seal.open(wrong, 'token-key')).toThrow(SealError);
  });

  test('two keys go by their names: the accepted one alone is a mistake, and a short one is', () => {
    expect(readConfig({ EPACK_SECRETS_KEY: first, EPACK_SECRETS_KEY_ACCEPTED: second }).secretsKeys).toEqual([
      first,
      second,
    ]);
    expect(readConfig({}).secretsKeys).toEqual([]);
    expect(() => readConfig({ EPACK_SECRETS_KEY_ACCEPTED: second })).toThrow(ConfigError);
    expect(() => readConfig({ EPACK_SECRETS_KEY: 'short' })).toThrow(
      /EPACK_SECRETS_KEY must have at least 32/,
    );
    expect(() => readConfig({ EPACK_SECRETS_KEY: first, EPACK_SECRETS_KEY_ACCEPTED: first })).toThrow(
      /EPACK_SECRETS_KEY_ACCEPTED is EPACK_SECRETS_KEY/,
    );
  });
});

describe('the secrets in the database', () => {
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

  const tokensWith = (seal: Seal) =>
    createTokens({
      keys: createKeptKeys({
        store: createServerKeyStore(database.db, seal),
        tokenMinutes: 60,
        notifications,
      }),
      minutes: 60,
    });

  async function newWebhook(seal: Seal): Promise<string> {
    const rules = { allowsHttp: true, allowedNetworks: [] };
    const { secret } = await createNotificationService({
      ...openStoreAccess(database.db),
      rules,
      seal,
    }).create(commandLineCaller, {
      accountId: null,
      kind: 'webhook',
      address: 'https://hooks.example.org/',
      events: ['sync-failed'],
      staleHours: 24,
      language: 'en',
    });
    return secret ?? '';
  }

  /** All that is kept of secrets, as whoever steals the database reads it. */
  async function stolen(): Promise<string> {
    const keys = await database.db<{ value: Buffer }>('server_key').select('value');
    const hooks = await database.db('notification_target').select('secret', 'previous_secret');
    return JSON.stringify([keys.map(({ value }) => value.toString('latin1')), hooks]);
  }

  const configWith = (environment: NodeJS.ProcessEnv) =>
    readConfig({ DATABASE_URL: database.url, ...environment });

  test('are sealed from the first one on if there is a key, and still sign', async () => {
    const key = newKey();
    const token = await tokensWith(createSeal([key])).issue(7, 0);
    const secret = await newWebhook(createSeal([key]));
    expect(secret).toMatch(/^whsec_/);
    expect(await stolen()).not.toContain(secret);
    expect(await stolen()).toMatch(/^\[\["sealed:v1:.*"sealed:v1:/);
    expect(await tokensWith(createSeal([key])).verify(token)).toMatchObject({ solutionId: 7 });
    await expect(tokensWith(noSeal).verify(token)).rejects.toThrow(SealError);
  });

  test('are sealed by a command, sealed again when the key is replaced, and opened again; tokens stay valid', async () => {
    const [first, second] = [newKey(), newKey()];
    const token = await tokensWith(noSeal).issue(7, 0);
    const secret = await newWebhook(noSeal);
    await expect(resealSecrets(configWith({}), 'sealed')).rejects.toThrow('EPACK_SECRETS_KEY is not set');

    expect(await resealSecrets(configWith({ EPACK_SECRETS_KEY: first }), 'sealed')).toEqual({
      changed: 2,
      all: 2,
    });
    expect(await resealSecrets(configWith({ EPACK_SECRETS_KEY: first }), 'sealed')).toEqual({
      changed: 0,
      all: 2,
    });
    expect(await stolen()).not.toContain(secret);

    const rotating = { EPACK_SECRETS_KEY: second, EPACK_SECRETS_KEY_ACCEPTED: first };
    await newWebhook(createSeal([second, first]));
    expect(await resealSecrets(configWith(rotating), 'sealed')).toEqual({ changed: 2, all: 3 });
    expect(await tokensWith(createSeal([second])).verify(token)).toMatchObject({ solutionId: 7 });
    // With a key that opens none of them nothing is changed.
    await expect(resealSecrets(configWith({ EPACK_SECRETS_KEY: first }), 'sealed')).rejects.toThrow(
      SealError,
    );

    expect(await resealSecrets(configWith({ EPACK_SECRETS_KEY: second }), 'plain')).toEqual({
      changed: 3,
      all: 3,
    });
    expect(await stolen()).toContain(secret);
    expect(await tokensWith(noSeal).verify(token)).toMatchObject({ solutionId: 7 });
    expect(await database.db('audit').where({ action: 'secrets.seal' })).toHaveLength(3);
  });

  test('the check of the configuration reports a key that opens nothing, and secrets that are not sealed yet', async () => {
    const [first, second, other] = [newKey(), newKey(), newKey()];
    const found = (environment: NodeJS.ProcessEnv) => findWrongKeys(configWith(environment));
    expect(await found({ EPACK_SECRETS_KEY: first })).toEqual({ mistakes: [], warnings: [] });
    await newWebhook(noSeal);
    await newWebhook(createSeal([first]));
    expect(await found({})).toEqual({ mistakes: [expect.stringContaining('not set')], warnings: [] });
    expect(await found({ EPACK_SECRETS_KEY: other })).toEqual({
      mistakes: [expect.stringMatching(/key that is not set \(its id is [\w-]{8}\).*EPACK_SECRETS_KEY/)],
      warnings: ['1 of 2 secrets are not sealed: run "epack secrets seal".'],
    });
    const rotating = { EPACK_SECRETS_KEY: second, EPACK_SECRETS_KEY_ACCEPTED: first };
    expect(await found(rotating)).toEqual({
      mistakes: [],
      warnings: [
        '1 of 2 secrets are not sealed: run "epack secrets seal".',
        '1 of 2 secrets are sealed with EPACK_SECRETS_KEY_ACCEPTED: run "epack secrets seal".',
      ],
    });
    await resealSecrets(configWith(rotating), 'sealed');
    expect((await found(rotating)).warnings).toEqual([
      'No secret is sealed with EPACK_SECRETS_KEY_ACCEPTED: take it away.',
    ]);
    expect(await found({ EPACK_SECRETS_KEY: second })).toEqual({ mistakes: [], warnings: [] });
    await database.db('notification_target').update({ secret: database.db.raw(`secret || 'AAAA'`) });
    expect(await found({ EPACK_SECRETS_KEY: second })).toEqual({
      mistakes: [],
      warnings: [expect.stringContaining('was altered')],
    });
  });

  test('`epack config` fails if no server would start, and says why', async () => {
    await newWebhook(createSeal([newKey()]));
    const settings = { DATABASE_URL: database.url, EPACK_SECRETS_KEY: newKey() };
    const { exitCode, out, err } = await epack(['config'], settings);
    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toContain('key that is not set');
    expect(err).not.toContain(settings.EPACK_SECRETS_KEY);
  });

  test('a webhook whose secret was sealed is signed with it, and with the one before while both count', async () => {
    const seal = createSeal([newKey()]);
    const secret = await newWebhook(seal);
    const service = createNotificationService({
      ...openStoreAccess(database.db),
      rules: { allowsHttp: true, allowedNetworks: [] },
      seal,
    });
    const [target] = (await service.list(commandLineCaller, null, { limit: 1, after: null })).items;
    const id = target?.id ?? 0;
    const next = await service.replaceSecret(commandLineCaller, id);
    await service.test(commandLineCaller, id);
    const [claimed] = await createNotificationStore(database.db).claim(10, 60);
    const opened = claimed?.target.secrets.map((kept) => seal.open(kept, 'webhook-secret'));
    expect(opened).toEqual([next, secret]);
  });

  /** Someone whose app knows the secret. Codes are of the step `step` from now. */
  async function newSecondFactor(seal: Seal) {
    const [user] = await database
      .db('app_user')
      .insert([{ email: 'cook@example.org', password_hash: 'none', role: 'viewer' }])
      .returning<{ id: number }[]>('id');
    const caller: Caller = {
      userId: user?.id ?? 0,
      email: 'cook@example.org',
      role: 'viewer',
      accounts: [],
      address: null,
    };
    const factors = createSecondFactorService({
      ...openStoreAccess(database.db),
      seal,
      rules: { sendsMail: false },
    });
    const { secret } = await factors.offer(caller);
    const pending = await factorsKept();
    const codeOf = (step: number) => new TOTP({ secret }).generate({ timestamp: Date.now() + step * 30_000 });
    await factors.turnOn(caller, codeOf(-1));
    return { userId: caller.userId ?? 0, secret, codeOf, pending };
  }

  const factorsKept = async () =>
    JSON.stringify(await database.db('app_user').select('totp_secret', 'totp_pending'));

  test('a second factor is sealed from its offer on, sealed again by the command, and its codes stay valid', async () => {
    const [first, second] = [newKey(), newKey()];
    const { userId, secret, codeOf, pending } = await newSecondFactor(createSeal([first]));
    for (const kept of [pending, await factorsKept()]) {
      expect(kept).toContain('sealed:v1:');
      expect(kept).not.toContain(secret);
    }
    const isRight = (keys: string[], step: number) =>
      isRightCode({ ...openStoreAccess(database.db), seal: createSeal(keys) }, userId, codeOf(step));
    expect(await isRight([first], 0)).toBe(true);

    const rotating = { EPACK_SECRETS_KEY: second, EPACK_SECRETS_KEY_ACCEPTED: first };
    expect(await resealSecrets(configWith(rotating), 'sealed')).toEqual({ changed: 1, all: 1 });
    await expect(isRight([first], 1)).rejects.toThrow(SealError);
    expect(await isRight([second], 1)).toBe(true);
    await resealSecrets(configWith({ EPACK_SECRETS_KEY: second }), 'plain');
    expect(await factorsKept()).toContain(secret);
  });

  test('a second factor that waits for its first code is sealed by the command, and can be turned on after that', async () => {
    const key = newKey();
    const { userId } = await newSecondFactor(noSeal);
    await database
      .db('app_user')
      .where({ id: userId })
      .update({ totp_pending: 'JBSWY3DPEHPK3PXP', totp_secret: null, totp_since: null });
    expect(await resealSecrets(configWith({ EPACK_SECRETS_KEY: key }), 'sealed')).toEqual({
      changed: 1,
      all: 1,
    });
    const caller: Caller = { userId, email: 'cook@example.org', role: 'viewer', accounts: [], address: null };
    const factors = createSecondFactorService({
      ...openStoreAccess(database.db),
      seal: createSeal([key]),
      rules: { sendsMail: false },
    });
    expect((await factors.offer(caller)).secret).toBe('JBSWY3DPEHPK3PXP');
    expect(await factors.turnOn(caller, new TOTP({ secret: 'JBSWY3DPEHPK3PXP' }).generate())).toHaveLength(
      10,
    );
  });

  test.each(['token-key', 'webhook-secret', 'second-factor'])(
    'no server starts without the key of a %s, and it says so; an altered secret stops none',
    async (purpose) => {
      const key = newKey();
      if (purpose === 'token-key') await tokensWith(createSeal([key])).issue(7, 0);
      if (purpose === 'webhook-secret') await newWebhook(createSeal([key]));
      if (purpose === 'second-factor') await newSecondFactor(createSeal([key]));
      const wrong = /sealed with a key that is not set .*EPACK_SECRETS_KEY/;
      await expect(needKeysOfSecrets(database.db, noSeal)).rejects.toThrow(wrong);
      await expect(needKeysOfSecrets(database.db, createSeal([newKey()]))).rejects.toThrow(wrong);
      await expect(needKeysOfSecrets(database.db, createSeal([newKey(), key]))).resolves.toBeUndefined();
      await database.db('notification_target').update({ secret: database.db.raw(`secret || 'AAAA'`) });
      await expect(needKeysOfSecrets(database.db, createSeal([key]))).resolves.toBeUndefined();
    },
  );

  test('the command knows every column whose name suggests a sealed secret', async () => {
    const { rows } = await database.db.raw<{ rows: { name: string }[] }>(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'public' and column_name ~ 'secret|totp'
         and column_name !~ '_(sha256|hash|until|at|since|last_step|version)$' order by 1`,
    );
    const known = secretColumns.map(({ table, column }) => `${table}.${column}`);
    expect(rows.map(({ name }) => name)).toEqual(known.filter((name) => !name.endsWith('.value')).sort());
  });
});
