import { parse } from 'yaml';
import { z } from 'zod';
import { createSystemTaskStore } from '../../shared/stores/pairs/system-task-store';
import { type RemoteSystem } from '../../worker/systems/remote-system';
import type { SystemDoor } from '../../worker/pairs/system-door';
import { runSystemTask } from '../../worker/pairs/system-tasks';
import { startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { eventually } from '../queue/eventually';
import { recordsExample } from './examples';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());
beforeEach(async () => {
  await backoffice.db('pair').delete();
  await backoffice.db('remote_system').delete();
});

const file = z
  .object({
    systems: z.record(z.string(), z.looseObject({ kind: z.string() })),
    pairs: z.record(z.string(), z.looseObject({})),
  })
  .parse(parse(recordsExample));

const bodyOf = (name: string) => {
  const { kind, ...config } = file.systems[name] ?? { kind: '' };
  return { name, kind, config };
};
const beteiligte = { name: 'beteiligte', ...file.pairs['beteiligte'] };
const addSystems = async () => {
  for (const name of ['espo', 'advoware'])
    expect((await backoffice.admin.call('POST', '/api/systems', bodyOf(name))).status).toBe(201);
};

describe('systems', () => {
  test('the kinds are listed with the schema of their settings, and what they can do', async () => {
    const kinds = await backoffice.admin.call('GET', '/api/system-kinds');
    const items = z.array(z.looseObject({ name: z.string() })).parse(kinds.at('items'));
    expect(items.map(({ name }) => name)).toEqual([
      'espocrm',
      'advoware',
      'odoo',
      'sql-server',
      'postgresql',
      'file-tree',
      'webdav',
      'sharepoint',
      'elo',
      'kitchen-files',
    ]);
    expect(kinds.at('items', 0)).toMatchObject({
      holds: 'records',
      settings: { type: 'object', required: ['url', 'auth'] },
      secrets: ['auth.apiKey', 'auth.secretKey'],
      can: { webhooks: 'signed', prepare: true },
    });
  });

  test('a system is added, shown, changed and deleted; its version is its ETag', async () => {
    const { admin } = backoffice;
    const made = await admin.call('POST', '/api/systems', bodyOf('espo'));
    expect(made.status).toBe(201);
    expect(made.headers.get('etag')).toBe('"1"');
    expect(made.json).toMatchObject({
      name: 'espo',
      kind: 'espocrm',
      config: { url: 'https://crm.example', auth: { apiKey: '${ESPO_KEY}' } },
      state: 'unknown',
      pausedReason: null,
      notBefore: null,
      probe: null,
      clockOffsetMs: null,
      account: null,
    });
    expect((await admin.call('POST', '/api/systems', bodyOf('espo'))).at('code')).toBe('already-exists');

    const changed = {
      ...bodyOf('espo'),
      config: { url: 'https://other.example', auth: { apiKey: '${ESPO_KEY}' } },
    };
    const stale = await admin.call('PUT', '/api/systems/espo', changed, { 'if-match': '"7"' });
    expect([stale.status, stale.at('code')]).toEqual([412, 'stale']);
    const put = await admin.call('PUT', '/api/systems/espo', changed, { 'if-match': '"1"' });
    expect([put.status, put.headers.get('etag')]).toEqual([200, '"2"']);
    // The body of a response may be sent back unchanged.
    const got = await admin.call('GET', '/api/systems/espo');
    const again = await admin.call('PUT', '/api/systems/espo', got.json);
    expect([again.status, again.headers.get('etag')]).toEqual([200, '"2"']);
    expect((await admin.call('GET', '/api/systems')).at('items', 0, 'name')).toBe('espo');
    expect((await admin.call('DELETE', '/api/systems/espo')).status).toBe(204);
    expect((await admin.call('GET', '/api/systems/espo')).status).toBe(404);
    const actions = await admin.call('GET', '/api/audit?limit=3');
    expect([0, 1, 2].map((place) => actions.at('items', place, 'action'))).toEqual([
      'system.delete',
      'system.update',
      'system.create',
    ]);
  });

  test('secrets go in and never out; a PUT without them keeps them', async () => {
    const { admin, db } = backoffice;
    const secrets = { ESPO_KEY: 'very-secret-value' };
    const made = await admin.call('POST', '/api/systems', { ...bodyOf('espo'), secrets });
    expect(made.json).toMatchObject({ secretNames: ['ESPO_KEY'] });
    expect(made.text).not.toContain('very-secret');
    const put = await admin.call('PUT', '/api/systems/espo', bodyOf('espo'));
    expect(put.json).toMatchObject({ secretNames: ['ESPO_KEY'] });
    expect(await db('remote_system_secret').pluck('value')).toEqual(['very-secret-value']);
    const literal = {
      ...bodyOf('espo'),
      config: { url: 'https://crm.example', auth: { apiKey: 'second-secret' } },
    };
    const written = await admin.call('PUT', '/api/systems/espo', literal);
    expect(written.at('config', 'auth', 'apiKey')).toBe('${AUTH_API_KEY}');
    expect((await admin.call('GET', '/api/audit?limit=5')).text).not.toMatch(/very-secret|second-secret/);
    const removed = await admin.call('PUT', '/api/systems/espo', {
      ...bodyOf('espo'),
      secrets: { ESPO_KEY: null },
    });
    expect(removed.json).toMatchObject({ secretNames: ['AUTH_API_KEY'] });
  });

  test('invalid settings are refused with all mistakes at once, by their paths', async () => {
    const config = { url: 'crm.example', auth: {}, colour: 'red' };
    const refused = await backoffice.admin.call('POST', '/api/systems', {
      name: 'espo',
      kind: 'espocrm',
      config,
    });
    expect(refused.status).toBe(422);
    expect(refused.at('problems')).toEqual([
      {
        field: 'config.url',
        reason: 'must be a URL that begins with https:// or http://, without user and password',
      },
      { field: 'config.auth.apiKey', reason: 'is missing' },
      { field: 'config.colour', reason: 'is not a key that is known here' },
    ]);
    const own = { url: 'https://crm.example/${EPACK_SECRETS_KEY}', auth: { apiKey: '${K}' } };
    const stolen = await backoffice.admin.call('POST', '/api/systems', {
      name: 'espo',
      kind: 'espocrm',
      config: own,
    });
    expect(stolen.at('problems', 0, 'reason')).toBe(
      'asks for EPACK_SECRETS_KEY: settings of this server are not given away',
    );
  });

  test('a system that a pair names is not deleted', async () => {
    await addSystems();
    await backoffice.admin.call('POST', '/api/pairs', beteiligte);
    const refused = await backoffice.admin.call('DELETE', '/api/systems/espo');
    expect([refused.status, refused.at('code'), refused.at('by')]).toEqual([409, 'in-use', ['beteiligte']]);
  });

  test('it is paused and resumed by hand, and resumed where what it paused itself for was changed', async () => {
    const { admin, db } = backoffice;
    await admin.call('POST', '/api/systems', bodyOf('espo'));
    expect((await admin.call('POST', '/api/systems/espo/pause', { reason: 'holiday' })).json).toMatchObject({
      state: 'paused',
      pausedReason: 'holiday',
      pausedBy: admin.email,
    });
    // By hand: only a hand resumes it.
    await admin.call('PUT', '/api/systems/espo', { ...bodyOf('espo'), secrets: { ESPO_KEY: 'new' } });
    expect((await admin.call('GET', '/api/systems/espo')).at('state')).toBe('paused');
    expect((await admin.call('POST', '/api/systems/espo/resume')).json).toMatchObject({
      state: 'unknown',
      pausedReason: null,
    });
    await db('remote_system').update({
      state: 'paused',
      paused_at: db.fn.now(),
      paused_reason: 'unauthorized',
    });
    await admin.call('PUT', '/api/systems/espo', { ...bodyOf('espo'), secrets: { ESPO_KEY: 'newer' } });
    expect((await admin.call('GET', '/api/systems/espo')).at('state')).toBe('unknown');
    await db('remote_system').update({ state: 'throttled', not_before: db.raw(`now() + interval '1 hour'`) });
    expect((await admin.call('GET', '/api/systems/espo')).at('state')).toBe('throttled');
    expect((await admin.call('POST', '/api/systems/espo/resume')).json).toMatchObject({
      state: 'unknown',
      notBefore: null,
    });
  });

  test('admins write, others read what belongs to their accounts, and nobody sees more', async () => {
    const { admin } = backoffice;
    const account = String((await admin.call('POST', '/api/accounts', { name: 'Kanzlei' })).at('id'));
    const elsewhere = String((await admin.call('POST', '/api/accounts', { name: 'Other' })).at('id'));
    await admin.call('POST', '/api/systems', { ...bodyOf('espo'), account });
    await admin.call('POST', '/api/systems', { ...bodyOf('advoware'), account });
    await admin.call('POST', '/api/pairs', beteiligte);
    const manager = await backoffice.signIn('manager', [account]);
    const stranger = await backoffice.signIn('manager', [elsewhere]);
    expect((await manager.call('GET', '/api/systems/espo')).status).toBe(200);
    expect((await manager.call('GET', '/api/pairs/beteiligte')).status).toBe(200);
    expect((await manager.call('PUT', '/api/systems/espo', bodyOf('espo'))).status).toBe(403);
    expect((await manager.call('POST', '/api/pairs', beteiligte)).status).toBe(403);
    expect((await manager.call('POST', '/api/pairs/beteiligte/pause')).status).toBe(202);
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('POST', '/api/pairs/beteiligte/resume')).status).toBe(403);
    for (const path of ['/api/systems/espo', '/api/pairs/beteiligte', '/api/systems/espo/hook'])
      expect((await stranger.call('GET', path)).status).toBe(404);
    expect((await stranger.call('GET', '/api/systems')).at('items')).toEqual([]);
    expect((await stranger.call('GET', '/api/pairs')).at('items')).toEqual([]);
  });
});

describe('pairs', () => {
  test('a pair is added in the mode "plan", shown as it was written, changed, and deleted', async () => {
    const { admin } = backoffice;
    await addSystems();
    const made = await admin.call('POST', '/api/pairs', beteiligte);
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    expect(made.json).toMatchObject({ ...beteiligte, mode: 'plan', version: 1, paused: null });
    const got = await admin.call('GET', '/api/pairs/beteiligte');
    const retry = { attempts: 3, firstMinutes: 0.1, resetHours: 1 };
    const changed = { ...beteiligte, ...z.looseObject({}).parse(got.json), retry, mode: 'run' };
    const put = await admin.call('PUT', '/api/pairs/beteiligte', changed, { 'if-match': '"1"' });
    expect([put.status, put.headers.get('etag'), put.at('mode')]).toEqual([200, '"2"', 'run']);
    expect((await admin.call('PUT', '/api/pairs/beteiligte', changed, { 'if-match': '"1"' })).status).toBe(
      412,
    );
    const versions = await admin.call('GET', '/api/pairs/beteiligte/versions');
    expect([versions.at('items', 0, 'version'), versions.at('items', 0, 'by')]).toEqual([2, admin.email]);
    expect(versions.at('items', 1, 'config', 'retry', 'attempts')).toBe(5);
    const page = await admin.call('GET', '/api/pairs/beteiligte/versions?limit=1');
    expect(page.at('next')).toBe('2');
    expect((await admin.call('DELETE', '/api/pairs/beteiligte')).status).toBe(204);
    expect((await admin.call('GET', '/api/pairs/beteiligte')).status).toBe(404);
  });

  test('its mistakes are reported by their paths', async () => {
    await addSystems();
    const wrong = {
      ...beteiligte,
      there: { system: 'nowhere' },
      groups: { stammdaten: { conflict: 'newest' } },
    };
    const refused = await backoffice.admin.call('POST', '/api/pairs', wrong);
    expect(refused.status).toBe(422);
    expect(refused.at('problems')).toEqual([
      { field: 'there.system', reason: 'names the system "nowhere", and there is none' },
      {
        field: 'groups.stammdaten.conflict',
        reason: '"newest" is not offered: no clock decides who changed what',
      },
    ]);
    expect((await backoffice.admin.call('POST', '/api/pairs', { name: 'x' })).status).toBe(400);
  });

  test('it is paused with a reason, and resumed', async () => {
    const { admin } = backoffice;
    await addSystems();
    await admin.call('POST', '/api/pairs', beteiligte);
    const paused = await admin.call('POST', '/api/pairs/beteiligte/pause', { reason: 'audit' });
    expect([paused.status, paused.at('paused', 'reason'), paused.at('paused', 'by')]).toEqual([
      202,
      'audit',
      admin.email,
    ]);
    expect((await admin.call('POST', '/api/pairs/beteiligte/resume')).at('paused')).toBeNull();
  });
});

describe('a probe', () => {
  const system = (probe: RemoteSystem['probe']): Pick<RemoteSystem, 'probe' | 'close'> => ({
    probe,
    close: () => Promise.resolve(),
  });
  const door = (probe: RemoteSystem['probe']): SystemDoor => ({
    open: () => Promise.resolve(system(probe) as RemoteSystem),
    registerWebhooks: () => Promise.resolve({}),
  });

  /** As a worker does. */
  const workOnce = async (doorOfWorker: SystemDoor) => {
    await eventually(
      'the task is there',
      async () => (await backoffice.db('job').where({ kind: 'system.probe' })).length > 0,
    );
    const subjects = (await backoffice
      .db('job')
      .where({ kind: 'system.probe' })
      .pluck('subject')) as string[];
    for (const subject of subjects) await runSystemTask({ db: backoffice.db, door: doorOfWorker }, subject);
    await backoffice.db('job').delete();
  };

  beforeEach(async () => {
    await backoffice.db('job').delete();
    await backoffice.admin.call('POST', '/api/systems', bodyOf('espo'));
  });

  test('is made by a worker, returned, and stored', async () => {
    const found = {
      ok: true,
      version: '9.2.7',
      clockOffsetMs: -1200,
      findings: [{ level: 'warning', code: 'fields-missing', message: 'It lacks fields.', about: ['a'] }],
    } as const;
    const asked = backoffice.admin.call('POST', '/api/systems/espo/probe');
    await workOnce(door(() => Promise.resolve(found)));
    const { ok, version, findings } = found;
    const told = { ok, version, findings };
    expect(await asked).toMatchObject({ status: 200, json: told });
    expect((await backoffice.admin.call('GET', '/api/systems/espo')).json).toMatchObject({
      state: 'up',
      probe: told,
      clockOffsetMs: -1200,
    });
  });

  test('of a system that cannot be opened says why', async () => {
    const asked = backoffice.admin.call('POST', '/api/systems/espo/probe');
    await workOnce({
      ...door(() => Promise.reject(new Error())),
      open: () => Promise.reject(new Error('${ESPO_KEY}: set it.')),
    });
    expect((await asked).json).toEqual({
      ok: false,
      version: null,
      findings: [{ level: 'error', code: 'failed', message: '${ESPO_KEY}: set it.' }],
    });
  });

  test('that no worker takes returns 504 in time', async () => {
    const answer = await backoffice.admin.call('POST', '/api/systems/espo/probe');
    expect([answer.status, answer.at('code')]).toEqual([504, 'no-answer']);
    expect(await createSystemTaskStore(backoffice.db).endOf('1')).toBeNull();
  });
});
