import type { Reason } from '../../shared/domain/reason';
import { reasonText } from '../../shared/domain/reason-english';
import { endOf, ownFields } from './pair-ends';
import {
  checkedKind,
  isPathTree,
  type OpeningRequest,
  type OpenSystem,
  type PairSystems,
} from './pair-systems';
import { doOverlap, overlapSentence } from './overlapping-trees';
import { fieldsOfFiles } from './fields-of-files';
import { leftOutBy, withoutLeftOut } from './left-out';
import type { SlicePair, SliceSystem } from '../../shared/stores/pairs/pair-slice-store';
import { readPair } from '../../shared/systems/check-pair';
import { MissingSecrets } from '../../shared/systems/references';
import type { DocumentPairSettings } from '../../shared/systems/pair-settings';
import type { PerSide, Side } from '../pipeline/sides';
import type { System } from '../pipeline/system';
import { Trouble } from '../pipeline/trouble';
import { type CheckFieldTypes, withFieldTypes } from './field-types';
import { type LinkedAmong, withoutOthers } from './one-way';
import { type FieldFinding, type Kept, mappedSystem } from '../records/mapped-system';
import { indexedTree } from '../systems/tree/indexed-tree';
import type { PathTree } from '../systems/tree/path-tree';
import type { TreeIndex } from '../systems/tree/tree-index';
import { type WorkedSettings, workedSettings } from './worked-settings';
import { createTroubles, type TroubleLog, watchSystem } from './watched-system';

/** Both systems of a pair, with field names and values as the pair defines them. */
export interface OpenPair {
  readonly settings: WorkedSettings;
  readonly systems: PerSide<System>;
  readonly troubles: TroubleLog;
}

export interface OpeningParts {
  /** Names of pairs to which fields refer and that do not exist. */
  readonly missingPairs: (settings: WorkedSettings) => Promise<ReadonlySet<string>>;
  readonly kept: PerSide<Readonly<Record<string, Kept>>>;
  readonly learned: (finding: FieldFinding) => void;
  /** Called with the fields of a side before anything is read or written there. */
  readonly checkFieldTypes: CheckFieldTypes;
  /** The index of a side whose system has no keys. */
  readonly treeIndex: (side: Side) => TreeIndex;
  /** The keys of a side that belong to a link. */
  readonly linkedAmong: (side: Side) => LinkedAmong;
  /** Called right before each call. Throws if no call may be made. */
  readonly mayCall: () => void;
}

/**
 * A secret of a system has no value, so the system cannot be opened until someone sets it. The message is a sentence.
 */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing';
  readonly why: Reason;

  constructor(
    readonly system: SliceSystem,
    names: readonly string[],
  ) {
    const why: Reason<'secrets-without-value'> = {
      code: 'secrets-without-value',
      values: { names: names.map((name) => `\${${name}}`) },
    };
    super(reasonText(why));
    this.why = why;
  }
}

/** Throws `SecretMissing`, and `fields` if its settings cannot be used. */
export async function openPair(
  systems: PairSystems,
  pair: SlicePair,
  parts: OpeningParts,
): Promise<OpenPair> {
  const settings = workedSettings(readPair(pair.config, checkedKind(pair.systems.here.kind).holds));
  const missing = await parts.missingPairs(settings);
  const troubles = createTroubles();
  const trees: PathTree[] = [];
  const accountId = accountOf(pair);
  const openSide = async (side: Side): Promise<System> => {
    const remote = await opening(systems, pair.systems[side], {
      system: pair.systems[side],
      end: endOf(settings, side),
      fields: ownFields(settings, side),
      find: settings.find,
      accountId,
      user: `${pair.id}.${pair.configVersion}.${side}`,
    });
    if (isPathTree(remote)) trees.push(remote);
    const system =
      settings.documents === null
        ? recordSide(settings, side, { remote, missing, parts })
        : documentSide(settings, settings.documents, side, { remote, missing, parts });
    return watchSystem(system, { side, troubles, mayCall: parts.mayCall });
  };
  const here = await openSide('here');
  const there = await openSide('there');
  if (await doOverlap(trees)) throw new Trouble('fields', overlapSentence);
  return { settings, systems: { here, there }, troubles };
}

/**
 * The account whose data the pair may use. Null: of all accounts. Throws `fields` if its systems belong to two accounts:
 * the data of one customer would go to another.
 */
function accountOf({ systems: { here, there } }: SlicePair): number | null {
  const isOurs = checkedKind(here.kind).can.writes === 'none';
  if (isOurs && here.accountId !== null && there.accountId !== null && here.accountId !== there.accountId)
    throw new Trouble('fields', 'the systems of the pair belong to different accounts');
  return here.accountId ?? there.accountId;
}

interface Opened {
  readonly remote: OpenSystem;
  readonly missing: ReadonlySet<string>;
  readonly parts: OpeningParts;
}

function recordSide(settings: WorkedSettings, side: Side, { remote, missing, parts }: Opened): System {
  if (isPathTree(remote))
    throw new Trouble('fields', 'a pair of records names a system that holds documents');
  return mapped(settings, side, withFieldTypes(remote, side, parts.checkFieldTypes), { missing, parts });
}

const mapped = (
  settings: WorkedSettings,
  side: Side,
  system: System,
  { missing, parts }: Pick<Opened, 'missing' | 'parts'>,
): System =>
  mappedSystem(system, side, {
    rules: settings.fields,
    lookups: settings.lookups,
    missingPairs: missing,
    passedThrough: Object.keys(settings.writeBack[side]),
    kept: parts.kept[side],
    learned: parts.learned,
  });

/** Paths that the pair leaves out are left out in the same way for every kind of system. */
function documentSide(
  settings: WorkedSettings,
  { leaveOut, content, direction }: DocumentPairSettings,
  side: Side,
  opened: Opened,
): System {
  const { remote, parts } = opened;
  const isLeftOut = leftOutBy(leaveOut);
  const system = isPathTree(remote)
    ? indexedTree(remote, parts.treeIndex(side), { side, compare: content.compare, isLeftOut })
    : withFieldTypes(remote, side, parts.checkFieldTypes);
  const worded =
    settings.fields.length === 0 ? system : mapped(settings, side, fieldsOfFiles(system), opened);
  const shown = leaveOut.length === 0 ? worded : withoutLeftOut(worded, isLeftOut);
  return direction === 'there' && side === 'there' ? withoutOthers(shown, parts.linkedAmong(side)) : shown;
}

async function opening(systems: PairSystems, system: SliceSystem, request: OpeningRequest) {
  try {
    return await systems.open(request);
  } catch (error) {
    if (error instanceof MissingSecrets) throw new SecretMissing(system, error.names);
    throw error;
  }
}
