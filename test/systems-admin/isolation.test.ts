import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';
import { pageVisitor } from '../backoffice/page-visitor';
import { routesOfPairs, type TheirPair } from './pair-routes';

// No other customer sees, changes or learns of the systems and pairs of one customer.

let backoffice: TestBackoffice;
let account = '';
let theirs: TheirPair;
beforeAll(async () => {
  backoffice = await startBackoffice();
  ({ account } = await newKitchen(backoffice));
  theirs = await newPair();
});
afterAll(() => backoffice.stop());

const secretName = 'Only Theirs';

async function newPair(): Promise<TheirPair> {
  const { admin, db } = backoffice;
  for (const [name, kind, config] of [
    ['theirs', 'espocrm', { url: 'https://crm.example', auth: { apiKey: '${THEIR_KEY}' } }],
    ['theirs-too', 'espocrm', { url: 'https://crm2.example', auth: { apiKey: '${THEIR_KEY}' } }],
  ] as const) {
    const made = await admin.call('POST', '/api/systems', { name, kind, config, account });
    expect(made.status).toBe(201);
  }
  const made = await admin.call('POST', '/api/pairs', {
    name: 'their-pair',
    here: { system: 'theirs', entity: 'Contact' },
    there: { system: 'theirs-too', entity: 'Contact' },
    fields: [{ here: 'lastName', there: 'lastName' }],
  });
  expect(made.status).toBe(201);
  const pair = { pair_id: ((await db('pair').where({ name: 'their-pair' }).pluck('id')) as number[])[0] };
  const idOf = async (table: string, row: object): Promise<string> => {
    const [inserted] = await db(table).insert(row).returning<{ id: string }[]>('id');
    return String(inserted?.id);
  };
  const link = await idOf('link', pair);
  const seen = JSON.stringify({ isActive: true, fields: { lastName: secretName }, place: null });
  await db('link_end').insert({ ...pair, link_id: link, side: 'here', key: 'h1', revision: '1', seen });
  const job = await idOf('link_job', { ...pair, side: 'here', key: 'h1', link_id: link, source: 'webhook' });
  const plan = String((await admin.call('POST', '/api/pairs/their-pair/plan')).at('plan'));
  const run = String((await admin.call('POST', '/api/pairs/their-pair/run')).at('run'));
  const approval = await idOf('pair_approval', { ...pair, kind: 'deletions', digest: '', entities: 1 });
  return { system: 'theirs', pair: 'their-pair', link, job, plan, run, hook: '1', approval };
}

/** Bodies that would be taken from whoever may. */
const bodyOf = (route: string): object | undefined => {
  if (route.startsWith('GET') || route.startsWith('DELETE')) return undefined;
  if (route === 'POST /plans/:id') return { decision: 'approve' };
  if (route === 'POST /pairs/:name/links') return { here: 'h2', there: 't2' };
  if (route === 'POST /pairs/:name/jobs') return { side: 'here', key: 'h1' };
  return {};
};

describe.each(['manager', 'viewer'] as const)('a %s of another account', (role) => {
  let stranger: Staff;
  beforeAll(async () => {
    stranger = await backoffice.signIn(role, [(await newKitchen(backoffice)).account]);
  });

  test.each(Object.entries(routesOfPairs))(
    '%s says no, and nothing of what there is',
    async (route, path) => {
      const [method = ''] = route.split(' ');
      const answer = await stranger.call(method, path(theirs), bodyOf(route));
      // An action for admins alone is forbidden to everyone else, whether or not its object exists.
      expect([403, 404]).toContain(answer.status);
      expect(answer.text).not.toContain(secretName);
      const absent = {
        system: 'no-such',
        pair: 'no-such',
        link: '99',
        job: '99',
        plan: '99',
        run: '99',
        hook: '99',
        approval: '99',
      };
      const ofNothing = await stranger.call(method, path(absent), bodyOf(route));
      expect([ofNothing.status, ofNothing.at('code')]).toEqual([answer.status, answer.at('code')]);
    },
  );

  test.each([
    '/api/systems',
    '/api/pairs',
    '/api/conflicts?state=all',
    '/api/approvals?state=all',
    '/api/audit',
  ])('%s holds nothing of it', async (path) => {
    const answer = await stranger.call('GET', path);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('their');
    expect(answer.text).not.toContain(secretName);
  });
});

/** Every page about one system, one pair or something of a pair. */
const pagesOf = ({ system, pair, link, job, plan, run, approval }: TheirPair): string[] => [
  `/pairs/${pair}/runs/${run}`,
  `/systems/${system}`,
  ...['', '/links', '/plans', '/jobs', '/fields', '/runs', '/history'].map((tab) => `/pairs/${pair}${tab}`),
  `/links/${link}`,
  `/jobs/${job}`,
  `/plans/${plan}`,
  `/approvals/${approval}`,
];
const formsOf = ({
  system,
  pair,
  link,
  job,
  plan,
  run,
  approval,
}: TheirPair): Record<string, Record<string, string>> => ({
  [`/systems/${system}/probe`]: {},
  [`/systems/${system}/pause`]: { reason: 'mine' },
  [`/systems/${system}/resume`]: {},
  [`/pairs/${pair}/run`]: {},
  [`/pairs/${pair}/whole`]: {},
  [`/pairs/${pair}/plan`]: {},
  [`/pairs/${pair}/pause`]: { reason: 'mine' },
  [`/pairs/${pair}/resume`]: {},
  [`/pairs/${pair}/runs/${run}/take-back`]: {},
  [`/pairs/${pair}/jobs`]: { side: 'here', key: 'h1' },
  [`/pairs/${pair}/links`]: { here: 'h2', there: 't2' },
  [`/links/${link}/look`]: {},
  [`/links/${link}/unlink`]: {},
  [`/jobs/${job}/retry`]: { back: '/' },
  [`/plans/${plan}`]: { decision: 'approve', digest: '' },
  [`/approvals/${approval}`]: { decision: 'approve', folder: 'Akten' },
});

describe.each(['manager', 'viewer'] as const)('on the pages, a %s of another account', (role) => {
  test('cannot find it, and cannot change it', async () => {
    const stranger = await backoffice.signIn(role, [(await newKitchen(backoffice)).account]);
    const visitor = pageVisitor(backoffice, stranger);
    for (const page of pagesOf(theirs)) {
      const { status, text } = await visitor.look(page);
      expect({ page, status }).toEqual({ page, status: 404 });
      expect(text).not.toContain(secretName);
    }
    for (const page of ['/', '/systems', '/pairs', '/conflicts?state=all', '/approvals?state=all']) {
      const { status, text } = await visitor.look(page);
      expect({ page, status }).toEqual({ page, status: 200 });
      expect(text).not.toContain('their');
    }
    for (const [form, fields] of Object.entries(formsOf(theirs)))
      expect({ form, status: (await visitor.submit(form, fields)).status }).toEqual({ form, status: 404 });
  });
});

test('on the pages, a viewer of the account sees it, with no button that changes anything', async () => {
  const visitor = pageVisitor(backoffice, await backoffice.signIn('viewer', [account]));
  for (const page of pagesOf(theirs)) {
    const { status, text } = await visitor.look(page);
    const [, main = ''] = text.split('<main');
    expect({ page, status, forms: main.includes('method="post"') }).toEqual({
      page,
      status: 200,
      forms: false,
    });
  }
  for (const [form, fields] of Object.entries(formsOf(theirs)))
    expect({ form, status: (await visitor.submit(form, fields)).status }).toEqual({ form, status: 403 });
});

test('a viewer of the account reads it, and changes nothing', async () => {
  const viewer = await backoffice.signIn('viewer', [account]);
  for (const [route, path] of Object.entries(routesOfPairs)) {
    const [method = ''] = route.split(' ');
    const answer = await viewer.call(method, path(theirs), bodyOf(route));
    const isAllowed = method === 'GET';
    expect({ route, status: answer.status }).toEqual({ route, status: isAllowed ? 200 : 403 });
  }
});
