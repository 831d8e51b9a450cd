import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Channel, channels } from '../shared/domain/channel';
import { type Backoffice, type Enrolled, openBackoffice } from './backoffice';
import { patient } from './http/backoff';
import {
  disputeALimit,
  emptyAList,
  troubledRooms,
  typeWordsForATemperature,
  withDoorLeftOpen,
} from './demo-troubles';
import { createExchange } from './http/exchange';
import { createKitchen, type Kitchen } from './kitchen';
import { keepReadings, keepSettings } from './kitchen/keep-readings';
import { daysLater } from './kitchen/wall-clock';
import { fieldText } from './local-copy/edit-settings';
import { type LocalCopy, openLocalCopy, xmlFile } from './local-copy/local-copy';
import { managerMessages, readMessages } from './local-copy/messages';
import { readSettings } from './local-copy/settings-file';
import { createSolution, type Solution } from './solution';
import type { SyncOutcome } from './sync-work';
import type { SyncEvent } from './sync-events';
import { howMuchIsIn, megabytes, plural, seconds, table, whatBecameOfIt, whatIsIn } from './wording';

export interface DemoOptions {
  /** The address of a running server. */
  readonly url: string;
  readonly adminEmail: string;
  readonly adminPassword: string;
  /** Folder below which the kitchen's local copy is made. */
  readonly dir: string;
  /** For how many days the kitchen has worked. A month, unless given. */
  readonly days?: number;
  readonly print: (line: string) => void;
}

/**
 * Adds a kitchen, lets it work for some days, synchronises all four channels, and changes one of its settings on the
 * server. On the last day there are troubles, so that the console has an alert, a conflict, a refused reading and a
 * change that waits. Each run adds a kitchen of its own. @throws SolutionError if the server does not do its part.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { url, print } = options;
  const { exchange, close } = createExchange(url);
  const retrying = { policy: patient, random: Math.random, onRetry: () => undefined };
  const { adminEmail: email, adminPassword: password } = options;
  try {
    const backoffice = await openBackoffice({ exchange, email, password, retrying });
    const enrolled = await enrol(backoffice, print);
    const copy = await openLocalCopy(path.join(options.dir, enrolled.mail));
    try {
      const solution = createSolution({
        url,
        exchange,
        copy,
        credentials: credentialsOf(enrolled),
        onEvent: narrator(print),
      });
      await tell({ url, days: options.days ?? 30, print, backoffice, enrolled, copy, solution });
    } finally {
      await copy.close();
    }
  } finally {
    close();
  }
}

interface Stage {
  readonly url: string;
  readonly days: number;
  readonly print: (line: string) => void;
  readonly backoffice: Backoffice;
  readonly enrolled: Enrolled;
  readonly copy: LocalCopy;
  readonly solution: Solution;
}

async function tell(stage: Stage): Promise<void> {
  const now = new Date();
  // The readings must not be older: a probe that is silent for half a day counts as lost.
  const thisMorning = new Date(now.getTime() - 5 * 3_600_000);
  const kitchen = createKitchen({ seed: stage.enrolled.mail, from: daysLater(now, -stage.days), probes: 12 });
  await daysInTheKitchen(stage, kitchen, thisMorning);
  const outcomes = await firstSync(stage);
  const changed = await someoneChangesALimit(stage);
  await thingsGoWrong(stage, kitchen, now);
  outcomes.push(await nextSync(stage, changed));
  outcomes.push(await probesOfTheDay(stage));
  outcomes.push(await messagesOfTheDay(stage));
  printReport(stage, outcomes);
  printWhereToLook(stage);
}

async function enrol(backoffice: Backoffice, print: Stage['print']): Promise<Enrolled> {
  const mail = `cuisine-${randomBytes(2).toString('hex')}@bouchon-lyon.example`;
  const enrolled = await backoffice.enrol({ mail, name: 'Le Bouchon des Brotteaux, Lyon' });
  heading(print, 'Staff enrol a kitchen: Le Bouchon des Brotteaux, Lyon');
  print(`   solution ${enrolled.id}, ${mail}; its secret stays with the kitchen`);
  return enrolled;
}

function credentialsOf({ mail, secret }: Enrolled) {
  return { mail, secret, mac: '02:69:00:13:14:15' };
}

async function daysInTheKitchen({ copy, days, print }: Stage, kitchen: Kitchen, until: Date): Promise<void> {
  heading(print, `${days} days pass in the kitchen`);
  const settings = await keepSettings(copy, kitchen);
  const { rows, photos } = await keepReadings(copy, kitchen.advanceTo(until));
  print(`   ${plural(settings, 'setting')}, ${plural(rows, 'reading')}, ${plural(photos, 'photo')}`);
  print(`   all of it in ${path.relative(process.cwd(), copy.dir) || '.'} (xml/, csv/, photos/)`);
}

async function firstSync({ solution, print }: Stage): Promise<SyncOutcome[]> {
  heading(print, 'The first synchronisation, channel by channel');
  const outcomes: SyncOutcome[] = [];
  for (const channel of channels) {
    print(`   ${channel}`);
    outcomes.push(await solution.sync(channel));
  }
  return outcomes;
}

interface ChangedLimit {
  readonly id: string;
  readonly name: string;
  readonly before: string;
  readonly after: number;
}

/** A manager finds that the meat must be kept colder. */
async function someoneChangesALimit({ backoffice, enrolled, print }: Stage): Promise<ChangedLimit> {
  const [fridge] = await backoffice.parameters(enrolled.id, 'Fridges');
  if (fridge === undefined)
    throw new Error('the server has no Fridges of the solution that has just sent them');
  const { id, fields } = fridge;
  const changed: ChangedLimit = {
    id,
    name: String(fields['Name']),
    before: String(fields['TempMax']),
    after: 3,
  };
  heading(print, 'Someone changes a limit on the server');
  print(`   PUT /api/solutions/${enrolled.id}/params/Fridges/${id}`);
  print(`   ${changed.name}: at most ${changed.before} °C → ${changed.after} °C`);
  await backoffice.changeParameter(enrolled.id, 'Fridges', id, { ...fields, TempMax: changed.after });
  return changed;
}

/** One trouble of each kind that staff have a list for. */
async function thingsGoWrong(stage: Stage, kitchen: Kitchen, now: Date): Promise<void> {
  const { print, copy } = stage;
  heading(print, 'Some hours pass in the kitchen, and things go wrong');
  const probeId = await probeOf(copy, troubledRooms.warm);
  await keepReadings(copy, withDoorLeftOpen(kitchen.advanceTo(now), probeId, now));
  print(`   ${troubledRooms.warm}: its door has been left open for three hours (probe ${probeId})`);
  const words = await typeWordsForATemperature(copy, now);
  print(`   ${troubledRooms.warm}: somebody types “${words}” where a temperature belongs`);
  const { before, inKitchen, onServer } = await disputeALimit(stage);
  print(
    `   ${troubledRooms.disputed}: at most ${before} °C → ${inKitchen} °C in the kitchen, ${onServer} °C on the server; ` +
      "the tablet's clock was an hour ahead, so nobody knows which came later",
  );
  const deleted = await emptyAList(copy, 'ProductsStockIn');
  print(`   ProductsStockIn: somebody deletes ${plural(deleted, 'product')} at the device`);
}

async function probeOf(copy: LocalCopy, fridge: string): Promise<string> {
  const fridges = (await readSettings(xmlFile(copy.dir, 'Fridges'))) ?? [];
  const element = fridges.find((one) => fieldText(one, 'Name') === fridge);
  const probeId = element === undefined ? null : fieldText(element, 'ProbeId');
  if (probeId === null) throw new Error(`xml/Fridges.xml has no probe for ${fridge}`);
  return probeId;
}

async function nextSync(
  { solution, copy, print }: Stage,
  { id, name, before, after }: ChangedLimit,
): Promise<SyncOutcome> {
  heading(print, 'The next synchronisation brings the new limit down, and the troubles up');
  print('   synchro');
  const outcome = await solution.sync('synchro');
  const elements = (await readSettings(xmlFile(copy.dir, 'Fridges'))) ?? [];
  const element = elements.find((one) => one.id === id);
  const now = element === undefined ? null : fieldText(element, 'TempMax');
  if (now !== String(after)) throw new Error(`xml/Fridges.xml still says ${now ?? 'nothing'} for ${name}`);
  print(`   xml/Fridges.xml: ${name}, <TempMax>${before}</TempMax> is now <TempMax>${now}</TempMax>`);
  return outcome;
}

async function probesOfTheDay({ solution, print }: Stage): Promise<SyncOutcome> {
  print('   sondes');
  return solution.sync('sondes');
}

async function messagesOfTheDay({ solution, copy, print }: Stage): Promise<SyncOutcome> {
  print('   messagerie');
  const outcome = await solution.sync('messagerie');
  await readLatestAlert(copy, print);
  return outcome;
}

/**
 * By the probes of the kitchen, the server finds that a cold room has been too warm for too long, and sends an alert to
 * the kitchen.
 */
async function readLatestAlert(copy: LocalCopy, print: Stage['print']): Promise<void> {
  const alert = (await managerMessages(copy)).find(({ kind }) => kind === 'probe-alert');
  if (alert === undefined) return;
  print(`     ${'reads'.padEnd(9)}${alert.subject}`);
  for (const line of alert.body.split('\n')) print(`     ${''.padEnd(9)}${line}`.trimEnd());
  // The next sync would change the manager's copy.
  await readMessages(copy, new Date(), [alert.id]);
}

function printReport({ print }: Stage, outcomes: readonly SyncOutcome[]): void {
  heading(print, 'In the end');
  const rows = outcomes.map(({ channel, sent, report, outcome, carried, totalMs }) => [
    channel,
    howMuchIsIn(sent.contents),
    megabytes(sent.bytes),
    report === null ? outcome : whatBecameOfIt(report),
    carried === 0 ? '' : plural(carried, 'instruction'),
    seconds(totalMs),
  ]);
  for (const line of table(['channel', 'sent', 'zip', 'on the server', 'came back', 'took'], rows))
    print(`   ${line}`);
}

/** The links of the console to the troubles of this kitchen. */
function printWhereToLook({ url, enrolled, print }: Stage): void {
  const of = `solution=${encodeURIComponent(enrolled.id)}`;
  heading(print, 'Where to look in the console');
  const places: readonly (readonly [string, string])[] = [
    ['what there is to do', '/'],
    ['an open alert', '/alerts'],
    ['a conflict that you decide', `/conflicts?${of}`],
    ['a refused reading', `/quarantine?${of}`],
    ['deletions that wait for a yes', `/approvals?${of}`],
    ['the kitchen itself', `/solutions/${encodeURIComponent(enrolled.id)}`],
  ];
  for (const [what, path] of places) print(`   ${what.padEnd(31)}${url.replace(/\/$/, '')}${path}`);
}

function heading(print: Stage['print'], text: string): void {
  print('');
  print(text);
}

/** Prints a sync as it happens, one line for each step. */
function narrator(print: Stage['print']): (event: SyncEvent) => void {
  const acceptedAt = new Map<Channel, number>();
  return (event) => {
    if (event.kind === 'accepted') acceptedAt.set(event.channel, Date.now());
    const step = stepOf(event, acceptedAt);
    if (step !== null) print(`     ${step[0].padEnd(9)}${step[1]}`);
  };
}

/** The line for a step. Null: the step gets no line. */
function stepOf(event: SyncEvent, acceptedAt: ReadonlyMap<Channel, number>): [string, string] | null {
  switch (event.kind) {
    case 'logged-in':
      return ['logs in', 'one token serves all four channels'];
    case 'asked':
      return ['asks', `the server wants ${wantedBy(event)}`];
    case 'built':
      return ['sends', `${whatIsIn(event.contents)}: a zip of ${megabytes(event.bytes)}`];
    case 'accepted':
      return ['waits', `status 1, sync ${event.sync}`];
    case 'ready':
      return ['', `status 2 after ${seconds(Date.now() - (acceptedAt.get(event.channel) ?? Date.now()))}`];
    case 'fetched':
      return event.files.length === 0 ? ['fetches', 'a package without instructions'] : null;
    case 'carried-out':
      return ['fetches', `${event.file.name}: ${plural(event.file.count, 'instruction')}, carried out`];
    case 'confirmed':
      return ['confirms', 'status 0'];
    case 'retry':
      return ['retries', event.message];
    case 'statut':
    case 'sending':
    case 'waiting':
    case 'fetching':
      return null;
  }
}

function wantedBy({ highestIds, parameterFiles }: Extract<SyncEvent, { kind: 'asked' }>): string {
  const isNew = [...highestIds.values()].every((id) => id < 0n);
  const from = isNew ? 'from the beginning' : 'from where they ended';
  const parts = [
    ...(parameterFiles.length === 0 ? [] : [`${parameterFiles.length} parameter classes`]),
    ...(highestIds.size === 0 ? [] : [`${plural(highestIds.size, 'log table')} ${from}`]),
  ];
  return parts.length === 0 ? 'the photos that it does not have' : parts.join(' and ');
}
