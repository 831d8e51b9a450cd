import { z } from 'zod';
import type { SliceSystem } from '../../shared/stores/pairs/pair-slice-store';
import type { PairFind } from '../../shared/systems/pair-settings';
import type { Json } from '../../shared/systems/references';
import { type SystemKind, type SystemKindName, systemKindNames } from '../../shared/systems/system-kind';
import { callLimits } from '../../shared/systems/settings-parts';
import { systemKinds } from '../../shared/systems/system-kinds';
import type { CallLimits } from '../outside/limiter';
import { Trouble } from '../pipeline/trouble';
import type { Finding } from '../systems/probe';
import type {
  Limiter,
  ObservedCall,
  Outside,
  RemoteSystem,
  SystemConnector,
  SystemOpening,
  TreeConnector,
} from '../systems/remote-system';
import type { PathTree } from '../systems/tree/path-tree';

/** The members of a system that are needed to call it. */
export type CalledSystem = Pick<SliceSystem, 'id' | 'name' | 'kind' | 'config' | 'state' | 'probe'>;

/** What to open. */
export interface OpeningRequest {
  readonly system: CalledSystem;
  /** Null: the installed system without the settings of a pair. */
  readonly end: object | null;
  readonly fields: readonly string[];
  readonly find: PairFind | null;
  /** The account whose data the pair may use. Null: of all accounts. */
  readonly accountId: number | null;
  /** Opening again under the same name returns the same object, until the settings of the system change. */
  readonly user: string;
}

/** A system whose items have keys, or a tree whose items have paths. */
export type OpenSystem = RemoteSystem | PathTree;

export const isPathTree = (opened: OpenSystem): opened is PathTree => 'traits' in opened;

/** The systems that this process calls for pairs. They stay open from one slice to the next. */
export interface PairSystems {
  /** Throws `fields` if the settings cannot be used. */
  open(request: OpeningRequest): Promise<OpenSystem>;
  /** The system has refused a call, so it is opened again the next time. */
  forget(systemId: number): Promise<void>;
  close(): Promise<void>;
}

export interface PairSystemsDeps {
  readonly connectors: Readonly<
    Partial<Record<SystemKindName, Pick<SystemConnector, 'open'> | Pick<TreeConnector, 'openTree'>>>
  >;
  /** The settings with every `${NAME}` replaced, and the inserted values. Throws if a value is missing. */
  readonly secretsOf: (
    system: Pick<CalledSystem, 'id' | 'config'>,
  ) => Promise<{ readonly config: Json; readonly secrets: readonly string[] }>;
  /** The limits of an installed system apply to all its callers together. */
  readonly limiterOf: (system: CalledSystem, limits: CallLimits) => Limiter;
  readonly observe: (call: ObservedCall) => void;
}

export function createPairSystems(deps: PairSystemsDeps): PairSystems {
  const known = new Map<string, Opened>();
  const drop = async (name: string, { system }: Opened): Promise<void> => {
    known.delete(name);
    await system.close();
  };
  return {
    async open(request) {
      const name = `${request.system.id}/${request.user}`;
      const before = known.get(name);
      const opening = await openingOf(deps, request);
      const { end, fields, accountId } = request;
      const text = JSON.stringify([opening.settings, end, fields, accountId, opening.found]);
      if (before?.text === text) return before.system;
      if (before !== undefined) await drop(name, before);
      const system = await opening.open();
      known.set(name, { system, systemId: request.system.id, text });
      return system;
    },
    async forget(systemId) {
      for (const [name, opened] of [...known]) if (opened.systemId === systemId) await drop(name, opened);
    },
    async close() {
      for (const [name, opened] of [...known]) await drop(name, opened);
    },
  };
}

interface Opened {
  readonly system: OpenSystem;
  readonly systemId: number;
  /** If this text changes, the system is opened again. */
  readonly text: string;
}

interface Opening {
  readonly settings: object;
  /** By the last probe. */
  readonly found: readonly Finding[];
  open(): Promise<OpenSystem>;
}

async function openingOf(deps: PairSystemsDeps, request: OpeningRequest): Promise<Opening> {
  const { system, end, fields, find, accountId } = request;
  const kind = checkedKind(system.kind);
  const connector = deps.connectors[kind.name];
  if (connector === undefined)
    throw new Trouble('fields', `this version cannot call systems of the kind ${kind.name}`);
  const { config, secrets } = await deps.secretsOf(system);
  const settings = kind.settings.parse(config);
  const limiter = deps.limiterOf(system, limitsOf(settings));
  const given: SystemOpening = {
    config: settings,
    end: end === null ? null : kind.end.parse(end),
    fields,
    secrets,
    overlapMinutes: find?.overlapMinutes ?? 0,
    accountId,
    found: findingsIn(system.probe),
  };
  const outside: Outside = { system: system.name, limiter, observe: deps.observe };
  return {
    settings,
    found: given.found ?? [],
    open: () =>
      'openTree' in connector ? connector.openTree(given, outside) : connector.open(given, outside),
  };
}

const probeSchema = z.looseObject({
  findings: z.array(
    z.object({
      level: z.enum(['error', 'warning', 'info']),
      code: z.string(),
      message: z.string(),
      about: z.array(z.string()).default([]),
    }),
  ),
});

/** A probe that another version stored may say nothing to this one. */
const findingsIn = (probe: unknown): readonly Finding[] => probeSchema.safeParse(probe).data?.findings ?? [];

const limitsSchema = callLimits({ atOnce: 4 });

const limitsOf = (settings: object): CallLimits =>
  limitsSchema.parse('limits' in settings ? settings.limits : undefined);

/** Throws if this version does not know the kind. */
export function checkedKind(name: string): SystemKind {
  const known = systemKindNames.find((one) => one === name);
  if (known === undefined) throw new Trouble('fields', `this version knows no systems of the kind ${name}`);
  return systemKinds[known];
}
