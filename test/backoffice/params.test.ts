import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';
import { applyApprovals } from '../../worker/solution-sync/params/apply-approvals';
import { newApproval, newConflict, newKitchen } from './fixtures';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

async function newFridges() {
  const { account, solution } = await newKitchen(backoffice);
  const path = `/api/solutions/${solution}/params/Fridges`;
  return {
    account,
    solution,
    path,
    put: (id: string, fields: object) => admin.call('PUT', `${path}/${id}`, { fields }),
  };
}

describe('editing a parameter', () => {
  test('makes it, changes it by parts, and clears a field with null', async () => {
    const { path, put } = await newFridges();
    const made = await put('f1', { Name: 'Chambre froide 1', TempMax: '4', Colour: 'blue' });
    expect(made.status).toBe(201);
    expect(made.headers.get('etag')).toBe('"1"');
    expect(made.json).toMatchObject({
      id: 'f1',
      fields: { Name: 'Chambre froide 1', TempMax: 4, Colour: 'blue' },
      isActive: true,
      version: 1,
      updatedBy: admin.email,
      isDue: true,
    });
    const changed = await put('f1', { TempMax: 5.5, Colour: null });
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({ fields: { Name: 'Chambre froide 1', TempMax: 5.5 }, version: 2 });
    const listed = await admin.call('GET', path);
    expect(listed.at('next')).toBeNull();
    expect(listed.at('items')).toEqual([changed.json]);
  });

  test('names of classes compare without case', async () => {
    const { solution, put } = await newFridges();
    await put('f1', { Name: 'X' });
    expect((await admin.call('GET', `/api/solutions/${solution}/params/fridges`)).at('items', 0, 'id')).toBe(
      'f1',
    );
  });

  test('is refused with 422 for each field that cannot be, and changes nothing', async () => {
    const { path, put } = await newFridges();
    const answer = await put('f1', { Name: 'X', TempMax: 'warm', Type: 'box', Id: '7' });
    expect(answer.status).toBe(422);
    expect(answer.at('code')).toBe('invalid-fields');
    const fields = (answer.at('problems') as { field: string }[]).map(({ field }) => field);
    expect(fields.sort()).toEqual(['Id', 'TempMax', 'Type']);
    expect((await admin.call('GET', path)).at('items')).toEqual([]);
  });

  test.each(['with%20blank', 'x'.repeat(65), '%00'])('is refused for an entity named %s', async (id) => {
    const { put } = await newFridges();
    expect((await put(id, { Name: 'X' })).status).toBe(422);
  });

  test('is refused for a class that only the solution edits', async () => {
    const { solution } = await newFridges();
    const answer = await admin.call('PUT', `/api/solutions/${solution}/params/OptionsUI/1`, { fields: {} });
    expect(answer.status).toBe(403);
  });

  test.each([{}, { fields: [] }, { fields: 'x' }, { fields: {}, version: 1 }])(
    'is refused for %j',
    async (body) => {
      const { path } = await newFridges();
      expect((await admin.call('PUT', `${path}/f1`, body)).status).toBe(400);
    },
  );

  test('of a class that there is not is 404', async () => {
    const { solution } = await newFridges();
    expect((await admin.call('GET', `/api/solutions/${solution}/params/Ovens`)).status).toBe(404);
    expect(
      (await admin.call('PUT', `/api/solutions/${solution}/params/Ovens/1`, { fields: {} })).status,
    ).toBe(404);
  });

  test('is not for viewers', async () => {
    const { account, path, put } = await newFridges();
    await put('f1', { Name: 'X' });
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('GET', path)).status).toBe(200);
    expect((await viewer.call('PUT', `${path}/f1`, { fields: {} })).status).toBe(403);
    expect((await viewer.call('DELETE', `${path}/f1`)).status).toBe(403);
  });

  test('is recorded in the audit trail, before and after', async () => {
    const { solution, put } = await newFridges();
    await put('f1', { Name: 'Old' });
    await put('f1', { Name: 'New' });
    const trail = await admin.call('GET', `/api/audit?solution=${solution}&action=param.put`);
    expect(trail.at('items', 0)).toMatchObject({
      before: { class: 'Fridges', id: 'f1', version: 1, fields: { Name: 'Old' } },
      after: { class: 'Fridges', id: 'f1', version: 2, fields: { Name: 'New' } },
    });
    expect(trail.at('items', 1, 'before')).toBeNull();
  });
});

describe('an edit with If-Match', () => {
  const edit = (path: string, version: string, method = 'PUT') =>
    admin.call(method, path, method === 'PUT' ? { fields: { Name: 'New' } } : undefined, {
      'if-match': version,
    });

  test('is done when the version is the present one', async () => {
    const { path, put } = await newFridges();
    await put('f1', { Name: 'Old' });
    expect((await edit(`${path}/f1`, '"1"')).at('version')).toBe(2);
    expect((await edit(`${path}/f1`, '2', 'DELETE')).status).toBe(204);
  });

  test('is refused with 412 when the version is stale, or when there is nothing yet', async () => {
    const { path, put } = await newFridges();
    await put('f1', { Name: 'Old' });
    await put('f1', { Name: 'Newer' });
    const stale = await edit(`${path}/f1`, '"1"');
    expect(stale.status).toBe(412);
    expect(stale.json).toMatchObject({ code: 'stale', version: 2 });
    expect((await edit(`${path}/f1`, '"1"', 'DELETE')).status).toBe(412);
    expect((await edit(`${path}/f2`, '"1"')).status).toBe(412);
    expect((await admin.call('GET', path)).at('items', 0, 'fields')).toEqual({ Name: 'Newer' });
  });

  test('of several at once, exactly one is done', async () => {
    const { path, put } = await newFridges();
    await put('f1', { Name: 'Old' });
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((temp) =>
        admin.call('PUT', `${path}/f1`, { fields: { TempMax: temp } }, { 'if-match': '"1"' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
  });

  test('that is not a version is a bad request', async () => {
    const { path } = await newFridges();
    expect((await edit(`${path}/f1`, '"abc"')).status).toBe(400);
  });
});

describe('deleting a parameter', () => {
  test('leaves it in the list as deleted, once', async () => {
    const { path, put } = await newFridges();
    await put('f1', { Name: 'X' });
    expect((await admin.call('DELETE', `${path}/f1`)).status).toBe(204);
    expect((await admin.call('GET', path)).at('items', 0)).toMatchObject({
      id: 'f1',
      isActive: false,
      version: 2,
    });
    expect((await admin.call('DELETE', `${path}/f1`)).status).toBe(404);
  });

  test('of an entity that never existed is 404', async () => {
    const { path } = await newFridges();
    for (const id of ['f9', '%00']) expect((await admin.call('DELETE', `${path}/${id}`)).status).toBe(404);
  });
});

test('the history has every version, the latest first, by whom', async () => {
  const { path, put } = await newFridges();
  await put('f1', { Name: 'One' });
  await put('f1', { Name: 'Two' });
  await admin.call('DELETE', `${path}/f1`);
  const history = await admin.call('GET', `${path}/f1/history`);
  expect(history.json).toMatchObject({
    items: [
      { version: 3, isActive: false, by: admin.email, sync: null },
      { version: 2, isActive: true, fields: { Name: 'Two' } },
      { version: 1, isActive: true, fields: { Name: 'One' } },
    ],
    next: null,
  });
  const first = await admin.call('GET', `${path}/f1/history?limit=2`);
  const second = await admin.call('GET', `${path}/f1/history?limit=2&cursor=${String(first.at('next'))}`);
  expect(second.at('items', 0, 'version')).toBe(1);
  expect((await admin.call('GET', `${path}/f2/history`)).status).toBe(404);
});

describe('a conflict', () => {
  const dispute = {
    base: { Name: 'F', TempMax: 4, TempMin: 0 },
    manager: { Name: 'F', TempMax: 5, TempMin: 0 },
    solution: { Name: 'F', TempMax: 6, TempMin: 1 },
    fields: ['TempMax'],
  };

  test('is listed with both copies', async () => {
    const { solution } = await newKitchen(backoffice);
    const id = await newConflict(backoffice, solution, 'f1', dispute);
    const listed = await admin.call('GET', `/api/conflicts?solution=${solution}`);
    expect(listed.at('items', 0)).toMatchObject({
      id,
      solution,
      class: 'Fridges',
      entity: 'f1',
      base: dispute.base,
      managerCopy: { isActive: true, fields: dispute.manager },
      solutionCopy: { isActive: true, fields: dispute.solution },
      fields: ['TempMax'],
      state: 'open',
    });
  });

  test.each([
    ['manager', { TempMax: 5, TempMin: 1 }],
    ['solution', { TempMax: 6, TempMin: 1 }],
    [{ fields: { TempMax: '7,5' } }, { TempMax: 7.5, TempMin: 1 }],
  ])('is settled by the choice %j, once', async (choice, expected) => {
    const { solution } = await newKitchen(backoffice);
    const id = await newConflict(backoffice, solution, 'f1', dispute);
    const decided = await admin.call('POST', `/api/conflicts/${id}`, { choice });
    expect(decided.status).toBe(200);
    expect(decided.json).toMatchObject({ id, state: 'decided', decidedBy: admin.email });
    const param = await admin.call('GET', `/api/solutions/${solution}/params/Fridges`);
    expect(param.at('items', 0, 'fields')).toMatchObject(expected);
    expect((await admin.call('GET', `/api/conflicts?solution=${solution}`)).at('items')).toEqual([]);
    const again = await admin.call('POST', `/api/conflicts/${id}`, { choice });
    expect(again.status).toBe(409);
    expect(again.at('code')).toBe('already-decided');
    const trail = await admin.call('GET', `/api/audit?solution=${solution}&action=conflict.decide`);
    expect(trail.at('items')).toHaveLength(1);
  });

  test('cannot be decided by a person who saw older copies', async () => {
    const { solution } = await newKitchen(backoffice);
    const id = await newConflict(backoffice, solution, 'f1', dispute);
    const seen = async () => {
      const listed = await admin.call('GET', `/api/conflicts?solution=${solution}`);
      return { 'if-match': `"${String(listed.at('items', 0, 'revision'))}"` };
    };
    const decide = (headers: Record<string, string>) =>
      admin.call('POST', `/api/conflicts/${id}`, { choice: 'solution' }, headers);
    const before = await seen();
    await admin.call('PUT', `/api/solutions/${solution}/params/Fridges/f1`, { fields: { TempMax: 3 } });
    const late = await decide(before);
    expect([late.status, late.at('code')]).toEqual([412, 'stale']);
    const between = await seen();
    // As a later sync renews it.
    await backoffice
      .db('conflict')
      .where({ id })
      .update({ solution_fields: JSON.stringify({ ...dispute.solution, TempMax: 9 }) });
    expect((await decide(between)).status).toBe(412);
    const now = await seen();
    const answers = await Promise.all([decide(now), decide(now), decide(now)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const param = await admin.call('GET', `/api/solutions/${solution}/params/Fridges/f1`);
    expect(param.at('fields', 'TempMax')).toBe(9);
  });

  test('is not settled by values that cannot be', async () => {
    const { solution } = await newKitchen(backoffice);
    const id = await newConflict(backoffice, solution, 'f1', dispute);
    const answer = await admin.call('POST', `/api/conflicts/${id}`, {
      choice: { fields: { TempMax: 'warm' } },
    });
    expect(answer.at('code')).toBe('invalid-fields');
    expect((await admin.call('POST', `/api/conflicts/${id}`, { choice: 'mine' })).status).toBe(400);
    expect((await admin.call('GET', `/api/conflicts?solution=${solution}`)).at('items', 0, 'state')).toBe(
      'open',
    );
  });
});

describe('an approval', () => {
  test.each([
    ['approve', 'approved', false],
    ['reject', 'rejected', true],
  ] as const)('is settled by %s, once', async (decision, state, isActive) => {
    const { solution } = await newKitchen(backoffice);
    const id = await newApproval(backoffice, solution, ['f1', 'f2']);
    const listed = await admin.call('GET', `/api/approvals?solution=${solution}`);
    expect(listed.at('items', 0)).toMatchObject({
      id,
      solution,
      class: 'Fridges',
      kind: 'deletes',
      state: 'open',
    });
    const decided = await admin.call('POST', `/api/approvals/${id}`, { decision });
    expect(decided.json).toMatchObject({ state, decidedBy: admin.email, appliedAt: null, applied: null });
    await applyApprovals(backoffice.db);
    const after = await admin.call('GET', `/api/approvals?solution=${solution}&state=all`);
    expect(after.at('items', 0)).toMatchObject({ state, applied: 2, released: 0 });
    const params = await admin.call('GET', `/api/solutions/${solution}/params/Fridges`);
    expect(params.at('items')).toMatchObject([
      { id: 'f1', isActive, isHeld: false },
      { id: 'f2', isActive, isHeld: false },
    ]);
    expect((await admin.call('POST', `/api/approvals/${id}`, { decision })).at('code')).toBe(
      'already-decided',
    );
    const trail = await admin.call('GET', `/api/audit?solution=${solution}&action=approval.decide`);
    expect(trail.at('items', 0)).toMatchObject({ after: { decision } });
  });

  test('needs a decision that there is', async () => {
    const { solution } = await newKitchen(backoffice);
    const id = await newApproval(backoffice, solution, ['f1']);
    expect((await admin.call('POST', `/api/approvals/${id}`, { decision: 'maybe' })).status).toBe(400);
  });
});
