import { createOtherZoneStore } from '../../shared/stores/logs/other-zone-store';
import { createLogReadStore } from '../../shared/stores/logs/log-read-store';
import { readTimesAnew } from '../../worker/solution-sync/logs/read-times-anew';
import { eventually } from '../queue/eventually';
import { createLogDatabase, logTable, type LogDatabase } from '../logs/log-database';

let log: LogDatabase;
beforeAll(async () => {
  log = await createLogDatabase();
});
afterAll(() => log.drop());

const csv = (...rows: readonly string[]) => ['Id,MeasuredAt,OilName', ...rows, ''].join('\n');
const oils = csv('1,2026-11-20 07:31:00,A', '2,2026-11-20 08:31:00,A');
const paris = 'Europe/Paris';
const reunion = 'Indian/Reunion';

/** As staff do it. */
const setZone = (id: number, timezone: string) => log.db('solution').where({ id }).update({ timezone });
const ask = (id: number) => createOtherZoneStore(log.db).ask(id, 'claire@example.org');
const count = (id: number) => createOtherZoneStore(log.db).count(id);

/** On the clock of a zone. */
async function shown(solutionId: number, timezone: string, table = 'Tboil'): Promise<string[]> {
  const clock = `to_char(measured_at at time zone '${timezone}', 'MM-DD HH24:MI') as at`;
  return (await log.rows(table, clock, solutionId)).map(({ at }) => String(at));
}

/** A solution whose oils were read in Paris, and whose zone is another one now. */
async function moved(timezone: string, rows = oils): Promise<number> {
  const solutionId = await log.addSolution();
  await log.load('Tboil', rows, { solutionId, timezone: paris });
  await setZone(solutionId, timezone);
  return solutionId;
}

async function readAnew(solutionId: number): Promise<number> {
  await ask(solutionId);
  return readTimesAnew(log.db);
}

describe('a time zone that was put right', () => {
  test('rows that are sent again are duplicates, and rows with other content are not', async () => {
    const solutionId = await moved(reunion);
    const again = await log.load('Tboil', oils, { solutionId, timezone: reunion });
    expect(again).toMatchObject({ inserted: 0, duplicates: 2, rejected: 0 });
    const other = await log.load('Tboil', oils.replace('07:31', '07:32'), { solutionId, timezone: reunion });
    expect(other.rejections).toMatchObject([{ code: 'id-conflict', rowId: '1' }]);
  });

  test('returns how many readings were read in the old zone, and how many cannot be read again', async () => {
    const solutionId = await moved(reunion);
    await log.load('Tboil', csv('3,2026-11-20T07:31:00Z,A'), { solutionId, timezone: paris });
    await log.load('Tboil', csv('4,2026-11-20T07:31:00Z,A', '5,2026-11-20 08:00:00,A'), {
      solutionId,
      timezone: paris,
    });
    await log.load('Tboil', csv('6,2026-11-20 09:00:00,A'), { solutionId, timezone: reunion });
    expect(await count(solutionId)).toEqual({
      timezone: reunion,
      readable: [{ timezone: paris, readings: 2n }],
      unreadable: 2n,
      request: null,
    });
    expect(await readAnew(solutionId)).toBe(2);
    expect(await count(solutionId)).toMatchObject({ readable: [], unreadable: 2n, request: null });
    expect(await shown(solutionId, reunion)).toEqual([
      '11-20 07:31',
      '11-20 08:31',
      '11-20 11:31',
      '11-20 11:31',
      '11-20 11:00',
      '11-20 09:00',
    ]);
  });

  test('costs nothing if it was never changed', async () => {
    const solutionId = await log.addSolution();
    await log.load('Tboil', oils, { solutionId, timezone: paris });
    await log.db.raw(`update log_arrival set timezone = null where solution_id = ?`, [solutionId]);
    expect(await count(solutionId)).toMatchObject({ readable: [], unreadable: 0n });
  });
});

describe('readings that are read again', () => {
  test('show what the clock of the kitchen showed, and are the same when they are sent again', async () => {
    const solutionId = await moved(reunion);
    expect(await readAnew(solutionId)).toBe(2);
    expect(await shown(solutionId, reunion)).toEqual(['11-20 07:31', '11-20 08:31']);
    await log.db('solution_old_zone').where({ solution_id: solutionId }).delete();
    const again = await log.load('Tboil', oils, { solutionId, timezone: reunion });
    expect(again).toMatchObject({ inserted: 0, duplicates: 2, rejected: 0 });
  });

  test('settle their items in quarantine once they are sent again', async () => {
    const solutionId = await moved(reunion);
    await addConflict(solutionId, '1', '1,2026-11-20 07:31:00,A');
    await addConflict(solutionId, '2', '2,2026-11-20 09:31:00,A');
    await readAnew(solutionId);
    await log.db('solution_old_zone').where({ solution_id: solutionId }).delete();
    await log.load('Tboil', oils, { solutionId, timezone: reunion });
    const items = await log
      .db<{ solution_id: number; row_id: string; state: string; decided_by: string | null }>('quarantine')
      .where({ solution_id: solutionId })
      .orderBy('row_id')
      .select('row_id', 'state', 'decided_by');
    expect(items).toEqual([
      { row_id: '1', state: 'replayed', decided_by: 'solution' },
      { row_id: '2', state: 'open', decided_by: null },
    ]);
  });

  test('are returned once more to clients that read by arrival, and keep their time of receipt', async () => {
    const solutionId = await moved(reunion);
    const received = await log.rows('Tboil', 'received_at', solutionId);
    const { next } = await createLogReadStore(log.db).arrived(logTable('Tboil'), solutionId, start, 100);
    await readAnew(solutionId);
    const again = await createLogReadStore(log.db).arrived(logTable('Tboil'), solutionId, next, 100);
    expect(again.rows.map(({ id }) => id)).toEqual(['1', '2']);
    const all = await createLogReadStore(log.db).arrived(logTable('Tboil'), solutionId, start, 100);
    expect(all.rows.map(({ id }) => id)).toEqual(['1', '2']);
    expect(await log.rows('Tboil', 'received_at', solutionId)).toEqual(received);
  });

  test('of one minute of the autumn hour that the new clock shows twice keep their order', async () => {
    const solutionId = await log.addSolution();
    const probes = [
      'Id,ProbeId,MeasuredAt,Temperature',
      ...['01:45', '02:00', '02:15', '02:30', '02:45', '02:00', '02:15', '02:30', '02:45', '03:00'].map(
        (clock, place) => `${place + 1},P1,2026-10-25 ${clock}:00,3`,
      ),
      '',
    ].join('\n');
    await log.load('Tbsondes', probes, { solutionId, timezone: reunion });
    await setZone(solutionId, reunion);
    await setZone(solutionId, paris);
    expect(await readAnew(solutionId)).toBe(10);
    const rows = await log.rows('Tbsondes', 'measured_at as at', solutionId);
    const steps = rows.map(({ at }) => (at instanceof Date ? at.getTime() / 60_000 : NaN));
    expect(steps.slice(1).map((minute, place) => minute - (steps[place] ?? NaN))).toEqual(
      Array.from({ length: 9 }, () => 15),
    );
    const again = await log.load('Tbsondes', probes, { solutionId, timezone: paris });
    expect(again).toMatchObject({ inserted: 0, duplicates: 10, rejected: 0 });
  });

  test('of the hour that spring skipped in the old zone are the same when they are sent again', async () => {
    const spring = csv('1,2026-03-29 01:59:00,A', '2,2026-03-29 02:30:00,A', '3,2026-03-29 03:10:00,A');
    const solutionId = await moved(reunion, spring);
    await readAnew(solutionId);
    expect(await shown(solutionId, reunion)).toEqual(['03-29 01:59', '03-29 03:30', '03-29 03:10']);
    const again = await log.load('Tboil', spring, { solutionId, timezone: reunion });
    expect(again).toMatchObject({ inserted: 0, duplicates: 3, rejected: 0 });
  });

  test('are no longer read once the time zone is changed again, and the rest is offered again', async () => {
    const solutionId = await log.addSolution();
    const many = csv(...Array.from({ length: 12_000 }, (_, place) => `${place + 1},2026-11-20 07:31:00,A`));
    await log.load('Tboil', many, { solutionId, timezone: paris });
    await setZone(solutionId, reunion);
    await ask(solutionId);
    // The job is between two portions: the log is held until the zone has been changed again.
    const holder = await log.db.transaction();
    await holder.raw(`select pg_advisory_xact_lock(hashtextextended('log tboil', ?))`, [solutionId]);
    const job = readTimesAnew(log.db);
    await eventually('the job waits for the log', isWaitingForLog);
    await setZone(solutionId, 'America/Martinique');
    await holder.commit();
    expect(await job).toBe(0);
    expect(await count(solutionId)).toMatchObject({
      timezone: 'America/Martinique',
      readable: [{ timezone: paris, readings: 12_000n }],
      request: null,
    });
    expect(await readAnew(solutionId)).toBe(12_000);
    expect(new Set(await shown(solutionId, 'America/Martinique'))).toEqual(new Set(['11-20 07:31']));
  });

  test('go on after a worker was killed, each of them once', async () => {
    const solutionId = await log.addSolution();
    const many = csv(...Array.from({ length: 12_000 }, (_, place) => `${place + 1},2026-11-20 07:31:00,A`));
    await log.load('Tboil', many, { solutionId, timezone: paris });
    await setZone(solutionId, reunion);
    await ask(solutionId);
    // The second portion fails, as where its worker is killed: its connection is gone.
    await log.db.raw(
      `create function fail_at_second_portion() returns trigger language plpgsql as $$
       begin if new.readings > 5000 then raise exception 'killed'; end if; return new; end $$;
       create trigger fail_at_second_portion before update on log_zone_request
         for each row execute function fail_at_second_portion()`,
    );
    await expect(readTimesAnew(log.db)).rejects.toThrow('killed');
    await log.db.raw('drop function fail_at_second_portion cascade');
    expect(await count(solutionId)).toMatchObject({
      readable: [{ timezone: paris, readings: 7_000n }],
      request: { readings: 5_000n },
    });
    expect(await readTimesAnew(log.db)).toBe(7_000);
    expect(new Set(await shown(solutionId, reunion))).toEqual(new Set(['11-20 07:31']));
  });

  test('are recorded in the audit trail', async () => {
    const solutionId = await moved(reunion);
    await readAnew(solutionId);
    const entry = await log.db<AuditRow>('audit').where({ solution_id: solutionId }).first();
    expect(entry).toMatchObject({
      actor: 'claire@example.org',
      action: 'log.read-anew',
      before: { timezones: [paris] },
      after: { timezone: reunion, readings: '2' },
    });
  });
});

async function isWaitingForLog(): Promise<boolean> {
  const { rows } = await log.db.raw<{ rows: unknown[] }>(
    `select from pg_locks where locktype = 'advisory' and not granted
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows.length > 0;
}

const start = { arrival: '0', id: '-1' };

interface AuditRow {
  solution_id: number;
  actor: string;
  action: string;
  before: unknown;
  after: unknown;
}

/** As a version that knew no old zones has put it into quarantine. */
async function addConflict(solutionId: number, id: string, raw: string): Promise<void> {
  await log.db.raw(
    `with upload as (
       insert into sync (id, solution_id, channel, state, archive_key, archive_bytes, received_at)
       values (gen_random_uuid(), :solutionId, 'synchro', 'abandoned', gen_random_uuid()::text, 0, now()) returning id
     )
     insert into quarantine (solution_id, sync_id, channel, kind, subject, file, row_id, code, reason, raw, header)
     select :solutionId, id, 'synchro', 'row', 'Tboil', 'csv/Tboil.csv', :id, 'id-conflict', 'Other content.', :raw,
       'Id,MeasuredAt,OilName' from upload`,
    { solutionId, id, raw },
  );
}
