import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { logTablesOf } from '../../shared/catalog/log-tables';
import { parameterClasses } from '../../shared/catalog/parameter-classes';
import { createFlagStore } from '../../shared/stores/solutions/flag-store';
import { createQuarantineStore } from '../../shared/stores/syncs/quarantine-store';
import { realData } from '../setup/real-data';
import type { SolutionClient } from '../setup/solution-client';
import { unzip, zipOf } from './archive';
import { edit, parameterFile } from './edits';
import { fullSync, onServer, signIn, syncTo2 } from './on-server';

const server = onServer({}, { worker: true });
const whereThereIs = (file: string | null) => (file === null ? test.skip : test);
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

type Client = SolutionClient & { readonly id: number };

interface Manifest {
  readonly sync: string;
  readonly channel: string;
  readonly generatedAt: string;
  readonly protocol: string;
  readonly files: readonly {
    readonly name: string;
    readonly op: string;
    readonly count: number;
    readonly sha256: string;
  }[];
}

interface Report {
  readonly params: Record<string, object>;
  readonly logs: Record<string, object>;
  readonly photos: object;
  readonly rejections: readonly object[];
  readonly ignored: readonly string[];
}

/** The package at hand, held to its own manifest. */
async function instructionPackage(client: SolutionClient, sync: string) {
  const files = unzip((await client.download()).body);
  const manifest = JSON.parse(files.get('manifest.json')?.toString() ?? '') as Manifest;
  const report = JSON.parse(files.get('report.json')?.toString() ?? '') as Report;
  expect(manifest).toMatchObject({ sync, generatedAt: expect.stringMatching(/Z$/) as string });
  expect(manifest.files.map(({ name }) => name)).toEqual(
    [...files.keys()].filter((name) => !['manifest.json', 'report.json'].includes(name)),
  );
  for (const listed of manifest.files) {
    expect(sha256(files.get(listed.name) ?? Buffer.alloc(0))).toBe(listed.sha256);
  }
  expect(report).toMatchObject({ sync, outcome: 'processed' });
  expect((await client.sync()).json['report']).toEqual(report);
  return { files, manifest, report, text: (name: string) => files.get(name)?.toString() ?? '' };
}

const rowsOf = (client: Client, table: string) =>
  server().db<Record<string, unknown>>(table).where({ solution_id: client.id }).orderBy('id').select();
/** In the order of the package, as staff see it. */
async function quarantineOf(client: Client) {
  const filter = { accounts: 'all', solutionId: client.id, syncId: null, state: null } as const;
  const { items } = await createQuarantineStore(server().db).list(filter, { limit: 100, after: null });
  return items
    .map(({ kind, subject, file, line, rowId, code, header, raw }) => ({
      kind,
      subject,
      file,
      line,
      row_id: rowId,
      code,
      header,
      raw,
    }))
    .reverse();
}

interface StoredParam {
  readonly id: string;
  readonly fields: Record<string, unknown>;
  readonly id_server: string;
}
async function paramsOf(client: Client, className: string): Promise<Map<string, StoredParam>> {
  const rows = await server()
    .db('param')
    .where({ solution_id: client.id, class: className })
    .orderBy('id')
    .select<StoredParam[]>('id', 'fields', 'id_server');
  return new Map(rows.map((row) => [row.id, row]));
}

describe('synchro: parameters and logs', () => {
  const tbfridge = [
    'Id,MeasuredAt,UserName,IsConform,FridgeName,Temp,TempMin,TempMax,Moment,Colour',
    '1,2026-11-20 07:31:00,Zoé,1,"Chambre froide, cour",3.4,0,4,matin,bleu',
    '2,2026-11-20T06:31:00Z,Zoé,true,"dite ""la grande""",3.5,0,4,matin,',
    '3,2026-11-20 07:33:00,Zoé,1,Cave,broken,0,4,matin,',
    '4,2026-11-20 07:34:00,Zoé,0,Cave,9999,0,4,matin,',
    '4,2026-11-20 07:34:00,Zoé,0,Cave,,0,4,matin,',
    'x,2026-11-20 07:35:00,Zoé,0,Cave,3,0,4,matin,',
    '',
  ].join('\r\n');
  const tboil = 'Id;MeasuredAt;OilName;PolarPercent\n7;20/11/2026 07:31;Friteuse n\xb01;12,5\n';
  const upload = () =>
    zipOf({
      'xml/Fridges.xml': parameterFile(
        'Fridges',
        { Id: '1', Name: 'Chambre froide 1', Type: 'positive', TempMin: '0', TempMax: '4' },
        {
          Id: '2',
          Name: 'Congélateur &amp; Cie',
          Type: 'negative',
          TempMin: '-22',
          TempMax: '-18',
          Colour: 'blanc',
        },
        { Id: '3', Name: 'Cave', TempMax: 'cold' },
      ),
      'XML\\oils.XML': parameterFile('Oils', { Id: '1', Name: 'Friteuse' }),
      'xml/Notes.xml': '<ArrayOfDefNotes><DefNotes><Id>1</Id></DefNotes>',
      'xml/Company.xml': parameterFile('Company', { Id: '1', Key: 'name', Value: 'ours' }),
      'csv/Tbfridge.csv': tbfridge,
      'csv/TBOIL.csv': Buffer.from(tboil, 'latin1'),
      'csv/Tbsondes.csv': 'Id,Temperature\n1,3\n',
      'csv/Tbunknown.csv': 'Id\n1\n',
      'notes.txt': 'hello',
    });

  test('are applied and reported; invalid data are kept with their raw text; other files are reported as ignored', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '90', { Name: 'Vitrine', TempMax: 4 });
    const sync = await syncTo2(client, upload());
    const { report, manifest, text } = await instructionPackage(client, sync);

    expect(report.params).toEqual({
      Fridges: { inserted: 2, updated: 0, deleted: 0, unchanged: 0, conflicts: 0, held: 0, rejected: 1 },
      Notes: { inserted: 0, updated: 0, deleted: 0, unchanged: 0, conflicts: 0, held: 0, rejected: 1 },
      Oils: { inserted: 1, updated: 0, deleted: 0, unchanged: 0, conflicts: 0, held: 0, rejected: 0 },
    });
    expect(report.logs).toEqual({
      Tbfridge: { inserted: 3, duplicates: 0, rejected: 3 },
      Tboil: { inserted: 1, duplicates: 0, rejected: 0 },
    });
    expect([...report.ignored].sort()).toEqual([
      'csv/Tbsondes.csv',
      'csv/Tbunknown.csv',
      'notes.txt',
      'xml/Company.xml',
    ]);
    expect(report.rejections).toHaveLength(5);

    const fridges = await paramsOf(client, 'Fridges');
    expect([...fridges.keys()]).toEqual(['1', '2', '90']);
    expect(fridges.get('1')?.fields).toMatchObject({
      Name: 'Chambre froide 1',
      Type: 'positive',
      TempMin: 0,
      TempMax: 4,
    });
    expect(fridges.get('2')?.fields).toMatchObject({ Name: 'Congélateur & Cie', Colour: 'blanc' });

    expect(manifest.channel).toBe('synchro');
    expect(manifest.files).toMatchObject([{ name: 'xml/Fridges-i.xml', op: 'i', count: 1 }]);
    expect(text('xml/Fridges-i.xml')).toContain('<Name>Vitrine</Name>');
    expect(text('xml/Fridges-i.xml')).toContain(`<idServer>${fridges.get('90')?.id_server ?? ''}</idServer>`);

    const readings = await rowsOf(client, 'tbfridge');
    expect(readings).toMatchObject([
      {
        id: '1',
        fridge_name: 'Chambre froide, cour',
        temp: 3.4,
        is_conform: true,
        extra: { Colour: 'bleu' },
      },
      { id: '2', fridge_name: 'dite "la grande"', is_conform: true },
      { id: '4', temp: null, is_conform: false },
    ]);
    expect(readings[0]?.['measured_at']).toEqual(new Date('2026-11-20T06:31:00Z'));
    expect(readings[1]?.['measured_at']).toEqual(new Date('2026-11-20T06:31:00Z'));
    expect(await rowsOf(client, 'tboil')).toMatchObject([
      { id: '7', oil_name: 'Friteuse n°1', polar_percent: 12.5 },
    ]);

    const quarantined = await quarantineOf(client);
    expect(quarantined).toHaveLength(5);
    const lines = tbfridge.split('\r\n');
    for (const [line, rowId] of [
      [4, '3'],
      [5, '4'],
      [7, 'x'],
    ] as const) {
      expect(quarantined).toContainEqual({
        kind: 'row',
        subject: 'Tbfridge',
        file: 'csv/Tbfridge.csv',
        line,
        row_id: rowId,
        code: expect.any(String) as string,
        header: lines[0],
        raw: lines[line - 1],
      });
    }
    expect(quarantined.filter(({ subject }) => subject !== 'Tbfridge')).toMatchObject([
      {
        kind: 'entity',
        subject: 'Fridges',
        file: 'xml/Fridges.xml',
        row_id: '3',
        raw: expect.stringContaining('cold') as string,
      },
      { kind: 'file', subject: 'Notes', file: 'xml/Notes.xml', code: 'malformed-xml' },
    ]);
    expect(await client.confirm({ sync })).toMatchObject({ status: 200 });
  });

  test('the same package again changes nothing', async () => {
    const client = await signIn(server());
    await fullSync(client, upload());
    const state = async () => ({
      fridges: [...(await paramsOf(client, 'Fridges'))],
      readings: await rowsOf(client, 'tbfridge'),
      oils: await rowsOf(client, 'tboil'),
      versions: await server()
        .db('param_version')
        .join('param', 'param.id_server', 'param_version.id_server')
        .where({ solution_id: client.id })
        .count(),
    });
    const before = await state();
    const sync = await syncTo2(client, upload());
    const { report, manifest } = await instructionPackage(client, sync);
    expect(report.params).toMatchObject({
      Fridges: { inserted: 0, updated: 0, unchanged: 2 },
      Oils: { inserted: 0, unchanged: 1 },
    });
    expect(report.logs).toMatchObject({
      Tbfridge: { inserted: 0, duplicates: 3 },
      Tboil: { inserted: 0, duplicates: 1 },
    });
    expect(manifest.files).toEqual([]);
    expect(await state()).toEqual(before);
  });

  test('both sides change: other fields of one entity are merged, and both get the result', async () => {
    const client = await signIn(server());
    const fridge = { Id: '1', Name: 'Chambre froide 1', Type: 'positive', TempMin: '0', TempMax: '4' };
    await fullSync(client, zipOf({ 'xml/Fridges.xml': parameterFile('Fridges', fridge) }));
    await edit(server(), client.id, 'Fridges', '1', { TempMax: 3 });
    const changed = { ...fridge, Name: 'Chambre froide un', Ts: '2026-11-21 10:00:00' };
    const sync = await syncTo2(client, zipOf({ 'xml/Fridges.xml': parameterFile('Fridges', changed) }));
    const { manifest, text } = await instructionPackage(client, sync);
    expect(manifest.files).toMatchObject([{ name: 'xml/Fridges-u.xml', op: 'u', count: 1 }]);
    expect(text('xml/Fridges-u.xml')).toMatch(/<Name>Chambre froide un<\/Name>[^]*<TempMax>3<\/TempMax>/);
    expect((await paramsOf(client, 'Fridges')).get('1')?.fields).toMatchObject({
      Name: 'Chambre froide un',
      TempMax: 3,
    });
  });

  test('a deletion by the manager is sent as `d`, and the entity stays deleted', async () => {
    const client = await signIn(server());
    const file = zipOf({
      'xml/Fridges.xml': parameterFile('Fridges', { Id: '1', Name: 'Cave' }, { Id: '2', Name: 'Cour' }),
    });
    await fullSync(client, file);
    await edit(server(), client.id, 'Fridges', '2', null);
    const sync = await syncTo2(client, file);
    const { manifest, text } = await instructionPackage(client, sync);
    expect(manifest.files).toMatchObject([{ name: 'xml/Fridges-d.xml', op: 'd', count: 1 }]);
    expect(text('xml/Fridges-d.xml')).toContain('<Id>2</Id>');
    await client.confirm();
    const { files } = (await instructionPackage(client, await syncTo2(client, zipOf()))).manifest;
    expect(files).toEqual([]);
  });

  const products = realData('parameters', 'produits.csv');
  whereThereIs(products)('the products of a real butcher, accents and all', async () => {
    const client = await signIn(server());
    const names = readFileSync(products ?? '', 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.split(',')[2]?.replace(/"/g, '') ?? '');
    expect(names.length).toBeGreaterThan(300);
    const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const entities = names.map((name, n) => ({
      Id: String(n + 1),
      Name: escape(name),
      Family: 'Bœuf – été',
    }));
    const file = parameterFile('ProductsDelivery', ...entities);
    const sync = await syncTo2(client, zipOf({ 'xml/ProductsDelivery.xml': `\ufeff${file}` }));
    const { report } = await instructionPackage(client, sync);
    expect(report.params).toMatchObject({ ProductsDelivery: { inserted: names.length, rejected: 0 } });
    const params = await paramsOf(client, 'ProductsDelivery');
    expect(names.map((_, n) => params.get(String(n + 1))?.fields['Name'])).toEqual(names);
  });

  test('replace-from-manager: the package holds every parameter and log of the channel as `r`', async () => {
    const client = await signIn(server());
    await fullSync(client, upload());
    // Copies in the quarantine would be overwritten, so their classes wait until staff have decided.
    await server()
      .db('quarantine')
      .where({ solution_id: client.id })
      .update({ state: 'discarded', decided_at: new Date(), decided_by: 'staff@example.org' });
    await createFlagStore(server().db).set(
      [client.id],
      'synchro',
      'replace-from-manager',
      'staff@example.org',
    );
    const sync = await syncTo2(client, zipOf());
    const { manifest, text } = await instructionPackage(client, sync);
    expect(manifest.files.map(({ name }) => name).sort()).toEqual(
      [
        ...parameterClasses.map(({ name }) => `xml/${name}-r.xml`),
        ...logTablesOf('synchro').map(({ name }) => `csv/${name}-r.csv`),
      ].sort(),
    );
    expect(text('xml/Fridges-r.xml').match(/<DefFridges>/g)).toHaveLength(2);
    expect(text('csv/Tbfridge-r.csv').trim().split('\n')).toHaveLength(4);
    await client.confirm();
    expect((await client.lastIdLogs()).json['Tbfridge']).toBe('4');
  });
});

describe('sondes: what probes measured', () => {
  const linesOf = (file: string | null) =>
    file === null ? [] : readFileSync(file, 'utf8').trim().split(/\r?\n/);

  const coldRoom = realData('probes', 'coldroom.csv');
  whereThereIs(coldRoom)('half a year of a real cold room arrives complete, its times right', async () => {
    const client = await signIn(server(), 'sondes', { timezone: 'Europe/London' });
    const hours = linesOf(coldRoom).slice(1);
    const rows = hours.flatMap((line, hour) => {
      const [at = '', ...temperatures] = line.split(',');
      return temperatures.map(
        (temperature, probe) => `${4 * hour + probe + 1},temp${probe + 1},${at},${temperature}`,
      );
    });
    const csv = ['Id,ProbeId,MeasuredAt,Temperature', ...rows, ''].join('\r\n');
    const sync = await syncTo2(client, zipOf({ 'csv/Tbsondes.csv': csv }));
    const { report } = await instructionPackage(client, sync);
    expect(report.logs).toEqual({ Tbsondes: { inserted: rows.length, duplicates: 0, rejected: 0 } });
    const stored = await server()
      .db('tbsondes')
      .where({ solution_id: client.id, probe_id: 'temp1' })
      .orderBy('id')
      .select<{ measured_at: Date }[]>('measured_at');
    const first = Date.parse('2018-07-01T00:00:00Z');
    expect(stored.map(({ measured_at: at }) => at.getTime())).toEqual(
      hours.map((_, hour) => first + hour * 3_600_000),
    );
    const empty = await server()
      .db('tbsondes')
      .where({ solution_id: client.id })
      .whereNull('temperature')
      .select('id');
    expect(empty).toHaveLength(171);
    await client.confirm();
    expect((await client.lastIdLogs()).json).toEqual({ Tbsondes: String(rows.length) });
  });

  for (const name of ['ruuvi-fridge.csv', 'ruuvi-freezer.csv']) {
    const file = realData('probes', name);
    whereThereIs(file)(`a day of a real Bluetooth probe: ${name}`, async () => {
      const client = await signIn(server(), 'sondes');
      const [header = '', ...lines] = linesOf(file);
      const named = header
        .replace('timestamp', 'MeasuredAt')
        .replace('rssi', 'SignalDbm')
        .replace('measurement sequence number', 'Sequence');
      const csv = [`Id,ProbeId,${named}`, ...lines.map((line, n) => `${n + 1},${name},${line}`)].join('\n');
      const sync = await syncTo2(client, zipOf({ 'csv/Tbsondes.csv': csv }));
      const { report } = await instructionPackage(client, sync);
      expect(report.logs).toEqual({ Tbsondes: { inserted: lines.length, duplicates: 0, rejected: 0 } });
      const stored = await rowsOf(client, 'tbsondes');
      expect(stored.map((row) => (row['measured_at'] as Date).getTime())).toEqual(
        lines.map((line) => Date.parse(line.split(',')[0]?.replace('+0200', '+02:00') ?? '')),
      );
      expect(stored.map((row) => row['temperature'])).toEqual(
        lines.map((line) => Number(line.split(',')[1])),
      );
    });
  }
});

describe('messagerie', () => {
  test('messages of the solution arrive; its package contains the messages to it', async () => {
    const client = await signIn(server(), 'messagerie');
    const csv =
      'Id,MeasuredAt,Sender,Recipient,Kind,Subject,Body,SentAt\n5,2026-11-20 07:31:00,Zoé,Siège,message,Panne,"Le four\nest froid",2026-11-20 07:31:00\n';
    const sync = await syncTo2(client, zipOf({ 'csv/Tbmessagerie.csv': csv }));
    const { report, manifest } = await instructionPackage(client, sync);
    expect(manifest.channel).toBe('messagerie');
    expect(report.logs).toEqual({ Tbmessagerie: { inserted: 1, duplicates: 0, rejected: 0 } });
    expect(await rowsOf(client, 'tbmessagerie')).toMatchObject([
      {
        id: '5',
        sender: 'Zoé',
        kind: 'message',
        body: 'Le four\nest froid',
        sent_at: new Date('2026-11-20T06:31:00Z'),
      },
    ]);
  });
});

describe('photos', () => {
  const folder = realData('photos');
  const jpegs = (at: string | null) =>
    at === null
      ? []
      : readdirSync(at)
          .filter((name) => name.endsWith('.jpg'))
          .map((name) => path.join(at, name));

  whereThereIs(folder)(
    'real ones, with orientations and broken EXIF, are kept, indexed and given back; a cut one is not',
    async () => {
      const client = await signIn(server(), 'photos');
      const files = [...jpegs(folder), ...jpegs(realData('photos', 'invalid'))];
      const photos = new Map(files.map((file) => [path.basename(file), readFileSync(file)]));
      const cut = readFileSync(files[0] ?? '').subarray(0, -1500);
      const list = [
        'Name,TakenAt,Table,LogId',
        'portrait_6.JPG,2026-11-20 07:31:00,tbfridge,12',
        'nobody.jpg,,,',
        '',
      ].join('\r\n');
      const upload = zipOf({
        ...Object.fromEntries([...photos].map(([name, content]) => [`photos/${name}`, content])),
        'photos/cut.jpg': cut,
        'photos/text.jpg': 'no photo',
        'photos/drawing.png': 'no photo either',
        'csv/Photos.csv': list,
      });
      const sync = await syncTo2(client, upload);
      const { report, manifest, text } = await instructionPackage(client, sync);
      expect(report.photos).toEqual({ inserted: photos.size, duplicates: 0, rejected: 2 });
      expect(report.ignored).toEqual(['photos/drawing.png']);
      expect(manifest.files).toMatchObject([{ name: 'csv/Photos-r.csv', op: 'r', count: photos.size }]);

      const [header, ...lines] = text('csv/Photos-r.csv').trim().split(/\r?\n/);
      expect(header).toBe('Name,Sha256,Size,Width,Height,TakenAt');
      const index = new Map(lines.map((line) => line.split(',')).map(([name = '', ...rest]) => [name, rest]));
      for (const [name, content] of photos) {
        expect(index.get(name)?.slice(0, 2)).toEqual([sha256(content), String(content.length)]);
        expect((await client.photo(name)).body.equals(content)).toBe(true);
      }
      // As it is to be seen: a quarter turned.
      expect(index.get('portrait_6.jpg')?.slice(2)).toEqual(['450', '600', '2026-11-20T06:31:00.000Z']);
      expect((await client.photo('cut.jpg')).status).toBe(404);
      expect(await quarantineOf(client)).toMatchObject([
        { kind: 'photo', file: 'photos/cut.jpg', code: 'bad-photo' },
        { kind: 'photo', file: 'photos/text.jpg', code: 'bad-photo' },
      ]);

      await client.confirm();
      const again = await syncTo2(client, upload);
      const second = await instructionPackage(client, again);
      expect(second.report.photos).toEqual({ inserted: 0, duplicates: photos.size, rejected: 2 });
      expect(second.text('csv/Photos-r.csv')).toBe(text('csv/Photos-r.csv'));
    },
  );

  test('the index is there, empty, also for a solution without photos', async () => {
    const client = await signIn(server(), 'photos');
    const sync = await syncTo2(client, zipOf());
    const { text } = await instructionPackage(client, sync);
    expect(text('csv/Photos-r.csv').trim()).toBe('Name,Sha256,Size,Width,Height,TakenAt');
  });
});

test('all four channels at once, each on its own', async () => {
  const client = await signIn(server());
  const channels = ['synchro', 'sondes', 'messagerie', 'photos'] as const;
  const syncs = await Promise.all(channels.map((channel) => fullSync(client.on(channel), zipOf())));
  expect(new Set(syncs).size).toBe(4);
});
