import type { Channel } from '../domain/channel';
import type { Label } from '../domain/language';
import { type Column } from './column';

/** Who edits a class. */
export type Direction = 'both' | 'manager' | 'solution';

/** Which side wins if both sides changed the same field to different values. Source: ePack V4, Processing. */
export type ConflictPolicy = 'newest' | 'manager' | 'solution' | 'manual';

export interface ParameterClass {
  /** As on the wire, e.g. `Fridges`: the file is `Fridges.xml`. Case does not count. */
  readonly name: string;
  /** As people call it. */
  readonly label: Label;
  /** The XML element of one entity, e.g. `DefFridges`. */
  readonly itemElement: string;
  readonly channel: Channel;
  readonly direction: Direction;
  /** Without `Id`, `idServer`, `Ts` and `IsActive`, which all classes share. */
  readonly columns: readonly Column[];
  readonly conflictPolicy: ConflictPolicy;
  /** Fields with a policy of their own. */
  readonly fieldPolicies: Readonly<Record<string, ConflictPolicy>>;
  /** How many entities of the class one sync may change or add on the manager. Null: there is no limit. */
  readonly maxChanges: ClassLimit | null;
  /** How many it may delete. */
  readonly maxDeletes: ClassLimit;
  /** A template can hold it for many kitchens. False: it describes one kitchen, its staff or its devices. */
  readonly fitsTemplate: boolean;
}

/** Changes that exceed both the count and the share are held or skipped. */
export interface ClassLimit {
  /** `soft`: it waits for an approval; `hard`: it is skipped, and kept in quarantine. */
  readonly kind: 'soft' | 'hard';
  readonly count: number;
  /** The share of the entities that the manager had before the sync: 0.5 is half. */
  readonly share: number;
}

interface Particulars {
  direction?: Direction;
  conflictPolicy?: ConflictPolicy;
  fieldPolicies?: Record<string, ConflictPolicy>;
  isOfOneKitchen?: true;
}

/** A class of the channel `synchro`. Both sides edit it, and the newest change wins, unless it says otherwise. */
export function parameters(
  name: string,
  label: Label,
  columns: readonly Column[],
  particulars: Particulars = {},
): ParameterClass {
  const direction = particulars.direction ?? 'both';
  return {
    name,
    label,
    itemElement: `Def${name}`,
    channel: 'synchro',
    direction,
    columns,
    conflictPolicy: particulars.conflictPolicy ?? 'newest',
    fieldPolicies: particulars.fieldPolicies ?? {},
    maxChanges: null,
    maxDeletes: { kind: 'soft', count: 10, share: 0.5 },
    fitsTemplate: particulars.isOfOneKitchen !== true && direction !== 'solution',
  };
}
