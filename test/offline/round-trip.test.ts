import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Enrolled } from '../../client/backoffice';
import { signInAsStaff } from '../../client/offline/import-file';
import { createKitchen, type Kitchen } from '../../client/kitchen';
import { keepReadings, keepSettings } from '../../client/kitchen/keep-readings';
import { editSettings, fieldText, withField } from '../../client/local-copy/edit-settings';
import { type LocalCopy, xmlFile } from '../../client/local-copy/local-copy';
import { readSettings } from '../../client/local-copy/settings-file';
import { deepDifferencesOf, differencesOf } from '../../client/simulation/verification';
import { channels } from '../../shared/domain/channel';
import { copyWith } from '../client/copies';
import { programOf, type RealServer, staffHeaders, startRealServer } from '../client/real-server';
import { newUser, password } from '../console/staff';
import { call } from '../setup/solution-client';
import { applied, exported, roundTrip, takenIn } from './stick';

let real: RealServer;
beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());
jest.setTimeout(120_000);

const from = new Date('2026-11-16T05:00:00Z');

/** A kitchen with all its settings, readings and photos, after its first day. */
const wholeKitchen = () => kitchenWith(createKitchen({ seed: 'offline', from, probes: 1 }));

/** The same with its fridges alone, where it does not matter how much there is. */
function smallKitchen() {
  const whole = createKitchen({ seed: 'offline', from, probes: 1 });
  return kitchenWith({
    settings: () => new Map([...whole.settings()].filter(([name]) => name === 'Fridges')),
    advanceTo: (time) => whole.advanceTo(time).filter(({ table }) => /^Tb(fridge|sondes)$/.test(table)),
  });
}

async function kitchenWith(kitchen: Kitchen) {
  const copy = await copyWith();
  await keepSettings(copy, kitchen);
  const later = async (day: number) =>
    keepReadings(copy, kitchen.advanceTo(new Date(from.getTime() + day * 86_400_000)));
  await later(1);
  return { copy, later };
}

async function differences(copy: LocalCopy, enrolled: Enrolled): Promise<string[]> {
  const simulated = { enrolled, copy, solution: programOf(real, enrolled, copy) };
  return [...(await differencesOf(simulated)), ...(await deepDifferencesOf(simulated, real.backoffice))];
}

/** Of the channel `synchro` alone. */
const differencesOfSynchro = async (copy: LocalCopy, enrolled: Enrolled): Promise<string[]> =>
  (await differences(copy, enrolled)).filter((line) => !/Tbsondes|Tbmessagerie|photo/.test(line));

const outcomes = (list: readonly { readonly outcome: string }[]) => list.map(({ outcome }) => outcome);

const fridges = async (copy: LocalCopy) => (await readSettings(xmlFile(copy.dir, 'Fridges'))) ?? [];

test('a kitchen without a network exchanges everything with the server, trip after trip', async () => {
  const { copy, later } = await wholeKitchen();
  const enrolled = await real.enrol();
  const first = await roundTrip(real, copy, enrolled, channels);
  expect(outcomes(first.taken.channels)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  expect(first.applied.flatMap(({ failed }) => failed)).toEqual([]);
  const [fridge] = await real.backoffice.parameters(enrolled.id, 'Fridges');
  if (fridge === undefined) throw new Error('no fridge');
  await real.backoffice.changeParameter(enrolled.id, 'Fridges', fridge.id, { ...fridge.fields, TempMax: 3 });
  await later(2);
  const second = await roundTrip(real, copy, enrolled, channels);
  expect(outcomes(second.taken.channels)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  const changed = (await fridges(copy)).find(({ id }) => id === fridge.id);
  expect(changed === undefined ? null : fieldText(changed, 'TempMax')).toBe('3');
  // Over the network now: it only has to confirm, and everything is equal.
  const solution = programOf(real, enrolled, copy);
  for (const channel of channels) await solution.sync(channel);
  expect(await differences(copy, enrolled)).toEqual([]);
});

test('the same stick taken in twice starts nothing, and gets the same response', async () => {
  const { copy } = await smallKitchen();
  const enrolled = await real.enrol();
  const file = await exported(copy, enrolled);
  const first = await takenIn(real, file);
  const syncsOf = async () =>
    Number(
      (await real.server.db('sync').where({ solution_id: enrolled.id }).count('* as count'))[0]?.['count'],
    );
  const syncs = await syncsOf();
  const rows = await real.backoffice.countLogs(enrolled.id, 'Tbfridge');
  const second = await takenIn(real, file);
  expect(second.taken).toEqual(first.taken);
  expect(await syncsOf()).toBe(syncs);
  expect(await real.backoffice.countLogs(enrolled.id, 'Tbfridge')).toBe(rows);
  expect(outcomes(await applied(copy, enrolled, first.response))).toEqual(['accepted']);
  expect(outcomes(await applied(copy, enrolled, second.response))).toEqual(['applied-before']);
});

test('a stick from before a newer sync changes nothing', async () => {
  const { copy } = await smallKitchen();
  const enrolled = await real.enrol();
  await programOf(real, enrolled, copy).sync('synchro');
  const old = await exported(copy, enrolled);
  await editSettings(copy, 'Fridges', ([fridge, ...rest]) =>
    fridge === undefined ? rest : [withField(fridge, 'Name', 'Renamed since'), ...rest],
  );
  await programOf(real, enrolled, copy).sync('synchro');
  const { taken, response } = await takenIn(real, old);
  expect(outcomes(taken.channels)).toEqual(['superseded']);
  const parameters = await real.backoffice.parameters(enrolled.id, 'Fridges');
  expect(parameters.filter(({ fields }) => fields['Name'] === 'Renamed since')).toHaveLength(1);
  expect(outcomes(await applied(copy, enrolled, response))).toEqual(['not-awaited']);
  expect(await differencesOfSynchro(copy, enrolled)).toEqual([]);
});

test('of two sticks on their way, the first that is taken in counts, and the other one learns of it', async () => {
  const { copy, later } = await smallKitchen();
  const enrolled = await real.enrol();
  const one = await exported(copy, enrolled);
  await editSettings(copy, 'Fridges', ([fridge, ...rest]) =>
    fridge === undefined ? rest : [withField(fridge, 'Name', 'Renamed between'), ...rest],
  );
  await later(2);
  const two = await exported(copy, enrolled);
  expect(outcomes((await takenIn(real, one)).taken.channels)).toEqual(['accepted']);
  const { taken, response } = await takenIn(real, two);
  expect(outcomes(taken.channels)).toEqual(['earlier-package']);
  expect(outcomes(await applied(copy, enrolled, response))).toEqual(['earlier-package']);
  expect(outcomes((await roundTrip(real, copy, enrolled)).taken.channels)).toEqual(['accepted']);
  await programOf(real, enrolled, copy).sync('synchro');
  expect(await differencesOfSynchro(copy, enrolled)).toEqual([]);
  const named = (await fridges(copy)).map((fridge) => fieldText(fridge, 'Name'));
  expect(named).toContain('Renamed between');
});

test('a server that died after it had accepted an upload finds it again', async () => {
  const { copy } = await smallKitchen();
  const enrolled = await real.enrol();
  const file = await exported(copy, enrolled, ['synchro', 'sondes']);
  const first = await takenIn(real, file);
  // What is written last was not written.
  await real.server.db('offline_file_channel').where({ solution_id: enrolled.id }).delete();
  const second = await takenIn(real, file);
  expect(second.taken).toEqual(first.taken);
  expect(outcomes(await applied(copy, enrolled, second.response))).toEqual(['accepted', 'accepted']);
});

test('what an export brings in on one channel does not depend on the others', async () => {
  const { copy } = await smallKitchen();
  const enrolled = await real.enrol();
  const solution = programOf(real, enrolled, copy);
  await solution.sync('sondes');
  const file = await exported(copy, enrolled, channels);
  await solution.sync('sondes');
  const { taken } = await takenIn(real, file);
  expect(outcomes(taken.channels)).toEqual(['accepted', 'superseded', 'accepted', 'accepted']);
});

test('a new device that knows nothing is told where it stands, and its next export is taken in', async () => {
  const { copy } = await smallKitchen();
  const enrolled = await real.enrol();
  await programOf(real, enrolled, copy).sync('synchro');
  const fresh = await copyWith();
  expect(outcomes((await roundTrip(real, fresh, enrolled)).applied)).toEqual(['superseded']);
  expect(outcomes((await roundTrip(real, fresh, enrolled)).applied)).toEqual(['accepted']);
});

describe('a file that cannot be taken in is refused with its reason:', () => {
  const refusal = (code: string) =>
    expect.objectContaining({ code: 'bad-offline-file', detail: code }) as Error;

  test('a file of another solution, under the name of this one', async () => {
    const { copy } = await smallKitchen();
    const [one, other] = [await real.enrol(), await real.enrol()];
    const file = await exported(copy, { ...one, secret: other.secret });
    await expect(takenIn(real, file)).rejects.toEqual(
      refusal(
        'The file was changed after it was written, or it was written with a secret that is no longer valid.',
      ),
    );
  });

  test('a file of a solution that belongs to another account, as if there were no such solution', async () => {
    const { copy } = await smallKitchen();
    const enrolled = await real.enrol();
    const stranger = { email: await newUser(real.server, 'manager'), password };
    await expect(takenIn(real, await exported(copy, enrolled), stranger)).rejects.toEqual(
      refusal('There is no solution with the mail in this file.'),
    );
    expect(await real.server.db('offline_file').where({ solution_id: enrolled.id })).toEqual([]);
  });

  test('one changed byte, anywhere', async () => {
    const { copy } = await smallKitchen();
    const enrolled = await real.enrol();
    const file = await exported(copy, enrolled);
    const whole = await readFile(file);
    for (const place of [whole.indexOf('\n') + 9, Math.floor(whole.length / 2), whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[place] = (changed[place] ?? 0) ^ 1;
      await writeFile(file, changed);
      await expect(takenIn(real, file)).rejects.toMatchObject({ code: 'bad-offline-file' });
    }
    expect(await real.backoffice.countLogs(enrolled.id, 'Tbfridge')).toBe(0);
  });

  test('a file that is cut off, one that is none, and a response', async () => {
    const { copy } = await smallKitchen();
    const enrolled = await real.enrol();
    const file = await exported(copy, enrolled);
    const whole = await readFile(file);
    const { response } = await takenIn(real, file);
    await expect(takenIn(real, response)).rejects.toEqual(
      refusal('This file is a response of the server. It is to be applied on the solution.'),
    );
    await writeFile(file, whole.subarray(0, -100));
    await expect(takenIn(real, file)).rejects.toEqual(
      refusal('The file is cut off. Copy it again from the stick, or export it again.'),
    );
    await writeFile(file, 'PK\u0003\u0004 a zip, perhaps');
    await expect(takenIn(real, file)).rejects.toEqual(refusal('This is not an offline file of a solution.'));
  });

  test('a device with another MAC address', async () => {
    const { copy } = await smallKitchen();
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy, {
      credentials: { ...enrolled, mac: '00:00:00:00:00:01' },
    });
    await solution.sync('sondes');
    await expect(takenIn(real, await exported(copy, enrolled))).rejects.toEqual(
      refusal('The file was written by a device with another MAC address than that of the solution.'),
    );
  });
});

test('the response to another solution is refused by the program, and nothing changes', async () => {
  const { copy } = await smallKitchen();
  const [one, other] = [await real.enrol(), await real.enrol()];
  const { response } = await takenIn(real, await exported(copy, one));
  const theirs = await copyWith();
  await expect(applied(theirs, other, response)).rejects.toMatchObject({ code: 'bad-offline-file' });
  await expect(applied(theirs, { ...one, secret: other.secret }, response)).rejects.toMatchObject({
    code: 'bad-offline-file',
  });
});

const filePage = z.object({
  items: z.array(z.object({ id: z.string(), solution: z.string() })),
  next: z.string().nullable(),
});

test('the files are listed page by page, the newest first, to those who may see their solutions', async () => {
  const enrolled = await real.enrol();
  const { copy } = await smallKitchen();
  const taken: string[] = [];
  for (let count = 0; count < 3; count++)
    taken.unshift((await takenIn(real, await exported(copy, enrolled, ['messagerie']))).taken.id);
  const listed = async (query: string, headers: Record<string, string>) =>
    filePage.parse((await call(`${real.server.url}/api/offline-files?${query}`, { headers })).json);
  const headers = await staffHeaders(real);
  const first = await listed('limit=2', headers);
  const second = await listed(`limit=1&cursor=${String(first.next)}`, headers);
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(taken);
  expect(first.items[0]?.solution).toBe(enrolled.id);
  const stranger = { email: await newUser(real.server, 'manager'), password };
  const theirs = { Authorization: `Bearer ${await signInAsStaff(real.exchange, stranger)}` };
  expect(await listed('', theirs)).toEqual({ items: [], next: null });
});

test('the audit trail says who took a file in and who fetched the response', async () => {
  const { copy } = await smallKitchen();
  const enrolled = await real.enrol();
  await takenIn(real, await exported(copy, enrolled));
  const headers = await staffHeaders(real);
  const { json } = await call(`${real.server.url}/api/audit?solution=${enrolled.id}`, { headers });
  const entries = JSON.stringify(json);
  expect(entries).toContain('offline-file.take-in');
  expect(entries).toContain('offline-file.response');
  expect(entries).toContain(real.server.admin.email);
});
