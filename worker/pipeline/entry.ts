import type { Reason } from '../../shared/domain/reason';
import { reasonText } from '../../shared/domain/reason-english';
import type { Fields } from '../../shared/domain/merge-copy';
import type { FieldDifference } from '../../shared/domain/merge-differences';
import type { Link } from './links';
import type { PerSide, Side } from './sides';
import type { Change, State } from './state';
import type { Item, RefusalCode } from './system';
import type { Operation, Verdict } from './verdict';

/** The kinds of work that can need an approval. */
export type ApprovalKind = 'changes' | 'deletions';

/** Something that both sides changed differently. The values of the losing side are in its state. */
export interface Conflict {
  /**
   * `match`: several items could be one entity; `name`: a name that a side cannot take; `flip`: a field goes back and
   * forth.
   */
  readonly kind: 'fields' | 'deletion' | 'place' | 'match' | 'name' | 'flip';
  /** Empty: one side deleted what the other changed. A place is called `place`, content `content`. */
  readonly fields: readonly string[];
  /** The side whose values won. `fields`: each side won some of them. Null: nobody has decided. */
  readonly resolution: Side | 'fields' | null;
  /** Keys of items of either side. Of `match`: those that could be the same entity; of `name`: who has the name. */
  readonly candidates?: PerSide<readonly string[]>;
  /** What the candidates hold, by key, so that a person can choose one of them. */
  readonly shown?: PerSide<Readonly<Record<string, Fields>>>;
}

/** Another item that has to come first. */
export interface Awaited {
  readonly side: Side;
  readonly key: string;
  /**
   * The field that links to it. An item can be created without such a field. Null: it is the folder, which is always
   * needed.
   */
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

/** Why an entry is processed once more after all others. */
export interface Pass {
  /** 0: the first time. From the second pass on it gives way. */
  readonly number: number;
  readonly wasBlocked: Blocked | null;
  /** The number that is added to its name because the name is taken. 0: none. */
  readonly nameNumber: number;
  /** True: its links wait for each other, so it is created without the links that cannot be set yet. */
  readonly withoutLinks: boolean;
  /** True: the folder was to be deleted, but there is something new in it. */
  readonly comesBack: boolean;
}

export const firstPass: Pass = {
  number: 0,
  wasBlocked: null,
  nameNumber: 0,
  withoutLinks: false,
  comesBack: false,
};

/** An entity that a listing, a webhook or a person mentioned, and what was done with it. */
export interface Mentioned {
  /** The side that mentioned it. */
  readonly side: Side;
  /** The item as it was mentioned, or as its side had it when the entry started again. */
  readonly mention: Item;
  /** Its position in what the run has read. If an entity is mentioned twice, the later mention counts. */
  readonly turn: number;
  readonly attempts: number;
  readonly pass: Pass;
  /** True: it is absent from a listing that is not trusted, so its deletion needs an approval. */
  readonly isDoubted: boolean;
  /** Undefined: it is still being processed. */
  verdict: Verdict | undefined;
  /** The sentence for programs, where the verdict needs one. */
  reason: string | null;
  /** The same for people, in any language. */
  why: Reason | null;
  conflict: Conflict | null;
  /** Set above a soft limit: the entry is decided but not carried out. */
  needs: ApprovalKind | null;
  /** True: it needs an approval because it alone is larger than one entry may be. */
  isAboveSizeLimit: boolean;
  readonly operations: Operation[];
  /** True: something would be deleted, so the entry waits for the second stage. */
  isDestructive: boolean;
  /** True: something was not as expected, so the entry starts again. */
  startsAnew: boolean;
  blocked: Blocked | null;
  /** The number that is added to its name in its next pass. 0: none. */
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
  /** The item of each side. Null: that side does not have it. */
  items: PerSide<Item | null>;
  /** True: the two items were just matched, and nothing was decided about them yet. */
  readonly isJoined: boolean;
}

/** The entry in words that both sides share. Set by `resolveLinked`. */
export interface Resolved extends Found {
  readonly states: PerSide<State>;
  /** What each side was last seen to hold; null: nothing that is known. */
  readonly bases: PerSide<State | null>;
  /** Fields that were left out because the item that they link to does not exist yet. */
  readonly leftOut: readonly string[];
  /** Their content was read, and is the same. Set by `compareContent`. */
  readonly hasSameContent?: boolean;
}

/** The entry with what each side changed. Set by `classify`. */
export interface Classified extends Resolved {
  readonly changes: PerSide<Change>;
  /** Both sides hold the same. */
  readonly isAlike: boolean;
}

/** The entry compared field by field. Set by `findDifferences`. */
export interface Compared extends Classified {
  readonly differences: readonly FieldDifference[];
  /** The only side that changed, if both had the same before and only have fields. Its whole copy is taken. */
  readonly takesAllOf: Side | null;
}

/** The decided entry. Set by `resolveConflicts`. */
export interface Decided extends Compared {
  /** What each side shall have. */
  results: PerSide<State>;
  /** Disputes that stay open until someone decides: names of fields, `place`, `content`. */
  readonly open: readonly string[];
  /** True: a handler merged the values of both sides. It must not be called again for the same dispute. */
  readonly isMadeOfBoth: boolean;
  /** The side that deleted the item while the other side keeps it. */
  readonly keptAfter: Side | null;
  /** The losing content, if it is kept as a separate item. */
  readonly conflictCopy: ConflictCopy | null;
}

/** The content of this side is stored as a new item with this name, in the same folder. */
export interface ConflictCopy {
  readonly side: Side;
  readonly name: string;
}

/** An entry as the caller of the run sees it. Members that no step has set are absent. */
export type Entry = Mentioned & Partial<Omit<Decided, keyof Mentioned>>;

/** A mention of an item by a listing or a person. */
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

/** Starts an entry again with what its side has now. */
export const renew = (entry: Mentioned, mention: Item): Mentioned => ({
  ...createEntry({ ...entry, item: mention }, entry.pass),
  attempts: entry.attempts + 1,
});

/**
 * True if the entry is not finished. It must be kept for a later run, because no listing would mention it again, and
 * its folder must stay.
 */
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

export function settle(entry: Mentioned, verdict: Verdict, why: Reason | null = null): void {
  entry.verdict = verdict;
  entry.why = why;
  entry.reason = why === null ? null : reasonText(why);
}

/** Starts the entry again. After too many attempts, it fails for this reason. */
export function startAgain(entry: Mentioned, why: Reason): void {
  entry.startsAnew = true;
  entry.why = why;
  entry.reason = reasonText(why);
}

const undecided = () => ({
  verdict: undefined,
  reason: null,
  why: null,
  conflict: null,
  needs: null,
  isAboveSizeLimit: false,
  operations: [],
  isDestructive: false,
  startsAnew: false,
  blocked: null,
  nextNameNumber: 0,
  comesBack: false,
  waitsFor: null,
  leftFor: null,
});
