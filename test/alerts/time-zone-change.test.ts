import { Readable } from 'node:stream';
import { type Db, inTransaction } from '../../shared/db/database';
import { readingsSubjectOf } from '../../shared/domain/new-readings';
import { createOtherZoneStore } from '../../shared/stores/logs/other-zone-store';
import { judgeNewReadings } from '../../worker/alerts/new-readings';
import { noteReadings } from '../../worker/alerts/note-readings';
import { loadChannelLog } from '../../worker/solution-sync/logs/channel-log';
import { readTimesAnew } from '../../worker/solution-sync/logs/read-times-anew';
import { logTable } from '../logs/log-database';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openProbeKitchen, type ProbeKitchen, start } from './probes';

let database: TestDatabase;
let kitchen: ProbeKitchen;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  kitchen = await openProbeKitchen(database.db);
  await kitchen.fridge('P1');
});

/** Minutes after the start by which the clock on the wall is put: its day begins at `start`, as UTC would show it. */
const wall = (minutes: number) => new Date(start + minutes * 60_000).toISOString().slice(0, 19);

/** Sends readings whose times have no offset, one every ten minutes. */
async function send(db: Db, timezone: string, firstId: number, temps: readonly number[]): Promise<void> {
  const { solutionId } = kitchen;
  const rows = temps.map((temp, place) => `${firstId + place},P1,${wall((firstId + place) * 10)},${temp}`);
  const csv = ['Id,ProbeId,MeasuredAt,Temperature', ...rows, ''].join('\n');
  const file = { name: 'csv/Tbsondes.csv', open: () => Promise.resolve(Readable.from([Buffer.from(csv)])) };
  const input = { solutionId, timezone, table: logTable('Tbsondes'), file, noteReadings };
  await inTransaction(db, (transaction) =>
    loadChannelLog(transaction, 'sondes', input, (rejected) => Promise.reject(new Error(rejected.reason))),
  );
  await judgeNewReadings(db, readingsSubjectOf(solutionId, 'any'), 'en');
}

test('an open alert and the state of its probe move with readings that are read again', async () => {
  const { db } = database;
  const { solutionId } = kitchen;
  await db('solution').where({ id: solutionId }).update({ timezone: 'Etc/GMT+3' });
  await send(db, 'Etc/GMT+3', 0, [3, 3, 7, 7, 7, 7, 7]);
  expect(await kitchen.alerts()).toMatchObject([{ since: 200, opened_at: 230, closed_at: null }]);
  await db('solution').where({ id: solutionId }).update({ timezone: 'Etc/GMT-1' });
  await createOtherZoneStore(db).ask(solutionId, 'claire@example.org');
  await readTimesAnew(db);
  expect(await kitchen.alerts()).toMatchObject([{ since: -40, opened_at: -10, closed_at: null }]);
  const state = await db<{ solution_id: number; last_at: Date; since: Date; before_at: Date }>('probe_state')
    .where({ solution_id: solutionId })
    .first('last_at', 'since', 'before_at');
  expect(state).toEqual({ last_at: at(0), since: at(-40), before_at: at(-50) });
  // The next readings continue after the earlier ones: there is one alert, and no silence.
  await send(db, 'Etc/GMT-1', 7, [7, 3]);
  expect(await kitchen.alerts()).toMatchObject([{ since: -40, closed_at: 20 }]);
});

const at = (minutes: number) => new Date(start + minutes * 60_000);
