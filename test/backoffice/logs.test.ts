import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseCsv } from '../../shared/formats/csv-table';
import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';
import { newKitchen } from './fixtures';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

const collectGarbage = garbageCollector();

type Reading = Record<string, string | number | boolean | null | undefined>;

/** A solution with readings of its fridges; `extra` as JSON. */
async function newLog(
  rows: readonly Reading[],
  table = 'tbfridge',
): Promise<{ solution: string; path: string }> {
  const { solution } = await newKitchen(backoffice);
  if (rows.length > 0) {
    await backoffice.db(table).insert(rows.map((row) => ({ solution_id: solution, ...row })));
  }
  return { solution, path: `/api/solutions/${solution}/logs/${table}` };
}

const itemsOf = (answer: { at: (name: string) => unknown }) => answer.at('items') as Reading[];
const idsOf = (answer: { at: (name: string) => unknown }) => itemsOf(answer).map(({ Id }) => Id);

describe('readings as JSON', () => {
  test('have the names of the protocol, typed values, and further columns that the solution sent', async () => {
    const { path } = await newLog([
      {
        id: '7',
        measured_at: '2026-07-01T08:30:00+02:00',
        user_name: 'Anaïs',
        is_conform: true,
        fridge_id: 'f1',
        temp: 3.5,
        extra: JSON.stringify({ Humidity: '80' }),
      },
    ]);
    const answer = await admin.call('GET', path);
    expect(answer.at('next')).toBeNull();
    expect(itemsOf(answer)).toEqual([
      {
        Id: '7',
        MeasuredAt: '2026-07-01T06:30:00.000Z',
        UserName: 'Anaïs',
        IsConform: true,
        CorrectiveAction: null,
        Comment: null,
        PhotoName: null,
        FridgeId: 'f1',
        FridgeName: null,
        Temp: 3.5,
        TempMin: null,
        TempMax: null,
        Moment: null,
        Humidity: '80',
      },
    ]);
  });

  test('dates are days, and whole numbers are numbers', async () => {
    const lots = await newLog([{ id: 1, use_by: '2026-12-24' }], 'tblots');
    expect(itemsOf(await admin.call('GET', lots.path))[0]).toMatchObject({ UseBy: '2026-12-24' });
    const probes = await newLog([{ id: 1, sequence: 65_535 }], 'tbsondes');
    expect(itemsOf(await admin.call('GET', probes.path))[0]).toMatchObject({ Sequence: 65_535 });
  });

  test('come by Id, from the one after, page by page', async () => {
    const { path } = await newLog(Array.from({ length: 25 }, (_, index) => ({ id: (index + 1) * 3 })));
    const first = await admin.call('GET', `${path}?limit=10&after=6`);
    expect(idsOf(first)).toEqual(['9', '12', '15', '18', '21', '24', '27', '30', '33', '36']);
    expect(first.at('next')).toBe('36');
    const second = await admin.call('GET', `${path}?limit=10&after=36`);
    const third = await admin.call('GET', `${path}?limit=10&cursor=${String(second.at('next'))}`);
    expect(idsOf(third)).toEqual(['69', '72', '75']);
    expect(third.at('next')).toBeNull();
  });

  test('may begin and end with a time, in UTC or on the clock of the kitchen', async () => {
    const { path } = await newLog(
      [0, 1, 2, 3].map((hour) => ({ id: hour, measured_at: `2026-07-01T0${hour}:00:00Z` })),
    );
    const within = async (query: string) => idsOf(await admin.call('GET', `${path}?${query}`));
    expect(await within('from=2026-07-01T01:00:00Z&to=2026-07-01T03:00:00Z')).toEqual(['1', '2']);
    // Paris is two hours ahead in July.
    expect(await within('from=2026-07-01T03:00:00&to=2026-07-01%2005:00')).toEqual(['1', '2']);
    expect(await within('from=2026-07-01T03:00:00%2B02:00')).toEqual(['1', '2', '3']);
    expect(await within('to=2026-07-01')).toEqual([]);
    expect(await within('from=2026-07-01&to=2026-07-02')).toEqual(['0', '1', '2', '3']);
  });

  test('are those of the solution alone', async () => {
    await newLog([{ id: 1 }]);
    const { path } = await newLog([]);
    expect(itemsOf(await admin.call('GET', path))).toEqual([]);
  });

  test.each([
    'after=x',
    'limit=0',
    'from=yesterday',
    'from=2026-07-01T03:00:00%2B99:99',
    'to=2026-07-01T03:00:00-16:00',
    'from=2026-02-31',
    'from=2026-07-01T25:00',
    'to=2026-13-01',
    'from=0000-01-01',
    'format=xml',
  ])('are refused for ?%s', async (query) => {
    const { path } = await newLog([]);
    const answer = await admin.call('GET', `${path}?${query}`);
    expect([answer.status, answer.at('code')]).toEqual([400, 'bad-request']);
  });

  test('of a table that there is not are 404', async () => {
    const { solution } = await newLog([]);
    expect((await admin.call('GET', `/api/solutions/${solution}/logs/pg_user`)).status).toBe(404);
  });
});

describe('readings as CSV', () => {
  test('are a file that a spreadsheet reads, with a column for each thing sent beyond the table', async () => {
    const { path, solution } = await newLog([
      { id: 1, comment: 'a "b", c;\nd', temp: -18.25, extra: JSON.stringify({ Door: 'open' }) },
      { id: 2, is_conform: false, extra: JSON.stringify({ Battery: '80' }) },
      { id: 3, measured_at: '2026-07-01T06:30:00Z' },
    ]);
    const answer = await admin.call('GET', `${path}?format=csv`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="Tbfridge-${solution}.csv"`);
    const { header, rows } = parseCsv(answer.text);
    expect(header[0]).toBe('Id');
    expect(header.slice(-2)).toEqual(['Battery', 'Door']);
    const column = (name: string) => rows.map((row) => row[header.indexOf(name)]);
    expect(column('Id')).toEqual(['1', '2', '3']);
    expect(column('Comment')).toEqual(['a "b", c;\nd', '', '']);
    expect(column('Temp')).toEqual(['-18.25', '', '']);
    expect(column('IsConform')).toEqual(['', 'false', '']);
    expect(column('MeasuredAt')).toEqual(['', '', '2026-07-01T06:30:00.000Z']);
    expect(column('Door')).toEqual(['open', '', '']);
    expect(column('Battery')).toEqual(['', '80', '']);
  });

  test('without any reading are a header', async () => {
    const { path } = await newLog([]);
    expect(parseCsv((await admin.call('GET', `${path}?format=csv`)).text).rows).toEqual([]);
  });

  test('stop at a limit, and after an id', async () => {
    const { path } = await newLog(Array.from({ length: 2500 }, (_, index) => ({ id: index })));
    const answer = await admin.call('GET', `${path}?format=csv&after=9&limit=2005`);
    const ids = parseCsv(answer.text).rows.map(([id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 2005 }, (_, index) => index + 10));
  });

  test('a problem is a problem document, not a file', async () => {
    const answer = await admin.call('GET', '/api/solutions/99999999/logs/Tbfridge?format=csv');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test('of 200,000 rows are streamed: memory does not grow with their number', async () => {
    const small = await newProbeLog(20_000);
    const large = await newProbeLog(200_000);
    await exported(small);
    const forSmall = await exported(small);
    const forLarge = await exported(large);
    expect(forSmall.rows).toBe(20_000);
    expect(forLarge.rows).toBe(200_000);
    const mib = 1024 * 1024;
    expect((forLarge.heldBytes - forSmall.heldBytes) / mib).toBeLessThan(8);
  }, 120_000);

  test('a client that disconnects in the middle does no harm to the server', async () => {
    const { path } = await newProbeLog(20_000);
    const response = await fetch(`${backoffice.url}${path}?format=csv`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    await response.body?.cancel();
    expect((await admin.call('GET', `${path}?limit=1`)).status).toBe(200);
  });

  async function newProbeLog(count: number): Promise<{ path: string }> {
    const { solution } = await newKitchen(backoffice);
    await backoffice.db.raw(
      `insert into tbsondes (solution_id, id, probe_id, measured_at, temperature, humidity, sequence)
       select :solution, id, 'probe ' || id % 20, now(), id % 10, 50, id from generate_series(1, :count) as id`,
      { solution, count },
    );
    return { path: `/api/solutions/${solution}/logs/Tbsondes` };
  }

  /** Reads an export to its end, and tells the most that was held at any megabyte of it, garbage aside. */
  async function exported({ path }: { path: string }): Promise<{ rows: number; heldBytes: number }> {
    const response = await fetch(`${backoffice.url}${path}?format=csv`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    let lines = 0;
    let bytes = 0;
    let heldBytes = 0;
    for await (const chunk of response.body ?? []) {
      const text = Buffer.from(chunk as Uint8Array).toString('latin1');
      lines += text.split('\n').length - 1;
      if (Math.floor(bytes / 1e6) !== Math.floor((bytes + text.length) / 1e6)) {
        heldBytes = Math.max(heldBytes, held());
      }
      bytes += text.length;
    }
    return { rows: lines - 1, heldBytes };
  }
});

function held(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

describe('an export for a French Excel', () => {
  const header =
    'Id;MeasuredAt;UserName;IsConform;CorrectiveAction;Comment;PhotoName;FridgeId;FridgeName;Temp;';

  test('has semicolons, decimal commas, the times of the kitchen, and a byte order mark', async () => {
    const { path } = await newLog([
      {
        id: 7,
        measured_at: '2026-07-01T06:30:00Z',
        is_conform: true,
        temp: 3.5,
        comment: 'à vérifier; "ok"',
      },
      { id: 8, measured_at: '2026-12-01T06:30:00Z', is_conform: false, temp: -18 },
    ]);
    const answer = await fetchBytes(`${path}?format=csv&for=excel`);
    expect([...answer.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [first = '', ...lines] = answer.toString('utf8').slice(1).split('\r\n');
    expect(first.startsWith(header)).toBe(true);
    expect(lines).toEqual([
      '7;2026-07-01 08:30:00;;1;;"à vérifier; ""ok""";;;;3,5;;;',
      '8;2026-12-01 07:30:00;;0;;;;;;-18;;;',
      '',
    ]);
  });

  test('makes every text safe from being calculated by a spreadsheet, in both forms', async () => {
    const hostile = [
      '=1+1',
      '+33 1 23',
      '@SUM(A1)',
      'x;=1+1',
      'x;  -1+1',
      'x,=1+1',
      'x\t@a',
      'x\r\n=1+1',
      'x\n+1+1',
      '\uff1d1+1',
      'x;\uff0b1',
      '\t=1',
      'x;"=1+1;y',
      'x,""@a,y',
      '"=1',
    ];
    const rows = hostile.map((comment, place) => ({ id: place + 1, comment }));
    const extra = { id: 99, extra: JSON.stringify({ 'a;=b': '-12,5' }) };
    const { path } = await newLog([...rows, extra]);
    for (const form of ['', '&for=excel', '&for=excel&cells=exact']) {
      const text = (await fetchBytes(`${path}?format=csv${form}`)).toString('utf8');
      expect(text).not.toMatch(/(^|[,;\t\r\n])[ "]*[=@+\uff1d\uff0b](?![^;,\r\n]*\d$)/);
      expect(text).not.toContain(';  -1');
      expect(text).toContain("a;'=b");
      expect(text).toContain('-12,5');
    }
  });

  test('is refused as JSON, and if the solution has no valid time zone; an unknown parameter is refused everywhere', async () => {
    const { path, solution } = await newLog([{ id: 1 }]);
    expect((await admin.call('GET', `${path}?for=excel`)).status).toBe(400);
    expect((await admin.call('GET', `${path}?format=csv&for=word`)).status).toBe(400);
    await backoffice.db('solution').where({ id: solution }).update({ timezone: 'Mars/Olympus' });
    expect((await admin.call('GET', `${path}?format=csv&for=excel`)).status).toBe(422);
    for (const wrong of [
      `${path}?form=csv`,
      `${path}?limit=1&order=`,
      `/api/solutions?seach=x`,
      '/api/users?a=1',
    ]) {
      const answer = await admin.call('GET', wrong);
      expect([wrong, answer.status, answer.at('code')]).toEqual([wrong, 400, 'bad-request']);
    }
    const edit = await admin.call('PATCH', `/api/solutions/${solution}?dryRun=true`, { name: 'x' });
    expect([edit.status, String(edit.at('detail'))]).toEqual([400, expect.stringContaining('dryRun')]);
  });

  async function fetchBytes(path: string): Promise<Buffer> {
    const headers = { authorization: `Bearer ${admin.token}` };
    return Buffer.from(await (await fetch(backoffice.url + path, { headers })).arrayBuffer());
  }
});
