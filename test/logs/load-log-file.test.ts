import { reasonText } from '../../shared/domain/reason-english';
import { createLogDatabase, type LogDatabase, only } from './log-database';

let log: LogDatabase;
beforeAll(async () => (log = await createLogDatabase()));
afterAll(() => log.drop());
beforeEach(() => log.empty('Tbsondes', 'Tbfridge', 'Tbdeliverytemp', 'Tbanalysesurface'));

const HEADER = 'Id,ProbeId,MeasuredAt,Temperature,Humidity,BatteryPercent,SignalDbm,Sequence\n';
const reading = (id: number | string, temperature: number | string = 3.5) =>
  `${id},P1,2026-11-20 07:31:00,${temperature},60.1,87,-71,${id}\n`;
const readings = (...ids: (number | string)[]) => HEADER + ids.map((id) => reading(id)).join('');

describe('values', () => {
  test('arrive with their types, in any order of columns and any case of names', async () => {
    const counts = await log.load(
      'Tbsondes',
      'temperature,ID,probeid,MEASUREDAT,Humidity,BatteryPercent,SignalDbm,Sequence\n' +
        '-18.25,9223372036854775807,"Chambre ""froide"" 1",2026-11-20 07:31:00,60,,-71.5, 12 \n',
    );
    expect(counts).toEqual({ inserted: 1, duplicates: 0, rejected: 0, rejections: [] });
    const columns =
      'id, probe_id, measured_at, temperature, humidity, battery_percent, signal_dbm, sequence, extra';
    expect(await log.rows('Tbsondes', columns)).toEqual([
      {
        id: '9223372036854775807',
        probe_id: 'Chambre "froide" 1',
        measured_at: new Date('2026-11-20T06:31:00Z'),
        temperature: -18.25,
        humidity: 60,
        battery_percent: null,
        signal_dbm: -71.5,
        sequence: '12',
        extra: null,
      },
    ]);
  });

  test('of a semicolon file may have decimal commas, French dates, a BOM and CRLF', async () => {
    await log.load(
      'Tbdeliverytemp',
      '\uFEFFId;MeasuredAt;IsConform;SupplierName;UseBy;Temp;Accepted\r\n' +
        '1;20/11/2026 07:31;TRUE;Métro;24/12/2026;3,5;0\r\n2;20/11/2026;false;;2026-12-24 10:00:00;-1;1',
    );
    const columns = 'measured_at, is_conform, supplier_name, use_by::text as use_by, temp, accepted';
    expect(await log.rows('Tbdeliverytemp', columns)).toEqual([
      {
        measured_at: new Date('2026-11-20T06:31:00Z'),
        is_conform: true,
        supplier_name: 'Métro',
        use_by: '2026-12-24',
        temp: 3.5,
        accepted: false,
      },
      {
        measured_at: new Date('2026-11-19T23:00:00Z'),
        is_conform: false,
        supplier_name: null,
        use_by: '2026-12-24',
        temp: -1,
        accepted: true,
      },
    ]);
  });

  test('of a comma file may have decimal commas if they are quoted', async () => {
    await log.load('Tbsondes', 'Id,Temperature\n1,"3,5"\n2,"-0,25"\n');
    expect(await log.rows('Tbsondes', 'temperature')).toEqual([{ temperature: 3.5 }, { temperature: -0.25 }]);
  });

  test('in windows-1252 are read as such', async () => {
    await log.load(
      'Tbfridge',
      Buffer.from('Id;FridgeName;Comment\n1;Entrée n°4;à vérifier\n2;Pièce;10 \x80\n', 'latin1'),
    );
    expect(await log.rows('Tbfridge', 'fridge_name, comment')).toEqual([
      { fridge_name: 'Entrée n°4', comment: 'à vérifier' },
      { fridge_name: 'Pièce', comment: '10 €' },
    ]);
  });

  test('keep their blanks and newlines if they are texts', async () => {
    await log.load('Tbfridge', 'Id,Comment,Temp\n1,"  two\r\nlines ", 4 \n');
    expect(await log.rows('Tbfridge', 'comment, temp')).toEqual([{ comment: '  two\r\nlines ', temp: 4 }]);
  });

  test('of undeclared columns are kept as texts under their names, the empty ones left out', async () => {
    await log.load(
      'Tbsondes',
      'Id,acceleration x,Température,__proto__,ProbeId\n1,-0.076,"a ""b""\n\\ é",x,P\n2,,,,P\n',
    );
    expect(await log.rows('Tbsondes', 'extra')).toEqual([
      { extra: { 'acceleration x': '-0.076', Température: 'a "b"\n\\ é', ['__proto__']: 'x' } },
      { extra: null },
    ]);
  });

  test('of one of a set may be in any case, and are kept as the catalogue spells them', async () => {
    const written = 'Id,Kind\n1,Message\n2, PROBE-ALERT \n3,analysis\n';
    expect(await log.load('Tbmessagerie', written)).toMatchObject({ inserted: 3, rejected: 0 });
    const again = await log.load('Tbmessagerie', 'Id,Kind\n1,MESSAGE\n4,letter\n');
    expect(again).toMatchObject({ inserted: 0, duplicates: 1, rejected: 1 });
    expect((await log.rows('Tbmessagerie', 'kind')).map(({ kind }) => kind)).toEqual([
      'message',
      'probe-alert',
      'analysis',
    ]);
  });

  test('of one of a set must be in it', async () => {
    const { rejections } = await log.load('Tbanalysesurface', 'Id,Operator\n1,<\n2, > \n3,≤\n');
    expect(await log.rows('Tbanalysesurface', 'operator')).toEqual([{ operator: '<' }, { operator: '>' }]);
    expect(only(rejections)).toMatchObject({
      code: 'bad-value',
      reason: 'Operator is "≤"; expected one of <, =, >, absence, presence.',
    });
  });
});

describe('a file', () => {
  test('that is empty, or has a header only, is fine', async () => {
    const nothing = { inserted: 0, duplicates: 0, rejected: 0, rejections: [] };
    expect(await log.load('Tbsondes', '')).toEqual(nothing);
    expect(await log.load('Tbsondes', '\uFEFF\r\n\r\n')).toEqual(nothing);
    expect(await log.load('Tbsondes', HEADER)).toEqual(nothing);
    expect(await log.load('Tbsondes', 'Id')).toEqual(nothing);
    expect(await log.highestId('Tbsondes')).toBeNull();
  });

  test('may have blank lines, and a delimiter at the end of each row', async () => {
    const csv = '\nId,Temperature,\n\n1,3,\r\n   \n2,4,\n\n';
    expect(await log.load('Tbsondes', csv)).toMatchObject({ inserted: 2, rejected: 0 });
    expect(await log.load('Tbsondes', 'Id,Temperature\n3,3,\n4,4,\n')).toMatchObject({
      inserted: 2,
      rejected: 0,
    });
  });

  test('may be separated by tabs', async () => {
    await log.load('Tbsondes', 'Id\tProbeId\tTemperature\n1\ta,b;c\t3,5\n');
    expect(await log.rows('Tbsondes', 'probe_id, temperature')).toEqual([
      { probe_id: 'a,b;c', temperature: 3.5 },
    ]);
  });

  test.each([
    ['no-id-column', 'ProbeId,Temperature', 'The file has no column Id.'],
    ['duplicate-column', 'Id,Temperature,temperature', 'Column "temperature" is there twice.'],
    ['duplicate-column', 'Id,id', 'Column "id" is there twice.'],
    [
      'bad-header',
      `Id,${Array.from({ length: 1000 }, (_, n) => `c${n}`).join(',')}`,
      'more than 1000 columns',
    ],
    ['bad-header', 'Id,"Temperature', 'unterminated-quote'],
  ])('is refused as a whole: %s', async (code, header, reason) => {
    const { rejected, rejections } = await log.load('Tbsondes', `${header}\n1,2,3\n`);
    expect(rejected).toBe(1);
    const { reason: found, why, ...rejection } = only(rejections);
    expect(found).toContain(reason);
    expect(why === null ? null : reasonText(why)).toBe(found);
    expect(rejection).toEqual({
      kind: 'file',
      subject: 'Tbsondes',
      file: 'csv/Tbsondes.csv',
      line: null,
      rowId: null,
      code,
      header,
      raw: `${header}\n1,2,3\n`,
    });
  });
});

describe('a row that cannot be loaded is kept with its reason, and the others are loaded', () => {
  test.each([
    ['wrong-cell-count', '7,P1', '7', 'The row has 2 cells, its header 3.'],
    ['wrong-cell-count', '7,P1,3,4', '7', 'The row has 4 cells, its header 3.'],
    ['unterminated-quote', '7,"P1,3', '7', 'A quote is opened and never closed.'],
    ['bad-quote', '7,"P"1,3', '7', 'A quoted cell goes on after its closing quote.'],
    ['bad-id', ',P1,3', null, 'Id is not a whole number from 0 to 9223372036854775807.'],
    ['bad-id', '-1,P1,3', '-1', 'Id is not a whole number from 0 to 9223372036854775807.'],
    ['bad-id', '1.5,P1,3', '1.5', 'Id is not a whole number from 0 to 9223372036854775807.'],
    [
      'bad-id',
      '9223372036854775808,P1,3',
      '9223372036854775808',
      'Id is not a whole number from 0 to 9223372036854775807.',
    ],
    ['bad-value', '7,P1,cold', '7', 'Temperature is "cold"; expected a number from -200 to 600 °C.'],
    ['bad-value', '7,P1,601', '7', 'Temperature is "601"; expected a number from -200 to 600 °C.'],
    ['bad-value', '7,P1,NaN', '7', 'Temperature is "NaN"; expected a number from -200 to 600 °C.'],
    ['bad-value', '7,P1,1e400', '7', 'Temperature is "1e400"; expected a number from -200 to 600 °C.'],
  ])('%s: %s', async (code, raw, rowId, reason) => {
    const unclosed = code === 'unterminated-quote';
    const csv = `Id,ProbeId,Temperature\n1,P1,3\n${raw}\n${unclosed ? '' : '\n8,P1,4\n'}`;
    const { inserted, rejected, rejections } = await log.load('Tbsondes', csv);
    expect({ inserted, rejected }).toEqual({ inserted: unclosed ? 1 : 2, rejected: 1 });
    const { why, ...rejection } = only(rejections);
    expect(why === null ? null : reasonText(why)).toBe(reason);
    expect(rejection).toEqual({
      kind: 'row',
      subject: 'Tbsondes',
      file: 'csv/Tbsondes.csv',
      line: 3,
      rowId,
      code,
      reason,
      header: 'Id,ProbeId,Temperature',
      raw,
    });
  });

  test('each kind of value says what was expected', async () => {
    const csv =
      'Id,MeasuredAt,IsConform,UseBy,Temp\n' +
      '1,now,1,,\n2,,maybe,,\n3,,,31/02/2026,\n4,2026-11-20 07:31:00+99:00,,,\n5,1969-12-31,,,\n6,,,2200-01-01,\n';
    const { rejections } = await log.load('Tbdeliverytemp', csv);
    expect(rejections.map(({ code, line, reason }) => [code, line, reason])).toEqual([
      [
        'bad-value',
        2,
        'MeasuredAt is "now"; expected a time such as 2026-11-20 07:31:00 between 1970 and 2199.',
      ],
      ['bad-value', 3, 'IsConform is "maybe"; expected 1, 0, true or false.'],
      ['bad-value', 4, 'UseBy is "31/02/2026"; expected a date such as 2026-11-20 between 1970 and 2199.'],
      [
        'bad-value',
        5,
        'MeasuredAt is "2026-11-20 07:31:00+99:00"; expected a time such as 2026-11-20 07:31:00 between 1970 and 2199.',
      ],
      [
        'bad-value',
        6,
        'MeasuredAt is "1969-12-31"; expected a time such as 2026-11-20 07:31:00 between 1970 and 2199.',
      ],
      ['bad-value', 7, 'UseBy is "2200-01-01"; expected a date such as 2026-11-20 between 1970 and 2199.'],
    ]);
    const whole = await log.load('Tbsondes', 'Id,Sequence\n1,1.5\n2,-1\n3,99999999999999999999\n');
    expect(whole.rejections.map(({ reason }) => reason)).toEqual([
      'Sequence is "1.5"; expected a whole number from 0 to 9007199254740991.',
      'Sequence is "-1"; expected a whole number from 0 to 9007199254740991.',
      'Sequence is "99999999999999999999"; expected a whole number from 0 to 9007199254740991.',
    ]);
  });

  test('row-too-large: only its beginning is kept', async () => {
    const { rejections, inserted } = await log.load(
      'Tbsondes',
      `Id,ProbeId\n1,x${'é'.repeat(1_000_000)}\n2,P\n`,
    );
    expect(inserted).toBe(1);
    const { raw, ...rejection } = only(rejections);
    expect(rejection).toMatchObject({ code: 'row-too-large', line: 2, rowId: '1' });
    expect(raw).toBe(`1,x${'é'.repeat(32 * 1024 - 2)}`);
  });

  test('a text as large as a row may be is loaded', async () => {
    const text = 'é'.repeat(500_000);
    await log.load('Tbsondes', `Id,ProbeId,More\n1,${text},\n2,,${text}\n`);
    expect(await log.rows('Tbsondes', "length(probe_id) as probe, length(extra->>'More') as more")).toEqual([
      { probe: 500_000, more: null },
      { probe: null, more: 500_000 },
    ]);
  });
});

describe('ids', () => {
  test('that grow go in, from one upload to the next', async () => {
    expect(await log.load('Tbsondes', readings(1, 2, 5))).toMatchObject({ inserted: 3 });
    expect(await log.load('Tbsondes', readings(6, 9, 10))).toMatchObject({ inserted: 3 });
    expect(await log.highestId('Tbsondes')).toBe('10');
  });

  test('that are filled in later go in too, in any order', async () => {
    await log.load('Tbsondes', readings(10, 20, 30));
    const counts = await log.load('Tbsondes', readings(31, 15, 5, 40, 25, 35));
    expect(counts).toMatchObject({ inserted: 6, duplicates: 0, rejected: 0 });
    expect((await log.rows('Tbsondes', 'id')).map(({ id }) => Number(id))).toEqual([
      5, 10, 15, 20, 25, 30, 31, 35, 40,
    ]);
    expect(await log.highestId('Tbsondes')).toBe('40');
  });

  test('of another solution are another matter', async () => {
    const other = await log.addSolution();
    await log.load('Tbsondes', readings(1, 2));
    expect(await log.load('Tbsondes', HEADER + reading(1, 9), { solutionId: other })).toMatchObject({
      inserted: 1,
    });
    expect(await log.rows('Tbsondes', 'temperature', other)).toEqual([{ temperature: 9 }]);
  });

  test('of quarantined rows count as seen', async () => {
    await log.load('Tbsondes', HEADER + reading(3) + reading(8, 'cold'));
    expect(await log.highestId('Tbsondes')).toBe('8');
    await log.load('Tbsondes', `${HEADER}11,P1\n`);
    expect(await log.highestId('Tbsondes')).toBe('11');
    expect(await log.load('Tbsondes', readings(8, 11))).toMatchObject({ inserted: 2 });
  });

  test('of rows whose cells are out of place are not believed unless they come first', async () => {
    await log.load('Tbsondes', 'ProbeId,Id,Temperature\nP1,1,3\nP1,x,999,3\n');
    expect(await log.highestId('Tbsondes')).toBe('1');
  });
});

describe('the same rows again', () => {
  test('are duplicates, and change nothing', async () => {
    const csv = readings(1, 2, 3, 7);
    await log.load('Tbsondes', csv);
    const before = await log.rows('Tbsondes', '*, xmin');
    expect(await log.load('Tbsondes', csv)).toEqual({
      inserted: 0,
      duplicates: 4,
      rejected: 0,
      rejections: [],
    });
    expect(await log.rows('Tbsondes', '*, xmin')).toEqual(before);
  });

  test('are duplicates in other words too', async () => {
    await log.load('Tbsondes', 'Id,MeasuredAt,Temperature,b,aa\n1,2026-11-20 07:31:00,3.50,x,y\n2,,-0,,\n');
    const csv = 'aa;b;Temperature;MeasuredAt;Id\ny;x;3,5;20/11/2026 07:31;1\n;;0;;2\n';
    expect(await log.load('Tbsondes', csv)).toMatchObject({ inserted: 0, duplicates: 2, rejected: 0 });
  });

  test('are duplicates in any order, in the middle of new ones, and twice in a file', async () => {
    await log.load('Tbsondes', readings(1, 2, 3));
    const counts = await log.load('Tbsondes', readings(3, 1, 4, 2, 5, 4, 0, 0));
    expect(counts).toMatchObject({ inserted: 3, duplicates: 5, rejected: 0 });
  });

  test('are duplicates with undeclared columns as well', async () => {
    const csv = 'Id,longer,b,a,é\n1,w,x,y,"z ""1"""\n2,,,,\n';
    await log.load('Tbsondes', csv);
    expect(await log.load('Tbsondes', csv)).toMatchObject({ inserted: 0, duplicates: 2 });
  });
});

describe('a stored id with other content', () => {
  test('is an id-conflict, kept with its line and its raw text', async () => {
    await log.load('Tbsondes', readings(1, 2, 3));
    const changed = '2,"P1",2026-11-20 07:31:00,99,60.1,87,-71,2';
    const { rejections, ...counts } = await log.load(
      'Tbsondes',
      `${HEADER}${reading(1)}${changed}\r\n${reading(4)}`,
    );
    expect(counts).toEqual({ inserted: 1, duplicates: 1, rejected: 1 });
    expect(only(rejections)).toEqual({
      kind: 'row',
      subject: 'Tbsondes',
      file: 'csv/Tbsondes.csv',
      line: 3,
      rowId: '2',
      code: 'id-conflict',
      reason: 'Id 2 is stored already with other content.',
      why: { code: 'id-stored-otherwise', values: { id: '2' } },
      header: HEADER.trim(),
      raw: changed,
    });
    expect(await log.rows('Tbsondes', 'temperature')).toEqual(
      [3.5, 3.5, 3.5, 3.5].map((temperature) => ({ temperature })),
    );
  });

  test('is one within a file as well: the first row wins', async () => {
    await log.load('Tbsondes', readings(50));
    const csv = HEADER + reading(60, 1) + reading(60, 2) + reading(7, 3) + reading(7, 4) + reading(7, 3);
    const { rejections, ...counts } = await log.load('Tbsondes', csv);
    expect(counts).toEqual({ inserted: 2, duplicates: 1, rejected: 2 });
    expect(rejections.map(({ code, line, rowId }) => [code, line, rowId])).toEqual([
      ['id-conflict', 3, '60'],
      ['id-conflict', 5, '7'],
    ]);
    expect(await log.rows('Tbsondes', 'id::int, temperature')).toEqual([
      { id: 7, temperature: 3 },
      { id: 50, temperature: 3.5 },
      { id: 60, temperature: 1 },
    ]);
  });

  test('is found in files of many buffers, with every raw text', async () => {
    const ids = Array.from({ length: 20_000 }, (_, n) => n);
    await log.load('Tbsondes', HEADER + ids.map((id) => reading(id)).join(''));
    const again = ids.map((id) => (id % 7 === 3 ? reading(id, 4) : reading(id)));
    const pieces = HEADER + again.join('') + reading(20_000);
    const { rejections, ...counts } = await log.load('Tbsondes', pieces);
    const conflicting = ids.filter((id) => id % 7 === 3);
    expect(counts).toEqual({
      inserted: 1,
      duplicates: 20_000 - conflicting.length,
      rejected: conflicting.length,
    });
    expect(rejections.map(({ rowId }) => Number(rowId))).toEqual(conflicting);
    expect(rejections.map(({ line }) => line)).toEqual(conflicting.map((id) => id + 2));
    expect(rejections.every(({ raw, rowId }) => raw === reading(rowId ?? '', 4).trimEnd())).toBe(true);
  });
});

test('new and late rows in turns, more than any buffer holds, all arrive', async () => {
  const even = Array.from({ length: 15_000 }, (_, n) => 2 * n);
  await log.load('Tbsondes', readings(...even));
  const mixed = even.flatMap((id, n) => [id + 1, 30_000 + n]);
  expect(await log.load('Tbsondes', readings(...mixed))).toMatchObject({
    inserted: 30_000,
    duplicates: 0,
    rejected: 0,
  });
  const found = await log.rows('Tbsondes', 'id::int, sequence::int');
  expect(found).toEqual(Array.from({ length: 45_000 }, (_, id) => ({ id, sequence: id })));
});

test('a file that cannot be read to its end leaves nothing, and the connection as it was', async () => {
  const broken = (function* () {
    yield Buffer.from(readings(...Array.from({ length: 5000 }, (_, n) => n)));
    throw new Error('the disk is gone');
  })();
  await expect(log.load('Tbsondes', broken)).rejects.toThrow('the disk is gone');
  expect(await log.rows('Tbsondes', 'id')).toEqual([]);
  expect(await log.load('Tbsondes', readings(1))).toMatchObject({ inserted: 1 });
});

test('two files of one log at once are loaded one after the other', async () => {
  const ids = Array.from({ length: 3000 }, (_, n) => n);
  const [one, two] = await Promise.all([
    log.load('Tbsondes', readings(...ids)),
    log.load('Tbsondes', readings(...ids)),
  ]);
  expect([one.inserted + two.inserted, one.duplicates + two.duplicates]).toEqual([3000, 3000]);
});
