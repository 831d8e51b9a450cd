import { signInStaff } from '../photos/staff';
import { call } from '../setup/solution-client';
import { jpeg } from '../photos/pictures';
import { fridgeLog, zipOf } from './archive';
import { fullSync, onServer, signIn, storedFiles, syncTo2 } from './on-server';

const server = onServer({}, { worker: true });

/** The first page of a solution, as staff see it. */
async function firstPage(solutionId: number, language: 'en' | 'fr'): Promise<string> {
  const { token } = await signInStaff(server());
  const headers = { Accept: 'text/html', 'Accept-Language': language, Cookie: `epack_session=${token}` };
  return (await call(`${server().url}/solutions/${solutionId}`, { headers })).text;
}

describe('a package with only ignored files', () => {
  const oneFolderTooDeep = zipOf({
    'Export/csv/Tbfridge.csv': fridgeLog(1),
    'Export/xml/Fridges.xml': '<ArrayOfDefFridges/>',
  });

  test('is reported, and shown on the first page of its solution until something is read', async () => {
    const client = await signIn(server());
    await fullSync(client, oneFolderTooDeep);
    expect((await client.sync()).json['report']).toMatchObject({
      outcome: 'processed',
      allIgnored: true,
      reason: expect.stringContaining('Everything in it lies in the folder "Export/".') as string,
    });
    const english = await firstPage(client.id, 'en');
    expect(english).toContain('Nothing in the last upload was read');
    expect(english).toContain('<code>Export/csv/Tbfridge.csv, …</code>');
    expect(await firstPage(client.id, 'fr')).toContain('Rien du dernier envoi n’a été lu');
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1), 'notes.txt': 'x' }));
    expect((await client.sync()).json['report']).not.toHaveProperty('allIgnored');
    expect(await firstPage(client.id, 'en')).not.toContain('Nothing in the last upload was read');
  });

  test('stays shown while the next upload is still in progress', async () => {
    const client = await signIn(server());
    await fullSync(client, oneFolderTooDeep);
    await server().stopWorker();
    await client.postForm(zipOf());
    expect(await firstPage(client.id, 'en')).toContain('Nothing in the last upload was read');
    await server().startWorker();
  });

  test('differs from an empty package, and from one with a refused file', async () => {
    const client = await signIn(server());
    for (const files of [{}, { 'xml/Fridges.xml': 'no xml' }]) {
      await fullSync(client, zipOf(files));
      expect((await client.sync()).json['report']).not.toHaveProperty('allIgnored');
    }
    expect(await firstPage(client.id, 'en')).not.toContain('Nothing in the last upload was read');
  });
});

test('files that operating systems write beside photos are ignored, whatever their extension', async () => {
  const client = await signIn(server(), 'photos');
  const beside = ['photos/._x.jpg', '__MACOSX/photos/._x.jpg', 'photos/.DS_Store', 'photos/Thumbs.db'];
  const files = Object.fromEntries(beside.map((name) => [name, 'not a photo']));
  await syncTo2(client, zipOf({ 'photos/x.jpg': await jpeg(1), ...files }));
  const { report } = (await client.sync()).json as unknown as { report: { ignored: string[] } };
  expect(report).toMatchObject({ photos: { inserted: 1, rejected: 0 }, rejections: [] });
  expect([...report.ignored].sort()).toEqual([...beside].sort());
  expect((await storedFiles(server())).filter((name) => /_x\.jpg|DS_Store|Thumbs/.test(name))).toEqual([]);
});
