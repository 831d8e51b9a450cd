import { randomUUID } from 'node:crypto';
import type { Router } from 'express';
import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';
import {
  newAlert,
  newApproval,
  newConflict,
  newKitchen,
  newPhoto,
  newQuarantined,
  newSync,
} from './fixtures';
import { routesOfAllPairs, routesOfPairs } from '../systems-admin/pair-routes';

let backoffice: TestBackoffice;
let other: OtherKitchen;
beforeAll(async () => {
  backoffice = await startBackoffice();
  other = await newOtherKitchen();
});
afterAll(() => backoffice.stop());

/** Everything that another account has. */
interface OtherKitchen {
  readonly account: string;
  /** The name of the solution. */
  readonly name: string;
  readonly solution: string;
  readonly sync: string;
  readonly quarantined: string;
  readonly conflict: string;
  readonly approval: string;
  readonly alert: string;
  readonly target: string;
  readonly notification: string;
  readonly offlineFile: string;
  /** A template that the solution follows. */
  readonly template: string;
  readonly rollout: string;
}

async function newOtherKitchen(): Promise<OtherKitchen> {
  const { account, solution } = await newKitchen(backoffice);
  const name = `Kitchen of ${account}, elsewhere`;
  await backoffice.admin.call('PATCH', `/api/solutions/${solution}`, { name });
  const sync = await newSync(backoffice, solution, {
    upload: [{ name: 'csv/Tbfridge.csv', content: 'Id\n1\n' }],
    instructions: 'PK',
  });
  const quarantined = await newQuarantined(backoffice, solution, sync, {
    kind: 'row',
    file: 'csv/Tbfridge.csv',
    header: 'Id',
    raw: '1',
  });
  const fields = { Name: 'F' };
  const dispute = { base: fields, manager: { Name: 'G' }, solution: { Name: 'H' }, fields: ['Name'] };
  const conflict = await newConflict(backoffice, solution, 'f1', dispute);
  const approval = await newApproval(backoffice, solution, ['f2']);
  await backoffice.db('tbfridge').insert({ solution_id: solution, id: 1 });
  await newPhoto(backoffice, solution, sync, 'label-12.jpg');
  const alert = await newAlert(backoffice, solution);
  const made = await backoffice.admin.call('POST', '/api/notification-targets', targetOf(account));
  const target = String(made.at('id'));
  const tested = await backoffice.admin.call('POST', `/api/notification-targets/${target}/test`);
  const notification = String(tested.at('notification'));
  const offlineFile = randomUUID();
  await backoffice.db('offline_file').insert({
    id: offlineFile,
    solution_id: solution,
    file_name: 'kitchen.epack',
    written_at: new Date(),
    taken_in_by: 'someone@example.org',
    secret_hash: 'x',
  });
  const planned = await backoffice.admin.call('POST', '/api/rollouts', rolloutOf(solution));
  const rollout = String(planned.at('id'));
  const named = await backoffice.admin.call('POST', '/api/templates', { account, name: `Of ${name}` });
  const template = String(named.at('id'));
  await backoffice.admin.call('PUT', `/api/templates/${template}/params/Fridges/f1`, { fields });
  await backoffice.admin.call('POST', `/api/templates/${template}/sites`, { solutions: [solution] });
  const things = {
    sync,
    quarantined,
    conflict,
    approval,
    alert,
    target,
    notification,
    offlineFile,
    template,
    rollout,
  };
  return { account, name, solution, ...things };
}

const rolloutOf = (solution: string) => ({
  name: 'Again',
  change: { kind: 'flag', channel: 'synchro', flag: 'resend-params' },
  solutions: [solution],
});

const targetOf = (account: string) => ({
  account,
  kind: 'webhook',
  address: 'https://hooks.example/',
  events: ['sync-failed'],
});

const templatePath =
  (rest: string) =>
  ({ template, solution }: OtherKitchen) =>
    `/api/templates/${template}${rest.replace(':solution', solution)}`;

type RouteName = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} ${string}`;

interface TryRoute {
  readonly path: (kitchen: OtherKitchen) => string;
  readonly body?: (kitchen: OtherKitchen) => object;
  /** True for a change, which a viewer may never make. */
  readonly edits?: boolean;
}

const solution = (rest: string) => (kitchen: OtherKitchen) => `/api/solutions/${kitchen.solution}${rest}`;

function targetPath(rest: string) {
  return ({ target }: OtherKitchen) => `/api/notification-targets/${target}${rest}`;
}

/** Every route that names something of a solution, or of its account. */
const ofSolutions: Record<RouteName, TryRoute> = {
  'GET /solutions/:id': { path: solution('') },
  'PATCH /solutions/:id': { path: solution(''), body: () => ({ name: 'Mine' }), edits: true },
  'DELETE /solutions/:id': { path: solution(''), edits: true },
  'GET /solutions/:id/quotas': { path: solution('/quotas') },
  'POST /solutions/:id/secret': { path: solution('/secret'), edits: true },
  'PUT /solutions/:id/channels/:channel/flags/:flag': {
    path: solution('/channels/synchro/flags/resend-logs'),
    edits: true,
  },
  'DELETE /solutions/:id/channels/:channel/flags/:flag': {
    path: solution('/channels/synchro/flags/resend-logs'),
    edits: true,
  },
  'PUT /flags/:flag': {
    path: () => '/api/flags/reset-status',
    body: (kitchen) => ({ channel: 'synchro', solutions: [kitchen.solution] }),
    edits: true,
  },
  'POST /rollouts': {
    path: () => '/api/rollouts',
    body: (kitchen) => rolloutOf(kitchen.solution),
    edits: true,
  },
  'GET /rollouts/:id': { path: ({ rollout }) => `/api/rollouts/${rollout}` },
  'GET /rollouts/:id/solutions': { path: ({ rollout }) => `/api/rollouts/${rollout}/solutions` },
  'POST /rollouts/:id': {
    path: ({ rollout }) => `/api/rollouts/${rollout}`,
    body: () => ({ action: 'approve', wave: 1 }),
    edits: true,
  },
  'GET /solutions/:id/params/:class': { path: solution('/params/Fridges') },
  'GET /solutions/:id/params/:class/:entity': { path: solution('/params/Fridges/f1') },
  'PUT /solutions/:id/params/:class/:entity': {
    path: solution('/params/Fridges/f1'),
    body: () => ({ fields: { Name: 'Mine' } }),
    edits: true,
  },
  'DELETE /solutions/:id/params/:class/:entity': { path: solution('/params/Fridges/f1'), edits: true },
  'GET /solutions/:id/params/:class/:entity/history': { path: solution('/params/Fridges/f1/history') },
  'GET /templates/:id': { path: templatePath('') },
  'PATCH /templates/:id': { path: templatePath(''), body: () => ({ name: 'Mine' }), edits: true },
  'DELETE /templates/:id': { path: templatePath(''), edits: true },
  'POST /templates/:id/copies': {
    path: templatePath('/copies'),
    body: ({ solution }) => ({ solution, classes: ['Fridges'] }),
    edits: true,
  },
  'GET /templates/:id/params/:class': { path: templatePath('/params/Fridges') },
  'GET /templates/:id/params/:class/:entity': { path: templatePath('/params/Fridges/f1') },
  'PUT /templates/:id/params/:class/:entity': {
    path: templatePath('/params/Fridges/f1'),
    body: () => ({ fields: { Name: 'Mine' } }),
    edits: true,
  },
  'DELETE /templates/:id/params/:class/:entity': { path: templatePath('/params/Fridges/f1'), edits: true },
  'GET /templates/:id/sites': { path: templatePath('/sites') },
  'POST /templates/:id/sites': {
    path: templatePath('/sites'),
    body: ({ solution }) => ({ solutions: [solution] }),
    edits: true,
  },
  'GET /templates/:id/sites/:solution': { path: templatePath('/sites/:solution') },
  'DELETE /templates/:id/sites/:solution': { path: templatePath('/sites/:solution'), edits: true },
  'POST /templates/:id/sites/:solution/reset': {
    path: templatePath('/sites/:solution/reset'),
    body: () => ({}),
    edits: true,
  },
  'GET /templates/:id/totals': { path: templatePath('/totals') },
  'GET /templates/:id/difference': { path: templatePath('/difference') },
  'GET /templates/:id/deviations': { path: templatePath('/deviations') },
  'POST /templates/:id/rollouts': { path: templatePath('/rollouts'), body: () => ({}), edits: true },
  'POST /templates/:id/send-out': { path: templatePath('/send-out'), edits: true },
  'GET /solutions/:id/logs/:table': { path: solution('/logs/Tbfridge') },
  'GET /solutions/:id/gaps': { path: solution('/gaps') },
  'GET /solutions/:id/photos': { path: solution('/photos') },
  'GET /solutions/:id/photos/:name': { path: solution('/photos/label-12.jpg') },
  'GET /solutions/:id/replacements': { path: solution('/replacements') },
  'GET /solutions/:id/messages': { path: solution('/messages') },
  'POST /solutions/:id/messages': {
    path: solution('/messages'),
    body: () => ({ subject: 'Hello', body: 'From elsewhere' }),
    edits: true,
  },
  'POST /solutions/:id/analyses': {
    path: solution('/analyses'),
    body: () => ({ sample: 'Steak', germ: 'E. coli', value: 1, m: 10, M: 100 }),
    edits: true,
  },
  'GET /solutions/:id/syncs': { path: solution('/syncs') },
  'GET /syncs/:sync': { path: ({ sync }) => `/api/syncs/${sync}` },
  'GET /syncs/:sync/package': { path: ({ sync }) => `/api/syncs/${sync}/package` },
  'GET /syncs/:sync/instructions': { path: ({ sync }) => `/api/syncs/${sync}/instructions` },
  'POST /syncs/:sync/replay': { path: ({ sync }) => `/api/syncs/${sync}/replay`, edits: true },
  'GET /quarantine': { path: (kitchen) => `/api/quarantine?solution=${kitchen.solution}` },
  'POST /quarantine/:id/discard': {
    path: ({ quarantined }) => `/api/quarantine/${quarantined}/discard`,
    edits: true,
  },
  'POST /quarantine/:id/replay': {
    path: ({ quarantined }) => `/api/quarantine/${quarantined}/replay`,
    edits: true,
  },
  'GET /conflicts': { path: (kitchen) => `/api/conflicts?solution=${kitchen.solution}` },
  'POST /conflicts/:id': {
    path: ({ conflict }) => `/api/conflicts/${conflict}`,
    body: () => ({ choice: 'manager' }),
    edits: true,
  },
  'GET /solutions/:id/other-zone-readings': {
    path: ({ solution }) => `/api/solutions/${solution}/other-zone-readings`,
  },
  'POST /solutions/:id/other-zone-readings': {
    path: ({ solution }) => `/api/solutions/${solution}/other-zone-readings`,
    edits: true,
  },
  'POST /solutions/:id/logs/:table/accept-losses': {
    path: ({ solution }) => `/api/solutions/${solution}/logs/Tbfridge/accept-losses`,
    edits: true,
  },
  'GET /approvals': { path: (kitchen) => `/api/approvals?solution=${kitchen.solution}` },
  'POST /approvals/:id': {
    path: ({ approval }) => `/api/approvals/${approval}`,
    body: () => ({ decision: 'approve' }),
    edits: true,
  },
  'GET /alerts': { path: (kitchen) => `/api/alerts?solution=${kitchen.solution}` },
  'POST /alerts/:id/acknowledge': { path: ({ alert }) => `/api/alerts/${alert}/acknowledge`, edits: true },
  'POST /notification-targets': {
    path: () => '/api/notification-targets',
    body: ({ account }) => targetOf(account),
    edits: true,
  },
  // Its address may hold a secret: a viewer does not see it.
  'GET /notification-targets/:id': { path: targetPath(''), edits: true },
  'PATCH /notification-targets/:id': { path: targetPath(''), body: () => ({ paused: true }), edits: true },
  'DELETE /notification-targets/:id': { path: targetPath(''), edits: true },
  'POST /notification-targets/:id/secret': { path: targetPath('/secret'), edits: true },
  'POST /notification-targets/:id/confirmation': { path: targetPath('/confirmation'), edits: true },
  'POST /notification-targets/:id/test': { path: targetPath('/test'), edits: true },
  // An address may hold a secret: what only editors read.
  'GET /notification-targets/:id/notifications': { path: targetPath('/notifications'), edits: true },
  'POST /notifications/:id/retry': {
    path: ({ notification }) => `/api/notifications/${notification}/retry`,
    edits: true,
  },
  'GET /offline-files/:file': { path: ({ offlineFile }) => `/api/offline-files/${offlineFile}` },
  'GET /offline-files/:file/response': {
    path: ({ offlineFile }) => `/api/offline-files/${offlineFile}/response`,
    edits: true,
  },
  'GET /audit': { path: (kitchen) => `/api/audit?solution=${kitchen.solution}` },
};

/** Routes that name nothing of a solution: of anyone who is signed in, and of admins alone. */
const ofAnyone: RouteName[] = [
  'GET /solutions',
  'POST /solutions',
  'GET /rollouts',
  'GET /notification-targets',
  // Of the caller's accounts, tried in test/templates.
  'GET /templates',
  'POST /templates',
  'GET /session/all',
  'DELETE /session/all/:id',
  'PUT /session/password',
  'GET /session/second-factor',
  'POST /session/second-factor',
  'PUT /session/second-factor',
  'DELETE /session/second-factor',
];
const ofAdmins: Record<RouteName, string> = {
  'GET /accounts': '/api/accounts',
  'POST /accounts': '/api/accounts',
  'GET /accounts/:id': '/api/accounts/1',
  'PATCH /accounts/:id': '/api/accounts/1',
  'GET /users': '/api/users',
  'POST /users': '/api/users',
  'GET /users/:id': '/api/users/1',
  'PATCH /users/:id': '/api/users/1',
  'GET /users/:id/sessions': '/api/users/1/sessions',
  'DELETE /users/:id/sessions': '/api/users/1/sessions',
  'DELETE /users/:id/identities': '/api/users/1/identities',
  'DELETE /users/:id/second-factor': '/api/users/1/second-factor',
  'GET /accounts/:id/quotas': '/api/accounts/1/quotas',
  'PATCH /accounts/:id/quotas': '/api/accounts/1/quotas',
  'PATCH /solutions/:id/quotas': '/api/solutions/1/quotas',
  'GET /schedules': '/api/schedules',
  'PATCH /schedules/:kind': '/api/schedules/upkeep.remove-stale-rows',
  'POST /schedules/:kind/run': '/api/schedules/upkeep.remove-stale-rows/run',
};
/** The solution is named in the file, or there are files of many: tried in test/offline/round-trip. */
const ofFiles: RouteName[] = ['GET /offline-files', 'POST /offline-files'];
const ofVisitors: RouteName[] = ['POST /session', 'DELETE /session'];

const newUser = {
  email: 'intruder@example.org',
  password: 'certainly long enough',
  role: 'admin',
  name: 'X',
};

test('every route of the interface is in one of the lists of this test', () => {
  const listed = [
    ...Object.keys(ofSolutions),
    ...ofAnyone,
    ...Object.keys(ofAdmins),
    ...ofVisitors,
    ...ofFiles,
    // Tried in test/systems-admin/isolation.
    ...Object.keys(routesOfPairs),
    ...routesOfAllPairs,
  ];
  expect(apiRoutesOf(backoffice.router).sort()).toEqual(listed.sort());
});

describe.each(['manager', 'viewer'] as const)('a %s of another account', (role) => {
  let stranger: Staff;
  beforeAll(async () => {
    const { account } = await newKitchen(backoffice);
    stranger = await backoffice.signIn(role, [account]);
  });

  test.each(Object.entries(ofSolutions))(
    '%s says 404, as if it did not exist',
    async (route, { path, body }) => {
      const method = route.split(' ')[0] ?? '';
      const before = await everythingOf(other);
      const answer = await stranger.call(method, path(other), body?.(other));
      expect([answer.status, answer.at('code')]).toEqual([404, 'not-found']);
      const absent: OtherKitchen = {
        ...other,
        solution: '99999999',
        sync: '00000000-0000-4000-8000-000000000000',
        quarantined: '99999999',
        conflict: '99999999',
        approval: '99999999',
        alert: '99999999',
        rollout: '99999999',
        account: '99999999',
        target: '99999999',
        notification: '00000000-0000-4000-8000-000000000000',
        offlineFile: '00000000-0000-4000-8000-000000000000',
        template: '99999999',
      };
      const nothing = await stranger.call(method, path(absent), body?.(absent));
      expect(nothing.text).toBe(answer.text);
      expect(await everythingOf(other)).toEqual(before);
    },
  );

  test.each([
    '/api/solutions?limit=500',
    '/api/quarantine?state=all',
    '/api/conflicts?state=all',
    '/api/approvals?state=all',
    '/api/alerts?state=all',
    '/api/rollouts?state=all',
    '/api/audit',
    '/api/templates',
    `/api/solutions?search=`,
  ])('%s holds nothing of it', async (path) => {
    const answer = await stranger.call(
      'GET',
      path.endsWith('search=') ? path + encodeURIComponent(other.name) : path,
    );
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(other.name);
    expect(answer.text).not.toContain(other.sync);
  });

  test.each(Object.entries(ofAdmins))('%s is forbidden', async (route, path) => {
    const answer = await stranger.call(
      route.split(' ')[0] ?? '',
      path,
      route.startsWith('GET') ? undefined : adminBody(route),
    );
    expect([answer.status, answer.at('code')]).toEqual([403, 'forbidden']);
  });
});

describe('a user without any account', () => {
  test('sees nothing', async () => {
    const { call } = await backoffice.signIn('manager', []);
    expect((await call('GET', '/api/solutions')).at('items')).toEqual([]);
    expect((await call('GET', `/api/solutions/${other.solution}`)).status).toBe(404);
  });
});

describe('a viewer of the account', () => {
  let viewer: Staff;
  beforeAll(async () => {
    viewer = await backoffice.signIn('viewer', [other.account]);
  });

  test.each(Object.entries(ofSolutions))(
    '%s is allowed if it only reads',
    async (route, { path, body, edits }) => {
      const answer = await viewer.call(route.split(' ')[0] ?? '', path(other), body?.(other));
      expect(answer.status).toBe(edits === true ? 403 : 200);
    },
  );
});

describe('nobody', () => {
  const all: [string, string][] = [
    ...Object.entries(ofSolutions).map(([route]): [string, string] => [route, route]),
    ...Object.keys(ofAdmins).map((route): [string, string] => [route, route]),
    ...ofAnyone.map((route): [string, string] => [route, route]),
    ['DELETE /session', 'DELETE /session'],
    ['GET /nothing-here', 'GET /nothing-here'],
  ];
  test.each(all)('%s says 401', async (route) => {
    const [method = '', pattern = ''] = route.split(' ');
    const tried = Object.entries(ofSolutions).find(([name]) => name === route)?.[1];
    const answer = await backoffice.call(method, tried?.path(other) ?? `/api${pattern}`, {
      body: method === 'GET' ? undefined : {},
    });
    expect([answer.status, answer.at('code')]).toEqual([401, 'unauthorized']);
  });
});

/** Accounts and users alike: each takes what it knows. */
const adminBody = (route: string) => {
  if (route === 'POST /accounts') return { name: newUser.name };
  if (route === 'PATCH /accounts/:id') return { retention: { readingDays: 1 } };
  if (route === 'POST /users')
    return { email: newUser.email, password: newUser.password, role: newUser.role };
  return { role: 'admin' };
};

/** All data that an intruder could have changed. */
async function everythingOf({ solution: id, target, template }: OtherKitchen): Promise<unknown> {
  const of = (table: string) => backoffice.db(table).where({ solution_id: id }).select();
  return Promise.all([
    backoffice.db('solution').where({ id }).select(),
    of('channel_status'),
    of('manager_message'),
    of('solution_flag'),
    backoffice.db('notification_target').where({ id: target }).select(),
    backoffice.db('notification').where({ target_id: target }).select(),
    of('param'),
    of('template_site'),
    of('template_sent'),
    backoffice.db('template').where({ id: template }).select(),
    backoffice.db('template_version').where({ template_id: template }).select(),
    of('sync'),
    of('quarantine'),
    of('conflict'),
    of('approval'),
    of('probe_alert'),
    of('rollout_solution'),
    of('audit'),
  ]);
}

/** Method and path of each route below `/api`; what refuses the other methods is none, and has no method. */
const apiRoutesOf = ({ stack }: Router): string[] =>
  stack.flatMap(({ route }) =>
    route === undefined
      ? []
      : [...new Set(route.stack.flatMap(methodOf))]
          .map((method) => `${method} ${route.path}`)
          .filter((name) => name.includes(' /api/'))
          .map((name) => name.replace(' /api/', ' /')),
  );

const methodOf = ({ method }: { readonly method?: string }) =>
  method === undefined ? [] : [method.toUpperCase()];
