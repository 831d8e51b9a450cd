import {
  type DatabaseAndOdoo,
  openDatabaseAndOdoo,
  partnerOf,
  partnersOf,
  type Person,
  type StudioKind,
} from './database-and-odoo';
import { ask, createPath, objectIn, sosyncServices, type SosyncServices, until } from './sosync-pair';
import { startTimeServer, type TimeServerFake } from './time-server';

// Jobs on the pair that sosync was made for: FundraisingStudio's database and an Odoo.

let systems: DatabaseAndOdoo;
let services: SosyncServices;
let clock: TimeServerFake;
beforeEach(async () => {
  clock = await startTimeServer();
});
afterEach(async () => {
  globalThis.Date = RealDate;
  await services.end();
  await systems.end();
  await clock.close();
});

const RealDate = Date;
const yearMs = 365 * 24 * 3_600_000;

/** How far which clock is wrong. */
interface Drift {
  readonly odooMs?: number;
  readonly ourMs?: number;
  /** The dates that callers give their jobs. */
  readonly callerMs?: number;
}

const anna: Person = { Name: 'Huber', Vorname: 'Anna', Geburtsdatum: '1980-02-03' };
const deniz: Person = { Name: 'Yılmaz', Vorname: 'Deniz', Geburtsdatum: '1992-11-30' };

/** Creates jobs, waits until they are done, and returns them in their order. */
type Doer = (...records: readonly [system: 'fs' | 'fso', key: string | number][]) => Promise<Told[]>;

interface Told {
  readonly id: number;
  readonly state: unknown;
  readonly log: unknown;
  readonly closedBy: unknown;
  readonly target: unknown;
}

async function open(kind: StudioKind, { odooMs = 0, ourMs = 0, callerMs = 0 }: Drift = {}): Promise<Doer> {
  systems = await openDatabaseAndOdoo(kind);
  services = sosyncServices({ databaseUrl: systems.pair.database.url });
  const realNow = Date.now();
  if (ourMs !== 0) globalThis.Date = dateOff(ourMs);
  systems.odoo.http.clockOffsetMs = odooMs - ourMs;
  clock.offsetMs = -ourMs;
  const { url } = await services.serve({ ntp_host: `127.0.0.1:${clock.port}` });
  const info = async (id: number) => objectIn(await ask(`${url}/job/info/${id}`));
  const create = async ([system, key]: readonly ['fs' | 'fso', string | number]) =>
    Number(
      objectIn(
        await ask(
          url +
            createPath({
              job_date: new Date(realNow + callerMs).toISOString(),
              source_system: system,
              source_model: system === 'fs' ? 'dbo.Person' : 'res.partner',
              source_record_id: String(key),
            }),
        ),
      )['id'],
    );
  return async (...records) => {
    const ids: number[] = [];
    for (const record of records) ids.push(await create(record));
    const over = await until(async () => {
      await systems.pair.settle();
      const jobs = await Promise.all(ids.map(info));
      return jobs.every(({ job_end: at }) => at !== null) && jobs;
    });
    return over.map((job) => ({
      id: Number(job['job_id']),
      state: job['job_state'],
      log: job['job_log'],
      closedBy: job['job_closed_by_job_id'],
      target: job['target_record_id'],
    }));
  };
}

/** The date as a machine has it whose clock is so far off; timers go on as they are. */
function dateOff(offMs: number): DateConstructor {
  return new Proxy(RealDate, {
    construct: (target, given: unknown[]): Date =>
      Reflect.construct(target, given.length > 0 ? given : [RealDate.now() + offMs]) as Date,
    get: (target, name): unknown =>
      name === 'now' ? () => RealDate.now() + offMs : Reflect.get(target, name),
  });
}

describe.each<[StudioKind]>([['sql-server'], ['postgresql']])('%s and Odoo', (kind) => {
  test('a record that a job names is created on the other side, from either side', async () => {
    const jobs = await open(kind);
    const key = await systems.studio.add(anna);
    const partner = systems.odoo.add({ name: deniz.Name, ref: deniz.Vorname, x_birth: deniz.Geburtsdatum });
    expect(await jobs(['fs', key], ['fso', partner])).toMatchObject([
      { state: 'done', log: 'created', target: partnerOf(systems.odoo, 'Huber') },
      { state: 'done', log: 'created' },
    ]);
    expect(partnersOf(systems.odoo)).toEqual([anna, deniz]);
    expect(await systems.studio.persons()).toEqual([anna, deniz]);
  });

  test('its changes and its deletion are carried over by further jobs, from either side', async () => {
    const jobs = await open(kind);
    const [ours, other] = [await systems.studio.add(anna), await systems.studio.add(deniz)];
    await jobs(['fs', ours], ['fs', other]);
    const partner = partnerOf(systems.odoo, 'Huber');
    await systems.studio.edit(ours, { Vorname: 'Anne' });
    expect(await jobs(['fs', ours])).toMatchObject([{ state: 'done', log: 'updated' }]);
    expect(partnersOf(systems.odoo)).toContainEqual({ ...anna, Vorname: 'Anne' });
    systems.odoo.edit(partner, { x_birth: '1980-02-04' });
    expect(await jobs(['fso', partner])).toMatchObject([{ state: 'done', log: 'updated' }]);
    expect(await systems.studio.persons()).toContainEqual({
      ...anna,
      Vorname: 'Anne',
      Geburtsdatum: '1980-02-04',
    });
    const second = partnerOf(systems.odoo, deniz.Name);
    await systems.studio.remove(ours);
    systems.odoo.remove(second);
    expect(await jobs(['fs', ours], ['fso', second])).toMatchObject([{ state: 'done' }, { state: 'done' }]);
    expect(partnersOf(systems.odoo)).toEqual([]);
    expect(await systems.studio.persons()).toEqual([]);
  });

  test('a job whose record is gone and never was linked is skipped, and so is one of what another job has just done', async () => {
    const jobs = await open(kind);
    expect(await jobs(['fs', 9_999], ['fso', 9_999])).toMatchObject([
      { state: 'skipped' },
      { state: 'skipped' },
    ]);
    const key = await systems.studio.add(anna);
    const [made] = await jobs(['fs', key]);
    const later = await jobs(['fso', partnerOf(systems.odoo, 'Huber')], ['fs', key]);
    expect(later).toMatchObject([
      { state: 'skipped', closedBy: made?.id },
      { state: 'skipped', closedBy: made?.id },
    ]);
    expect(partnersOf(systems.odoo)).toEqual([anna]);
    expect(await systems.studio.persons()).toEqual([anna]);
  });
});

describe('SQL Server and Odoo, with a clock that is a year off', () => {
  test.each<[string, Drift]>([
    ['no clock', {}],
    ['the clock of Odoo, ahead', { odooMs: yearMs }],
    ['the clock of Odoo, behind', { odooMs: -yearMs }],
    ['our clock, ahead', { ourMs: yearMs }],
    ['our clock, behind', { ourMs: -yearMs }],
    ['the dates of callers, ahead, and Odoo’s, behind', { callerMs: yearMs, odooMs: -yearMs }],
    ['the dates of callers, behind, and Odoo’s, ahead', { callerMs: -yearMs, odooMs: yearMs }],
  ])('%s: the end is the same', async (_name, drift) => {
    const jobs = await open('sql-server', drift);
    const told = await everythingThatJobsDo(jobs);
    expect(told.map(({ state, log }) => `${String(state)}: ${String(log)}`)).toEqual([
      'done: created',
      'done: created',
      'done: updated',
      'done: deleted',
    ]);
    expect(await systems.studio.persons()).toEqual(theEnd);
    expect(partnersOf(systems.odoo)).toEqual(theEnd);
  });
});

const theEnd: Person[] = [{ Name: 'Both', Vorname: 'There', Geburtsdatum: '1980-02-03' }];

/** A rule that compared dates would choose the wrong side in one of these cases. */
async function everythingThatJobsDo(jobs: Doer): Promise<Told[]> {
  const { studio, odoo } = systems;
  const told: Told[] = [];
  const key = await studio.add(anna);
  const second = odoo.add({ name: deniz.Name, ref: deniz.Vorname, x_birth: deniz.Geburtsdatum });
  told.push(...(await jobs(['fs', key], ['fso', second])));
  const partner = partnerOf(odoo, 'Huber');
  // Each side has changed another field: both are kept, whoever is asked.
  await studio.edit(key, { Name: 'Both' });
  odoo.edit(partner, { ref: 'There' });
  told.push(...(await jobs(['fs', key])));
  odoo.remove(second);
  told.push(...(await jobs(['fso', second])));
  return told;
}
