import { z } from 'zod';
import { reasonText } from '../../shared/domain/reason-english';
import { storedReason } from '../../shared/formats/stored-reason';
import { type Staff, signInStaff } from '../photos/staff';
import { call, textOf } from '../setup/solution-client';
import { zipOf } from './archive';
import { fullSync, onServer, signIn } from './on-server';

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

const items = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      sync: z.string(),
      code: z.string(),
      reason: z.string(),
      reasonCode: z.string().nullable(),
      reasonValues: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});

const refusedOf = async (solution: number) =>
  items.parse((await admin.send('GET', `/api/quarantine?solution=${solution}&limit=200`)).json).items;

async function page(path: string, language: 'en' | 'fr'): Promise<string> {
  const headers = {
    Accept: 'text/html',
    'Accept-Language': language,
    Cookie: `epack_session=${admin.token}`,
  };
  const { status, text } = await call(server().url + path, { headers });
  expect(status).toBe(200);
  return text;
}

/** As a page writes it. */
const inPage = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const hostile = '<b onclick=x>\u202ehot\u0007';
const oilLog = [
  'Id,MeasuredAt,OilName,PolarPercent,IsConform,Action',
  '1,2026-11-20 07:31:00,Bain 1,hot,1,',
  '2,2026-11-20 07:31:00,Bain 1,12,maybe,',
  '3,noon,Bain 1,12,1,',
  `4,2026-11-20 07:31:00,Bain 1,${hostile},1,`,
  `5,2026-11-20 07:31:00,Bain 1,${'😀'.repeat(5_000)},1,`,
  '6,2026-11-20 07:31:00,Bain 1,12,1,a\0b',
  '7,2026-11-20 07:31:00',
  'x,2026-11-20 07:31:00,Bain 1,12,1,',
  '8,2026-11-20 07:31:00,"Bain" 1,12,1,',
  '3760123456789,2026-11-20 07:31:00,Bain 1,12,1,',
  '9,2026-11-20 07:31:00,"Bain 1,12,1,',
].join('\n');
const entity = (fields: string) => `<DefFridges>${fields}</DefFridges>\n`;
const fridges = `<ArrayOfDefFridges>
${entity('<Name>A</Name>')}${entity('<Id>a b</Id>')}${entity('<Id>1</Id><TempMax>cold</TempMax><Type>warm</Type>')}
${entity('<Id>2</Id><Name>\u001d</Name>')}${entity('<Id>3</Id><Name>a & b</Name>')}${entity('<Id>4</Id>text')}
${entity('<Id>5</Id><Name>&nope;</Name>')}${entity('<Id>6</Id><Id>6</Id>')}${entity('<Id>7</Id><IsActive>maybe</IsActive>')}
${entity('<Id>8</Id>')}${entity('<Id>8</Id>')}
</ArrayOfDefFridges>`;

const synchro = zipOf({
  'csv/Tboil.csv': oilLog,
  'csv/Tblots.csv': 'Id,LotNumber,lotnumber\n1,a,b\n',
  'csv/Tbfrozen.csv': 'ProductName,Temp\nFrites,-18\n',
  'csv/Tbanalysesurface.csv': 'Id,Operator\n1,≤\n',
  'csv/Tbwarming.csv': 'Id,ProductName\r1,a\r',
  'xml/Fridges.xml': fridges,
  'xml/Oils.xml': '<ArrayOfDefOils><DefOils><Id>1</Id>',
  'xml/Cells.xml': '<html></html>',
  'xml/Steps.xml': '<!DOCTYPE x><ArrayOfDefSteps/>',
  'solution.json': '{"drift":7,"absent":{"Tboil":[[5,1]]}}',
});

const photos = zipOf({
  'photos/a.jpg': 'not a photo',
  'photos/b.jpg': '',
  'csv/Photos.csv': 'Name,TakenAt,Table,LogId\na.jpg,noon,,\na.jpg,,Nowhere,1\na.jpg,,Tboil,x\n,,,\na.jpg\n',
});

const messages = zipOf({ 'csv/Tbmessagerie.csv': 'Id,ReadAt\n-4711,2026-11-20 07:31:00\n' });

describe('why something was refused', () => {
  test('is shown in the language of the reader on every page, and to programs as a code beside the sentence', async () => {
    const client = await signIn(server());
    const sync = await fullSync(client, synchro);
    await fullSync(client.on('photos'), photos);
    await fullSync(client.on('messagerie'), messages);
    const refused = await refusedOf(client.id);
    const codes = refused.map(({ reasonCode }) => reasonCode);
    expect(new Set(codes)).toEqual(
      new Set([
        ...['number-expected', 'boolean-expected', 'time-expected', 'text-without-nul-expected'],
        ...[
          'row-cell-count',
          'id-no-whole-number',
          'text-behind-quote',
          'id-far-above',
          'quote-never-closed',
        ],
        ...['column-twice', 'no-id-column', 'choice-expected', 'rows-end-with-cr'],
        ...['entity-without-id', 'entity-id-wrong', 'fields-wrong', 'character-not-in-xml', 'bare-ampersand'],
        ...['text-between-fields', 'reference-to-nothing', 'field-twice', 'is-active-wrong'],
        ...['same-id-further-down', 'xml-malformed', 'xml-no-array', 'xml-doctype', 'statement-wrong'],
        ...['photo-no-picture', 'photo-empty', 'photo-time-wrong', 'photo-table-wrong', 'photo-row-wrong'],
        ...['photo-name-wrong', 'photo-line-cell-count', 'message-never-sent'],
      ]),
    );
    // The sentence is the code's, as it was before there were codes.
    for (const { reason, reasonCode, reasonValues } of refused) {
      const why = storedReason(reasonCode, reasonValues);
      expect(why === null ? null : reasonText(why)).toBe(reason);
    }

    const paths = [
      `/quarantine?solution=${client.id}`,
      `/solutions/${client.id}`,
      `/syncs/${sync}`,
      ...refused.map(({ id }) => `/quarantine/${id}`),
    ];
    for (const path of paths) {
      const text = await page(path, 'fr');
      expect(text).toContain('<html lang="fr">');
      expect(text).not.toContain('lang="en"');
      const english = refused.filter(({ reason }) => text.includes(`>${inPage(reason)}`));
      expect([path, english]).toEqual([path, []]);
    }
    const list = await page(`/quarantine?solution=${client.id}`, 'fr');
    expect(list).toContain(
      'Composés polaires (PolarPercent)\u00a0: «\u00a0hot\u00a0» n’est pas un nombre entre 0 et 100 %.',
    );
    expect(list).toContain('Température maximale (TempMax)\u00a0: ce n’est pas un nombre');
    expect(await page(`/quarantine?solution=${client.id}`, 'en')).toContain(
      inPage('Polar compounds (PolarPercent) is "hot"; expected a number from 0 to 100 %.'),
    );
  });

  test('is text whatever was sent: no markup, nothing unseen, and no more than a sentence', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tboil.csv': oilLog }));
    const text = await page(`/quarantine?solution=${client.id}`, 'fr');
    expect(text).not.toContain('<b onclick');
    expect(text).toContain('&lt;b onclick=x>\\u{202e}hot\\u{7}');
    const longest = (await refusedOf(client.id)).map(({ reason }) => reason.length);
    expect(Math.max(...longest)).toBeLessThan(300);
    const rows = await server().db('quarantine').where({ solution_id: client.id }).select('reason_values');
    for (const row of rows) expect(JSON.stringify(row).length).toBeLessThan(500);
  });

  test('that an earlier version kept in English is shown so, and said to be English', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tboil.csv': oilLog }));
    const [item] = await refusedOf(client.id);
    const id = item?.id ?? '';
    await server().db('quarantine').where({ id }).update({ reason_code: null, reason_values: null });
    expect(await page(`/quarantine/${id}`, 'fr')).toContain('<span lang="en">');
    await server()
      .db('quarantine')
      .where({ id })
      .update({ reason_code: 'of-next-year', reason_values: '{}' });
    expect(await page(`/quarantine/${id}`, 'fr')).toContain('<span lang="en">');
  });
});

describe('the result of an upload', () => {
  test('of which nothing was read is shown in the language of the reader, and to programs in English', async () => {
    const client = await signIn(server());
    const sync = await fullSync(client, zipOf({ 'Export/csv/Tboil.csv': oilLog }));
    expect((await client.sync()).json['report']).toMatchObject({
      reason: expect.stringContaining('Everything in it lies in the folder "Export/".') as string,
    });
    expect(await server().db('sync').where({ id: sync }).first('reason_code', 'reason_values')).toEqual({
      reason_code: 'nothing-read',
      reason_values: { folder: 'Export/' },
    });
    for (const path of [`/solutions/${client.id}`, `/syncs/${sync}`])
      expect(await page(path, 'fr')).not.toContain('lang="en"');
  });

  test('that staff process again names the person, in the language of the reader', async () => {
    const client = await signIn(server());
    const sync = await fullSync(client, zipOf({ 'csv/Tblots.csv': 'Id,LotNumber\n1,a\n' }));
    const answer = await admin.send('POST', `/api/syncs/${sync}/replay`);
    expect(answer.status).toBe(202);
    const text = await page(`/syncs/${textOf(answer.json['sync'])}`, 'fr');
    expect(text).toContain(`De la synchronisation ${sync}, par `);
    expect(text).not.toContain('lang="en"');
  });
});
