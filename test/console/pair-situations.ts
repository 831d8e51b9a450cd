import { createPairRunService } from '../../api/backoffice/services/pair-runs';
import { commandLineCaller } from '../../shared/domain/staff';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import type { TestServer } from '../setup/server';
import { type BusyPair, person } from './busy-pair';

// Every way in which two records of a pair can stand, brought about in the two systems.

/** The settings of the pair of docs/sandbox.yaml with which all situations can occur. */
export const settingsForSituations = (file: string): string =>
  file
    .replace('againstChange: restore', 'againstChange: manual')
    .replace('    writeBack:', '    limits: { changes: { count: 4, above: approval } }\n    writeBack:');

/** In EspoCRM from the start. */
export function addPeople({ espo, advoware }: BusyPair): void {
  const born = '1980-01-02';
  for (const [last, first] of [
    ['Nowak', 'Ewa'],
    ['Silva', 'Rui'],
    ['Dubois', 'Anne'],
    ['Weiß', 'Karl'],
    ['Freifrau von und zu Hohenlohe-Waldenburg-Schillingsfürst', 'Maria Theresia Antonia Josefa'],
  ] as const)
    espo.add('CBeteiligte', person(last, first, born));
  for (let place = 1; place <= 2; place += 1) {
    espo.add('CBeteiligte', person('Zwilling', 'Kim', born));
    espo.add('CBeteiligte', person('Drilling', 'Lou', born));
  }
  const there = { geburtsdatum: `${born}T00:00:00`, anrede: 'Frau' };
  advoware.add({ name: 'Zwilling', vorname: 'Kim', ...there });
  advoware.add({ name: 'Drilling', vorname: 'Lou', ...there });
  advoware.add({ name: 'Drilling', vorname: 'Lou', ...there });
}

/** As a manager does who has looked at it. */
export async function approveFirstPlan(server: TestServer, pair: BusyPair): Promise<void> {
  const runs = createPairRunService(openStoreAccess(server.db));
  const plan = await runs.plan(commandLineCaller, pair.name);
  await eventually('the plan is made', async () => {
    const { plan: made } = await runs.getPlan(commandLineCaller, plan);
    return made.state === 'ready';
  });
  await runs.decide(commandLineCaller, plan, { decision: 'approve', ifDigest: null });
  await eventually('the plan is carried out', async () => {
    const { lastRun } = await runs.status(commandLineCaller, pair.name);
    return lastRun?.kind === 'plan' && lastRun.endedAt !== null;
  });
}

/** After the first plan: each of the people above stands in a way of their own. */
export async function bringAbout(server: TestServer, pair: BusyPair): Promise<void> {
  const { espo } = pair;
  // A value that goes back and forth.
  for (const firstName of ['Eva', 'Ewa', 'Eva', 'Ewa']) {
    pair.edit('Nowak', { firstName });
    await pair.run();
  }
  pair.advoware.http.faults.push({
    fits: ({ method, text }) => method === 'PUT' && text.includes('Okafor'),
    answer: { status: 400, json: { message: 'Das Feld vorname ist zu lang.' } },
  });
  pair.advoware.http.faults.push({
    fits: ({ method, text }) => method === 'PUT' && text.includes('Dubois'),
    answer: { status: 503, json: { message: 'Wartungsarbeiten' } },
  });
  // Both sides changed it.
  pair.edit('Meier', { description: 'ruft an\nam Montag' });
  pair.editThere('Meier', { bemerkung: 'schreibt' });
  // One side deleted what the other changed.
  pair.remove('Rossi');
  pair.editThere('Rossi', { vorname: 'Ugo Maria' });
  pair.edit('Okafor', { firstName: 'Chidi Emmanuel' });
  pair.edit('Dubois', { firstName: 'Annie' });
  await pair.run('whole');
  await pair.run('whole');
  // A deletion waits for a person; another is only marked.
  pair.remove('Silva');
  pair.removeThere('Yilmaz');
  await pair.run('whole');
  await pair.run('whole');
  espo.add('CBeteiligte', person('Lang', 'Mia', '1999-09-09'));
  await pair.run();
  await eventually('all of it has come about', async () => {
    const found = await server.db.raw<{ rows: { n: number }[] }>(
      `select count(*)::int as n from link_conflict where state = 'open'`,
    );
    return (found.rows[0]?.n ?? 0) >= 9;
  });
}
