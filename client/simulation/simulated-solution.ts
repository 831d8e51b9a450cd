import path from 'node:path';
import { type Channel, channels } from '../../shared/domain/channel';
import type { Backoffice, Enrolled } from '../backoffice';
import type { Exchange } from '../http/exchange';
import type { RetryPolicy } from '../http/backoff';
import { createKitchen, type Kitchen } from '../kitchen';
import { createDice, type Dice } from '../kitchen/dice';
import { keepReadings, keepSettings } from '../kitchen/keep-readings';
import { wallTime } from '../kitchen/wall-clock';
import { editSettings, withField } from '../local-copy/edit-settings';
import { type LocalCopy, openLocalCopy } from '../local-copy/local-copy';
import { readMessages } from '../local-copy/messages';
import type { SettingElement } from '../local-copy/settings-file';
import { createSolution, type Solution } from '../solution';
import { SolutionError } from '../solution-error';
import { type BadNetwork, createBadNetwork, Killed } from './bad-network';
import type { Measures } from './measures';

/** One kitchen with its device, its people, and its network. */
export interface SimulatedSolution {
  readonly enrolled: Enrolled;
  readonly copy: LocalCopy;
  readonly solution: Solution;
  /** Lets time pass in the kitchen; then the device synchronises. Errors are counted, not thrown. */
  live(minutes: number): Promise<void>;
  /** From now on the network has no faults. */
  heal(): void;
  /** Synchronises once more on a good network. Errors are thrown now. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface SimulatedSolutionDeps {
  readonly url: string;
  readonly exchange: Exchange;
  readonly backoffice: Backoffice;
  readonly measures: Measures;
  readonly enrolled: Enrolled;
  readonly dir: string;
  readonly seed: string;
  readonly startsAt: Date;
  readonly probes: number;
  readonly badNetwork: number;
  readonly hasWrongClock: boolean;
  /** Chance per round that staff change a setting of this solution. */
  readonly managerEdits: number;
}

export async function createSimulatedSolution(deps: SimulatedSolutionDeps): Promise<SimulatedSolution> {
  const { enrolled, measures } = deps;
  const dice = createDice(deps.seed);
  const clockSkewSeconds = deps.hasWrongClock ? dice.pick(clockSkews) : 0;
  const startsAt = new Date(deps.startsAt.getTime() + clockSkewSeconds * 1000);
  const kitchen = createKitchen({ seed: deps.seed, from: startsAt, probes: deps.probes });
  // Hundreds share one disk here: flushing each file would measure the disk, not the server.
  const copy = await openLocalCopy(path.join(deps.dir, enrolled.mail), { flush: false });
  const network = createBadNetwork(deps.exchange, deps.badNetwork, dice.fork('network'), measures.addFault);
  const solution = createSolution({
    url: deps.url,
    credentials: { mail: enrolled.mail, mac: macOf(dice), secret: enrolled.secret },
    ...{ copy, clockSkewSeconds },
    exchange: network.exchange,
    retry: impatient,
    random: dice.fork('backoff').next,
    onEvent: (event) => {
      if (event.kind === 'retry') measures.addError(event.code);
    },
  });
  await keepSettings(copy, kitchen);
  return {
    ...assemble(deps, { copy, solution, kitchen, network, dice, startsAt }),
    enrolled,
    copy,
    solution,
  };
}

/** How many seconds the clock is ahead: because of a dead battery, a wrong time zone, a wrong year. */
const clockSkews = [0, 45, -120, 3600, -7200, -86_400 * 3, 86_400 * 365] as const;

/** Shorter than in practice, where a minute more does not matter. */
const impatient: RetryPolicy = { attempts: 40, firstDelayMs: 50, maxDelayMs: 2000 };

function macOf(dice: Dice): string {
  const bytes = Array.from({ length: 5 }, () => dice.whole(0, 255).toString(16).padStart(2, '0'));
  return ['02', ...bytes].join(':');
}

interface Parts {
  readonly copy: LocalCopy;
  readonly solution: Solution;
  readonly kitchen: Kitchen;
  readonly network: BadNetwork;
  readonly dice: Dice;
  readonly startsAt: Date;
}

function assemble(
  deps: SimulatedSolutionDeps,
  { copy, solution, kitchen, network, dice, startsAt }: Parts,
): Pick<SimulatedSolution, 'live' | 'heal' | 'settle' | 'close'> {
  let now = startsAt;
  const sync = async (channel: Channel): Promise<void> => {
    const outcome = await solution.sync(channel);
    for (const one of [...outcome.earlier, outcome]) deps.measures.add(one);
  };
  return {
    live: async (minutes) => {
      now = new Date(now.getTime() + minutes * 60_000);
      await keepReadings(copy, kitchen.advanceTo(now));
      if (dice.chance(0.4)) await editAsOperator(copy, dice, now);
      if (dice.chance(deps.managerEdits)) await editAsManager(deps, dice);
      for (const channel of channels) {
        await sync(channel).catch((error: unknown) => deps.measures.addError(codeOf(error)));
      }
      await readMessages(copy, now);
    },
    heal: network.heal,
    settle: async () => {
      for (const channel of channels) await sync(channel);
      // The package of that pass may contain other data than its upload.
      await sync('synchro');
    },
    close: async () => {
      solution.close();
      await copy.close();
    },
  };
}

/**
 * @throws unforeseen errors, which end the simulation.
 */
function codeOf(error: unknown): string {
  if (error instanceof SolutionError) return error.code;
  if (error instanceof Killed) return 'killed';
  throw error;
}

const editedClasses = [
  'Fridges',
  'ProductsDelivery',
  'ProductsService',
  'Cleanings',
  'Origins',
  'Actions',
] as const;
const editedField: Record<(typeof editedClasses)[number], string> = {
  Fridges: 'AlertDelayMinutes',
  ProductsDelivery: 'ShelfLifeDays',
  ProductsService: 'MaxMinutes',
  Cleanings: 'ContactTimeMinutes',
  Origins: 'Phone',
  Actions: 'Label',
};

/** Somebody in the kitchen changes, adds or deletes a setting. */
async function editAsOperator(copy: LocalCopy, dice: Dice, now: Date): Promise<void> {
  const className = dice.pick(editedClasses);
  await editSettings(copy, className, (elements) => {
    const [first, ...others] = elements.filter(
      ({ id, raw }) => id !== null && raw.includes('<IsActive>true'),
    );
    if (first === undefined) return elements;
    const chosen = dice.pick([first, ...others]);
    const stamped = withField(chosen, 'Ts', wallTime(now));
    if (dice.chance(0.15)) return [...elements, added(stamped, now, dice)];
    const isDeletion = dice.chance(0.1) && others.length > 3;
    const changed = isDeletion
      ? withField(stamped, 'IsActive', 'false')
      : withField(stamped, editedField[className], newValue(className, dice));
    return elements.map((element) => (element === chosen ? changed : element));
  });
}

function added(like: SettingElement, now: Date, dice: Dice): SettingElement {
  const fresh = withField(like, 'Id', String(now.getTime() * 1000 + dice.whole(0, 999)));
  return withField(fresh, 'idServer', '');
}

function newValue(className: (typeof editedClasses)[number], dice: Dice): string {
  if (className === 'Origins')
    return `+33 4 72 ${dice.whole(10, 99)} ${dice.whole(10, 99)} ${dice.whole(10, 99)}`;
  if (className === 'Actions') return `Contrôle dans ${dice.whole(10, 90)} minutes`;
  return String(dice.whole(1, 120));
}

/** Staff change an existing setting of the manager. */
async function editAsManager(
  { backoffice, enrolled, measures }: SimulatedSolutionDeps,
  dice: Dice,
): Promise<void> {
  const className = dice.pick(editedClasses);
  const [first, ...others] = (await backoffice.parameters(enrolled.id, className)).filter(
    ({ isActive }) => isActive,
  );
  if (first === undefined) return;
  const { id, fields } = dice.pick([first, ...others]);
  const value = newValue(className, dice);
  const isText = typeof fields[editedField[className]] === 'string';
  const changed = { ...fields, [editedField[className]]: isText ? value : Number(value) };
  await backoffice
    .changeParameter(enrolled.id, className, id, changed)
    .catch((error: unknown) => measures.addError(codeOf(error)));
}
