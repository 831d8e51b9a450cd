import { runDemo } from '../../client/demo';
import { eventually } from '../queue/eventually';
import { createTestFolder } from '../setup/folder';
import { call } from '../setup/solution-client';
import { type RealServer, staffHeaders, startRealServer } from './real-server';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

test('the demonstration prints its steps, leaves something to look at, and can run again on the same server', async () => {
  const { admin, url } = real.server;
  const { path: dir } = createTestFolder();
  for (let time = 1; time <= 2; time++) {
    const lines: string[] = [];
    await runDemo({
      ...{ url, adminEmail: admin.email, adminPassword: admin.password, dir },
      days: 3,
      print: (line) => lines.push(line),
    });
    const story = lines.join('\n');
    for (const channel of ['synchro', 'sondes', 'messagerie', 'photos'])
      expect(story).toContain(`\n   ${channel}\n`);
    expect(story).toContain('at most 4 °C → 3 °C');
    expect(story).toMatch(/xml\/Fridges-u\.xml: \d+ instructions?, carried out/);
    expect(story).toContain('<TempMax>4</TempMax> is now <TempMax>3</TempMax>');
    const solution = /solution (\d+),/.exec(story)?.[1] ?? '';
    await expectSomethingToLookAt(solution);
    await expectPagesToOpen(story, solution);
  }
});

async function expectSomethingToLookAt(solution: string): Promise<void> {
  await eventually('the open door is found', async () => {
    const alerts = await listed(`/api/alerts?solution=${solution}&state=open`);
    return JSON.stringify(alerts).includes('"fridgeName":"Armoire préparations froides"');
  });
  const conflicts = await listed(`/api/conflicts?solution=${solution}`);
  expect(conflicts).toMatchObject([
    { class: 'Fridges', fields: ['TempMax'], state: 'open', resolution: null },
  ]);
  const refused = await listed(`/api/quarantine?solution=${solution}`);
  expect(refused).toMatchObject([{ subject: 'Tbfridge', code: 'bad-value', kind: 'row' }]);
  const [held] = await listed(`/api/approvals?solution=${solution}`);
  expect(held).toMatchObject({ class: 'ProductsStockIn', kind: 'deletes', state: 'open' });
}

async function listed(path: string): Promise<readonly unknown[]> {
  const answer = await call(`${real.server.url}${path}`, { headers: await staffHeaders(real) });
  expect(answer.status).toBe(200);
  const { items } = answer.json;
  if (!Array.isArray(items)) throw new Error(`${path} lists nothing`);
  return items;
}

/** Each link that the story ends with leads to a page of the console. */
async function expectPagesToOpen(story: string, solution: string): Promise<void> {
  const links = [...story.slice(story.indexOf('Where to look')).matchAll(/https?:\S+/g)].map(
    ([link]) => link,
  );
  expect(links).toHaveLength(6);
  expect(links).toContain(`${real.server.url}/quarantine?solution=${solution}`);
  const token = (await staffHeaders(real))['Authorization']?.replace('Bearer ', '') ?? '';
  const headers = { Accept: 'text/html', Cookie: `epack_session=${token}` };
  for (const link of links) {
    const { status, redirected } = await fetch(link, { headers });
    expect({ link, status, redirected }).toEqual({ link, status: 200, redirected: false });
  }
}
