import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../queue/eventually';
import { signInStaff } from '../photos/staff';
import { textOf } from '../setup/solution-client';
import { unzip, zipOf } from './archive';
import { fullSync, onServer, signIn } from './on-server';

const server = onServer({}, { worker: true });

interface Kept {
  readonly id: string;
  readonly file: string;
  readonly raw: string | null;
}

const keptOf = (client: { readonly id: number }) =>
  server()
    .db('quarantine')
    .where({ solution_id: client.id, kind: 'file' })
    .orderBy('id')
    .select<Kept[]>('id', 'file', 'raw');

const doctype = '<?xml version="1.0"?>\n<!DOCTYPE a>\n<ArrayOfDefNotes/>\n';

describe('of a file that is refused as a whole, quarantine has the text', () => {
  test.each([
    ['xml/Notes.xml', 'with a DOCTYPE', doctype, doctype],
    ['xml/Notes.xml', 'of UTF-16', Buffer.from(`\ufeff${doctype}é`, 'utf16le'), `${doctype}é`],
    ['xml/Notes.xml', 'that is none', Buffer.from('<ArrayOf\0\xe9', 'latin1'), '<ArrayOf\u2400é'],
    ['csv/Tbfridge.csv', 'without an Id', '\ufeffTemp\r\n3,5\r\n', 'Temp\r\n3,5\r\n'],
  ])('%s %s', async (file, _what, sent, kept) => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ [file]: sent }));
    expect(await keptOf(client)).toMatchObject([{ file, raw: kept }]);
  });

  test('csv/Photos.csv without a Name', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'csv/Photos.csv': 'Id\n1\n' }));
    expect(await keptOf(client)).toMatchObject([{ file: 'csv/Photos.csv', raw: 'Id\n1\n' }]);
  });

  test('of a large one the beginning, with a mark; processed again it comes whole, from its upload', async () => {
    const client = await signIn(server());
    // Just where it is cut stands a character of two bytes.
    const beginning = `Temp\n${'x'.repeat(65_530)}`;
    const whole = `${beginning}é${'y'.repeat(300_000)}\n`;
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': whole }));
    const [kept] = await keptOf(client);
    expect(kept?.raw).toBe(`${beginning}\n…`);
    const admin = await signInStaff(server());
    const replayed = await admin.send('POST', `/api/quarantine/${kept?.id ?? ''}/replay`, {});
    expect(replayed.status).toBe(202);
    await eventually('it is refused again', async () => (await keptOf(client)).length === 2);
    const upload = path.join('uploads', textOf(replayed.json['sync']), 'archive.zip');
    const archive = path.join(server().config.filesDir, upload);
    expect(String(unzip(await readFile(archive)).get('csv/Tbfridge.csv'))).toBe(whole);
  });
});
