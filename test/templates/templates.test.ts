import { Client } from 'pg';
import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen, newQuarantined, newSync } from '../backoffice/fixtures';
import { addKitchen, newChain, settingOf } from './chain';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

const setting = (solution: string | undefined, className: string, id: string) =>
  settingOf(backoffice, solution, className, id);
/** Staff edit a setting of one kitchen. */
const edit = (solution: string | undefined, className: string, id: string, fields: object) =>
  admin.call('PUT', `/api/solutions/${solution}/params/${className}/${id}`, { fields });
const itemsOf = async (path: string) => (await admin.call('GET', path)).at('items');
const cold = { Name: 'Chambre froide', TempMin: 0, TempMax: 4 };

describe('a template', () => {
  test('holds only the fields that it decides, and each change is a version', async () => {
    const { path } = await newChain(backoffice, 0);
    const made = await admin.call('PUT', `${path}/params/Fridges/walk-in`, {
      fields: { ...cold, Type: null },
    });
    expect([made.status, made.at('revision'), made.headers.get('etag')]).toEqual([201, 1, '"1"']);
    expect(made.at('fields')).toEqual(cold);
    const changed = await admin.call('PUT', `${path}/params/fridges/walk-in`, {
      fields: { TempMax: '3,5', TempMin: null },
    });
    expect([changed.status, changed.at('fields')]).toEqual([200, { Name: 'Chambre froide', TempMax: 3.5 }]);
    const same = await admin.call('PUT', `${path}/params/Fridges/walk-in`, { fields: { TempMax: 3.5 } });
    expect(same.at('revision')).toBe(2);
    const stale = await admin.call(
      'PUT',
      `${path}/params/Fridges/walk-in`,
      { fields: cold },
      { 'if-match': '"1"' },
    );
    expect(stale.status).toBe(412);
    expect((await admin.call('GET', path)).json).toMatchObject({ revision: 2, entities: 1, sites: 0 });
    expect((await admin.call('DELETE', `${path}/params/Fridges/walk-in`)).status).toBe(204);
    expect((await admin.call('GET', `${path}/params/Fridges/walk-in`)).status).toBe(404);
    expect(await itemsOf(`${path}/params/Fridges`)).toEqual([]);
  });

  test.each([
    ['Fridges', { ProbeId: 'P1' }, 422],
    ['Fridges', { Colour: 'blue' }, 422],
    ['Fridges', { TempMax: 'warm' }, 422],
    ['Fridges', { Name: null }, 422],
    ['Fridges', {}, 422],
    ['UserNames', { Name: 'Claire' }, 422],
    ['OptionsUI', { Key: 'k' }, 422],
    ['Ovens', { Name: 'x' }, 404],
  ])('cannot hold %s with %j', async (className, fields, status) => {
    const { path } = await newChain(backoffice, 0);
    expect((await admin.call('PUT', `${path}/params/${className}/1`, { fields })).status).toBe(status);
  });

  test('takes what a kitchen has, without what belongs to one kitchen and without changing what it holds', async () => {
    const chain = await newChain(backoffice, 1);
    const [kitchen] = chain.kitchens;
    await chain.put('Fridges', 'f1', { TempMax: 3 });
    await edit(kitchen, 'Fridges', 'f1', { ...cold, TempMax: 9 });
    await edit(kitchen, 'Fridges', 'f2', { ...cold, ProbeId: 'P7', Colour: 'blue', Type: null });
    await edit(kitchen, 'Notes', 'n1', { Key: 'k', Value: 'v' });
    const copied = await admin.call('POST', `${chain.path}/copies`, {
      solution: kitchen,
      classes: ['fridges', 'Notes'],
    });
    expect(copied.json).toEqual({ added: 1 });
    expect(await itemsOf(`${chain.path}/params/Fridges`)).toMatchObject([
      { id: 'f1', fields: { TempMax: 3 } },
      { id: 'f2', fields: cold },
    ]);
    // The kitchen has what was taken from it: there is nothing to send.
    expect(await itemsOf(`${chain.path}/difference`)).toEqual([]);
  });
});

describe('sending it out', () => {
  test('changes what kitchens did not change themselves, and shows it before', async () => {
    const chain = await newChain(backoffice);
    const [first, second] = chain.kitchens;
    await chain.put('Fridges', 'walk-in', cold);
    expect(await chain.sendOut()).toEqual({ sites: 2, written: 2, skipped: 0 });
    await edit(first, 'Fridges', 'walk-in', { TempMax: 5, ProbeId: 'P1' });
    await chain.put('Fridges', 'walk-in', { TempMax: 3, TempMin: 1 });
    expect(await itemsOf(`${chain.path}/difference`)).toMatchObject([
      { solution: first, kind: 'change', fields: [{ field: 'TempMin', before: 0, after: 1 }] },
      {
        solution: second,
        name: 'Bistro 2',
        kind: 'change',
        class: 'Fridges',
        entity: 'walk-in',
        fields: [
          { field: 'TempMin', before: 0, after: 1 },
          { field: 'TempMax', before: 4, after: 3 },
        ],
      },
    ]);
    await chain.sendOut();
    expect(await setting(first, 'Fridges', 'walk-in')).toMatchObject({
      fields: { Name: 'Chambre froide', TempMin: 1, TempMax: 5, ProbeId: 'P1' },
      version: 3,
      updatedBy: admin.email,
      isDue: true,
    });
    expect(await setting(second, 'Fridges', 'walk-in')).toMatchObject({
      fields: { Name: 'Chambre froide', TempMin: 1, TempMax: 3 },
    });
    expect(await itemsOf(`${chain.path}/difference`)).toEqual([]);
    expect(await chain.sendOut()).toEqual({ sites: 0, written: 0, skipped: 0 });
    const trail = await admin.call('GET', `/api/audit?solution=${second}&action=template.apply`);
    expect(trail.at('items', 0, 'after')).toMatchObject({ name: 'Bistros', revision: 2, written: 1 });
  });

  test('removes what the template holds no longer, but not where a kitchen has values of its own', async () => {
    const chain = await newChain(backoffice);
    const [first, second] = chain.kitchens;
    await chain.put('Cleanings', 'floor', { Surface: 'Sol', Frequency: 'daily' });
    await chain.sendOut();
    await edit(first, 'Cleanings', 'floor', { Frequency: 'weekly' });
    await admin.call('DELETE', `${chain.path}/params/Cleanings/floor`);
    await chain.sendOut();
    expect(await setting(first, 'Cleanings', 'floor')).toMatchObject({ isActive: true });
    expect(await setting(second, 'Cleanings', 'floor')).toMatchObject({ isActive: false });
    expect(await itemsOf(`${chain.path}/deviations`)).toMatchObject([{ solution: first, kind: 'kept' }]);
  });

  test('leaves alone what the template does not decide any more', async () => {
    const chain = await newChain(backoffice, 1);
    await chain.put('Fridges', 'walk-in', cold);
    await chain.sendOut();
    await chain.put('Fridges', 'walk-in', { TempMax: null });
    expect(await itemsOf(`${chain.path}/difference`)).toEqual([]);
    expect(await setting(chain.kitchens[0], 'Fridges', 'walk-in')).toMatchObject({ fields: cold });
  });

  test('waits for a newer copy in quarantine, and for an entity that somebody is changing', async () => {
    const chain = await newChain(backoffice, 3);
    const [first, second] = chain.kitchens;
    await chain.put('Fridges', 'walk-in', cold);
    await chain.sendOut();
    await chain.put('Fridges', 'walk-in', { TempMax: 3 });
    const sync = await newSync(backoffice, first ?? '');
    await newQuarantined(backoffice, first ?? '', sync, {
      kind: 'entity',
      file: 'xml/Fridges.xml',
      ...{ subject: 'Fridges', row_id: 'walk-in' },
    });
    expect(await itemsOf(`${chain.path}/difference?solution=${first}`)).toMatchObject([{ isBlocked: true }]);
    const busy = await backoffice.db.transaction();
    await busy('param').where({ solution_id: second }).forUpdate().select('id');
    expect(await chain.sendOut()).toEqual({ sites: 1, written: 1, skipped: 2 });
    await busy.rollback();
    expect(await chain.sendOut()).toEqual({ sites: 1, written: 1, skipped: 1 });
    expect(await setting(second, 'Fridges', 'walk-in')).toMatchObject({ fields: { TempMax: 3 } });
    expect(await setting(first, 'Fridges', 'walk-in')).toMatchObject({ fields: { TempMax: 4 } });
    await backoffice.db('quarantine').where({ sync_id: sync }).update({ state: 'discarded' });
    await chain.sendOut();
    expect(await setting(first, 'Fridges', 'walk-in')).toMatchObject({ fields: { TempMax: 3 } });
  });

  test('to 200 kitchens takes a handful of statements, and so does a comparison with all of them', async () => {
    const { path, template, account } = await newChain(backoffice, 0);
    const { db } = backoffice;
    await db.raw(
      `with added as (
         insert into solution (account_id, mail, name, secret_hash)
         select ?, 'bulk' || n || '@example.org', 'Bulk ' || n, 'x' from generate_series(1, 200) n returning id)
       insert into template_site (solution_id, template_id, joined_by) select id, ?, 'x' from added`,
      [account, template],
    );
    await db.raw(
      `insert into template_version (template_id, class, id, revision, fields, is_active, by)
       select ?, 'ProductsService', 'p' || n, 1, jsonb_build_object('Name', 'Plat ' || n, 'TempMin', 63), true, 'x'
       from generate_series(1, 30) n`,
      [template],
    );
    await db('template').where({ id: template }).update({ revision: 1 });
    const statements = async (work: () => Promise<unknown>) => {
      const watch = jest.spyOn(Client.prototype, 'query');
      try {
        await work();
        return watch.mock.calls.length;
      } finally {
        watch.mockRestore();
      }
    };
    const sent = statements(async () => {
      const answer = await admin.call('POST', `${path}/send-out`);
      expect(answer.json).toEqual({ sites: 200, written: 6_000, skipped: 0 });
    });
    expect(await sent).toBeLessThan(30);
    const [solution] = (await itemsOf(`${path}/sites?limit=1`)) as { solution: string }[];
    await edit(solution?.solution, 'ProductsService', 'p7', { TempMin: 65 });
    const compared = statements(async () => {
      expect((await admin.call('GET', `${path}/totals`)).json).toMatchObject({
        ...{ additions: 0, changes: 0, deviations: 1, sitesThatDeviate: 1 },
      });
      expect(await itemsOf(`${path}/deviations`)).toHaveLength(1);
    });
    expect(await compared).toBeLessThan(30);
  });
});

describe('deviations', () => {
  test('are listed field by field, with who deviates since when', async () => {
    const chain = await newChain(backoffice);
    const [first, second] = chain.kitchens;
    await chain.put('Fridges', 'walk-in', cold);
    await chain.put('Oils', 'fryer', { Name: 'Friteuse', PolarMaxPercent: 25 });
    await chain.sendOut();
    await edit(first, 'Fridges', 'walk-in', { TempMax: 5 });
    await edit(first, 'Fridges', 'walk-in', { TempMax: 6, Name: 'La grande' });
    await admin.call('DELETE', `/api/solutions/${second}/params/Oils/fryer`);
    await backoffice.db.raw(`update param_version set at = at - (10 - version) * interval '1 day'`);
    // The template goes on meanwhile: the kitchen has deviated for as long as before.
    await chain.put('Fridges', 'walk-in', { TempMax: 3 });
    await chain.sendOut();
    await backoffice
      .db('template_site')
      .update({ joined_at: backoffice.db.raw(`now() - interval '30 days'`) });
    const history = (
      (await admin.call('GET', `/api/solutions/${first}/params/Fridges/walk-in/history`)).at('items') as {
        version: number;
        at: string;
      }[]
    ).map(({ version, at }): [number, string] => [version, at]);
    const at = new Map(history);
    expect(await itemsOf(`${chain.path}/deviations`)).toMatchObject([
      {
        solution: first,
        class: 'Fridges',
        entity: 'walk-in',
        kind: 'values',
        since: at.get(2),
        by: admin.email,
        fields: [
          { field: 'Name', template: 'Chambre froide', site: 'La grande', since: at.get(3), by: admin.email },
          { field: 'TempMax', template: 3, site: 6, since: at.get(2), by: admin.email },
        ],
      },
      { solution: second, class: 'Oils', entity: 'fryer', kind: 'deleted', fields: [] },
    ]);
    expect(await itemsOf(`${chain.path}/deviations?solution=${second}`)).toHaveLength(1);
    expect(await itemsOf(`${chain.path}/deviations?class=fridges`)).toHaveLength(1);
    const page = await admin.call('GET', `${chain.path}/deviations?limit=1`);
    const next = encodeURIComponent(String(page.at('next')));
    expect(await itemsOf(`${chain.path}/deviations?limit=1&cursor=${next}`)).toMatchObject([
      { solution: second },
    ]);
    expect((await admin.call('GET', `${chain.path}/totals`)).json).toMatchObject({
      deviations: 2,
      sitesThatDeviate: 2,
    });
  });

  test('end when one kitchen goes back to the values of the template, by field, entity or as a whole', async () => {
    const chain = await newChain(backoffice);
    const [first, second] = chain.kitchens;
    await chain.put('Fridges', 'walk-in', cold);
    await chain.put('Oils', 'fryer', { Name: 'Friteuse', PolarMaxPercent: 25 });
    await chain.sendOut();
    for (const kitchen of chain.kitchens) {
      await edit(kitchen, 'Fridges', 'walk-in', { TempMax: 6, TempMin: 2, ProbeId: 'P1' });
      await admin.call('DELETE', `/api/solutions/${kitchen}/params/Oils/fryer`);
    }
    const reset = (part: object) => admin.call('POST', `${chain.path}/sites/${first}/reset`, part);
    const field = await reset({ class: 'Fridges', entity: 'walk-in', field: 'TempMax' });
    expect(field.json).toEqual({ written: 1, skipped: 0 });
    expect(await setting(first, 'Fridges', 'walk-in')).toMatchObject({
      fields: { TempMax: 4, TempMin: 2, ProbeId: 'P1' },
      isDue: true,
    });
    await reset({ class: 'Oils' });
    expect(await setting(first, 'Oils', 'fryer')).toMatchObject({ isActive: true });
    await reset({});
    expect(await setting(first, 'Fridges', 'walk-in')).toMatchObject({ fields: { ...cold, ProbeId: 'P1' } });
    expect(await itemsOf(`${chain.path}/deviations?solution=${first}`)).toEqual([]);
    expect(await itemsOf(`${chain.path}/deviations?solution=${second}`)).toHaveLength(2);
    // From now on the kitchen gets the changes of the template again.
    await chain.put('Fridges', 'walk-in', { TempMin: 1 });
    await chain.sendOut();
    expect(await setting(first, 'Fridges', 'walk-in')).toMatchObject({ fields: { TempMin: 1 } });
    expect((await reset({ entity: 'walk-in' })).status).toBe(400);
    const { account } = await newKitchen(backoffice);
    const elsewhere = await addKitchen(backoffice, account, 'Elsewhere');
    expect((await admin.call('POST', `${chain.path}/sites/${elsewhere}/reset`, {})).status).toBe(404);
  });
});

describe('a kitchen', () => {
  test('that joins keeps its values, and keeps them when it leaves', async () => {
    const chain = await newChain(backoffice, 1);
    await chain.put('Fridges', 'walk-in', cold);
    await chain.sendOut();
    const late = await addKitchen(backoffice, chain.account, 'Late');
    await edit(late, 'Fridges', 'walk-in', { Name: 'Chambre froide', TempMax: 9 });
    expect((await admin.call('POST', `${chain.path}/sites`, { solutions: [late] })).status).toBe(204);
    expect((await admin.call('POST', `${chain.path}/sites`, { solutions: [late] })).status).toBe(204);
    expect((await admin.call('GET', `${chain.path}/sites/${late}`)).json).toMatchObject({
      ...{ name: 'Late', additions: 0, changes: 1, removals: 0, deviations: 1 },
    });
    await chain.sendOut();
    expect(await setting(late, 'Fridges', 'walk-in')).toMatchObject({ fields: { TempMin: 0, TempMax: 9 } });
    expect((await admin.call('DELETE', `${chain.path}/sites/${late}`)).status).toBe(204);
    await chain.put('Fridges', 'walk-in', { TempMin: 2 });
    await chain.sendOut();
    expect(await setting(late, 'Fridges', 'walk-in')).toMatchObject({ fields: { TempMin: 0, TempMax: 9 } });
    expect((await admin.call('GET', `${chain.path}/sites/${late}`)).status).toBe(404);
  });

  test('follows one template at most', async () => {
    const chain = await newChain(backoffice, 1);
    const other = await admin.call('POST', '/api/templates', { account: chain.account, name: 'Canteens' });
    const answer = await admin.call('POST', `/api/templates/${String(other.at('id'))}/sites`, {
      solutions: chain.kitchens,
    });
    expect([answer.status, answer.at('code')]).toEqual([409, 'follows-other-template']);
  });

  test('that moves to another customer leaves its template, and cannot join it', async () => {
    const chain = await newChain(backoffice);
    const [moved] = chain.kitchens;
    const { account } = await newKitchen(backoffice);
    await chain.put('Fridges', 'walk-in', cold);
    await admin.call('PATCH', `/api/solutions/${moved}`, { account });
    expect(await itemsOf(`${chain.path}/sites`)).toHaveLength(1);
    await chain.sendOut();
    expect((await admin.call('GET', `/api/solutions/${moved}/params/Fridges/walk-in`)).status).toBe(404);
    const joining = await admin.call('POST', `${chain.path}/sites`, {
      solutions: [chain.kitchens[1], moved],
    });
    expect([joining.status, joining.at('code')]).toEqual([404, 'not-found']);
    const copied = await admin.call('POST', `${chain.path}/copies`, {
      solution: moved,
      classes: ['Fridges'],
    });
    expect(copied.status).toBe(404);
  });

  test('that is retired is left out', async () => {
    const chain = await newChain(backoffice);
    await admin.call('DELETE', `/api/solutions/${chain.kitchens[0]}`);
    await chain.put('Fridges', 'walk-in', cold);
    expect(await chain.sendOut()).toEqual({ sites: 1, written: 1, skipped: 0 });
    expect((await admin.call('GET', chain.path)).at('sites')).toBe(1);
  });

  test('keeps its values when the template is deleted', async () => {
    const chain = await newChain(backoffice, 1);
    await chain.put('Fridges', 'walk-in', cold);
    await chain.sendOut();
    expect((await admin.call('DELETE', chain.path)).status).toBe(204);
    expect(await setting(chain.kitchens[0], 'Fridges', 'walk-in')).toMatchObject({ fields: cold });
    expect((await admin.call('GET', chain.path)).status).toBe(404);
  });
});

describe('names and accounts', () => {
  test('an account has each name once, also after a change of name', async () => {
    const { account, path } = await newChain(backoffice, 0);
    const body = { account, name: 'Canteens' };
    expect((await admin.call('POST', '/api/templates', body)).status).toBe(201);
    expect((await admin.call('POST', '/api/templates', body)).status).toBe(409);
    expect((await admin.call('PATCH', path, { name: 'Canteens' })).status).toBe(409);
    expect((await admin.call('PATCH', path, { name: 'Brasseries' })).at('name')).toBe('Brasseries');
    const { call } = await backoffice.signIn('manager', []);
    expect((await call('POST', '/api/templates', body)).status).toBe(422);
  });

  test('staff list the templates of their own accounts only', async () => {
    const one = await newChain(backoffice, 0);
    const other = await newChain(backoffice, 0);
    const { call } = await backoffice.signIn('viewer', [one.account]);
    expect((await call('GET', '/api/templates')).at('items')).toMatchObject([{ id: one.template }]);
    expect((await call('GET', other.path)).status).toBe(404);
  });
});
