import { createKitchen } from '../../client/kitchen';
import { keepSettings } from '../../client/kitchen/keep-readings';
import { findDrift } from '../../client/local-copy/find-drift';
import type { Enrolled } from '../../client/backoffice';
import { parameterClasses } from '../../shared/catalog/parameter-classes';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import type { ClassDigest } from '../../shared/formats/class-digest';
import { classFile, copyWith, fridge, put, textIn } from '../client/copies';
import { programOf, type RealServer, startRealServer } from '../client/real-server';
import { unzip } from '../v4/archive';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

const three = {
  'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Cave'), fridge('2', 'Vitrine'), fridge('3', 'Cour')),
};

/** The classes of the last package's manifest. */
async function believed({ id }: Enrolled): Promise<Record<string, ClassDigest>> {
  const [sync] = await real.server
    .db<{ solution_id: number; package_key: string; received_at: Date }>('sync')
    .where({ solution_id: Number(id) })
    .orderBy('received_at', 'desc')
    .limit(1)
    .select('package_key');
  const chunks: Buffer[] = [];
  const file = await createDiskFileStore(real.server.config.filesDir).read(sync?.package_key ?? '');
  for await (const chunk of file as AsyncIterable<Buffer>) chunks.push(chunk);
  const manifest = JSON.parse(unzip(Buffer.concat(chunks)).get('manifest.json')?.toString() ?? '') as {
    classes: Record<string, ClassDigest>;
  };
  return manifest.classes;
}

describe('the digest of a class in the manifest', () => {
  test('equals that of the kitchen, class by class, whichever side edits', async () => {
    const copy = await copyWith();
    await keepSettings(copy, createKitchen({ seed: 'drift', from: new Date('2026-10-19T04:00:00Z') }));
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    const classes = await believed(enrolled);
    const edited = parameterClasses
      .filter(({ direction }) => direction !== 'manager')
      .map(({ name }) => name);
    expect(Object.keys(classes).sort()).toEqual([...edited].sort());
    expect(await findDrift(copy, classes)).toEqual([]);
    expect(copy.state().channels.synchro.owed.drift).toEqual([]);

    const [room] = await real.backoffice.parameters(enrolled.id, 'Fridges');
    await real.backoffice.changeParameter(enrolled.id, 'Fridges', room?.id ?? '', {
      ...room?.fields,
      TempMax: 2,
    });
    await real.backoffice.changeParameter(enrolled.id, 'Company', 'c1', { Key: 'name', Value: 'ours' });
    put(copy.dir, { 'xml/Oils.xml': classFile('Oils') });
    const { report, carried } = await solution.sync('synchro');
    expect([carried, report?.drift]).toEqual([2, undefined]);
    const after = await believed(enrolled);
    expect(after['Company']?.entities).toBe(1);
    expect(after['Fridges']?.digest).not.toBe(classes['Fridges']?.digest);
    expect(await findDrift(copy, after)).toEqual(['Oils']);
  });

  test('excludes entities that were deleted on either side', async () => {
    const copy = await copyWith(three);
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    const deleted = fridge('2', 'Vitrine').replace('<IsActive>true', '<IsActive>false');
    put(copy.dir, {
      'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Cave'), deleted, fridge('3', 'Cour')),
    });
    await solution.sync('synchro');
    expect((await believed(enrolled))['Fridges']?.entities).toBe(2);
    expect(copy.state().channels.synchro.owed.drift).toEqual([]);
  });

  test('is missing for a class of which something was rejected', async () => {
    const broken = fridge('2', 'Vitrine').replace('<TempMax>4', '<TempMax>cold');
    const copy = await copyWith({ 'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Cave'), broken) });
    const enrolled = await real.enrol();
    await programOf(real, enrolled, copy).sync('synchro');
    expect(await believed(enrolled)).toEqual({});
  });
});

describe('a solution that holds something else than the server believes', () => {
  test('says so at its next sync, gets that class as a replacement, and then agrees', async () => {
    const copy = await copyWith(three);
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await solution.sync('synchro');
    // The device lost an entity: absence deletes nothing on the server.
    put(copy.dir, { 'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Cave'), fridge('3', 'Cour')) });
    expect((await solution.sync('synchro')).report).not.toHaveProperty('drift');
    expect(copy.state().channels.synchro.owed.drift).toEqual(['Fridges']);

    const { report, carried } = await solution.sync('synchro');
    expect(report?.drift).toEqual(['Fridges']);
    expect(report?.params['Fridges']).toMatchObject({ unchanged: 2, deleted: 0 });
    expect(carried).toBe(3);
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('Vitrine');
    expect((await solution.sync('synchro')).report).not.toHaveProperty('drift');
  });

  test('gets a class of the manager again that it never sends', async () => {
    const copy = await copyWith();
    const enrolled = await real.enrol();
    const solution = programOf(real, enrolled, copy);
    await real.backoffice.changeParameter(enrolled.id, 'Company', 'c1', { Key: 'name', Value: 'ours' });
    await solution.sync('synchro');
    put(copy.dir, { 'xml/Company.xml': '<damaged' });
    await solution.sync('synchro');
    expect((await solution.sync('synchro')).report?.drift).toEqual(['Company']);
    expect(textIn(copy.dir, 'xml/Company.xml')).toContain('ours');
    expect(copy.state().channels.synchro.owed.drift).toEqual([]);
  });

  test('does not count an edit during the sync as drift', async () => {
    const copy = await copyWith(three);
    const enrolled = await real.enrol();
    await programOf(real, enrolled, copy).sync('synchro');
    const edited = classFile('Fridges', fridge('1', 'Cave 2'), fridge('2', 'Vitrine'), fridge('3', 'Cour'));
    const busy = programOf(real, enrolled, copy, {
      onEvent: ({ kind }) => {
        if (kind === 'accepted') put(copy.dir, { 'xml/Fridges.xml': edited });
      },
    });
    await busy.sync('synchro');
    expect(copy.state().channels.synchro.owed.drift).toEqual([]);
    const { report } = await programOf(real, enrolled, copy).sync('synchro');
    expect(report?.params['Fridges']).toMatchObject({ updated: 1 });
    expect(report).not.toHaveProperty('drift');
  });
});
