import type { Reason } from '../../shared/domain/reason';
import { reasonText } from '../../shared/domain/reason-english';
import { endOf, ownFields } from './pair-ends';
import { checkedKind, isPathTree, type OpeningRequest, type PairSystems } from './pair-systems';
import type { SlicePair, SliceSystem } from '../../shared/stores/pairs/pair-slice-store';
import { readPair } from '../../shared/systems/check-pair';
import { MissingSecrets } from '../../shared/systems/references';
import type { RecordPairSettings } from '../../shared/systems/pair-settings';
import { type PerSide, type Side, sides } from '../pipeline/sides';
import type { System } from '../pipeline/system';
import { Trouble } from '../pipeline/trouble';
import { type CheckFieldTypes, withFieldTypes } from './field-types';
import { type FieldFinding, type Kept, mappedSystem } from '../records/mapped-system';
import { createTroubles, type TroubleLog, watchSystem } from './watched-system';

/** Both systems of a pair, in the words of the pair. */
export interface OpenPair {
  readonly settings: RecordPairSettings;
  readonly systems: PerSide<System>;
  readonly troubles: TroubleLog;
}

export interface OpeningParts {
  /** Names of pairs that fields name, and that are not there. */
  readonly missingPairs: (settings: RecordPairSettings) => Promise<ReadonlySet<string>>;
  readonly kept: PerSide<Readonly<Record<string, Kept>>>;
  readonly learned: (finding: FieldFinding) => void;
  /** Told of the fields of a side before anything is read or written there. */
  readonly checkFieldTypes: CheckFieldTypes;
  /** Asked right before each call. Throws where none may be made. */
  readonly mayCall: () => void;
}

/** A secret of a system has no value: it cannot be opened before someone sets it. The message is a sentence. */
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

/** Throws `SecretMissing`, and `fields` where its settings cannot be used as they are. */
export async function openPair(
  systems: PairSystems,
  pair: SlicePair,
  { kept, learned, mayCall, missingPairs, checkFieldTypes }: OpeningParts,
): Promise<OpenPair> {
  const settings = readPair(pair.config, checkedKind(pair.systems.here.kind).holds);
  if (settings.holds !== 'records')
    throw new Trouble('fields', 'pairs of documents cannot be run by this version');
  const missing = await missingPairs(settings);
  const troubles = createTroubles();
  const opened: Partial<Record<Side, System>> = {};
  for (const side of sides) {
    const remote = await opening(systems, pair.systems[side], {
      system: pair.systems[side],
      end: endOf(settings, side),
      fields: ownFields(settings, side),
      find: settings.find,
      user: `${pair.id}.${pair.configVersion}.${side}`,
    });
    if (isPathTree(remote)) throw new Trouble('fields', 'it holds documents, and the pair holds records');
    const mapped = mappedSystem(withFieldTypes(remote, side, checkFieldTypes), side, {
      rules: settings.fields,
      lookups: settings.lookups,
      missingPairs: missing,
      passedThrough: Object.keys(settings.writeBack[side]),
      kept: kept[side],
      learned,
    });
    opened[side] = watchSystem(mapped, { side, troubles, mayCall });
  }
  const { here, there } = opened;
  if (here === undefined || there === undefined) throw new Error('a side was not opened');
  return { settings, systems: { here, there }, troubles };
}

async function opening(systems: PairSystems, system: SliceSystem, request: OpeningRequest) {
  try {
    return await systems.open(request);
  } catch (error) {
    if (error instanceof MissingSecrets) throw new SecretMissing(system, error.names);
    throw error;
  }
}
