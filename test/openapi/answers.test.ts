import { TOTP } from 'otpauth';
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { OpenApiDocument } from '../../api/openapi/document';
import { bytesOf } from '../../shared/formats/bytes-of';
import { offlineKeyOf, writeOfflineFile } from '../../shared/formats/offline-file';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { type Ground, newAlert, newApproval, newConflict, newQuarantined } from '../backoffice/fixtures';
import { jpeg } from '../photos/pictures';
import { eventually } from '../queue/eventually';
import { fridgeLog, zipOf } from '../v4/archive';
import { onServer } from '../v4/on-server';
import { createJudge } from './judge';
import { createScheduleStore } from '../../shared/stores/jobs/schedule-store';

// Every call of the document, as integrators make it, on the running server. Each answer is judged by the document,
// and at the end every call has been made, and has gone well.

const metricsToken = 'a-token-for-the-test-of-the-document';
const server = onServer({ EPACK_METRICS_TOKEN: metricsToken }, { worker: true });
let document: OpenApiDocument;
let judge: ReturnType<typeof createJudge>;
let admin = '';
let solution = '';
let device = '';
const succeeded = new Set<string>();

beforeAll(async () => {
  document = (await (await fetch(`${server().url}/openapi.json`)).json()) as OpenApiDocument;
  judge = createJudge(document);
  const { email, password } = server().admin;
  admin = String((await ask('signIn', { body: { email, password } })).json['token']);
  const mail = `${randomUUID()}@example.org`;
  const enrolled = await ask('enrolSolution', { body: { mail, name: 'Le Petit Zinc' } });
  solution = String(enrolled.json['id']);
  const credentials = { mail_solution: mail, MAC: '00:1A:2B:3C:4D:5E', secret: enrolled.json['secret'] };
  const signedIn = await ask('login', { path: { channel: 'synchro' }, body: credentials });
  device = JSON.parse(signedIn.text) as string;
});

interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** JSON, unless it is bytes or a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** Makes a call by its name in the document; it must go well. */
async function ask(
  id: string,
  { path = {}, query = '', body, headers = {}, token }: Asked = {},
): Promise<Got> {
  const { method, template } = callOf(id);
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path[name] ?? 'none'),
  );
  const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
  const response = await fetch(server().url + filled + query, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${token ?? (template.startsWith('/v4/') ? device : admin)}`,
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : toBody(body) }),
  });
  const { status } = response;
  const text = await response.text();
  const contentType = response.headers.get('content-type');
  const { operationId, mistakes } = judge.judge({ method, path: filled, status, contentType, text });
  expect({ id, operationId, mistakes, problem: status >= 400 ? text : null }).toEqual({
    id,
    operationId: id,
    mistakes: [],
    problem: null,
  });
  succeeded.add(id);
  const json = /json/.test(contentType ?? '') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status, headers: response.headers, text, json };
}

function callOf(id: string): { method: string; template: string } {
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (operation.operationId === id) return { method: method.toUpperCase(), template };
    }
  }
  throw new Error(`the document has no ${id}`);
}

/** The body of a type other than JSON. */
const toBody = (body: unknown) => (typeof body === 'string' ? body : new Blob([Buffer.from(body as Buffer)]));

const ground = (): Ground => ({ db: server().db, files: createDiskFileStore(server().config.filesDir) });
const inSynchro = { path: { channel: 'synchro' } };
const ofSolution = (more: Record<string, string> = {}) => ({ path: { id: solution, ...more } });

/** Sends an archive and waits for its package. Answers the sync. */
async function syncTo2(channel: string, archive: Buffer): Promise<string> {
  const headers = { 'content-type': 'application/zip' };
  const posted = await ask('postDatas', { path: { channel }, body: archive, headers });
  await eventually('the package is ready', async () => {
    const statut = await ask('statut', { path: { channel }, query: '?wait=10&not=1' });
    return statut.text === '"2"';
  });
  return String(posted.json['sync']);
}

test('operations', async () => {
  await ask('checkLife');
  await ask('checkReadiness');
  await ask('readMetrics', { token: metricsToken });
  await ask('getOpenApiDocument');
  await ask('readDocument');
});

test('the protocol, from login to confirmation, and what staff see of it', async () => {
  await ask('lastIdLogs', inSynchro);
  await ask('listSyncParams', inSynchro);
  const sync = await syncTo2('synchro', zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3) }));
  await ask('getDatas', inSynchro);
  await ask('currentSync', inSynchro);
  await ask('confirm', { ...inSynchro, body: { sync } });

  await ask('listSyncs', ofSolution());
  await ask('getSync', { path: { sync } });
  await ask('getSyncPackage', { path: { sync } });
  await ask('getSyncInstructions', { path: { sync } });
  await ask('listLogs', ofSolution({ table: 'Tbfridge' }));
  await ask('listLogs', { ...ofSolution({ table: 'Tbfridge' }), query: '?format=csv' });
  await ask('listGaps', ofSolution());
  await ask('acceptLosses', ofSolution({ table: 'Tbfridge' }));
  await ask('getOtherZoneReadings', ofSolution());
  await ask('readTimesAnew', ofSolution());
  const replayed = await ask('replaySync', { path: { sync } });
  await eventually('the replay is ready', async () => {
    const { json } = await ask('getSync', { path: { sync: String(replayed.json['sync']) } });
    return json['state'] === 'ready';
  });
  await ask('confirm', inSynchro);
});

test('resumable uploads', async () => {
  const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(4) });
  const headers = { 'tus-resumable': '1.0.0' };
  await ask('describeUploads', inSynchro);
  const begin = async () => {
    const created = await ask('createUpload', {
      ...inSynchro,
      headers: { ...headers, 'upload-length': String(archive.length) },
    });
    return {
      path: { channel: 'synchro', id: (created.headers.get('location') ?? '').split('/').at(-1) ?? '' },
    };
  };
  const given = await begin();
  await ask('describeUpload', given);
  await ask('headUpload', { ...given, headers });
  await ask('deleteUpload', { ...given, headers });
  const type = { 'content-type': 'application/offset+octet-stream' };
  await ask('continueUpload', {
    ...(await begin()),
    body: archive,
    headers: { ...headers, ...type, 'upload-offset': '0' },
  });
  await eventually('the package is ready', async () => {
    return (await ask('statut', { ...inSynchro, query: '?wait=10&not=1' })).text === '"2"';
  });
  await ask('confirm', inSynchro);
});

test('photos, as the solution and as staff get them', async () => {
  await syncTo2('photos', zipOf({ 'photos/label-12.jpg': await jpeg(120) }));
  await ask('confirm', { path: { channel: 'photos' } });
  await ask('getOwnPhoto', { path: { channel: 'photos', name: 'label-12.jpg' } });
  await ask('listPhotos', ofSolution());
  await ask('getPhoto', ofSolution({ name: 'label-12.jpg' }));
});

test('accounts, users and their sessions', async () => {
  await ask('listAccounts');
  const account = String((await ask('createAccount', { body: { name: randomUUID() } })).json['id']);
  const kept = await ask('getAccount', { path: { id: account } });
  await ask('updateAccount', {
    path: { id: account },
    body: { retention: { fileDays: 14 } },
    headers: { 'if-match': kept.headers.get('etag') ?? '' },
  });
  const bounds = await ask('getAccountQuotas', { path: { id: account } });
  await ask('setAccountQuotas', {
    path: { id: account },
    body: { syncsPerDay: 500 },
    headers: { 'if-match': bounds.headers.get('etag') ?? '' },
  });
  await ask('listUsers');
  const email = `${randomUUID()}@example.org`;
  const password = 'correct horse battery';
  const user = { email, password, role: 'manager', accounts: [account] };
  const id = String((await ask('createUser', { body: user })).json['id']);
  const etag = (await ask('getUser', { path: { id } })).headers.get('etag') ?? '';
  await ask('updateUser', { path: { id }, body: { role: 'viewer' }, headers: { 'if-match': etag } });
  const token = String((await ask('signIn', { body: { email, password } })).json['token']);
  await ask('signIn', { body: { email, password } });
  const own = await ask('listOwnSessions', { token });
  const other = (own.json['items'] as { id: string; current: boolean }[]).find(({ current }) => !current);
  await ask('endOwnSession', { token, path: { id: other?.id ?? '' } });
  await ask('readSecondFactor', { token });
  const factor = await ask('beginSecondFactor', { token });
  const code = new TOTP({ secret: String(factor.json['secret']) }).generate();
  const { json: on } = await ask('turnOnSecondFactor', { token, body: { code } });
  const [recoveryCode] = on['recoveryCodes'] as string[];
  await ask('turnOffSecondFactor', { token, body: { code: recoveryCode } });
  await ask('removeSecondFactorOfUser', { path: { id } });
  await ask('changePassword', { token, body: { current: password, next: 'another horse battery' } });
  await ask('signOut', { token });
  await ask('listSessionsOfUser', { path: { id } });
  await ask('endSessionsOfUser', { path: { id } });
  await ask('forgetIdentities', { path: { id } });
});

test('solutions, their secrets and their flags', async () => {
  await ask('listSolutions', { query: '?search=&account=&state=' });
  const got = await ask('getSolution', ofSolution());
  const etag = got.headers.get('etag') ?? '';
  await ask('updateSolution', { ...ofSolution(), body: { name: 'Zinc' }, headers: { 'if-match': etag } });
  await ask('replaceSecret', ofSolution());
  const bounds = (await ask('getSolutionQuotas', ofSolution())).headers.get('etag') ?? '';
  const quotas = { syncsPerDay: 500, extraColumns: null };
  await ask('setSolutionQuotas', { ...ofSolution(), body: quotas, headers: { 'if-match': bounds } });
  const closed = await ask('enrolSolution', { body: { mail: 'closed@example.org', name: 'Closed' } });
  await ask('retireSolution', { path: { id: String(closed.json['id']) } });
  const flag = { channel: 'synchro', flag: 'resend-params' };
  await ask('setFlag', ofSolution(flag));
  await ask('clearFlag', ofSolution(flag));
  await ask('listReplacements', ofSolution());
  await ask('setFlagOfMany', {
    path: { flag: 'resend-logs' },
    body: { channel: 'synchro', filter: { search: 'zinc' } },
  });
});

test('flags and settings in waves', async () => {
  const change = { kind: 'flag', channel: 'sondes', flag: 'resend-logs' };
  const planned = await ask('planRollout', { body: { name: 'Again', change, solutions: [solution] } });
  const one = { path: { id: String(planned.json['id']) } };
  await ask('listRollouts');
  await ask('getRollout', one);
  await ask('listRolloutSolutions', one);
  await ask('steerRollout', { ...one, body: { action: 'cancel' } });
  const edits = [{ class: 'Fridges', where: { Type: 'positive' }, fields: { TempMax: 4 } }];
  await ask('planRollout', {
    body: { name: 'Colder', change: { kind: 'settings', edits }, solutions: { search: 'zinc' } },
  });
});

test('the upload of a solution without a network', async () => {
  const mail = `${randomUUID()}@example.org`;
  const enrolled = await ask('enrolSolution', { body: { mail, name: 'Refuge du Goûter' } });
  const archive = zipOf({});
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const channel = { channel: 'sondes', confirms: null, after: null, key: mail };
  const contents = {
    mac: '00:1A:2B:3C:4D:5F',
    writtenAt: '2026-11-30T06:15:00Z',
    channels: [{ ...channel, bytes: archive.length, sha256 }],
  };
  const header = { direction: 'to-server', mail, export: randomUUID() } as const;
  const key = offlineKeyOf(String(enrolled.json['secret']));
  const parts = [{ bytes: archive.length, open: () => Readable.from([archive]) }];
  const body = await bytesOf(writeOfflineFile(header, key, contents, parts));
  const taken = await ask('takeInOfflineFile', {
    body,
    headers: { 'content-type': 'application/octet-stream' },
    query: '?name=refuge.epack',
  });
  const file = String(taken.json['id']);
  await eventually('the response is ready', async () => {
    const { json } = await ask('getOfflineFile', { path: { file } });
    return json['isReady'] === true;
  });
  await ask('getOfflineResponse', { path: { file } });
  expect((await ask('listOfflineFiles')).json['items']).toMatchObject([{ id: file }]);
});

test('parameters', async () => {
  const ofFridge = ofSolution({ class: 'Fridges', entity: '77' });
  const fields = { Name: 'Chambre froide 1', TempMin: 0, TempMax: 4 };
  const made = await ask('putParameter', { ...ofFridge, body: { fields } });
  expect(made.status).toBe(201);
  const changed = await ask('putParameter', {
    ...ofFridge,
    body: { fields: { TempMax: 3 } },
    headers: { 'if-match': made.headers.get('etag') ?? '' },
  });
  expect(changed.status).toBe(200);
  const got = await ask('getParameter', ofFridge);
  expect(got.headers.get('etag')).toBe(changed.headers.get('etag'));
  await ask('listParameters', ofSolution({ class: 'fridges' }));
  await ask('listParameterVersions', ofFridge);
  await ask('deleteParameter', { ...ofFridge, headers: { 'if-match': got.headers.get('etag') ?? '' } });
});

test('templates', async () => {
  const account = String((await ask('createAccount', { body: { name: 'Bistros' } })).json['id']);
  const body = { mail: 'bistro@example.org', name: 'Bistro', account };
  const kitchen = String((await ask('enrolSolution', { body })).json['id']);
  const made = await ask('createTemplate', { body: { account, name: 'Bistros' } });
  const path = { id: String(made.json['id']), solution: kitchen, class: 'Fridges', entity: 'walk-in' };
  await ask('renameTemplate', { path, body: { name: 'Bistros of Lyon' } });
  await ask('listTemplates');
  const fields = { Name: 'Chambre froide', TempMax: 4 };
  const entity = await ask('putTemplateEntity', { path, body: { fields } });
  expect(entity.status).toBe(201);
  await ask('getTemplateEntity', { path });
  await ask('listTemplateEntities', { path });
  await ask('joinTemplate', { path, body: { solutions: [kitchen] } });
  await ask('copyIntoTemplate', { path, body: { solution: kitchen, classes: ['Cleanings'] } });
  await ask('listTemplateDifference', { path });
  await ask('planTemplateRollout', { path, body: {} });
  await ask('sendOutTemplate', { path });
  await ask('putParameter', { path: { ...path, id: kitchen }, body: { fields: { TempMax: 6 } } });
  await ask('listTemplateDeviations', { path, query: '?class=Fridges' });
  await ask('getTemplateTotals', { path });
  await ask('listTemplateSites', { path });
  await ask('getTemplateSite', { path });
  await ask('resetToTemplate', { path, body: { class: 'Fridges', entity: 'walk-in', field: 'TempMax' } });
  const edited = { fields: { TempMax: 3 } };
  const headers = { 'if-match': entity.headers.get('etag') ?? '' };
  expect((await ask('putTemplateEntity', { path, body: edited, headers })).status).toBe(200);
  await ask('deleteTemplateEntity', { path });
  await ask('leaveTemplate', { path });
  await ask('getTemplate', { path });
  await ask('deleteTemplate', { path });
});

test('quarantine, conflicts, approvals and alerts', async () => {
  const sync = await syncTo2('synchro', zipOf({}));
  await ask('confirm', inSynchro);
  const refused = { kind: 'row', file: 'csv/Tbfridge.csv', header: 'Id,Temp', raw: '9,warm' } as const;
  const replayed = await newQuarantined(ground(), solution, sync, refused);
  const discarded = await newQuarantined(ground(), solution, sync, refused);
  await ask('listQuarantine', { query: `?solution=${solution}` });
  await ask('replayQuarantined', { path: { id: replayed }, body: { text: '9,3.5' } });
  await ask('discardQuarantined', { path: { id: discarded } });
  const dispute = { base: { Name: 'A' }, manager: { Name: 'B' }, solution: { Name: 'C' }, fields: ['Name'] };
  const conflict = await newConflict(ground(), solution, 'f1', dispute);
  await ask('listConflicts', { query: `?solution=${solution}` });
  await ask('decideConflict', { path: { id: conflict }, body: { choice: 'manager' } });
  const approval = await newApproval(ground(), solution, ['f2', 'f3']);
  await ask('listApprovals', { query: `?solution=${solution}` });
  await ask('decideApproval', { path: { id: approval }, body: { decision: 'approve' } });
  const alert = await newAlert(ground(), solution);
  await ask('listAlerts', { query: `?solution=${solution}` });
  await ask('acknowledgeAlert', { path: { id: alert }, body: { comment: 'Seen' } });
});

test('messages and lab results', async () => {
  await ask('sendMessage', { ...ofSolution(), body: { subject: 'Rappel', body: 'Retirez le lot L123.' } });
  const result = { sample: 'Steak haché', germ: 'E. coli', value: 10, m: 50, M: 500 };
  await ask('sendAnalyses', { ...ofSolution(), body: result });
  await ask('sendAnalyses', { ...ofSolution(), body: { items: [result, result] } });
  await ask('sendAnalyses', {
    ...ofSolution(),
    body: 'sample;germ;value;m;M\r\nSteak haché;E. coli;<10;50;500\r\n',
    headers: { 'content-type': 'text/csv' },
  });
  await ask('listMessages', ofSolution());
});

test('notification targets', async () => {
  const target = {
    account: null,
    kind: 'webhook',
    address: 'https://hooks.example/',
    events: ['sync-failed'],
  };
  const made = await ask('createNotificationTarget', { body: target });
  const ofTarget = { path: { id: String(made.json['id']) } };
  await ask('listNotificationTargets');
  await ask('getNotificationTarget', ofTarget);
  await ask('updateNotificationTarget', { ...ofTarget, body: { paused: true } });
  await ask('replaceWebhookSecret', ofTarget);
  const tested = await ask('testNotificationTarget', ofTarget);
  await ask('listNotifications', ofTarget);
  const id = String(tested.json['notification']);
  await server().db('notification').where({ id }).update({ state: 'parked' });
  await ask('retryNotification', { path: { id } });
  await ask('deleteNotificationTarget', ofTarget);
  const mail = await ask('createNotificationTarget', {
    body: { ...target, kind: 'email', address: 'chef@example.org' },
  });
  await ask('askForConfirmation', { path: { id: String(mail.json['id']) } });
});

test('the audit trail', async () => {
  await ask('listAudit', { query: `?solution=${solution}` });
});

test('background work', async () => {
  const kind = 'upkeep.remove-stale-rows';
  await createScheduleStore(server().db).declare([{ kind, cron: '8 * * * *' }]);
  await ask('listSchedules');
  await ask('updateSchedule', { path: { kind }, body: { paused: true } });
  await ask('runSchedule', { path: { kind } });
});

test('systems and pairs', async () => {
  await ask('listSystemKinds');
  const disk = { name: 'disk', kind: 'file-tree', config: { folder: '/srv/akten' } };
  const dav = {
    name: 'dav',
    kind: 'webdav',
    config: { url: 'http://127.0.0.1:9/', auth: { user: 'u', password: 'p' } },
  };
  const espo = {
    name: 'espo',
    kind: 'espocrm',
    config: { url: 'http://127.0.0.1:9', auth: { apiKey: '${KEY}' } },
  };
  for (const body of [disk, dav, espo]) await ask('addSystem', { body });
  await ask('listSystems');
  const system = { path: { name: 'espo' } };
  const etag = (await ask('getSystem', system)).headers.get('etag') ?? '';
  await ask('putSystem', {
    ...system,
    body: { ...espo, secrets: { KEY: 'k' } },
    headers: { 'if-match': etag },
  });
  await ask('pauseSystem', system);
  await ask('resumeSystem', system);
  await ask('probeSystem', system);
  const hook = await ask('addSystemHook', system);
  await ask('listSystemHooks', system);
  const ofHook = { path: { ...system.path, id: String(hook.json['id']) } };
  const token = String(hook.json['url']).split('/').at(-1) ?? '';
  await ask('takeWebhook', { path: { system: 'espo', token }, body: { id: 'a' } });
  await ask('setSystemHookSecrets', { ...ofHook, body: { secrets: { w: 'k' } } });
  await ask('deleteSystemHook', ofHook);
  await ask('deleteSystem', system);

  const akten = { here: { system: 'disk' }, there: { system: 'dav', root: 'Akten' }, mode: 'off' };
  const pair = { path: { name: 'akten' } };
  await ask('addPair', { body: { name: 'akten', ...akten } });
  await ask('listPairs');
  const version = (await ask('getPair', pair)).headers.get('etag') ?? '';
  const leaveOut = ['*.tmp'];
  await ask('putPair', { ...pair, body: { ...akten, leaveOut }, headers: { 'if-match': version } });
  await ask('listPairVersions', pair);
  const run = String((await ask('runPair', pair)).json['run']);
  await ask('runPairWhole', pair);
  await ask('listPairRuns', pair);
  await ask('getPairRun', { path: { ...pair.path, id: run } });
  await ask('takeBackPairRun', { path: { ...pair.path, id: run } });
  await ask('getPairStatus', pair);
  const plan = { path: { id: String((await ask('makePairPlan', pair)).json['plan']) } };
  await ask('getPairPlan', plan);
  await server().db('pair_plan').update({ state: 'ready', digest: 'd' });
  await ask('decidePairPlan', { ...plan, body: { decision: 'reject' } });
  const [made] = await server()
    .db.raw<{ rows: { id: string }[] }>(
      `insert into pair_approval (pair_id, kind, digest, entities) select id, 'deletions', '', 1 from pair returning id`,
    )
    .then(({ rows }) => rows);
  await ask('getHeldWork', { path: { id: made?.id ?? '' } });
  const link = {
    path: {
      id: String((await ask('joinPairLink', { ...pair, body: { here: 'a', there: 'b' } })).json['id']),
    },
  };
  await ask('listPairLinks', pair);
  await ask('getPairLink', link);
  await ask('lookAtPairLink', link);
  await ask('unlinkPairLink', link);
  const job = {
    path: { id: String((await ask('addPairJob', { ...pair, body: { side: 'here', key: 'c' } })).json['id']) },
  };
  await ask('listPairJobs', pair);
  await ask('getPairJob', job);
  await ask('retryPairJob', job);
  await ask('pausePair', pair);
  await ask('resumePair', pair);
  await ask('deletePair', pair);
});

test('every call of the document has been made successfully', () => {
  const all = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(all.filter((id) => !succeeded.has(id))).toEqual([]);
});
