import { startBackoffice, type TestBackoffice } from './backoffice';
import { newAlert, newApproval, newKitchen, newQuarantined, newSync } from './fixtures';
import { pageVisitor } from './page-visitor';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

async function refusedRows(count: number) {
  const { solution, account } = await newKitchen(backoffice);
  const sync = await newSync(backoffice, solution);
  const ids: string[] = [];
  for (let row = 0; row < count; row++) {
    const raw = `${row};x`;
    ids.push(
      await newQuarantined(backoffice, solution, sync, { kind: 'row', file: 'csv/Tbfridge.csv', raw }),
    );
  }
  return { solution, account, ids };
}

const statesOf = (ids: readonly string[]) =>
  backoffice.db('quarantine').whereIn('id', ids).orderBy('id').pluck('state');

test('the page of a solution counts all open items, also those that it does not list', async () => {
  const { solution } = await refusedRows(6);
  await newApproval(backoffice, solution, ['1', '2']);
  const { look } = pageVisitor(backoffice, backoffice.admin);
  const { text } = await look(`/solutions/${solution}`);
  // With the approval and that it has never ended a sync: three items are listed, and three more counted.
  expect(text).toMatch(/<h2>[78] things to look at<\/h2>/);
  expect(text).toContain('3 more in quarantine');
  expect(text).toContain(`href="/quarantine?solution=${solution}"`);
  expect(text).not.toContain(' below');
});

describe('items in quarantine', () => {
  test('are discarded together if they are ticked, and lead back to the same list', async () => {
    const { solution, ids } = await refusedRows(3);
    const { look, submit } = pageVisitor(backoffice, backoffice.admin);
    const { text } = await look(`/quarantine?solution=${solution}`);
    const action = `/quarantine/discard?state=open&solution=${solution}`;
    expect(text.replaceAll('&amp;', '&')).toContain(`action="${action}"`);
    const { to } = await submit(action, { item: ids.slice(0, 2) });
    expect(to).toBe(`/quarantine?state=open&solution=${solution}&done=discarded`);
    expect(await statesOf(ids)).toEqual(['discarded', 'discarded', 'open']);
    expect((await submit(action, { item: ids })).status).toBe(303);
    expect(await statesOf(ids)).toEqual(['discarded', 'discarded', 'discarded']);
    const deeds = await backoffice
      .db('audit')
      .where({ solution_id: solution, action: 'quarantine.discarded' });
    expect(deeds).toHaveLength(3);
    expect((await submit(action)).status).toBe(400);
  });

  test('leads back to the same list also one by one', async () => {
    const { solution, ids } = await refusedRows(1);
    const { look, submit } = pageVisitor(backoffice, backoffice.admin);
    const { text } = await look(`/quarantine/${ids[0] ?? ''}?state=all&solution=${solution}`);
    const [, action = ''] = /action="([^"]+discard[^"]*)"/.exec(text.replaceAll('&amp;', '&')) ?? [];
    expect((await submit(action)).to).toBe(`/quarantine?state=all&solution=${solution}&done=discarded`);
  });

  test('are not discarded without the right, and none is discarded if one is not visible', async () => {
    const mine = await refusedRows(1);
    const other = await refusedRows(1);
    const ids = [...mine.ids, ...other.ids];
    const manager = pageVisitor(backoffice, await backoffice.signIn('manager', [mine.account]));
    expect((await manager.submit('/quarantine/discard', { item: ids })).status).toBe(404);
    const viewer = pageVisitor(backoffice, await backoffice.signIn('viewer', [mine.account]));
    expect((await viewer.submit('/quarantine/discard', { item: mine.ids })).status).toBe(403);
    expect((await viewer.look('/quarantine')).text).not.toContain('type="checkbox"');
    expect(await statesOf(ids)).toEqual(['open', 'open']);
  });
});

test('ticked alerts are acknowledged together', async () => {
  const { solution } = await newKitchen(backoffice);
  const ids = [await newAlert(backoffice, solution, 'P1'), await newAlert(backoffice, solution, 'P2')];
  const { look, submit } = pageVisitor(backoffice, backoffice.admin);
  expect((await look('/alerts')).text).toContain('action="/alerts/acknowledge"');
  const { to } = await submit('/alerts/acknowledge', { alert: ids, comment: 'door open', view: 'new' });
  expect(to).toBe('/alerts?view=new&done=acknowledged-many');
  const seen = await backoffice.db('probe_alert').whereIn('id', ids).pluck('acknowledged_by');
  expect(seen).toEqual([backoffice.admin.email, backoffice.admin.email]);
});
