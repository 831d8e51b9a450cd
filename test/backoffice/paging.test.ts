import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';
import { newApproval, newConflict, newKitchen, newQuarantined, newSync } from './fixtures';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

interface List {
  /** Answers the path of the list, with its rows made. */
  readonly path: () => Promise<string>;
  /** Adds a row that a page yet to come, or a page already read, could show. */
  readonly add: () => Promise<unknown>;
  readonly keyOf: (item: Record<string, unknown>) => unknown;
}

const rows = 11;
const times = async (count: number, work: () => Promise<unknown>) => {
  for (let round = 0; round < count; round++) await work();
};

/** A list of one new kitchen: `add` makes a row of it. */
function listOf(
  path: (solution: string) => string,
  add: (solution: string) => Promise<unknown>,
  key: string,
): List {
  let solution = '';
  return {
    path: async () => {
      ({ solution } = await newKitchen(backoffice));
      await times(rows, () => add(solution));
      return path(solution);
    },
    add: () => add(solution),
    keyOf: (item) => item[key],
  };
}

let count = 0;
const dispute = { base: { Name: 'A' }, manager: { Name: 'B' }, solution: { Name: 'C' }, fields: ['Name'] };
const quarantined = { kind: 'row', file: 'csv/Tbfridge.csv' } as const;

const lists: Record<string, List> = {
  accounts: {
    path: async () => {
      await times(rows, () => newKitchen(backoffice));
      return '/api/accounts?';
    },
    add: () => newKitchen(backoffice),
    keyOf: ({ id }) => id,
  },
  users: {
    path: async () => {
      await times(rows, addUser);
      return '/api/users?';
    },
    add: addUser,
    keyOf: ({ id }) => id,
  },
  solutions: {
    path: async () => {
      await times(rows, () => newKitchen(backoffice));
      return '/api/solutions?';
    },
    add: () => newKitchen(backoffice),
    keyOf: ({ id }) => id,
  },
  // Several are received at one and the same instant.
  syncs: listOf(
    (solution) => `/api/solutions/${solution}/syncs?`,
    async (solution) => {
      const id = await newSync(backoffice, solution);
      await backoffice
        .db('sync')
        .where({ id })
        .update({ received_at: backoffice.db.raw(`date_trunc('minute', now())`) });
    },
    'sync',
  ),
  quarantine: listOf(
    (solution) => `/api/quarantine?solution=${solution}&`,
    async (solution) =>
      newQuarantined(backoffice, solution, await newSync(backoffice, solution), quarantined),
    'id',
  ),
  conflicts: listOf(
    (solution) => `/api/conflicts?solution=${solution}&`,
    (solution) => newConflict(backoffice, solution, `f${++count}`, dispute),
    'id',
  ),
  approvals: listOf(
    (solution) => `/api/approvals?solution=${solution}&state=all&`,
    async (solution) => {
      const id = await newApproval(backoffice, solution, [`f${++count}`]);
      await admin.call('POST', `/api/approvals/${id}`, { decision: 'reject' });
    },
    'id',
  ),
  audit: listOf(
    (solution) => `/api/audit?solution=${solution}&`,
    (solution) => admin.call('PATCH', `/api/solutions/${solution}`, { name: `Name ${++count}` }),
    'id',
  ),
  parameters: listOf(
    (solution) => `/api/solutions/${solution}/params/Fridges?`,
    (solution) =>
      admin.call('PUT', `/api/solutions/${solution}/params/Fridges/f${Math.random()}`, {
        fields: { Name: 'X' },
      }),
    'id',
  ),
  history: listOf(
    (solution) => `/api/solutions/${solution}/params/Fridges/f1/history?`,
    (solution) =>
      admin.call('PUT', `/api/solutions/${solution}/params/Fridges/f1`, {
        fields: { Name: `Name ${++count}` },
      }),
    'version',
  ),
  logs: listOf(
    (solution) => `/api/solutions/${solution}/logs/Tbfridge?`,
    (solution) => backoffice.db('tbfridge').insert({ solution_id: solution, id: ++count }),
    'Id',
  ),
};

function addUser(): Promise<unknown> {
  return backoffice
    .db('app_user')
    .insert({ email: `u${++count}@example.org`, password_hash: '-', role: 'viewer' });
}

test.each(Object.entries(lists))(
  '%s: page by page, every row is returned exactly once while others are added',
  async (_name, list) => {
    const path = await list.path();
    const before = (await pageAt(path, 1000, null)).items.map(list.keyOf);
    const seen: unknown[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Page = await pageAt(path, 3, cursor);
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(list.keyOf));
      cursor = page.next;
      pages += 1;
      // A list that grows at its end would never end.
      if (pages < 4) await list.add();
    } while (cursor !== null);
    expect(pages).toBeGreaterThan(3);
    expect(new Set(seen).size).toBe(seen.length);
    expect(before.filter((key) => !seen.includes(key))).toEqual([]);
  },
);

test('an invalid cursor is a bad request', async () => {
  const { solution } = await newKitchen(backoffice);
  for (const path of [
    '/api/solutions',
    '/api/audit',
    '/api/quarantine',
    '/api/conflicts',
    '/api/approvals',
    `/api/solutions/${solution}/syncs`,
  ]) {
    const answer = await admin.call('GET', `${path}?cursor=${encodeURIComponent("1' or")}`);
    expect([path, answer.status]).toEqual([path, 400]);
  }
});

test('a text that PostgreSQL cannot keep is a bad request', async () => {
  for (const path of ['/api/solutions?search=%00', '/api/audit?user=%00', '/api/audit?action=a%00']) {
    expect((await admin.call('GET', path)).status).toBe(400);
  }
  for (const name of ['a\0b', 'half of a \ud83d']) {
    expect((await admin.call('POST', '/api/accounts', { name })).status).toBe(400);
    expect((await admin.call('POST', '/api/solutions', { mail: 'x@example.org', name })).status).toBe(400);
  }
  const credentials = { email: 'a\0@example.org', password: 'x' };
  expect((await backoffice.call('POST', '/api/session', { body: credentials })).status).toBe(400);
});

test('a body that is not JSON is a bad request', async () => {
  const response = await fetch(`${backoffice.url}/api/accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' },
    body: '{"name":',
  });
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});

interface Page {
  readonly items: Record<string, unknown>[];
  readonly next: string | null;
}

async function pageAt(path: string, limit: number, cursor: string | null): Promise<Page> {
  const rest = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const answer = await admin.call('GET', `${path}limit=${limit}${rest}`);
  expect(answer.status).toBe(200);
  return { items: answer.at('items') as Record<string, unknown>[], next: answer.at('next') as string | null };
}
