import type { Reason } from '../../shared/domain/reason';
import { reasonText } from '../../shared/domain/reason-english';
import type { FieldDifference } from '../../shared/domain/merge-differences';
import type { Link } from './links';
import type { PerSide, Side } from './sides';
import type { Change, State } from './state';
import type { Item, RefusalCode } from './system';
import type { Operation, Verdict } from './verdict';

/** What asks for an approval. */
export type ApprovalKind = 'changes' | 'deletions';

/** Something that both sides changed differently. The loser's values are those of its state. */
export interface Conflict {
  /**
   * `match`: several items could be one entity; `name`: a name that a side cannot take; `flip`: a field goes back and
   * forth.
   */
  readonly kind: 'fields' | 'deletion' | 'place' | 'match' | 'name' | 'flip';
  /** Empty: one side deleted what the other changed. A place is called `place`, content `content`. */
  readonly fields: readonly string[];
  /** Whose values won; `fields`: each side won some; null: nobody has decided. */
  readonly resolution: Side | 'fields' | null;
  /** Keys of items of either side. Of `match`: those that could be the same entity; of `name`: who has the name. */
  readonly candidates?: PerSide<readonly string[]>;
}

/** Another item that has to come first. */
export interface Awaited {
  readonly side: Side;
  readonly key: string;
  /** A field that is linked to it. A creation can do without; null: it is the folder, without which nothing goes. */
  readonly field: string | null;
  /** The id of the links elsewhere (`TargetLinks`) among which it is awaited; the side is theirs. Null: it is awaited here. */
  readonly elsewhere: string | null;
}

export interface Blocked {
  readonly side: Side;
  readonly code: RefusalCode;
  /** Of `duplicate`: keys of what is in the way. */
  readonly holders?: readonly string[];
}

/** Why an entry comes once more, after all others had their turn. */
export interface Pass {
  /** 0: the first time. From the second pass on it gives way. */
  readonly number: number;
  readonly wasBlocked: Blocked | null;
  /** What its name gets, so that it is no longer taken. 0: nothing. */
  readonly nameNumber: number;
  /** Its links wait for each other: it is made without those that cannot be set yet. */
  readonly withoutLinks: boolean;
  /** It was to be deleted, and something new lies in it. */
  readonly comesBack: boolean;
}

export const firstPass: Pass = {
  number: 0,
  wasBlocked: null,
  nameNumber: 0,
  withoutLinks: false,
  comesBack: false,
};

/** An entity as a listing, a webhook or a person mentioned it, and what became of it. */
export interface Mentioned {
  /** The side that mentioned it. */
  readonly side: Side;
  /** As it was mentioned; where it started anew: as its side held it then. */
  readonly mention: Item;
  /** Its turn in the run's reading: of two mentions of one entity the later counts. */
  readonly turn: number;
  readonly attempts: number;
  readonly pass: Pass;
  /** A listing lacks it that lacks so much that it is not believed: if it is to be deleted, someone must approve. */
  readonly isDoubted: boolean;
  /** Undefined: still on its way. */
  verdict: Verdict | undefined;
  /** A sentence in English, where the verdict needs one. */
  reason: string | null;
  /** The same, to be told to people in their language, where it is one of those that they are told. */
  why: Reason | null;
  conflict: Conflict | null;
  /** Above a soft limit: it is decided, but not carried out. */
  needs: ApprovalKind | null;
  readonly operations: Operation[];
  /** Something would be deleted: it waits for the second stage. */
  isDestructive: boolean;
  /** Something was not as expected: it starts anew. */
  startsAnew: boolean;
  /** A call that was cut off has been settled: neither side was told of the other after it. */
  isToBeTold: boolean;
  blocked: Blocked | null;
  /** It is to have another name in its next pass, with this number. 0: not. */
  nextNameNumber: number;
  /** A folder that was to be deleted, and in which something new lies. */
  comesBack: boolean;
  waitsFor: Awaited | null;
  /** It is made without something that is kept equal elsewhere, and gets it once that is there. */
  leftFor: Awaited | null;
}

/** Its counterpart is known: set by `automap`. */
export interface Found extends Mentioned {
  /** Null: it has none yet. */
  link: Link | null;
  /** What each side holds; null: it does not hold it. */
  items: PerSide<Item | null>;
  /** They were found to be one entity just now; nobody has decided anything about them yet. */
  readonly isJoined: boolean;
}

/** In words that both sides share: set by `resolveLinked`. */
export interface Resolved extends Found {
  readonly states: PerSide<State>;
  /** What each side was last seen to hold; null: nothing that is known. */
  readonly bases: PerSide<State | null>;
  /** Fields that were left out because what they are linked to is not there yet. */
  readonly leftOut: readonly string[];
  /** Their content was read, and is the same. Set by `compareContent`. */
  readonly hasSameContent?: boolean;
}

/** It is known who changed what: set by `classify`. */
export interface Classified extends Resolved {
  readonly changes: PerSide<Change>;
  /** Both sides hold the same. */
  readonly isAlike: boolean;
}

/** Field by field: set by `findDifferences`. */
export interface Compared extends Classified {
  readonly differences: readonly FieldDifference[];
  /** The side that changed alone, where both held the same before and have fields alone: all of its copy is taken. */
  readonly takesAllOf: Side | null;
}

/** It is decided: set by `resolveConflicts`. */
export interface Decided extends Compared {
  /** What each side shall hold. */
  results: PerSide<State>;
  /** Disputes that stay as they are on both sides until someone decides: fields, `place`, `content`. */
  readonly open: readonly string[];
  /** A handler made values of both sides: it must not be asked again for the same dispute. */
  readonly isMadeOfBoth: boolean;
  /** The side that deleted it, where the other one keeps it. */
  readonly keptAfter: Side | null;
  /** A content that loses, and stays all the same. */
  readonly beside: Beside | null;
}

/** That side's content becomes an item of its own, in the same folder. */
export interface Beside {
  readonly side: Side;
  readonly name: string;
}

/** An entry as the run's user sees it: what no step has set is not there. */
export type Entry = Mentioned & Partial<Omit<Decided, keyof Mentioned>>;

/** Something that a listing, or someone, told of. */
export interface Mention {
  readonly side: Side;
  readonly item: Item;
  readonly turn: number;
  readonly isDoubted: boolean;
  /** It and what it is linked to elsewhere wait for each other: it goes on without those links. */
  readonly withoutLinks?: boolean;
}

export function createEntry(mention: Mention, given: Pass = firstPass): Mentioned {
  const { side, item, turn, isDoubted } = mention;
  const pass = mention.withoutLinks === true ? { ...given, withoutLinks: true } : given;
  return { side, mention: item, turn, attempts: 1, pass, isDoubted, ...undecided() };
}

/** What was found out is given up; what its side holds now counts. */
export const renew = (entry: Mentioned, mention: Item): Mentioned => ({
  ...createEntry({ ...entry, item: mention }, entry.pass),
  attempts: entry.attempts + 1,
  isToBeTold: entry.isToBeTold,
});

/** It is not as both sides shall hold it: no later listing would mention it again, and its folder must stay. */
export const isUnfinished = ({ verdict }: Mentioned): boolean =>
  verdict !== undefined && unfinishedVerdicts.has(verdict);

const unfinishedVerdicts: ReadonlySet<Verdict> = new Set<Verdict>([
  'waiting',
  'held',
  'skipped',
  'conflict',
  'quarantined',
  'untouched',
  'failed',
]);

export function settle(entry: Mentioned, verdict: Verdict, reason: string | Reason | null = null): void {
  entry.verdict = verdict;
  entry.why = typeof reason === 'string' ? null : reason;
  entry.reason = reason === null || typeof reason === 'string' ? reason : reasonText(reason);
}

/** It is looked at again, from the beginning; after too many attempts it has failed, for this reason. */
export function startAnew(entry: Mentioned, reason: string): void {
  entry.startsAnew = true;
  entry.reason = reason;
}

const undecided = () => ({
  verdict: undefined,
  reason: null,
  why: null,
  conflict: null,
  needs: null,
  operations: [],
  isDestructive: false,
  startsAnew: false,
  isToBeTold: false,
  blocked: null,
  nextNameNumber: 0,
  comesBack: false,
  waitsFor: null,
  leftFor: null,
});
